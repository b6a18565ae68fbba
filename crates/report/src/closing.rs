//! How a run of any verb ended: what the formats for machines say around the findings.

use jostle_model::Verdict;

use crate::printable;

/// The end of a run, in words.
pub(crate) struct Closing<'a> {
    /// The verb that ran.
    pub(crate) verb: &'a str,
    /// What it answers.
    pub(crate) verdict: Verdict,
    /// The seed of its choices.
    pub(crate) seed: u64,
    /// What limits the answer.
    pub(crate) warnings: &'a [String],
    /// The command that ran, as it can be typed.
    pub(crate) command: String,
    /// The answer in a sentence, with its bound.
    pub(crate) sentence: String,
    /// What to type next.
    pub(crate) next: Option<String>,
}

impl Closing<'_> {
    /// Whether nothing can be said, which must never read as a pass.
    pub(crate) fn is_inconclusive(&self) -> bool {
        self.verdict == Verdict::Inconclusive
    }

    /// The warnings, each safe to show on one line.
    pub(crate) fn warnings(&self) -> impl Iterator<Item = String> {
        self.warnings.iter().map(|text| printable::line(text))
    }
}
