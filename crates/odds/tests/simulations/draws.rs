//! Distributions to draw from, and to list.

use fastrand::Rng;

/// Whether one trial fails.
pub(crate) fn fails(random: &mut Rng, rate: f64) -> bool {
    random.f64() < rate
}

/// The probabilities of 0, 1, … `trials` failures: each from the one before.
pub(crate) fn binomial(trials: u64, rate: f64) -> Vec<f64> {
    let odds = rate / (1.0 - rate);
    let log_first = trials as f64 * (-rate).ln_1p();
    let next = |(k, log): (u64, f64)| {
        let ratio = (trials - k) as f64 / (k + 1) as f64 * odds;
        (k + 1, log + ratio.ln())
    };
    std::iter::successors(Some((0, log_first)), |&last| (last.0 < trials).then(|| next(last)))
        .map(|(_, log)| log.exp())
        .collect()
}

/// The probabilities of 0, 1, … events as long as they matter, where `mean` are expected.
pub(crate) fn poisson(mean: f64) -> Vec<f64> {
    let last = (mean + 12.0 * mean.sqrt() + 30.0) as u64;
    let next = |&(k, log): &(u64, f64)| (k < last).then(|| (k + 1, log + (mean / (k + 1) as f64).ln()));
    std::iter::successors(Some((0, -mean)), next).map(|(_, log)| log.exp()).collect()
}

/// The probabilities of 0, 1, … clean trials until so many have failed, as long as they matter.
pub(crate) fn until_failed(failures: u64, rate: f64) -> Vec<f64> {
    let last = (12.0 * failures as f64 / rate) as u64 + 60;
    let clean_rate = (-rate).ln_1p();
    let next = |&(k, log): &(u64, f64)| {
        (k < last).then(|| (k + 1, log + clean_rate + ((failures + k) as f64 / (k + 1) as f64).ln()))
    };
    std::iter::successors(Some((0, failures as f64 * rate.ln())), next).map(|(_, log)| log.exp()).collect()
}

/// How often something is so, counted over `rounds`.
pub(crate) fn share(rounds: u32, mut is_so: impl FnMut() -> bool) -> f64 {
    let count = (0..rounds).filter(|_| is_so()).count();
    count as f64 / f64::from(rounds)
}

/// What a share that is at most `promised` in truth may come out as in so many rounds: three standard errors more.
pub(crate) fn at_most(promised: f64, rounds: u32) -> f64 {
    promised + 3.0 * (promised * (1.0 - promised) / f64::from(rounds)).sqrt()
}

/// What a simulation came to, for whoever runs it with `--nocapture`: the numbers in `docs/odds.md`.
#[expect(clippy::print_stdout, reason = "a test that measures says what it measured")]
pub(crate) fn note(what: impl std::fmt::Display) {
    println!("{what}");
}
