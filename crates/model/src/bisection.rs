use serde::Serialize;

use crate::{Rate, Seed, Verdict};

/// Which of several levels in order is the first that fails.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BisectionSummary {
    /// The verb that ran.
    pub verb: &'static str,
    /// Found where one is as likely to be the first bad one as was asked for.
    pub verdict: Verdict,
    /// The factor.
    pub factor: String,
    /// How all other factors were set: name and level.
    pub others: Vec<(String, String)>,
    /// The levels, the oldest first.
    pub levels: Vec<Tried>,
    /// The one that is most likely the first bad one; absent where nothing failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_bad: Option<String>,
    /// The level before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_good: Option<String>,
    /// How likely that is, between 0 and 1.
    pub chance: f64,
    /// How likely it has to be.
    pub confidence: f64,
    /// How many trials ran.
    pub trials: u64,
    /// How many of them failed or hung.
    pub failures: u64,
    /// What the trials' own seeds are drawn from.
    pub seed: Seed,
    /// What a reader should know before trusting the verdict, a sentence each.
    pub warnings: Vec<String>,
}

/// A level of the factor that was bisected.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Tried {
    /// Its name.
    pub level: String,
    /// How often it failed.
    pub rate: Rate,
    /// How likely it is to be the first bad one.
    pub chance: f64,
}
