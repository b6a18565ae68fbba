//! What holds however often one looks. Trials are drawn, and looked at again and again.

use fastrand::Rng;
use jostle_odds::{
    Confidence, Decision, Sprt, Tally, anytime_events, anytime_rate, anytime_ratio, rate_at_most,
};

use crate::draws::{at_most, fails, note, share};

/// Whether it is time to look: at every failure, and whenever there are 2 % more trials than at the last look. In between
/// the ends of an interval only drift.
struct Looks(f64);

impl Looks {
    fn due(&mut self, tally: Tally, failed: bool) -> bool {
        let grown = tally.trials() as f64 >= self.0;
        if grown {
            self.0 = (tally.trials() as f64 * 1.02).max(self.0 + 1.0);
        }
        grown || failed
    }
}

/// How often an interval excludes the truth at any of the looks at `trials` trials.
fn ever_wrong(rate: f64, trials: u64, interval: impl Fn(Tally) -> jostle_odds::Interval) -> f64 {
    let mut random = Rng::with_seed(4);
    share(1000, || {
        let (mut tally, mut looks) = (Tally::default(), Looks(1.0));
        (0..trials).any(|_| {
            let failed = fails(&mut random, rate);
            tally.record(failed);
            looks.due(tally, failed) && !interval(tally).holds(rate)
        })
    })
}

#[test]
fn whoever_looks_at_every_trial_is_wrong_no_more_often_than_promised() {
    for (rate, trials) in [(0.001, 10_000), (0.01, 3_000), (0.2, 400), (0.9, 400)] {
        let wrong = ever_wrong(rate, trials, |tally| anytime_rate(tally, Confidence::NINETY_FIVE));
        note(format!("anytime rate at {rate}, {trials} trials: ever wrong in {wrong}"));
        assert!(wrong <= 0.05, "{rate}: {wrong}");
    }
}

/// The reason for all of this.
#[test]
fn a_bound_for_a_fixed_number_of_trials_breaks_under_looking() {
    let wrong = ever_wrong(0.01, 3_000, |tally| rate_at_most(tally, Confidence::NINETY_FIVE));
    note(format!("fixed-n bound under looking: wrong in {wrong}"));
    assert!(wrong > 0.15, "{wrong}");
}

/// One of two arms is tried again as long as it looks worse than the other: as adaptive as can be.
#[test]
fn a_ratio_of_two_arms_that_compete_for_trials_is_right_as_often_as_promised() {
    for (rates, trials) in [([0.2, 0.2], 400), ([0.05, 0.01], 1_000), ([0.002, 0.02], 2_000)] {
        let mut random = Rng::with_seed(5);
        let wrong = share(500, || {
            let (mut arms, mut looks) = ([Tally::default(); 2], Looks(1.0));
            (0..trials).any(|_| {
                let score = |tally: Tally| (tally.failures() + 1) as f64 / (tally.trials() + 2) as f64;
                let arm = usize::from(score(arms[1]) > score(arms[0]));
                let failed = fails(&mut random, rates[arm]);
                arms[arm].record(failed);
                let due = looks.due(arms[0] + arms[1], failed);
                due && !anytime_ratio(arms[0], arms[1], Confidence::NINETY_FIVE).holds(rates[0] / rates[1])
            })
        });
        note(format!("anytime ratio at {rates:?}: ever wrong in {wrong}"));
        assert!(wrong <= 0.05, "{rates:?}: {wrong}");
    }
}

#[test]
fn events_per_operation_are_bounded_at_any_time() {
    const ROUNDS: u32 = 1000;
    for (rate, guess) in [(1e-5, 1e-5), (1e-5, 1e-2), (3e-4, 1e-6)] {
        let mut random = Rng::with_seed(6);
        let wrong = share(ROUNDS, || {
            let (mut exposure, mut events) = (0.0, 0);
            // From event to event; right before and right after each the interval is furthest off.
            (0..100).any(|_| {
                exposure += -random.f64().max(f64::MIN_POSITIVE).ln() / rate;
                let before = anytime_events(events, exposure, guess, Confidence::NINETY_FIVE);
                events += 1;
                let after = anytime_events(events, exposure, guess, Confidence::NINETY_FIVE);
                !before.holds(rate) || !after.holds(rate)
            })
        });
        note(format!("anytime events at {rate} guessed {guess}: ever wrong in {wrong}"));
        assert!(wrong <= at_most(0.05, ROUNDS), "{rate} guessed {guess}: {wrong}");
    }
}

/// How often a sequential test decides for frequent at `rate`, and after how many trials on average.
fn decided_frequent(test: Sprt, rate: f64, rounds: u32) -> (f64, f64) {
    let mut random = Rng::with_seed(7);
    let mut trials = 0;
    let frequent = share(rounds, || {
        let mut tally = Tally::default();
        while test.decide(tally) == Decision::Undecided {
            tally.record(fails(&mut random, rate));
        }
        trials += tally.trials();
        test.decide(tally) == Decision::Frequent
    });
    (frequent, trials as f64 / f64::from(rounds))
}

#[test]
fn a_sequential_test_errs_no_more_often_than_asked() {
    for (rare, frequent) in [(0.001, 0.01), (0.01, 0.05), (0.05, 0.2)] {
        let test = Sprt::new(rare, frequent, 0.05, 0.05).expect("a test");
        let (false_alarms, _) = decided_frequent(test, rare, 2000);
        let (found, _) = decided_frequent(test, frequent, 2000);
        note(format!("SPRT {rare} or {frequent}: false alarms {false_alarms}, found {found}"));
        assert!(false_alarms <= 0.05 && 1.0 - found <= 0.05, "{rare}, {frequent}: {false_alarms} {found}");
        let (rarer, _) = decided_frequent(test, rare / 2.0, 1000);
        assert!(rarer <= false_alarms, "at a lower rate still {rarer}");
    }
}

#[test]
fn a_sequential_test_needs_about_as_many_trials_as_foretold() {
    let test = Sprt::new(0.01, 0.05, 0.05, 0.05).expect("a test");
    for rate in [0.002, 0.01, 0.03, 0.05] {
        let ((_, trials), foretold) = (decided_frequent(test, rate, 2000), test.expected_trials(rate));
        note(format!("SPRT at {rate}: {trials} trials, {foretold} foretold"));
        assert!(trials > 0.95 * foretold && trials < 1.35 * foretold, "{rate}: {trials} against {foretold}");
    }
}
