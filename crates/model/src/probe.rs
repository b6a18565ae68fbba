use serde::Serialize;

use crate::{UpperBound, Verdict};

/// How many requests were sent in one way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ModeCount {
    /// Its name, as in [`crate::Exchange::mode`].
    pub mode: &'static str,
    /// How many requests.
    pub requests: u64,
}

/// What `probe` sent and looked at: the denominators of its verdict.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ProbeCounts {
    /// How long requests were sent concurrently, in milliseconds of wall time.
    pub probed_ms: u64,
    /// Requests sent concurrently.
    pub requests: u64,
    /// Answers that came whole, each of which was looked through.
    pub answers: u64,
    /// Those of them that say they have too much to do (429 and 503).
    pub shed: u64,
    /// Requests given up on purpose before their answer came.
    pub cancelled: u64,
    /// Pairs of requests that were under way at once.
    pub pairs: u64,
    /// How many requests were in the server at once, as far as can be told: answers per second times the seconds that one
    /// takes alone.
    pub overlap: f64,
    /// Requests sent one after the other, before and after.
    pub in_turn: u64,
    /// How they were sent.
    pub modes: Vec<ModeCount>,
    /// Where requests carried tokens.
    pub tokens: Vec<String>,
    /// Where the server issues ids.
    pub sessions: Vec<String>,
    /// Where answers name the asker, in turn.
    pub echoed: Vec<String>,
}

/// The last line of a probe.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ProbeSummary {
    /// The verb that ran.
    pub verb: &'static str,
    /// Its answer.
    pub verdict: Verdict,
    /// How many distinct findings.
    pub findings: u64,
    /// How rare a foreign identity must be, per pair of requests under way at once, to have been missed.
    pub bound: UpperBound,
    /// The seed that repeats this run's choices.
    pub seed: u64,
    /// The denominators.
    pub counts: ProbeCounts,
    /// Why the verdict is inconclusive, where it is: a clause each.
    pub missing: Vec<String>,
    /// What a reader should know before trusting the verdict, a sentence each.
    pub warnings: Vec<String>,
}
