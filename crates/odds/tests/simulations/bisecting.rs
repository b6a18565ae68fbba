//! Finding the first bad version of many, when bad versions fail only now and then.

use fastrand::Rng;
use jostle_odds::{Bisection, Confidence};

use crate::draws::{fails, note};

/// How often the right version is named, and the median of how many trials that took.
fn searches(rounds: usize, versions: usize, rate: f64) -> (f64, u64) {
    let mut random = Rng::with_seed(30);
    let mut right = 0;
    let mut trials: Vec<u64> = Vec::new();
    for _ in 0..rounds {
        let first_bad = random.usize(..versions);
        let mut bisection = Bisection::new(versions);
        let named = loop {
            if let Some(version) = bisection.first_bad(Confidence::NINETY_FIVE) {
                break version;
            }
            let version = bisection.next_version();
            bisection.record(version, version >= first_bad && fails(&mut random, rate));
        };
        right += usize::from(named == first_bad);
        trials.push(bisection.trials());
    }
    trials.sort_unstable();
    let (right, median) = (right as f64 / rounds as f64, trials[rounds / 2]);
    note(format!(
        "bisection of {versions} versions, failing at {rate}: right in {right}, {median} trials in the median"
    ));
    (right, median)
}

#[test]
fn among_128_versions_a_failure_in_a_tenth_is_found_in_299_trials() {
    let (right, trials) = searches(400, 128, 0.1);
    assert!(right >= 0.93 && trials <= 299, "{right} {trials}");
}

#[test]
fn other_rates_are_found_as_surely() {
    for (rate, most) in [(1.0, 40), (0.5, 80), (0.05, 700)] {
        let (right, trials) = searches(150, 128, rate);
        assert!(right >= 0.93 - 0.04 && trials <= most, "{rate}: {right} {trials}");
    }
}

#[test]
#[ignore = "takes minutes without --release"]
fn the_version_named_is_right_about_as_often_as_promised_at_any_rate() {
    for (rounds, rate) in [(3000, 1.0), (3000, 0.5), (3000, 0.2), (3000, 0.1), (2000, 0.05), (1000, 0.02)] {
        let (right, _) = searches(rounds, 128, rate);
        assert!(right >= 0.935, "{rate}: {right}");
    }
}
