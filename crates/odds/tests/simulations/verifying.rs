//! What a verification with a fixed number of trials calls what.

use fastrand::Rng;
use jostle_odds::{Confidence, Proof, Tally, Verification};

use crate::draws::{at_most, fails, note};

/// How often verifications end as fixed, as still failing, and with a control that passed. Each is planned from as many
/// trials as it took to see five failures.
fn verify(rounds: u32, before: f64, after: f64) -> [f64; 3] {
    let mut random = Rng::with_seed(50);
    let mut ends = [0u32; 3];
    for _ in 0..rounds {
        let mut baseline = Tally::default();
        while baseline.failures() < 5 {
            baseline.record(fails(&mut random, before));
        }
        let plan = Verification::plan(baseline, 0.01, Confidence::NINETY_FIVE).expect("a plan");
        let mut tally = |rate: f64| {
            let failures = (0..plan.trials_per_side()).filter(|_| fails(&mut random, rate)).count() as u64;
            Tally::of(failures, plan.trials_per_side() - failures)
        };
        let end = match plan.judge(tally(before), tally(after)) {
            Proof::Fixed { .. } => 0,
            Proof::StillFailing { .. } => 1,
            Proof::ControlPassed { .. } => 2,
            Proof::Unfinished { .. } => panic!("all trials were run"),
        };
        ends[end] += 1;
    }
    let shares = ends.map(|count| f64::from(count) / f64::from(rounds));
    note(format!(
        "verification from {before} to {after}: fixed, still failing, control passed in {shares:?}"
    ));
    shares
}

#[test]
fn a_mended_target_is_never_called_still_failing_and_mostly_fixed() {
    for before in [0.01, 0.05, 0.2] {
        let [fixed, still_failing, _] = verify(300, before, 0.0);
        assert!(still_failing == 0.0 && fixed >= 0.85, "{before}: {fixed} {still_failing}");
    }
}

#[test]
fn a_fix_that_does_nothing_is_seldom_called_one() {
    for rate in [0.001, 0.01, 0.2] {
        let [fixed, ..] = verify(200, rate, rate);
        assert!(fixed <= at_most(0.05, 200), "{rate}: {fixed}");
    }
}

#[test]
fn a_target_that_still_fails_in_one_percent_is_seldom_called_fixed() {
    for before in [0.01, 0.05, 0.2] {
        let [fixed, ..] = verify(1000, before, 0.01);
        assert!(fixed <= at_most(0.05, 1000), "{before}: {fixed}");
    }
}

#[test]
fn what_a_plan_foretells_of_itself_is_exact_and_within_its_promise() {
    for per_side in [299, 1000] {
        let plan = Verification::with_trials(per_side, 0.01, Confidence::NINETY_FIVE).expect("a plan");
        for rate in [0.0005, 0.001, 0.005, 0.01, 0.05, 0.2] {
            assert!(plan.chance_called_fixed(rate, rate) <= 0.05);
            assert!(plan.chance_called_fixed(rate, rate.max(0.01)) <= 0.05);
        }
        assert!(plan.chance_called_fixed(0.05, 0.0) > 0.99 && plan.chance_called_fixed(0.0, 0.0) == 0.0);
    }
}
