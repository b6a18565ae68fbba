use serde::Serialize;

use crate::Verdict;

/// What production data tell of a change, expectation by expectation.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ProductionSummary {
    /// The verb that ran.
    pub verb: &'static str,
    /// Found: an expectation fails. Nothing found: all hold. Inconclusive: of some it cannot be told yet.
    pub verdict: Verdict,
    /// What the resampling is drawn from.
    pub seed: u64,
    /// Where the data are, without any password.
    pub source: String,
    /// When the change was made, RFC 3339.
    pub changed: String,
    /// The first and the last row that was read, RFC 3339; absent where no rows were.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first: Option<String>,
    /// The end of what was looked at, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// How many rows were read.
    pub rows: u64,
    /// How many units they belong to.
    pub units: u64,
    /// The confidence of each interval, between 0 and 1.
    pub confidence: f64,
    /// Each expectation, in the order of the plan.
    pub expectations: Vec<Expected>,
    /// Rows without children, where the plan says what children are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub childless: Option<Childless>,
    /// What a reader should know before trusting the verdict, a sentence each.
    pub warnings: Vec<String>,
}

/// An expectation, and whether it is met.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Expected {
    /// As the plan has it.
    pub expectation: String,
    /// Whether it is met.
    pub standing: Standing,
    /// What the numbers are.
    pub quantity: Quantity,
    /// As it was seen; absent where there was nothing to measure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// The true number is hardly lower than this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub low: Option<f64>,
    /// Nor higher than this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub high: Option<f64>,
    /// How many units were looked at for it.
    pub units: u64,
    /// What was counted before the change, where that is part of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<f64>,
    /// What was counted after it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<f64>,
    /// Why it cannot be told yet, as a clause; absent where it can.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lacking: Option<String>,
    /// When to look again, RFC 3339: if the numbers stay as they are, there is enough then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub look_again: Option<String>,
    /// For outliers: how likely none would be seen if they had gone on coming as before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chance_if_unchanged: Option<f64>,
    /// For outliers: those that count, the largest first, and not all where there are many.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub outliers: Vec<Outlier>,
    /// For outliers: those that were so before the change already, and do not count; not all where there are many.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub known_outliers: Vec<Outlier>,
    /// How many of the latter there are in all; absent where none are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known: Option<u64>,
}

/// Whether an expectation is met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// It is.
    Holds,
    /// It is not.
    Fails,
    /// The data are too few to say. Not a pass.
    CannotTellYet,
}

/// What a number means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Quantity {
    /// A share: 0.1 is 10 %.
    Share,
    /// So many.
    Count,
    /// So much per unit.
    PerUnit,
}

/// A unit with more rows than it should have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Outlier {
    /// Which one, as the data name it.
    pub unit: String,
    /// The most rows that it had within the period in question after the change.
    pub most: u64,
    /// The same before it.
    pub most_before: u64,
}

/// Rows that should have children and have none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Childless {
    /// How many, before the change.
    pub before: u64,
    /// Of how many.
    pub rows_before: u64,
    /// How many, after it.
    pub after: u64,
    /// Of how many.
    pub rows_after: u64,
}
