//! The rate at which events happen per unit of something that was done: per operation, mostly.
//!
//! Poisson's law takes events that have nothing to do with each other. Where one brings others in its train, as when
//! memory stays corrupt for the rest of a trial, these intervals are too narrow: take the trial for the unit, and
//! [`ratio_of_sums`](crate::ratio_of_sums) for the rate.

use statrs::function::gamma::{gamma_lr, gamma_ur};

use crate::root::turning_point;
use crate::{Confidence, Interval};

/// Between which rates the number of events per unit of exposure lies: Garwood's exact two-sided interval, for counts
/// that follow Poisson's law, such as rare events in very many operations. `exposure` is that number of operations;
/// where it is 0 nothing is bounded.
///
/// Source: Garwood, "Fiducial limits for the Poisson distribution", Biometrika 28 (1936) 437–442. A tail of Poisson's
/// distribution is a regularized incomplete gamma function: Abramowitz and Stegun, 26.4.21.
pub fn event_interval(events: u64, exposure: f64, confidence: Confidence) -> Interval {
    let tail = confidence.alpha() / 2.0;
    let (low, high) = (fewest(events, tail), most(events, tail));
    Interval {
        low: per(low, exposure, 0.0),
        high: per(high, exposure, f64::INFINITY),
        confidence: confidence.share(),
    }
}

/// Which rate the events per unit of exposure do not exceed. Without any event in N operations it is −ln(α)/N: at 95 %
/// the "rule of three", 3/N.
pub fn events_at_most(events: u64, exposure: f64, confidence: Confidence) -> Interval {
    let high = per(most(events, confidence.alpha()), exposure, f64::INFINITY);
    Interval { low: 0.0, high, confidence: confidence.share() }
}

fn per(events: f64, exposure: f64, otherwise: f64) -> f64 {
    if exposure > 0.0 { events / exposure } else { otherwise }
}

/// The mean below which so many events, or more, would happen in less than `tail` of all cases.
fn fewest(events: u64, tail: f64) -> f64 {
    match events {
        0 => 0.0,
        // P(X ≥ k) = P(k, μ)
        _ => turning_point(0.0, events as f64, |mean| gamma_lr(events as f64, mean) >= tail),
    }
}

/// The mean above which so few events, or fewer, would happen in less than `tail` of all cases.
fn most(events: u64, tail: f64) -> f64 {
    match events {
        0 => -tail.ln(),
        // P(X ≤ k) = Q(k + 1, μ). Wherever that is to be as small as a double can tell from 0, this is far enough.
        _ => {
            let far = events as f64 + 40.0 * (events as f64).sqrt() + 800.0;
            turning_point(events as f64, far, |mean| gamma_ur(events as f64 + 1.0, mean) <= tail)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Garwood's 95 % limits for a count, as reprinted in many places (Ulm, American Journal of Epidemiology 131
    /// (1990) 373–375).
    #[test]
    fn limits_are_those_of_garwoods_table() {
        let table = [
            (0, 0.0, 3.689),
            (1, 0.0253, 5.572),
            (2, 0.242, 7.225),
            (5, 1.623, 11.668),
            (10, 4.795, 18.390),
            (100, 81.36, 121.63),
        ];
        for (events, low, high) in table {
            let interval = event_interval(events, 1.0, Confidence::NINETY_FIVE);
            assert!((interval.low - low).abs() < 6e-3, "{events}: {interval:?}");
            assert!((interval.high - high).abs() < 6e-3, "{events}: {interval:?}");
        }
    }

    #[test]
    fn no_event_in_a_million_operations_bounds_at_three_in_a_million() {
        let bound = events_at_most(0, 1e6, Confidence::NINETY_FIVE);
        assert!((bound.high - 2.9957e-6).abs() < 1e-9, "{bound:?}");
    }

    #[test]
    fn nothing_done_says_nothing() {
        let interval = event_interval(0, 0.0, Confidence::NINETY_FIVE);
        assert_eq!((interval.low, interval.high), (0.0, f64::INFINITY));
    }
}
