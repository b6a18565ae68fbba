//! Whether two groups of trials fail equally often.

use crate::Tally;
use crate::hypergeometric::Hypergeometric;

/// How likely a difference as improbable as this one, in either direction, is between two groups that fail equally
/// often: Fisher's exact test, two-sided, by adding up all tables with the same totals that are no more probable.
///
/// Source: R. A. Fisher, Statistical Methods for Research Workers, 5th ed. (1934), §21.02; of the ways to count the
/// other side, the one of Freeman and Halton, Biometrika 38 (1951) 141–149, as in R's `fisher.test`.
pub fn fisher_two_sided(one: Tally, other: Tally) -> f64 {
    Hypergeometric::of(one, other).as_improbable_as(one.failures())
}

/// How likely it is that so many failures, or more, fall on `one`, if it fails no more often than `other`: Fisher's
/// exact test, one-sided.
pub fn fisher_more_often(one: Tally, other: Tally) -> f64 {
    Hypergeometric::of(one, other).at_least(one.failures())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_near(found: f64, wanted: f64) {
        assert!((found / wanted - 1.0).abs() < 1e-3, "{found} instead of {wanted}");
    }

    /// Fisher's tables of tea and of convicted twins, with the numbers of R's `fisher.test`.
    #[test]
    fn chances_are_those_of_the_textbook() {
        let tea = (Tally::of(3, 1), Tally::of(1, 3));
        assert_near(fisher_more_often(tea.0, tea.1), 17.0 / 70.0);
        assert_near(fisher_two_sided(tea.0, tea.1), 34.0 / 70.0);
        let (fraternal, identical) = (Tally::of(2, 15), Tally::of(10, 3));
        assert_near(fisher_more_often(identical, fraternal), 0.000_465_2);
        assert_near(fisher_two_sided(fraternal, identical), 0.000_536_7);
    }

    #[test]
    fn without_failures_there_is_no_difference() {
        assert_eq!(fisher_two_sided(Tally::of(0, 10), Tally::of(0, 1000)), 1.0);
        assert_eq!(fisher_more_often(Tally::default(), Tally::of(3, 3)), 1.0);
    }

    #[test]
    fn a_clean_run_is_the_tail_of_this_test() {
        let (before, clean) = (Tally::of(4, 26), 60);
        let tail = fisher_more_often(before, Tally::of(0, clean));
        assert_near(tail, crate::chance_of_clean_run(before, clean));
    }
}
