use crate::root::{least, turning_point};
use crate::{OddsError, Tally};

/// Whether a target fails rarely (in at most so many trials) or often (in at least so many), decided with as few trials
/// as can be: Wald's sequential probability ratio test.
///
/// The logarithm of the ratio of the two likelihoods is added up trial by trial; it is decided when it leaves the band
/// between ln(β/(1 − α)) and ln((1 − β)/α). That takes fewer trials on average, at either rate, than any other test with
/// these chances of error. At a rate in between it decides for either, and later.
///
/// Source: A. Wald, "Sequential tests of statistical hypotheses", Annals of Mathematical Statistics 16 (1945) 117–186,
/// and his Sequential Analysis (1947), of which chapter 5 is the binomial case. The band is Wald's approximation: since the last trial overshoots it, the chances of
/// error are a little below what was asked for, and the numbers of trials a little above what
/// [`expected_trials`](Self::expected_trials) says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sprt {
    rare: f64,
    frequent: f64,
    /// What a failure, and what a clean trial, adds to the logarithm of the ratio.
    step: [f64; 2],
    /// Where it is decided for rare, and for frequent.
    band: [f64; 2],
}

/// What a sequential test has decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Nothing so far: more trials are needed.
    Undecided,
    /// It fails no more often than the lower of the two rates.
    Rare,
    /// It fails at least as often as the higher one.
    Frequent,
}

impl Sprt {
    /// `rare` and `frequent` are the two rates, `alpha` is how often a rare failure may be called frequent, and `beta` how
    /// often a frequent one rare.
    ///
    /// # Errors
    ///
    /// [`OddsError::NotARate`], [`OddsError::NotAConfidence`], or [`OddsError::RatesOutOfOrder`] unless
    /// `rare < frequent`; and [`OddsError::RiskTooHigh`] unless `alpha + beta < 1`.
    pub fn new(rare: f64, frequent: f64, alpha: f64, beta: f64) -> Result<Self, OddsError> {
        let inside = |share: f64| share > 0.0 && share < 1.0;
        if let Some(given) = [rare, frequent].into_iter().find(|&rate| !inside(rate)) {
            return Err(OddsError::NotARate { given });
        }
        if let Some(given) = [alpha, beta].into_iter().find(|&risk| !inside(risk)) {
            return Err(OddsError::NotAConfidence { given });
        }
        if rare >= frequent {
            return Err(OddsError::RatesOutOfOrder { rare, frequent });
        }
        if alpha + beta >= 1.0 {
            return Err(OddsError::RiskTooHigh { alpha, beta });
        }
        let step = [(frequent / rare).ln(), (-frequent).ln_1p() - (-rare).ln_1p()];
        let band = [(beta / (1.0 - alpha)).ln(), ((1.0 - beta) / alpha).ln()];
        Ok(Self { rare, frequent, step, band })
    }

    /// What is decided after these trials. It has to be asked after every one, and is over at the first decision:
    /// later trials would count twice what chance did.
    pub fn decide(&self, tally: Tally) -> Decision {
        let log_ratio = tally.failures() as f64 * self.step[0] + tally.clean() as f64 * self.step[1];
        match log_ratio {
            ratio if ratio <= self.band[0] => Decision::Rare,
            ratio if ratio >= self.band[1] => Decision::Frequent,
            _ => Decision::Undecided,
        }
    }

    /// How many trials without a failure decide for rare, after these; 0 if it is decided already.
    pub fn clean_trials_to_rare(&self, tally: Tally) -> u64 {
        let decided = |more: u64| self.decide(tally + Tally::of(0, more)) != Decision::Undecided;
        least(0, decided).unwrap_or(u64::MAX)
    }

    /// How many trials it takes on average until it is decided, for a target that fails at `rate`: Wald's
    /// approximation, in which the last trial does not overshoot the band.
    pub fn expected_trials(&self, rate: f64) -> f64 {
        let drift = rate * self.step[0] + (1.0 - rate) * self.step[1];
        let [low, high] = self.band;
        let power = self.power_of_likelihood(rate);
        // Where the ratio does not drift, its square does: E N = −low·high / E step².
        if power.abs() < 1e-6 {
            let square = rate * self.step[0].powi(2) + (1.0 - rate) * self.step[1].powi(2);
            return -low * high / square;
        }
        let rare = ((power * high).exp() - 1.0) / ((power * high).exp() - (power * low).exp());
        (rare * low + (1.0 - rare) * high) / drift
    }

    /// The h for which the h-th power of the likelihood ratio of one trial is 1 on average at `rate`: 1 at the rare
    /// rate, −1 at the frequent one.
    fn power_of_likelihood(&self, rate: f64) -> f64 {
        let rate_of = |h: f64| {
            let (failed, clean) = ((h * self.step[0]).exp(), (h * self.step[1]).exp());
            if h == 0.0 {
                -self.step[1] / (self.step[0] - self.step[1])
            } else {
                (1.0 - clean) / (failed - clean)
            }
        };
        // As far as e^(h·band) is a number; there it is decided one way only.
        let far = 600.0 / self.band[1].max(-self.band[0]);
        turning_point(-far, far, |h| rate_of(h) <= rate)
    }

    /// The two rates, the lower one first.
    pub fn rates(&self) -> (f64, f64) {
        (self.rare, self.frequent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wald() -> Sprt {
        // Lots with 10 % of defects against lots with 30 %.
        Sprt::new(0.1, 0.3, 0.02, 0.03).expect("a test")
    }

    /// In Wald's form: after m units accept at −2.58 + 0.186 m defects, reject from 2.87 + 0.186 m on; worked out by hand
    /// from his formulas for the two parallel lines.
    #[test]
    fn the_band_is_walds() {
        let test = wald();
        let slope = -test.step[1] / (test.step[0] - test.step[1]);
        let [accept, reject] = test.band.map(|end| end / (test.step[0] - test.step[1]));
        assert!((slope - 0.186).abs() < 1e-3, "{slope}");
        assert!((accept + 2.58).abs() < 0.01 && (reject - 2.87).abs() < 0.01, "{accept} {reject}");
        assert_eq!(test.decide(Tally::of(0, 13)), Decision::Undecided);
        assert_eq!(test.decide(Tally::of(0, 14)), Decision::Rare);
        assert_eq!(test.clean_trials_to_rare(Tally::of(0, 3)), 11);
        assert_eq!(test.decide(Tally::of(4, 1)), Decision::Frequent);
    }

    #[test]
    fn what_cannot_be_told_apart_is_refused() {
        let told = Sprt::new(0.01, 0.001, 0.05, 0.05).expect_err("the wrong way round").to_string();
        assert_eq!(told, "tell a rate of 0.01 from one of 0.001: the first has to be the lower one");
        assert!(Sprt::new(0.0, 0.1, 0.05, 0.05).is_err() && Sprt::new(0.1, 0.2, 0.6, 0.5).is_err());
        assert!(Sprt::new(0.1, 0.2, 0.0, 0.5).is_err());
    }

    #[test]
    fn the_number_of_trials_is_largest_between_the_two_rates() {
        let test = wald();
        let numbers = [0.1, 0.186_4, 0.3].map(|rate| test.expected_trials(rate));
        assert!(numbers[1] > numbers[0] && numbers[1] > numbers[2], "{numbers:?}");
        // Between two rates close to where it does not drift, there is no jump.
        let slope = -test.step[1] / (test.step[0] - test.step[1]);
        let (at, near) = (test.expected_trials(slope), test.expected_trials(slope + 1e-4));
        assert!((at / near - 1.0).abs() < 1e-2, "{at} {near}");
    }
}
