//! A hunt that learns.

use fastrand::Rng;
use jostle_odds::{Allocation, Confidence, anytime_rate, anytime_ratio};

use crate::draws::{fails, note, share};

/// Nothing perturbed, six perturbations that do nothing, and one that raises the failure rate tenfold.
const RATES: [f64; 8] = [0.01, 0.01, 0.01, 0.01, 0.01, 0.1, 0.01, 0.01];
const CULPRIT: usize = 5;

fn hunt(random: &mut Rng, rates: &[f64], trials: u32) -> Allocation {
    let mut allocation = Allocation::new(rates.len(), random.u64(..));
    for _ in 0..trials {
        let arm = allocation.next_arm();
        allocation.record(arm, fails(random, rates[arm]));
    }
    allocation
}

#[test]
fn a_hunt_spends_its_trials_where_it_fails() {
    let mut random = Rng::with_seed(12);
    let (mut culprits, mut failures) = (0, 0);
    for _ in 0..100 {
        let allocation = hunt(&mut random, &RATES, 800);
        culprits += allocation.tallies()[CULPRIT].trials();
        failures += allocation.tallies().iter().map(|tally| tally.failures()).sum::<u64>();
    }
    let (share, even) = (culprits as f64 / 80_000.0, RATES.iter().sum::<f64>() / 8.0 * 80_000.0);
    note(format!("hunt: {share} of the trials at the arm that fails, {failures} failures instead of {even}"));
    assert!(share > 0.45, "{share}");
    assert!(failures as f64 > 2.0 * even, "{failures} failures, {even} if all arms had the same share");
}

#[test]
fn what_a_hunt_says_of_its_arms_is_right_as_often_as_promised() {
    let mut random = Rng::with_seed(13);
    let wrong = share(300, || {
        let allocation = hunt(&mut random, &RATES, 400);
        let [none, culprit] = [0, CULPRIT].map(|arm| allocation.tallies()[arm]);
        let ratio = anytime_ratio(culprit, none, Confidence::NINETY_FIVE);
        !ratio.holds(RATES[CULPRIT] / RATES[0])
            || !anytime_rate(none, Confidence::NINETY_FIVE).holds(RATES[0])
    });
    note(format!("hunt: one of two intervals wrong in {wrong}"));
    // Two statements, each wrong in 5 % at most.
    assert!(wrong <= 0.1, "{wrong}");
}

#[test]
fn a_perturbation_that_makes_it_fail_ten_times_as_often_is_named() {
    let mut random = Rng::with_seed(14);
    let (mut found, mut blamed) = (0, 0);
    for _ in 0..100 {
        let allocation = hunt(&mut random, &RATES, 1500);
        let confidence = Confidence::NINETY_FIVE.shared_by(7);
        let raises = |arm: usize| {
            anytime_ratio(allocation.tallies()[arm], allocation.tallies()[0], confidence).low > 1.0
        };
        found += u32::from(raises(CULPRIT));
        blamed += u32::from((1..8).any(|arm| arm != CULPRIT && raises(arm)));
    }
    note(format!("hunt: the perturbation named in {found} of 100, another one in {blamed}"));
    assert!(found >= 90 && blamed <= 5, "{found} {blamed}");
}
