//! The matrix: the right ones are named, and innocent ones are not.

use fastrand::Rng;
use jostle_odds::{Confidence, Factorial, Judged, Level, Ruling, Suspect, Tally, culprits};

use crate::draws::{at_most, fails, note, share};

const WORTH: f64 = 0.1;

fn level(factor: usize, level: usize) -> Level {
    Level { factor, level }
}

/// A matrix of these levels that fails at a rate depending on the setting, judged after so many trials per cell.
fn judged(random: &mut Rng, levels: &[usize], trials: u64, rate: impl Fn(&[usize]) -> f64) -> Vec<Judged> {
    let mut design = Factorial::new(levels).expect("a design");
    for cell in 0..design.cells().len() {
        let rate = rate(&design.setting(cell));
        let failures = (0..trials).filter(|_| fails(random, rate)).count() as u64;
        design.add(cell, Tally::of(failures, trials - failures));
    }
    design.judge(Confidence::NINETY_FIVE, WORTH)
}

fn implicated(judged: &[Judged], is_so: impl Fn(Suspect) -> bool) -> bool {
    judged.iter().any(|judged| matches!(judged.ruling, Ruling::Implicated { .. }) && is_so(judged.suspect))
}

fn concerns(suspect: Suspect, factor: usize) -> bool {
    match suspect {
        Suspect::Level(level) => level.factor == factor,
        Suspect::Pair(one, other) => one.factor == factor || other.factor == factor,
    }
}

/// Fails in 20 % where the second level of the first factor meets the second of the second, and else at `otherwise`.
fn meeting(otherwise: f64) -> impl Fn(&[usize]) -> f64 {
    move |setting| if setting[0] == 1 && setting[1] == 1 { 0.2 } else { otherwise }
}

#[test]
fn a_pair_that_fails_in_a_fifth_is_named_at_40_runs_a_cell_and_the_third_factor_is_not_blamed() {
    const ROUNDS: u32 = 1000;
    let mut random = Rng::with_seed(20);
    let (mut named, mut blamed, mut others) = (0, 0, 0);
    for _ in 0..ROUNDS {
        let judged = judged(&mut random, &[2, 2, 2], 40, meeting(0.0));
        let pair = Suspect::Pair(level(0, 1), level(1, 1));
        named += u32::from(culprits(&judged).iter().any(|judged| judged.suspect == pair));
        blamed += u32::from(implicated(&judged, |suspect| concerns(suspect, 2)));
        others +=
            u32::from(implicated(&judged, |suspect| matches!(suspect, Suspect::Pair(..)) && suspect != pair));
    }
    let [named, blamed, others] = [named, blamed, others].map(|count| f64::from(count) / f64::from(ROUNDS));
    note(format!(
        "matrix, 40 runs a cell: pair named in {named}, third factor blamed in {blamed}, another pair in {others}"
    ));
    assert!(named >= 0.95 && blamed <= 0.05 && others <= 0.05, "{named} {blamed} {others}");
}

#[test]
fn the_pair_is_named_beside_a_rate_that_everything_fails_at() {
    let mut random = Rng::with_seed(21);
    let (mut named, mut blamed) = (0, 0);
    for _ in 0..500 {
        let judged = judged(&mut random, &[2, 3, 2], 60, meeting(0.01));
        named += u32::from(implicated(&judged, |suspect| suspect == Suspect::Pair(level(0, 1), level(1, 1))));
        blamed += u32::from(implicated(&judged, |suspect| concerns(suspect, 2)));
    }
    note(format!("matrix beside 1 %: pair named in {named} of 500, third factor blamed in {blamed}"));
    assert!(named >= 475 && blamed <= 25, "{named} {blamed}");
}

#[test]
fn where_nothing_makes_a_difference_nobody_is_implicated() {
    for rate in [0.01, 0.2, 0.5] {
        let mut random = Rng::with_seed(22);
        let wrong = share(200, || implicated(&judged(&mut random, &[2, 2, 3], 20, |_| rate), |_| true));
        note(format!("matrix without a difference at {rate}: anybody implicated in {wrong}"));
        assert!(wrong <= at_most(0.05, 200), "{rate}: {wrong}");
    }
}

#[test]
fn one_version_of_nine_is_named_and_the_other_factors_are_not() {
    let mut random = Rng::with_seed(23);
    let (mut named, mut blamed) = (0, 0);
    for _ in 0..200 {
        let judged = judged(&mut random, &[9, 2], 60, |setting| if setting[0] == 6 { 0.2 } else { 0.0 });
        let found = culprits(&judged);
        named += u32::from(found.len() == 1 && found[0].suspect == Suspect::Level(level(0, 6)));
        blamed += u32::from(implicated(&judged, |suspect| concerns(suspect, 1)));
    }
    note(format!("one version of nine: named alone in {named} of 200, the other factor blamed in {blamed}"));
    assert!(named >= 190 && blamed <= 10, "{named} {blamed}");
}

/// A level whose excess is exactly what matters is at the edge: there it is exonerated most often wrongly.
#[test]
fn whoever_matters_is_exonerated_no_more_often_than_promised() {
    const ROUNDS: u32 = 500;
    for (base, trials) in [(0.0, 40), (0.05, 60), (0.3, 100)] {
        let mut random = Rng::with_seed(24);
        let exonerated = |judged: &[Judged], suspect: Suspect| {
            judged
                .iter()
                .any(|judged| judged.suspect == suspect && matches!(judged.ruling, Ruling::Exonerated { .. }))
        };
        let alone = share(ROUNDS, || {
            let rate = |setting: &[usize]| if setting[0] == 1 { base + WORTH } else { base };
            exonerated(&judged(&mut random, &[2, 2], trials, rate), Suspect::Level(level(0, 1)))
        });
        let pair = share(ROUNDS, || {
            let both = |setting: &[usize]| setting[0] == 1 && setting[1] == 1;
            let rate = |setting: &[usize]| if both(setting) { base + WORTH } else { base };
            exonerated(&judged(&mut random, &[2, 2], trials, rate), Suspect::Pair(level(0, 1), level(1, 1)))
        });
        let most = at_most(0.05, ROUNDS);
        note(format!("exonerated at the edge, base {base}: level {alone}, pair {pair}"));
        assert!(alone <= most && pair <= most, "{base}: {alone} {pair}");
    }
}

#[test]
fn the_excess_of_whoever_is_implicated_lies_in_its_interval() {
    const ROUNDS: u32 = 500;
    for (base, trials) in [(0.0, 60), (0.1, 150)] {
        let mut random = Rng::with_seed(25);
        let wrong = share(ROUNDS, || {
            let rate = |setting: &[usize]| if setting[0] == 1 { base + 0.25 } else { base };
            let judged = judged(&mut random, &[2, 2], trials, rate);
            let found = judged.iter().find(|judged| judged.suspect == Suspect::Level(level(0, 1)));
            !matches!(found.map(|found| found.ruling), Some(Ruling::Implicated { excess }) if excess.holds(0.25))
        });
        note(format!("excess outside its interval, base {base}: {wrong}"));
        assert!(wrong <= at_most(0.05, ROUNDS), "{base}: {wrong}");
    }
}
