use serde::Serialize;

use crate::{FailingTrial, Family, Rate, Seed, Verdict};

/// What the trials of a matrix tell together: which level of which factor carries the failure.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MatrixSummary {
    /// The verb that ran.
    pub verb: &'static str,
    /// Found where somebody is implicated, nothing found where everybody is exonerated.
    pub verdict: Verdict,
    /// The verdict in words: who is implicated, who is exonerated, what helps.
    pub statement: Statement,
    /// What the trials' own seeds are drawn from.
    pub seed: Seed,
    /// How many trials ran to an end.
    pub trials: u64,
    /// How many of them failed or hung.
    pub failures: u64,
    /// How many more never began; they say nothing.
    pub could_not_run: u64,
    /// The time that all trials took, added up, in milliseconds.
    pub trial_ms: u64,
    /// What one operation is called.
    pub operation: String,
    /// A suspect that raises the failure rate by less than this is exonerated; between 0 and 1.
    pub worth: f64,
    /// How sure every verdict is, between 0 and 1.
    pub confidence: f64,
    /// What was varied, in the plan's order.
    pub factors: Vec<Varied>,
    /// What was tried, in the plan's order.
    pub cells: Vec<Cell>,
    /// Every suspect and what is to be said of it: levels and layers first, then pairs.
    pub charges: Vec<Charge>,
    /// How it fails, all cells together, the most frequent family first.
    pub families: Vec<Family>,
    /// The failing trial that took the shortest time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shortest: Option<FailingTrial>,
    /// What a reader should know before trusting the verdict, a sentence each.
    pub warnings: Vec<String>,
}

/// A factor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Varied {
    /// Its name.
    pub factor: String,
    /// The names of its levels.
    pub levels: Vec<String>,
}

/// One setting of all factors, and what happened there.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Cell {
    /// The level of each factor.
    pub setting: Vec<String>,
    /// How often it fails.
    pub rate: Rate,
    /// The same per operation, where the target says how many it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_per_operation: Option<Rate>,
}

/// A level of a factor, or a layer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Part {
    /// The factor, or the layer.
    pub name: String,
    /// The level; absent for a layer, which is there or not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<String>,
}

/// A suspect: a level or a layer, or two of them that meet.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Charge {
    /// Who: one part, or two.
    pub suspect: Vec<Part>,
    /// How often it fails with it.
    pub with: Rate,
    /// How often in the trials with which that was compared.
    pub without: Rate,
    /// How likely so many failures with it are if it makes no difference, adjusted for the number of suspects.
    pub chance: f64,
    /// What that makes of it.
    #[serde(flatten)]
    pub ruling: Ruling,
}

/// What is said of a suspect. Not having been implicated exonerates nobody.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "ruling")]
pub enum Ruling {
    /// It raises the failure rate.
    Implicated {
        /// By this much at least, in failures per trial.
        excess_low: f64,
        /// And this much at most.
        excess_high: f64,
    },
    /// It raises the failure rate by less than what matters.
    Exonerated {
        /// By less than this, in failures per trial.
        excess_below: f64,
    },
    /// Neither.
    Inconclusive {
        /// It raises the failure rate by less than this, in failures per trial.
        excess_below: f64,
        /// So many more trials of each cell would exonerate it, if it has nothing to do with it; absent where none would.
        #[serde(skip_serializing_if = "Option::is_none")]
        more_per_cell: Option<u64>,
    },
}

/// The verdict, to be said in a few words.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Statement {
    /// What fails, each where all its parts meet.
    pub implicated: Vec<Culprit>,
    /// Which factors and layers have nothing to do with it.
    pub exonerated: Vec<Cleared>,
    /// Of which it cannot be told.
    pub inconclusive: Vec<Open>,
    /// What helps against it.
    pub mitigated: Vec<Remedy>,
}

/// Parts that fail where they meet.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Culprit {
    /// The parts.
    pub parts: Vec<Part>,
    /// What has to be bare: levels at which a factor is nothing, such as no mitigation.
    pub bare: Vec<Part>,
    /// How often it fails there.
    pub rate: Rate,
}

/// A factor or a layer that is exonerated.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Cleared {
    /// Its name.
    pub name: String,
    /// How often trials fail with it where no culprit is whole: per trial.
    pub rate: Rate,
    /// And per operation, where the target says how many it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_per_operation: Option<Rate>,
}

/// A factor or a layer of which it cannot be told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Open {
    /// Its name.
    pub name: String,
    /// So many more trials of each cell would tell, as far as can be foreseen; absent where none would.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub more_per_cell: Option<u64>,
}

/// A level that was set against a culprit.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Remedy {
    /// Which.
    pub part: Part,
    /// How often the culprit fails in spite of it.
    pub rate: Rate,
    /// Whether it helps: it never failed, and that is no luck.
    pub helps: bool,
}
