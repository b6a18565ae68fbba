//! What may be said in the end.

use jostle_model::{ProbeCounts, UpperBound, Verdict};

/// With fewer overlapping pairs than this, even a leak in every twentieth could not be excluded: ln(0.05) / ln(0.95).
const FEWEST_PAIRS: u64 = 59;

/// A server that answers one request at a time has an overlap of 1; what is measured of it scatters, and what it takes to
/// hand over an answer is measured with it.
pub(crate) const ONE_AT_A_TIME: f64 = 1.5;

/// How much of what came was answered with "too much to do", at most, for the rest to say something.
const MOSTLY_SHED: f64 = 0.9;

/// What the verdict is made of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts<'a> {
    /// The denominators.
    pub(crate) counts: &'a ProbeCounts,
    /// How many findings.
    pub(crate) findings: u64,
    /// Whether answers name their asker, or the server issues ids.
    pub(crate) identities: bool,
    /// Whether the server went away.
    pub(crate) gone: bool,
}

/// The verdict, its bound, and what is missing where there is no verdict.
pub(crate) fn verdict(facts: &Facts<'_>) -> (Verdict, UpperBound, Vec<String>) {
    let Facts { counts, findings, .. } = *facts;
    let bound = UpperBound::after_clean_trials(counts.pairs);
    let missing = missing(facts);
    let verdict = match (findings, missing.is_empty()) {
        (1.., _) => Verdict::Found,
        (0, true) => Verdict::NothingFound,
        (0, false) => Verdict::Inconclusive,
    };
    (verdict, bound, if verdict == Verdict::Inconclusive { missing } else { Vec::new() })
}

fn missing(facts: &Facts<'_>) -> Vec<String> {
    let Facts { counts, identities, gone, .. } = *facts;
    let clauses = [
        (gone, "the server was gone before the end".to_owned()),
        (counts.answers == 0, "no request was answered".to_owned()),
        (
            !identities,
            "no answer names its asker, and none issues an id: say with --token and --session where identities are".to_owned(),
        ),
        (
            counts.pairs < FEWEST_PAIRS,
            format!("only {} pairs of requests were under way at once; {FEWEST_PAIRS} are the fewest", counts.pairs),
        ),
        (
            counts.answers > 0 && counts.overlap < ONE_AT_A_TIME,
            format!(
                "requests overlapped on the wire but hardly in the server: answers came as if {:.1} were served at a time, \
                 and a server that serves one at a time cannot be cleared by this",
                counts.overlap
            ),
        ),
        (
            counts.answers > 0 && counts.shed as f64 > counts.answers as f64 * MOSTLY_SHED,
            "nearly all answers were 429 or 503: lower --concurrency, or set --rate".to_owned(),
        ),
    ];
    clauses.into_iter().filter(|(holds, _)| *holds).map(|(_, clause)| clause).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts() -> ProbeCounts {
        ProbeCounts {
            requests: 10_000,
            answers: 10_000,
            pairs: 600_000,
            overlap: 20.0,
            ..ProbeCounts::default()
        }
    }

    fn of(counts: &ProbeCounts, findings: u64, identities: bool) -> (Verdict, usize) {
        let (verdict, _, missing) = verdict(&Facts { counts, findings, identities, gone: false });
        (verdict, missing.len())
    }

    #[test]
    fn a_clean_run_is_bounded_by_its_pairs() {
        let counts = counts();
        let facts = Facts { counts: &counts, findings: 0, identities: true, gone: false };
        let (verdict, bound, _) = verdict(&facts);
        assert_eq!(verdict, Verdict::NothingFound);
        assert!((bound.rate - 3.0 / 600_000.0).abs() < 1e-7, "{}", bound.rate);
    }

    #[test]
    fn overlap_that_never_happened_is_no_pass() {
        assert_eq!(of(&ProbeCounts { overlap: 1.0, ..counts() }, 0, true), (Verdict::Inconclusive, 1));
        assert_eq!(of(&ProbeCounts { pairs: 58, ..counts() }, 0, true), (Verdict::Inconclusive, 1));
        assert_eq!(of(&counts(), 0, false), (Verdict::Inconclusive, 1));
        assert_eq!(of(&ProbeCounts { shed: 9_999, ..counts() }, 0, true), (Verdict::Inconclusive, 1));
        assert_eq!(of(&ProbeCounts::default(), 0, false).0, Verdict::Inconclusive);
    }

    #[test]
    fn what_was_found_stands_whatever_is_missing() {
        assert_eq!(of(&ProbeCounts { overlap: 1.0, ..counts() }, 1, true), (Verdict::Found, 0));
    }
}
