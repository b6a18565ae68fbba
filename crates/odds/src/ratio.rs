//! How many times as often one group of trials fails as another.

use crate::{Confidence, Interval, Tally, rate_interval};

/// Between which factors the failure rate of `one` is a multiple of that of `other`, both with numbers of trials fixed
/// beforehand. Without a failure on one side the interval is open to that side: 0 below, infinite above.
///
/// Given how many failures there were in all, how many of them fell on `one` follows a binomial distribution whose
/// rate θ is n₁p₁ / (n₁p₁ + n₂p₂), if failures follow Poisson's law; so [`rate_interval`] for θ gives the interval for
/// p₁/p₂ = θ n₂ / ((1 − θ) n₁). Source: Przyborowski and Wilenski, "Homogeneity of results in testing samples from
/// Poisson series", Biometrika 31 (1940) 313–323.
///
/// A binomial count varies less than a Poisson count, the more so the more often trials fail: the interval is then
/// wider than it need be, and never too narrow. Score intervals (Koopman 1984; Miettinen and Nurminen 1985) are
/// narrower, and wrong more often than they say where there are few failures, which is where it matters here.
pub fn ratio_interval(one: Tally, other: Tally, confidence: Confidence) -> Interval {
    let share = rate_interval(Tally::of(one.failures(), other.failures()), confidence);
    let scale = other.trials() as f64 / one.trials() as f64;
    let ratio = |theta: f64| if theta < 1.0 { theta / (1.0 - theta) * scale } else { f64::INFINITY };
    match (one.trials(), other.trials()) {
        (0, _) | (_, 0) => Interval { low: 0.0, high: f64::INFINITY, confidence: confidence.share() },
        _ => Interval { low: ratio(share.low), high: ratio(share.high), ..share },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ratio(one: Tally, other: Tally) -> Interval {
        ratio_interval(one, other, Confidence::NINETY_FIVE)
    }

    /// Lung cancer in Fredericia and in three other Danish cities, the example in the manual of R's `poisson.test`, which
    /// gives 0.858 and 4.277.
    #[test]
    fn the_interval_is_that_of_the_manual() {
        let interval = ratio(Tally::of(11, 789), Tally::of(21, 2990));
        assert!((interval.low - 0.858_426_4).abs() < 1e-7, "{interval:?}");
        assert!((interval.high - 4.277_265_9).abs() < 1e-6, "{interval:?}");
    }

    #[test]
    fn without_a_failure_on_one_side_the_interval_is_open() {
        assert_eq!(ratio(Tally::of(0, 50), Tally::of(7, 43)).low, 0.0);
        assert_eq!(ratio(Tally::of(7, 43), Tally::of(0, 50)).high, f64::INFINITY);
        let nothing = ratio(Tally::of(0, 50), Tally::of(0, 50));
        assert_eq!((nothing.low, nothing.high), (0.0, f64::INFINITY));
        assert_eq!(ratio(Tally::default(), Tally::of(1, 1)).high, f64::INFINITY);
    }

    #[test]
    fn turning_the_question_round_turns_the_interval_round() {
        let (one, other) = (Tally::of(12, 88), Tally::of(3, 197));
        let (there, back) = (ratio(one, other), ratio(other, one));
        assert!((there.low * back.high - 1.0).abs() < 1e-9 && (there.high * back.low - 1.0).abs() < 1e-9);
    }
}
