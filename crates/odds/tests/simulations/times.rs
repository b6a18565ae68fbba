//! Times to failure. Exponential ones are drawn; trials end at a time limit, or are ended earlier at random.

use fastrand::Rng;
use jostle_odds::{Confidence, Lifetime, Survival, log_rank};

use crate::draws::{at_most, note, share};

fn exponential(random: &mut Rng, mean: f64) -> f64 {
    -(1.0 - random.f64()).ln() * mean
}

/// Trials that fail after 1 on average, seen until `limit` at most.
fn trials(random: &mut Rng, count: usize, mean: f64, limit: f64) -> Vec<Lifetime> {
    let one = |random: &mut Rng| {
        let (failure, end) = (exponential(random, mean), limit * (0.5 + 0.5 * random.f64()));
        Lifetime { time: failure.min(end), failed: failure <= end }
    };
    (0..count).map(|_| one(random)).collect()
}

#[test]
fn the_median_lies_in_its_interval_about_as_often_as_promised() {
    for (count, limit) in [(20, 2.0), (40, 1.0), (100, 3.0)] {
        let mut random = Rng::with_seed(8);
        let covered = share(4000, || {
            let curve = Survival::of(&trials(&mut random, count, 1.0, limit));
            curve.median_interval(Confidence::NINETY_FIVE).holds(std::f64::consts::LN_2)
        });
        note(format!("median of {count} until {limit}: {covered}"));
        assert!((0.94..0.98).contains(&covered), "{count} until {limit}: {covered}");
    }
}

#[test]
fn the_share_that_has_not_failed_lies_in_its_interval_about_as_often_as_promised() {
    for (count, limit) in [(20, 2.0), (40, 1.0), (100, 3.0)] {
        let mut random = Rng::with_seed(9);
        let covered = share(4000, || {
            let curve = Survival::of(&trials(&mut random, count, 1.0, limit));
            curve.interval_at(0.4, Confidence::NINETY_FIVE).holds((-0.4f64).exp())
        });
        note(format!("Kaplan-Meier of {count} until {limit}: {covered}"));
        assert!((0.94..0.98).contains(&covered), "{count} until {limit}: {covered}");
    }
}

#[test]
fn groups_that_fail_equally_soon_are_seldom_called_different() {
    // The last case has five failures in all, on average.
    for (one, other, limit) in [(20, 20, 2.0), (40, 40, 0.2), (30, 90, 1.0), (50, 50, 0.07)] {
        let mut random = Rng::with_seed(10);
        let called = share(4000, || {
            let groups = [one, other].map(|count| trials(&mut random, count, 1.0, limit));
            log_rank(&groups[0], &groups[1]) <= 0.05
        });
        note(format!("log-rank, {one} and {other} until {limit}: {called}"));
        assert!(called <= at_most(0.055, 4000), "{one} and {other} until {limit}: {called}");
    }
}

#[test]
fn a_group_that_fails_three_times_as_soon_is_told() {
    let mut random = Rng::with_seed(11);
    let called = share(1000, || {
        let (slow, fast) = (trials(&mut random, 30, 3.0, 3.0), trials(&mut random, 30, 1.0, 3.0));
        log_rank(&slow, &fast) <= 0.05
    });
    note(format!("log-rank at a threefold rate: {called}"));
    assert!(called > 0.9, "{called}");
}
