//! What may be said of two versions in the end.

use jostle_model::{ShadowCounts, UpperBound, Verdict};

use crate::verdict::ONE_AT_A_TIME;

/// With fewer requests than this, even a difference in every twentieth could not be excluded: ln(0.05) / ln(0.95).
const FEWEST: u64 = 59;

/// The share of the requests that has to be compared for the rest to say something.
const MOSTLY: f64 = 0.9;

/// The verdict, its bound, and what is missing where there is no verdict. `undecided` are places that differed too seldom.
pub(crate) fn verdict(
    counts: &ShadowCounts,
    findings: u64,
    undecided: &[(String, u64)],
) -> (Verdict, UpperBound, Vec<String>) {
    let bound = UpperBound::after_clean_trials(counts.concurrent);
    let missing = missing(counts, undecided);
    match (findings, missing.is_empty()) {
        (1.., _) => (Verdict::Found, bound, Vec::new()),
        (0, true) => (Verdict::NothingFound, bound, missing),
        (0, false) => (Verdict::Inconclusive, bound, missing),
    }
}

fn missing(counts: &ShadowCounts, undecided: &[(String, u64)]) -> Vec<String> {
    let sent = (counts.serial + counts.concurrent + counts.shed + counts.unanswered).max(1) as f64;
    let named: Vec<String> =
        undecided.iter().take(5).map(|(place, times)| format!("{place} (in {times})")).collect();
    let clauses = [
        (
            counts.concurrent < FEWEST,
            format!(
                "only {} requests that were sent at once could be compared; {FEWEST} are the fewest",
                counts.concurrent
            ),
        ),
        (counts.serial == 0, "no request that was sent in turn could be compared".to_owned()),
        (
            counts.concurrent > 0 && counts.overlap < ONE_AT_A_TIME,
            format!(
                "requests hardly overlapped in the new version: answers came as if {:.1} were served at a time",
                counts.overlap
            ),
        ),
        (
            counts.shed as f64 > sent * (1.0 - MOSTLY),
            format!(
                "to {} requests one of the servers answered 429 or 503: lower --concurrency, or set --rate",
                counts.shed
            ),
        ),
        (
            counts.unanswered as f64 > sent * (1.0 - MOSTLY),
            format!("to {} requests an answer to compare was missing", counts.unanswered),
        ),
        (
            !named.is_empty(),
            format!("{} differed too seldom to be told from noise: look longer", named.join(", ")),
        ),
    ];
    clauses.into_iter().filter(|(holds, _)| *holds).map(|(_, clause)| clause).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_compared_is_no_pass() {
        let counts = ShadowCounts { serial: 20, concurrent: 3_000, overlap: 8.0, ..ShadowCounts::default() };
        let of = |counts: &ShadowCounts, undecided: &[(String, u64)]| verdict(counts, 0, undecided).0;
        let (pass, bound, _) = verdict(&counts, 0, &[]);
        assert_eq!(pass, Verdict::NothingFound);
        assert!((bound.rate - 1e-3).abs() < 1e-5, "{}", bound.rate);
        assert_eq!(of(&ShadowCounts { concurrent: 58, ..counts.clone() }, &[]), Verdict::Inconclusive);
        assert_eq!(of(&ShadowCounts { overlap: 1.1, ..counts.clone() }, &[]), Verdict::Inconclusive);
        assert_eq!(of(&ShadowCounts { unanswered: 999, ..counts.clone() }, &[]), Verdict::Inconclusive);
        assert_eq!(of(&counts, &[("status of GET /".to_owned(), 1)]), Verdict::Inconclusive);
        assert_eq!(verdict(&ShadowCounts::default(), 1, &[]).0, Verdict::Found);
    }
}
