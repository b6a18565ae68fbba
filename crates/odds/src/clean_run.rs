//! A target that failed before, and has not failed since.

use crate::root::least;
use crate::{Confidence, Tally};

/// How likely it is that all failures fall among the trials `before` a change and none among the `clean` ones after
/// it, though the change did nothing: C(n, k) / C(n + m, k), for k failures in n trials before and none in m after.
///
/// It is exact, whatever the failure rate is, as the rate drops out once the number of failures is given: the lower
/// tail of Fisher's exact test (R. A. Fisher, Statistical Methods for Research Workers, 5th ed. 1934, §21.02).
/// Plugging the share k/n into (1 − k/n)^m instead takes a guess for a fact, and is too sure of itself.
pub fn chance_of_clean_run(before: Tally, clean: u64) -> f64 {
    clean_run(before, clean, 0.0)
}

/// How many clean trials a fix will owe: the least m for which [`chance_of_clean_run`] is at most α. `None` where
/// nothing failed before, since then no number of clean trials shows a change.
///
/// It holds whether the number of trials before was fixed, or they were run until so many had failed.
///
/// It is about n (α^(−1/k) − 1): at 95 % nineteen times the trials before if one of them failed, 1.7 times if three
/// did, 0.8 times if five did. So it pays to collect five failures first.
pub fn clean_trials_owed(before: Tally, confidence: Confidence) -> Option<u64> {
    let alpha = confidence.alpha();
    // The failures are given: without any, or in trials that all failed, it is the product that tells.
    (before.failures() > 0).then(|| least(0, |clean| clean_run(before, clean, alpha) <= alpha))?
}

/// ∏ (n − i) / (n + m − i) for i < k, in which the factors of the two binomial coefficients are paired; given up as
/// soon as it falls below `enough`.
fn clean_run(before: Tally, clean: u64, enough: f64) -> f64 {
    let mut chance = 1.0;
    for i in 0..before.failures() {
        let left = before.trials() - i;
        chance *= left as f64 / (left as f64 + clean as f64);
        if chance < enough || chance == 0.0 {
            break;
        }
    }
    chance
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(failures: u64, trials: u64) -> Tally {
        Tally::new(failures, trials).expect("a tally")
    }

    fn owed(failures: u64, trials: u64) -> Option<u64> {
        clean_trials_owed(tally(failures, trials), Confidence::NINETY_FIVE)
    }

    #[test]
    fn the_chance_is_a_ratio_of_binomial_coefficients() {
        // C(10, 3) / C(20, 3) = 120 / 1140
        assert!((chance_of_clean_run(tally(3, 10), 10) - 120.0 / 1140.0).abs() < 1e-15);
        assert_eq!(chance_of_clean_run(tally(0, 10), 1_000_000), 1.0);
    }

    #[test]
    fn one_failure_costs_nineteen_times_the_baseline() {
        assert_eq!(owed(1, 100), Some(1900));
    }

    #[test]
    fn five_failures_cost_less_than_the_baseline() {
        let debts = [owed(3, 1000), owed(5, 1000)].map(|debt| debt.expect("something failed"));
        assert!(debts[0].abs_diff(1714) < 5 && debts[1].abs_diff(820) < 5, "{debts:?}");
    }

    #[test]
    fn where_nothing_failed_no_clean_run_shows_a_change() {
        assert_eq!(owed(0, 1000), None);
    }

    #[test]
    fn where_every_trial_failed_few_clean_ones_do() {
        // C(3, 3) / C(6, 3) = 1/20
        assert_eq!(owed(3, 3), Some(3));
    }

    #[test]
    fn what_is_owed_is_enough_and_no_more() {
        for (failures, trials) in [(1, 7), (2, 50), (7, 10_000), (300, 1000), (40_000, 1_000_000)] {
            let (before, clean) =
                (tally(failures, trials), owed(failures, trials).expect("something failed"));
            assert!(chance_of_clean_run(before, clean) <= 0.05);
            assert!(clean == 0 || chance_of_clean_run(before, clean - 1) > 0.05);
        }
    }
}
