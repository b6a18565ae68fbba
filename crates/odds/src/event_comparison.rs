//! Events per operation, compared between two sides.

use crate::{Confidence, Interval, Tally, rate_interval};

/// Events that were counted while so much was done: collisions in so many operations.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Exposure {
    /// How many events.
    pub events: u64,
    /// How much was done: operations, or seconds. Not negative.
    pub amount: f64,
}

/// Between which factors the events per unit of exposure of `one` are a multiple of those of `other`, for counts that
/// follow Poisson's law, with exposures that were fixed beforehand. Without an event on one side it is open to that side.
///
/// Given how many events there were in all, those of `one` are binomial with the rate θ = λ₁t₁ / (λ₁t₁ + λ₂t₂), exactly; so
/// [`rate_interval`] for θ gives the interval for λ₁/λ₂ = θ t₂ / ((1 − θ) t₁). Source: Przyborowski and Wilenski, "Homogeneity of results in testing samples from Poisson series", Biometrika 31 (1940)
/// 313–323.
pub fn event_ratio_interval(one: Exposure, other: Exposure, confidence: Confidence) -> Interval {
    // Written so that an amount that is not a number is refused as well.
    if !(one.amount > 0.0 && other.amount > 0.0) {
        return Interval { low: 0.0, high: f64::INFINITY, confidence: confidence.share() };
    }
    let share = rate_interval(Tally::of(one.events, other.events), confidence);
    let scale = other.amount / one.amount;
    let ratio = |theta: f64| if theta < 1.0 { theta / (1.0 - theta) * scale } else { f64::INFINITY };
    Interval { low: ratio(share.low), high: ratio(share.high), ..share }
}

/// How likely it is that all events fall into the exposure `before` a change and none into the `clean` one after it, though
/// the change did nothing: (t / (t + u))^k, for k events in t before and none in u after. As
/// [`chance_of_clean_run`](crate::chance_of_clean_run), for events per operation.
pub fn chance_of_clean_exposure(before: Exposure, clean: f64) -> f64 {
    match before.events {
        0 => 1.0,
        events => (events as f64 * (before.amount / (before.amount + clean)).ln()).exp(),
    }
}

/// How many clean operations a fix will owe: t (α^(−1/k) − 1). `None` where nothing happened before.
pub fn clean_exposure_owed(before: Exposure, confidence: Confidence) -> Option<f64> {
    let events = before.events as f64;
    (before.events > 0).then(|| before.amount * (-confidence.alpha().ln() / events).exp_m1())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exposure(events: u64, amount: f64) -> Exposure {
        Exposure { events, amount }
    }

    /// Lung cancer in Fredericia and in three other Danish cities, the example in the manual of R's `poisson.test`, which
    /// gives 0.858 and 4.277.
    #[test]
    fn the_interval_is_that_of_the_manual() {
        let interval =
            event_ratio_interval(exposure(11, 800.0), exposure(21, 3011.0), Confidence::NINETY_FIVE);
        assert!(
            (interval.low - 0.858_426_4).abs() < 1e-7 && (interval.high - 4.277_265_9).abs() < 1e-6,
            "{interval:?}"
        );
    }

    #[test]
    fn without_events_or_without_exposure_nothing_is_bounded() {
        let none = event_ratio_interval(exposure(0, 1e6), exposure(0, 1e6), Confidence::NINETY_FIVE);
        assert_eq!((none.low, none.high), (0.0, f64::INFINITY));
        let nothing = event_ratio_interval(exposure(3, 1e6), exposure(0, 0.0), Confidence::NINETY_FIVE);
        assert_eq!((nothing.low, nothing.high), (0.0, f64::INFINITY));
    }

    #[test]
    fn what_is_owed_is_just_enough() {
        for events in [1, 3, 5, 120] {
            let before = exposure(events, 48e6);
            let owed = clean_exposure_owed(before, Confidence::NINETY_FIVE).expect("something happened");
            assert!((chance_of_clean_exposure(before, owed) - 0.05).abs() < 1e-12);
        }
        assert_eq!(clean_exposure_owed(exposure(0, 48e6), Confidence::NINETY_FIVE), None);
        assert_eq!(chance_of_clean_exposure(exposure(0, 48e6), 1e12), 1.0);
    }

    #[test]
    fn one_event_costs_nineteen_times_as_many_operations() {
        let owed =
            clean_exposure_owed(exposure(1, 1e6), Confidence::NINETY_FIVE).expect("something happened");
        assert!((owed / 1e6 - 19.0).abs() < 1e-9);
    }
}
