//! Production data, in which the rows of a unit go together: coverage of the cluster bootstrap.

use fastrand::Rng;
use jostle_odds::{Confidence, UnitSums, difference_of_ratios, ratio_of_sums};

use crate::draws::{fails, note, share};

/// A visitor with 1 to 40 requests, few of them many, whose own rate of errors is four times the mean or none.
fn visitor(random: &mut Rng, rate: f64) -> UnitSums {
    let requests = (1.0 / (1.0 - random.f64() * 0.975)) as u64;
    let own = if random.f64() < 0.25 { 4.0 * rate } else { 0.0 };
    let errors = (0..requests).filter(|_| fails(random, own)).count();
    UnitSums { numerator: errors as f64, denominator: requests as f64 }
}

/// An hour with different sessions and visitors, where one visitor in ten has a second session.
fn hour(random: &mut Rng) -> UnitSums {
    let visitors = random.u64(1..30);
    let second = (0..visitors).filter(|_| fails(random, 0.1)).count() as u64;
    UnitSums { numerator: (visitors + second) as f64, denominator: visitors as f64 }
}

/// An answer whose time is mostly short and sometimes long: the exponential of something normal.
fn answer(random: &mut Rng) -> UnitSums {
    let normal = (0..12).map(|_| random.f64()).sum::<f64>() - 6.0;
    UnitSums { numerator: (0.8 * normal).exp(), denominator: 1.0 }
}

fn coverage(rounds: u32, units: usize, truth: f64, draw: impl Fn(&mut Rng) -> UnitSums) -> f64 {
    let mut random = Rng::with_seed(40);
    share(rounds, || {
        let units: Vec<UnitSums> = (0..units).map(|_| draw(&mut random)).collect();
        let estimate = ratio_of_sums(&units, Confidence::NINETY_FIVE, random.u64(..));
        // What cannot be estimated is not claimed either.
        estimate.map_or(true, |estimate| estimate.interval.holds(truth))
    })
}

#[test]
fn a_share_of_rows_lies_in_its_interval_about_as_often_as_promised() {
    for (units, rate, least) in [(1000, 0.05, 0.93), (300, 0.2, 0.93), (100, 0.2, 0.91)] {
        let covered = coverage(300, units, rate, |random| visitor(random, rate));
        note(format!("bootstrap, share of rows, {units} units: {covered}"));
        assert!(covered >= least, "{units}: {covered}");
    }
}

#[test]
fn sessions_per_visitor_lie_in_their_interval_about_as_often_as_promised() {
    for (units, least) in [(20, 0.90), (100, 0.925)] {
        let covered = coverage(600, units, 1.1, hour);
        note(format!("bootstrap, sessions per visitor, {units} units: {covered}"));
        assert!(covered >= least, "{units}: {covered}");
    }
}

#[test]
fn a_mean_lies_in_its_interval_about_as_often_as_promised() {
    for (units, least) in [(30, 0.89), (200, 0.925)] {
        let covered = coverage(500, units, 0.32f64.exp(), answer);
        note(format!("bootstrap, skewed mean, {units} units: {covered}"));
        assert!(covered >= least, "{units}: {covered}");
    }
}

#[test]
fn a_difference_lies_in_its_interval_about_as_often_as_promised() {
    let mut random = Rng::with_seed(41);
    let covered = share(300, || {
        let before: Vec<UnitSums> = (0..200).map(|_| visitor(&mut random, 0.2)).collect();
        let after: Vec<UnitSums> = (0..400).map(|_| visitor(&mut random, 0.1)).collect();
        let estimate = difference_of_ratios(&before, &after, Confidence::NINETY_FIVE, random.u64(..));
        estimate.is_ok_and(|estimate| estimate.interval.holds(-0.1))
    });
    note(format!("bootstrap, difference of shares: {covered}"));
    assert!(covered >= 0.92, "{covered}");
}

/// The reason for all of this.
#[test]
fn taking_the_rows_of_a_visitor_for_independent_is_too_sure() {
    let mut random = Rng::with_seed(42);
    let covered = share(500, || {
        let units: Vec<UnitSums> = (0..300).map(|_| visitor(&mut random, 0.2)).collect();
        let [errors, requests] = [0, 1].map(|which| {
            units.iter().map(|unit| if which == 0 { unit.numerator } else { unit.denominator }).sum::<f64>()
                as u64
        });
        let tally = jostle_odds::Tally::of(errors, requests - errors);
        jostle_odds::rate_interval(tally, Confidence::NINETY_FIVE).holds(0.2)
    });
    note(format!("the same as if rows were independent: {covered}"));
    assert!(covered < 0.8, "{covered}");
}
