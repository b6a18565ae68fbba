use serde::Serialize;

use crate::{Rate, Ratio, Seed, Signature, Verdict};

/// What many trials of one plan tell together.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HuntSummary {
    /// The verb that ran.
    pub verb: &'static str,
    /// Whether it fails.
    pub verdict: Verdict,
    /// What the trials' own seeds are drawn from.
    pub seed: Seed,
    /// How many trials ran to an end.
    pub trials: u64,
    /// How many of them failed or hung.
    pub failures: u64,
    /// How many of those hung.
    pub hung: u64,
    /// How many more never began; they say nothing.
    pub could_not_run: u64,
    /// The time that all trials took, added up, in milliseconds.
    pub trial_ms: u64,
    /// How often it fails with nothing changed around it.
    pub rate: Rate,
    /// The same per operation, where the target says how many it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_per_operation: Option<Rate>,
    /// After how long it fails, nothing changed around it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_to_failure: Option<TimeToFailure>,
    /// What each perturbation does to it, the most effective first; without the unperturbed one.
    pub perturbations: Vec<Effect>,
    /// How it fails, the most frequent family first.
    pub families: Vec<Family>,
    /// The exact ways in which it fails, the most frequent first; not all where there are many.
    pub ways: Vec<Way>,
    /// The failing trial that took the shortest time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shortest: Option<FailingTrial>,
    /// What a fix will owe.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owed: Option<Owed>,
    /// What a reader should know before trusting the verdict, a sentence each.
    pub warnings: Vec<String>,
}

/// After how long a target fails: the time by which half of the trials would have failed, had none ended before
/// (Kaplan and Meier).
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct TimeToFailure {
    /// The median, in microseconds; absent where fewer than half ever fail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub median_us: Option<u64>,
    /// The true median is hardly shorter, in microseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub low_us: Option<u64>,
    /// Nor longer; absent where there is no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub high_us: Option<u64>,
    /// The median of the failing trials alone, in microseconds: how long one that fails takes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failing_us: Option<u64>,
}

/// What a perturbation does to the rate.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Effect {
    /// Its name.
    pub perturbation: String,
    /// How often the target fails under it.
    pub rate: Rate,
    /// How many times as often as unperturbed.
    pub ratio: Ratio,
}

/// Failures that are taken for one bug.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Family {
    /// Its name.
    pub name: String,
    /// How many trials failed in it.
    pub failures: u64,
    /// What kinds of failure belong to it, the most frequent first.
    pub kinds: Vec<Kind>,
}

/// Failures of one kind.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Kind {
    /// The kind.
    pub kind: String,
    /// How many trials failed so.
    pub failures: u64,
    /// Whether it belongs to the family only because of what else was seen in the same hunt.
    pub joined: bool,
}

/// One exact way to fail.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Way {
    /// What makes it the same.
    pub signature: Signature,
    /// How many trials failed so.
    pub failures: u64,
    /// One sentence.
    pub title: String,
    /// The name of the trial that failed so in the shortest time.
    pub trial: String,
}

/// A trial that failed, to be run again.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FailingTrial {
    /// Its name.
    pub trial: String,
    /// What was changed around it.
    pub perturbation: String,
    /// How long it took, in microseconds.
    pub elapsed_us: u64,
    /// What went wrong, in one sentence.
    pub title: String,
    /// What went wrong, as the program, a detector or we told it.
    pub details: String,
}

/// How many clean trials a fix will need until it is more than luck.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Owed {
    /// So many in a row, with nothing changed around it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trials: Option<u64>,
    /// Or so many under the perturbation that makes it fail most, where that is fewer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub perturbed: Option<OwedUnder>,
    /// The confidence that they were not luck, between 0 and 1.
    pub confidence: f64,
}

/// The same under a perturbation.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OwedUnder {
    /// Which one.
    pub perturbation: String,
    /// How many clean trials in a row.
    pub trials: u64,
}

/// What a trial tells that failed and was run again.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ReplaySummary {
    /// The verb that ran.
    pub verb: &'static str,
    /// Whether it failed again.
    pub verdict: Verdict,
    /// What was changed around it.
    pub perturbation: String,
    /// How often it failed again.
    pub again: Rate,
    /// How often in the same kind of way.
    pub same_kind: u64,
    /// How often the program failed in between with nothing changed around it; absent where nothing ever was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unperturbed: Option<Rate>,
    /// How many times as often the trial failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ratio: Option<Ratio>,
    /// How likely a difference as large would be if there were none (Fisher's exact test, one-sided).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chance: Option<f64>,
}
