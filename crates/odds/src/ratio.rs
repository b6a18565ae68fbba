//! How many times as often one group of trials fails as another.

use crate::{Confidence, Exposure, Interval, Tally, event_ratio_interval};

/// Between which factors the failure rate of `one` is a multiple of that of `other`, both with numbers of trials fixed
/// beforehand. Without a failure on one side the interval is open to that side: 0 below, infinite above.
///
/// It is [`event_ratio_interval`], which is exact for Poisson counts. A binomial count varies less than a Poisson count, the more so the more often trials fail: the interval is then
/// wider than it need be, and never too narrow. Score intervals (Koopman 1984; Miettinen and Nurminen 1985) are
/// narrower, and wrong more often than they say where there are few failures, which is where it matters here.
pub fn ratio_interval(one: Tally, other: Tally, confidence: Confidence) -> Interval {
    let as_events = |tally: Tally| Exposure { events: tally.failures(), amount: tally.trials() as f64 };
    event_ratio_interval(as_events(one), as_events(other), confidence)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ratio(one: Tally, other: Tally) -> Interval {
        ratio_interval(one, other, Confidence::NINETY_FIVE)
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
