//! The rate at which trials fail.

use statrs::function::beta::beta_reg;

use crate::root::turning_point;
use crate::{Confidence, Interval, Tally};

/// Between which rates the failure rate lies: Clopper and Pearson's exact two-sided interval, with half of the risk on
/// either side. It holds the truth at least as often as it says, at any rate and any number of trials.
///
/// Source: Clopper and Pearson, "The use of confidence or fiducial limits illustrated in the case of the binomial",
/// Biometrika 26 (1934) 404–413. A tail of the binomial distribution is a regularized incomplete beta function:
/// Abramowitz and Stegun, Handbook of Mathematical Functions (1964), 26.5.24.
///
/// The number of trials has to be fixed beforehand. For one that was chosen while looking there is
/// [`anytime_rate`](crate::anytime_rate).
///
/// ```
/// use jostle_odds::{Confidence, Tally, rate_interval};
/// // Three failures in 20 trials: 3.2 % to 37.9 %.
/// let rate = rate_interval(Tally::new(3, 20)?, Confidence::NINETY_FIVE);
/// assert!((rate.low - 0.0321).abs() < 1e-4 && (rate.high - 0.3789).abs() < 1e-4);
/// # Ok::<(), jostle_odds::OddsError>(())
/// ```
pub fn rate_interval(tally: Tally, confidence: Confidence) -> Interval {
    let tail = confidence.alpha() / 2.0;
    Interval { low: lowest(tally, tail), high: highest(tally, tail), confidence: confidence.share() }
}

/// Which rate the failure rate does not exceed: Clopper and Pearson's one-sided bound. Without a failure in n trials it
/// is 1 − α^(1/n), which for large n approaches 3/n at 95 %.
pub fn rate_at_most(tally: Tally, confidence: Confidence) -> Interval {
    Interval { low: 0.0, high: highest(tally, confidence.alpha()), confidence: confidence.share() }
}

/// Which rate the failure rate does not fall below: the other one-sided bound.
pub fn rate_at_least(tally: Tally, confidence: Confidence) -> Interval {
    Interval { low: lowest(tally, confidence.alpha()), high: 1.0, confidence: confidence.share() }
}

/// How many trials without a failure it takes to say that fewer than `rate` of them fail: the n for which
/// 1 − α^(1/n) falls to `rate`. For 1 % at 95 % it is 299. Nothing, for a rate of 0, which no number of trials shows.
pub fn clean_trials_to_exclude(rate: f64, confidence: Confidence) -> Option<u64> {
    if rate <= 0.0 {
        return None;
    }
    let enough = |n: u64| rate_at_most(Tally::of(0, n), confidence).high <= rate;
    crate::root::least(0, enough)
}

fn lowest(tally: Tally, tail: f64) -> f64 {
    lower_end(tally.failures() as f64, tally.clean() as f64, tail)
}

fn highest(tally: Tally, tail: f64) -> f64 {
    upper_end(tally.failures() as f64, tally.clean() as f64, tail)
}

/// The rate below which so many failures, or more, would happen in less than `tail` of all cases. The numbers need not be
/// whole: a weighted count has them in between.
pub(crate) fn lower_end(failures: f64, clean: f64, tail: f64) -> f64 {
    if failures <= 0.0 {
        return 0.0;
    }
    // P(X ≥ k) = I_p(k, n − k + 1)
    turning_point(0.0, 1.0, |rate| beta_reg(failures, clean + 1.0, rate) >= tail)
}

/// The rate above which so few failures, or fewer, would happen in less than `tail` of all cases.
pub(crate) fn upper_end(failures: f64, clean: f64, tail: f64) -> f64 {
    if clean <= 0.0 {
        1.0
    } else if failures <= 0.0 {
        // −expm1(ln(α)/n) = 1 − α^(1/n), without the cancellation at large n.
        -(tail.ln() / clean).exp_m1()
    } else {
        // P(X ≤ k) = I_{1−p}(n − k, k + 1)
        turning_point(0.0, 1.0, |rate| beta_reg(clean, failures + 1.0, 1.0 - rate) <= tail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(failures: u64, trials: u64) -> Tally {
        Tally::new(failures, trials).expect("a tally")
    }

    #[track_caller]
    fn assert_near(found: f64, wanted: f64, tolerance: f64) {
        assert!((found - wanted).abs() < tolerance, "{found} instead of {wanted}");
    }

    /// The ends to four decimals as R's `binom.test` gives them.
    #[test]
    fn two_sided_intervals_are_those_of_the_tables() {
        let table = [
            (0, 10, 0.0, 0.3085),
            (1, 10, 0.0025, 0.4450),
            (5, 10, 0.1871, 0.8129),
            (10, 10, 0.6915, 1.0),
            (2, 100, 0.0024, 0.0704),
            (10, 100, 0.0490, 0.1762),
        ];
        for (failures, trials, low, high) in table {
            let interval = rate_interval(tally(failures, trials), Confidence::NINETY_FIVE);
            assert_near(interval.low, low, 6e-5);
            assert_near(interval.high, high, 6e-5);
        }
    }

    #[test]
    fn nothing_tried_says_nothing() {
        let interval = rate_interval(Tally::default(), Confidence::NINETY_FIVE);
        assert_eq!((interval.low, interval.high), (0.0, 1.0));
    }

    #[test]
    fn clean_trials_follow_the_rule_of_three() {
        let high = |n| rate_at_most(Tally::of(0, n), Confidence::NINETY_FIVE).high;
        assert_near(high(1), 0.95, 1e-12);
        assert_near(high(1_000_000), 2.995_7e-6, 1e-9);
    }

    #[test]
    fn a_rare_failure_is_bounded_as_well_as_a_common_one() {
        // At this scale the binomial is a Poisson distribution, for which Garwood's table has 1.0899 and 10.2416.
        let interval = rate_interval(tally(4, 1_000_000_000), Confidence::NINETY_FIVE);
        assert_near(interval.low * 1e9, 1.0899, 1e-3);
        assert_near(interval.high * 1e9, 10.2416, 1e-3);
    }

    #[test]
    fn a_bound_on_one_side_is_an_end_of_the_interval_with_twice_the_risk() {
        let ninety = Confidence::new(0.9).expect("a confidence");
        let (both, some) = (rate_interval(tally(3, 40), ninety), tally(3, 40));
        assert_near(rate_at_most(some, Confidence::NINETY_FIVE).high, both.high, 1e-12);
        assert_near(rate_at_least(some, Confidence::NINETY_FIVE).low, both.low, 1e-12);
    }

    #[test]
    fn excluding_one_percent_takes_299_clean_trials() {
        assert_eq!(clean_trials_to_exclude(0.01, Confidence::NINETY_FIVE), Some(299));
        assert_eq!(clean_trials_to_exclude(0.05, Confidence::NINETY_FIVE), Some(59));
        assert_eq!(clean_trials_to_exclude(0.0, Confidence::NINETY_FIVE), None);
    }
}
