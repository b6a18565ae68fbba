//! The intervals that a hunt tells hold the truth as often as they say, whatever made the hunt end and wherever its trials
//! went. Simulated: the arms' true rates are known here.

use jostle_odds::{Allocation, Confidence, Tally, anytime_rate, anytime_ratio, rate_interval};

const HUNTS: u64 = 2_000;
/// A hunt ends here at the latest.
const TRIALS: u64 = 1_000;
/// And after so many failures, as it does when nobody says otherwise.
const ENOUGH: u64 = 5;

/// A hunt in which unperturbed trials fail at `rate`, and the arms behind at so many times that.
fn hunt(rate: f64, factors: &[f64], seed: u64) -> Vec<Tally> {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut allocation = Allocation::new(factors.len() + 1, seed);
    let rates: Vec<f64> =
        [rate].into_iter().chain(factors.iter().map(|factor| (rate * factor).min(1.0))).collect();
    let mut failures = 0;
    for _ in 0..TRIALS {
        let arm = allocation.next_arm();
        let failed = random.f64() < rates[arm];
        allocation.record(arm, failed);
        failures += u64::from(failed);
        if failures == ENOUGH {
            break;
        }
    }
    allocation.tallies().to_vec()
}

fn share(holds: impl Fn(u64) -> bool) -> f64 {
    (0..HUNTS).filter(|&seed| holds(seed)).count() as f64 / HUNTS as f64
}

#[test]
fn the_unperturbed_rate_is_held_in_95_of_100_hunts() {
    for rate in [0.001, 0.01, 0.2] {
        let held = share(|seed| {
            let none = hunt(rate, &[1.0, 10.0, 3.0], seed)[0];
            anytime_rate(none, Confidence::NINETY_FIVE).holds(rate)
        });
        assert!(held >= 0.95, "at {rate}: {held}");
    }
}

#[test]
fn the_effect_of_a_perturbation_is_held_in_95_of_100_hunts() {
    for (rate, factor) in [(0.001, 10.0), (0.01, 10.0), (0.2, 3.0)] {
        let held = share(|seed| {
            let arms = hunt(rate, &[factor, 1.0], seed);
            anytime_ratio(arms[1], arms[0], Confidence::NINETY_FIVE).holds(factor)
        });
        assert!(held >= 0.95, "{factor} times {rate}: {held}");
    }
}

/// The healthy twin of the tests above: an interval for fixed numbers does not survive being looked at all the time.
#[test]
fn an_interval_for_fixed_numbers_would_not_do() {
    let held = share(|seed| {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut tally = Tally::default();
        (0..TRIALS).all(|_| {
            tally.record(random.f64() < 0.2);
            rate_interval(tally, Confidence::NINETY_FIVE).holds(0.2)
        })
    });
    assert!(held < 0.8, "{held}");
}

/// Settled beforehand, the narrower interval holds.
#[test]
fn a_hunt_of_settled_length_is_held_by_the_narrower_interval() {
    for rate in [0.001, 0.01, 0.2] {
        let held = share(|seed| {
            let mut random = fastrand::Rng::with_seed(seed);
            let mut tally = Tally::default();
            (0..500).for_each(|_| tally.record(random.f64() < rate));
            rate_interval(tally, Confidence::NINETY_FIVE).holds(rate)
        });
        assert!(held >= 0.95, "at {rate}: {held}");
    }
}
