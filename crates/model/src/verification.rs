use serde::Serialize;

use crate::{FailingTrial, Family, Rate, Ratio, Seed, Verdict};

/// Whether a fix is real, by trials of both sides.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct VerificationSummary {
    /// The verb that ran.
    pub verb: &'static str,
    /// Nothing found where it is fixed, found where it still fails.
    pub verdict: Verdict,
    /// What was shown.
    pub proof: Proof,
    /// How the target is started without the fix, and with it.
    pub commands: [String; 2],
    /// What was announced beforehand; absent where it never came so far.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effort: Option<Effort>,
    /// How often it fails without the fix.
    pub before: Rate,
    /// And with it.
    pub after: Rate,
    /// Both per operation, where the target says how many it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before_per_operation: Option<Rate>,
    /// With the fix.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after_per_operation: Option<Rate>,
    /// What one operation is called.
    pub operation: String,
    /// How it fails without the fix.
    pub families_before: Vec<Family>,
    /// And with it.
    pub families_after: Vec<Family>,
    /// The names of those families that were not seen without the fix.
    pub new_families: Vec<String>,
    /// The trial with the fix that failed in the shortest time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shortest: Option<FailingTrial>,
    /// What the trials' own seeds are drawn from.
    pub seed: Seed,
    /// What a reader should know before trusting the verdict, a sentence each.
    pub warnings: Vec<String>,
}

/// What a verification takes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Effort {
    /// How many trials each side gets.
    pub per_side: u64,
    /// What is known of the target without the fix: its failures, and its trials.
    pub baseline: (u64, u64),
    /// Whoever fails at this rate must not pass for mended; between 0 and 1.
    pub residual: f64,
    /// How sure the verdict is, between 0 and 1.
    pub confidence: f64,
}

/// What a verification has shown.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "proof")]
pub enum Proof {
    /// It never failed with the fix, and that is no luck.
    Fixed {
        /// How likely it is that a fix that does nothing looks like this.
        chance: f64,
    },
    /// It fails with the fix as well.
    StillFailing {
        /// How many times as often as without it.
        ratio: Ratio,
    },
    /// It has not failed with the fix so far, but the trials that were announced have not all been run.
    Unfinished {
        /// How many are missing without the fix, and with it.
        missing: [u64; 2],
    },
    /// It is not known how many trials it takes: it has failed too seldom without the fix, or not at all.
    NotPlanned {
        /// How often it has failed so far.
        failures: u64,
        /// In how many trials.
        trials: u64,
    },
    /// It has not failed with the fix, but hardly without it either: the session could not have shown anything.
    ControlPassed {
        /// How likely it is that a fix that does nothing looks like this.
        chance: f64,
    },
}
