//! Bounds that stay true however often one looks, and whatever made one stop.
//!
//! Each rests on a *mixture*: M(p), the likelihood of what was seen averaged over a prior for the rate, divided by its
//! likelihood at p. If p is the true rate, M is a martingale that starts at 1, so by Ville's inequality it ever reaches
//! 1/α with a probability of at most α. The rates at which it has not are a confidence sequence: all of its intervals,
//! at all times, hold the truth at once with probability 1 − α. The prior decides how narrow they are, not whether they
//! are right.
//!
//! Which trial comes next may depend on all that was seen before: each trial multiplies M by a factor that is 1 on
//! average, given the past. So the arms of a hunt may get their trials adaptively.
//!
//! Sources: J. Ville, Étude critique de la notion de collectif (1939); H. Robbins, "Statistical methods related to the
//! law of the iterated logarithm", Annals of Mathematical Statistics 41 (1970) 1397–1409; S. Howard, A. Ramdas, J.
//! McAuliffe and J. Sekhon, "Time-uniform, nonparametric, nonasymptotic confidence sequences", Annals of Statistics 49
//! (2021) 1055–1080.

use statrs::function::beta::ln_beta;
use statrs::function::gamma::ln_gamma;

use crate::root::turning_point;
use crate::{Confidence, Interval, Tally};

/// The prior's two parameters, for rates: Jeffreys's, which is worst by the least that any prior is worst by (Krichevsky
/// and Trofimov, IEEE Transactions on Information Theory 27 (1981) 199–207), and puts much weight near 0, where
/// failure rates are.
const HALF: f64 = 0.5;

/// Between which rates the failure rate lies, at any time: how many trials there are may depend on how they ended.
/// After n clean ones the upper end is about (3.6 + ½ ln n)/n, instead of 3.7/n if n had been fixed beforehand.
pub fn anytime_rate(tally: Tally, confidence: Confidence) -> Interval {
    let (failures, clean) = (tally.failures() as f64, tally.clean() as f64);
    let mixture = Mixture::of(tally);
    let threshold = -confidence.alpha().ln();
    let excluded = |rate: f64| mixture.log_against(rate) >= threshold;
    let peak = tally.share().unwrap_or(0.5);
    let low = if failures > 0.0 { turning_point(0.0, peak, |rate| !excluded(rate)) } else { 0.0 };
    let high = if clean > 0.0 { turning_point(peak, 1.0, excluded) } else { 1.0 };
    Interval { low, high, confidence: confidence.share() }
}

/// Between which factors the failure rate of `one` is a multiple of that of `other`, at any time.
///
/// The product of the two mixtures is a martingale too, whichever of the two gets the next trial. So all pairs of rates
/// at which it is below 1/α hold the true pair with probability 1 − α, and the interval has the ratios of all of them.
/// The end that says that `one` fails more often is then further from 1 than if the ends of two intervals with half of the
/// risk each were divided; the other end may be further too where there are few failures.
pub fn anytime_ratio(one: Tally, other: Tally, confidence: Confidence) -> Interval {
    let pair = Pair { one, other, mixtures: [Mixture::of(one), Mixture::of(other)] };
    let threshold = -confidence.alpha().ln();
    let excluded = |log_ratio: f64| pair.least_log_against(log_ratio) >= threshold;
    let peak = pair.log_ratio_seen();
    let low = match one.failures() {
        0 => 0.0,
        _ => turning_point(-FAR, peak, |log_ratio| !excluded(log_ratio)).exp(),
    };
    let high = match other.failures() {
        0 => f64::INFINITY,
        _ => turning_point(peak, FAR, excluded).exp(),
    };
    Interval { low, high, confidence: confidence.share() }
}

/// Between which rates the number of events per unit of exposure lies, at any time, for counts that follow Poisson's
/// law: as [`event_interval`](crate::event_interval), but `exposure` may depend on what was seen.
///
/// `guess` is a rate guessed before anything was seen. A guess that is wrong by a factor of a hundred makes the interval
/// a little wider, not wrong; one that was made after looking would. A guess that is not a positive number counts as 1.
///
/// The prior is a gamma distribution with shape ½ and mean `guess`, which makes the mixture
/// b^½ Γ(k + ½) e^(λt) / (Γ(½) (b + t)^(k + ½) λ^k) with b = ½/`guess`, k events in t, and the rate λ.
pub fn anytime_events(events: u64, exposure: f64, guess: f64, confidence: Confidence) -> Interval {
    if exposure.is_nan() || exposure <= 0.0 {
        return Interval { low: 0.0, high: f64::INFINITY, confidence: confidence.share() };
    }
    let count = events as f64;
    let rate_of_prior = HALF / if guess > 0.0 && guess.is_finite() { guess } else { 1.0 };
    let constant = HALF * rate_of_prior.ln() + ln_gamma(count + HALF)
        - ln_gamma(HALF)
        - (count + HALF) * (rate_of_prior + exposure).ln();
    let threshold = -confidence.alpha().ln();
    let log_against = |rate: f64| constant + rate * exposure - times_ln(count, rate);
    let excluded = |rate: f64| log_against(rate) >= threshold;
    let peak = count / exposure;
    // Where λt alone outweighs everything else.
    let far = (2.0 * (threshold - constant).abs() + 10.0 * count + 100.0) / exposure + 2.0 * peak;
    let low = if events > 0 { turning_point(0.0, peak, |rate| !excluded(rate)) } else { 0.0 };
    Interval { low, high: turning_point(peak, far, excluded), confidence: confidence.share() }
}

/// The logarithm of a ratio beyond which no ratio of two counts is bounded.
const FAR: f64 = 100.0;

/// The mixture of one group of trials.
#[derive(Clone, Copy, Debug)]
struct Mixture {
    failures: f64,
    clean: f64,
    /// The logarithm of the likelihood, averaged over the prior.
    log_average: f64,
}

impl Mixture {
    fn of(tally: Tally) -> Self {
        let (failures, clean) = (tally.failures() as f64, tally.clean() as f64);
        let log_average = ln_beta(failures + HALF, clean + HALF) - ln_beta(HALF, HALF);
        Self { failures, clean, log_average }
    }

    /// The logarithm of M(rate): how much better the mixture explains what was seen.
    fn log_against(self, rate: f64) -> f64 {
        self.log_average - times_ln(self.failures, rate) - times_ln(self.clean, 1.0 - rate)
    }
}

/// Two groups of trials, and their mixtures.
struct Pair {
    one: Tally,
    other: Tally,
    mixtures: [Mixture; 2],
}

impl Pair {
    /// The logarithm of the ratio seen, or of one that is compatible with everything where that is 0 or infinite.
    fn log_ratio_seen(&self) -> f64 {
        let log_share = |tally: Tally| (tally.failures().max(1) as f64 / tally.trials().max(1) as f64).ln();
        log_share(self.one) - log_share(self.other)
    }

    /// The least that the product of the mixtures is against, over all pairs of rates with this ratio: as a logarithm.
    ///
    /// It is where the two likelihoods together are greatest, and that is a root of a quadratic equation: O. Miettinen
    /// and M. Nurminen, "Comparative analysis of two rates", Statistics in Medicine 4 (1985) 213–226.
    fn least_log_against(&self, log_ratio: f64) -> f64 {
        let [one, other] = self.mixtures;
        let (ratio, failures) = (log_ratio.exp(), one.failures + other.failures);
        let square = ratio * (failures + one.clean + other.clean);
        let linear = ratio * (failures + one.clean) + failures + other.clean;
        let rate = 2.0 * failures / (linear + (linear * linear - 4.0 * square * failures).max(0.0).sqrt());
        one.log_against((ratio * rate).min(1.0)) + other.log_against(rate.min(1.0))
    }
}

/// n ln x, where nothing times −∞ is nothing.
fn times_ln(n: f64, x: f64) -> f64 {
    if n == 0.0 { 0.0 } else { n * x.ln() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rate_interval;

    fn anytime(failures: u64, clean: u64) -> Interval {
        anytime_rate(Tally::of(failures, clean), Confidence::NINETY_FIVE)
    }

    #[test]
    fn before_the_first_trial_nothing_is_excluded() {
        assert_eq!((anytime(0, 0).low, anytime(0, 0).high), (0.0, 1.0));
        let ratio = anytime_ratio(Tally::default(), Tally::default(), Confidence::NINETY_FIVE);
        assert_eq!((ratio.low, ratio.high), (0.0, f64::INFINITY));
        assert_eq!(anytime_events(0, 0.0, 1.0, Confidence::NINETY_FIVE).high, f64::INFINITY);
    }

    /// At each end the mixture is worth just 1/α: for two trials, one of which failed, it is (1/8) / (p (1 − p)).
    #[test]
    fn the_ends_are_where_the_mixture_reaches_its_threshold() {
        let interval = anytime(1, 1);
        for end in [interval.low, interval.high] {
            assert!((end * (1.0 - end) - 0.05 / 8.0).abs() < 1e-12, "{interval:?}");
        }
    }

    #[test]
    fn looking_at_any_time_costs_a_wider_interval() {
        for (failures, clean) in [(0, 1000), (5, 195), (300, 700), (1000, 0)] {
            let (any, fixed) = (
                anytime(failures, clean),
                rate_interval(Tally::of(failures, clean), Confidence::NINETY_FIVE),
            );
            assert!(any.low <= fixed.low && fixed.high <= any.high);
            assert!(any.high - any.low < 2.1 * (fixed.high - fixed.low), "{any:?} {fixed:?}");
        }
    }

    #[test]
    fn a_long_clean_run_bounds_as_documented() {
        for n in [1_000, 1_000_000] {
            let high = anytime(0, n).high;
            let documented = (3.6 + 0.5 * (n as f64).ln()) / n as f64;
            assert!((high / documented - 1.0).abs() < 0.02, "{high} {documented}");
        }
    }

    #[test]
    fn a_difference_shows_sooner_than_between_two_intervals() {
        let half = Confidence::NINETY_FIVE.shared_by(2);
        for (one, other) in
            [((20, 80), (5, 195)), ((5, 45), (1, 49)), ((40, 0), (3, 37)), ((600, 400), (200, 800))]
        {
            let (one, other) = (Tally::of(one.0, one.1), Tally::of(other.0, other.1));
            let ratio = anytime_ratio(one, other, Confidence::NINETY_FIVE);
            let divided = anytime_rate(one, half).low / anytime_rate(other, half).high;
            let seen = one.share().unwrap_or(0.0) / other.share().unwrap_or(1.0);
            assert!(ratio.holds(seen) && ratio.low > divided, "{ratio:?} {divided}");
        }
    }

    #[test]
    fn a_ratio_without_failures_on_one_side_is_open_to_that_side() {
        let ratio = anytime_ratio(Tally::of(30, 70), Tally::of(0, 100), Confidence::NINETY_FIVE);
        assert!(ratio.low > 2.0 && ratio.high == f64::INFINITY, "{ratio:?}");
        let ratio = anytime_ratio(Tally::of(0, 100), Tally::of(30, 70), Confidence::NINETY_FIVE);
        assert!(ratio.low == 0.0 && ratio.high < 0.5, "{ratio:?}");
    }

    #[test]
    fn a_guess_that_is_wrong_by_a_hundred_costs_little() {
        let interval = |guess| anytime_events(50, 1e6, guess, Confidence::NINETY_FIVE);
        let (good, bad) = (interval(5e-5), interval(5e-3));
        assert!(good.holds(5e-5) && bad.holds(5e-5));
        assert!(bad.high - bad.low < 1.5 * (good.high - good.low), "{good:?} {bad:?}");
    }

    #[test]
    fn no_event_bounds_from_above_only() {
        let none = anytime_events(0, 1e6, 1e-6, Confidence::NINETY_FIVE);
        assert!(none.low == 0.0 && none.high < 1e-5, "{none:?}");
    }
}
