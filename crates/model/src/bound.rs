use serde::Serialize;

/// How rare something must be to have been missed: a rate it does not exceed, at a confidence.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct UpperBound {
    /// The rate per trial that is not exceeded, between 0 and 1.
    pub rate: f64,
    /// The confidence of that statement, between 0 and 1.
    pub confidence: f64,
}

impl UpperBound {
    /// The exact one-sided bound after `trials` trials without a single event: `1 - α^(1/n)` with α = 0.05.
    ///
    /// It is the case k = 0 of Clopper and Pearson, "The use of confidence or fiducial limits illustrated in
    /// the case of the binomial", Biometrika 26 (1934); for large n it approaches the "rule of three", 3/n.
    /// No trials bound nothing: the rate is then 1.
    pub fn after_clean_trials(trials: u64) -> Self {
        const ALPHA: f64 = 0.05;
        let rate = match trials {
            0 => 1.0,
            // -expm1(ln(α)/n) = 1 - α^(1/n), without the cancellation at large n.
            n => -(ALPHA.ln() / n as f64).exp_m1(),
        };
        Self { rate, confidence: 1.0 - ALPHA }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_tried_bounds_nothing() {
        assert_eq!(UpperBound::after_clean_trials(0).rate, 1.0);
    }

    #[test]
    fn one_clean_trial_excludes_only_rates_above_95_percent() {
        assert!((UpperBound::after_clean_trials(1).rate - 0.95).abs() < 1e-12);
    }

    #[test]
    fn large_samples_follow_the_rule_of_three() {
        let rate = UpperBound::after_clean_trials(1_000_000).rate;
        assert!((rate - 2.995_7e-6).abs() < 1e-9, "{rate}");
    }
}
