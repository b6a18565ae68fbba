use serde::Serialize;

use crate::{UpperBound, Verdict};

/// When a new version was seen to answer otherwise than the old one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum When {
    /// While requests overlapped, and shown to be rarer in turn.
    ConcurrentOnly,
    /// In turn, and shown to be rarer while requests overlapped.
    SerialOnly,
    /// One time as the other.
    Both,
    /// Too few requests were sent one way or the other to say.
    Unclear,
}

/// How often one of three answers to the same request was the odd one out at a place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct OddOneOut {
    /// The two old ones agreed, and the new one said something else.
    pub new: u64,
    /// The new one agreed with one of the old ones, and the other said something else: noise.
    pub old: u64,
    /// Requests whose three answers were compared.
    pub of: u64,
}

/// The evidence that a new version answers otherwise than the old one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Discrepancy {
    /// Method and path.
    pub request: String,
    /// Where in the answer: `status`, `header:x-total`, `json:/items/*/price`, `body:3` (a line).
    pub place: String,
    /// When.
    pub when: When,
    /// Of requests that were sent one after the other.
    pub serial: OddOneOut,
    /// Of requests that were sent at once.
    pub concurrent: OddOneOut,
    /// What the old version said there when it was first seen.
    pub old: String,
    /// What the new one said.
    pub new: String,
    /// When it was first seen, in milliseconds after the start of the run.
    pub at_ms: u64,
    /// In how many answers.
    pub times: u64,
}

/// What a comparison of two versions sent and looked at: the denominators of its verdict.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ShadowCounts {
    /// How long requests were sent at once, in milliseconds of wall time.
    pub compared_ms: u64,
    /// Requests compared that were sent one after the other.
    pub serial: u64,
    /// Requests compared that were sent at once.
    pub concurrent: u64,
    /// Requests left out because a server said that it had too much to do (429 and 503).
    pub shed: u64,
    /// Requests left out because one of the old ones gave no answer, or a connection was closed that had rested.
    pub unanswered: u64,
    /// How many requests were in the new version at once, as far as can be told: answers per second times the seconds that
    /// one takes alone.
    pub overlap: f64,
    /// Different places of answers that were compared.
    pub places: u64,
    /// Places in which the two old ones differ, as far as they were counted.
    pub noise: Vec<String>,
    /// Where requests carried tokens.
    pub tokens: Vec<String>,
}

/// The last line of a comparison of two versions.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ShadowSummary {
    /// The verb that ran.
    pub verb: &'static str,
    /// Its answer.
    pub verdict: Verdict,
    /// The new version.
    pub against: String,
    /// The second copy of the old one; absent where the old one was asked twice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub noise_copy: Option<String>,
    /// How many distinct findings.
    pub findings: u64,
    /// How rare a difference beyond the noise must be, per request sent among others, to have been missed.
    pub bound: UpperBound,
    /// The seed that repeats this run's choices.
    pub seed: u64,
    /// The denominators.
    pub counts: ShadowCounts,
    /// Why the verdict is inconclusive, where it is: a clause each.
    pub missing: Vec<String>,
    /// What a reader should know before trusting the verdict, a sentence each.
    pub warnings: Vec<String>,
}
