//! What holds when the number of trials is fixed beforehand. All outcomes are listed, so these numbers are exact.

use jostle_odds::{
    Confidence, Exposure, Tally, chance_of_clean_run, clean_exposure_owed, clean_trials_owed, event_interval,
    event_ratio_interval, events_at_most, rate_at_least, rate_at_most, rate_interval,
};

use crate::draws::{binomial, note, poisson, until_failed};

const RATES: [f64; 6] = [0.001, 0.01, 0.05, 0.2, 0.5, 0.9];
const SIZES: [u64; 5] = [1, 10, 40, 300, 1000];
/// What adding up doubles may lose.
const ROUNDING: f64 = 1e-9;

fn all_tallies(trials: u64) -> impl Iterator<Item = Tally> {
    (0..=trials).map(move |failures| Tally::of(failures, trials - failures))
}

/// How often `holds` is true, at each of the rates.
fn coverage(trials: u64, holds: impl Fn(usize, f64) -> bool) -> [f64; 6] {
    RATES.map(|rate| {
        let chances = binomial(trials, rate);
        chances
            .iter()
            .enumerate()
            .filter(|&(failures, _)| holds(failures, rate))
            .map(|(_, chance)| chance)
            .sum()
    })
}

#[test]
fn a_rate_lies_in_its_interval_at_least_as_often_as_promised() {
    for trials in SIZES {
        let intervals: Vec<_> =
            all_tallies(trials).map(|tally| rate_interval(tally, Confidence::NINETY_FIVE)).collect();
        let covered = coverage(trials, |failures, rate| intervals[failures].holds(rate));
        note(format!("Clopper-Pearson, {trials} trials: {:.3}", covered.into_iter().fold(1.0, f64::min)));
        assert!(covered.iter().all(|&share| share >= 0.95 - ROUNDING), "{trials}: {covered:?}");
    }
}

#[test]
fn a_rate_is_within_its_one_sided_bounds_at_least_as_often_as_promised() {
    for trials in SIZES {
        let (above, below): (Vec<_>, Vec<_>) = all_tallies(trials)
            .map(|tally| {
                (rate_at_most(tally, Confidence::NINETY_FIVE), rate_at_least(tally, Confidence::NINETY_FIVE))
            })
            .unzip();
        let at_most = coverage(trials, |failures, rate| above[failures].holds(rate));
        let at_least = coverage(trials, |failures, rate| below[failures].holds(rate));
        assert!(at_most.iter().chain(&at_least).all(|&share| share >= 0.95 - ROUNDING), "{trials}");
    }
}

#[test]
fn events_per_operation_lie_in_their_interval_at_least_as_often_as_promised() {
    const OPERATIONS: f64 = 1e6;
    for mean in [0.5, 1.0, 3.0, 10.0, 200.0] {
        let rate = mean / OPERATIONS;
        let (mut within, mut below) = (0.0, 0.0);
        for (events, chance) in poisson(mean).into_iter().enumerate() {
            let holds = |interval: jostle_odds::Interval| f64::from(u8::from(interval.holds(rate)));
            within += chance * holds(event_interval(events as u64, OPERATIONS, Confidence::NINETY_FIVE));
            below += chance * holds(events_at_most(events as u64, OPERATIONS, Confidence::NINETY_FIVE));
        }
        note(format!("Garwood, {mean} events: {within:.3}, from above {below:.3}"));
        assert!(within >= 0.95 - ROUNDING && below >= 0.95 - ROUNDING, "{mean}: {within} {below}");
    }
}

#[test]
fn a_ratio_of_events_lies_in_its_interval_at_least_as_often_as_promised() {
    for (one, other) in [(0.5, 0.5), (3.0, 1.0), (20.0, 5.0), (2.0, 60.0)] {
        let (ones, others) = (poisson(one), poisson(other));
        let covered: f64 = ones
            .iter()
            .enumerate()
            .flat_map(|(mine, chance)| {
                others.iter().enumerate().map(move |(theirs, other)| (mine, theirs, chance * other))
            })
            .filter(|&(mine, theirs, _)| {
                let (mine, theirs) = (
                    Exposure { events: mine as u64, amount: 1e6 },
                    Exposure { events: theirs as u64, amount: 3e6 },
                );
                event_ratio_interval(mine, theirs, Confidence::NINETY_FIVE).holds(3.0 * one / other)
            })
            .map(|(.., chance)| chance)
            .sum();
        note(format!("ratio of {one} to {other} expected events: {covered:.3}"));
        assert!(covered >= 0.95 - ROUNDING, "{one} to {other}: {covered}");
    }
}

/// Operations that are as clean as what is owed, and a fix that does nothing.
#[test]
fn a_fix_that_does_nothing_seldom_pays_its_operations() {
    for mean in [0.5, 1.0, 3.0, 10.0, 50.0] {
        let passed = |(events, chance): (usize, f64)| {
            let before = Exposure { events: events as u64, amount: 1.0 };
            clean_exposure_owed(before, Confidence::NINETY_FIVE)
                .map_or(0.0, |owed| chance * (-mean * owed).exp())
        };
        let called: f64 = poisson(mean).into_iter().enumerate().map(passed).sum();
        note(format!(
            "a fix that does nothing pays its operations after {mean} expected events: {called:.3}"
        ));
        assert!(called <= 0.05, "{mean}: {called}");
    }
}

/// A fix that does nothing, and owes what the failures before say: how often it is called a fix anyway.
#[test]
fn a_fix_that_does_nothing_seldom_pays_what_it_owes() {
    for trials in [20, 100, 500] {
        for rate in RATES {
            let chances = binomial(trials, rate);
            let passed = |tally: Tally| match clean_trials_owed(tally, Confidence::NINETY_FIVE) {
                Some(owed) => (1.0 - rate).powi(owed as i32),
                None => 0.0,
            };
            let called: f64 =
                all_tallies(trials).map(|tally| chances[tally.failures() as usize] * passed(tally)).sum();
            note(format!("a fix that does nothing pays after {trials} trials at {rate}: {called:.3}"));
            assert!(called <= 0.05, "{trials} at {rate}: {called}");
        }
    }
}

/// The same where the trials before were run until so many had failed, as one is advised to: the number of trials is then
/// random, and the number of failures is not.
#[test]
fn nor_does_it_after_failures_were_collected() {
    for failures in [1, 2, 3, 5, 10] {
        for rate in RATES.into_iter().skip(1) {
            let chances = until_failed(failures, rate).into_iter().enumerate();
            let passed = |(clean, chance): (usize, f64)| {
                let owed = clean_trials_owed(Tally::of(failures, clean as u64), Confidence::NINETY_FIVE);
                owed.map_or(0.0, |owed| chance * (1.0 - rate).powi(owed as i32))
            };
            let called: f64 = chances.map(passed).sum();
            note(format!("a fix that does nothing pays after {failures} failures at {rate}: {called:.3}"));
            assert!(called <= 0.05, "{failures} at {rate}: {called}");
        }
    }
}

#[test]
fn a_clean_run_beside_a_failing_one_is_rare_where_nothing_changed() {
    for rate in RATES {
        let (before, after) = (binomial(60, rate), (1.0 - rate).powi(60));
        let significant = all_tallies(60).filter(|&tally| chance_of_clean_run(tally, 60) <= 0.05);
        let called: f64 = significant.map(|tally| before[tally.failures() as usize] * after).sum();
        assert!(called <= 0.05, "{rate}: {called}");
    }
}
