use statrs::function::erf::{erfc, erfc_inv};

use crate::Confidence;

/// How many standard errors to either side hold a normal estimate with this confidence: 1.96 for 95 %.
pub(crate) fn standard_errors(confidence: Confidence) -> f64 {
    std::f64::consts::SQRT_2 * erfc_inv(confidence.alpha())
}

/// How likely a normal estimate is to lie so many standard errors from its mean, or further, in either direction.
pub(crate) fn chance_beyond(standard_errors: f64) -> f64 {
    erfc(standard_errors.abs() / std::f64::consts::SQRT_2)
}

/// The share of a normal distribution that lies below so many standard deviations from its mean.
pub(crate) fn share_below(standard_deviations: f64) -> f64 {
    0.5 * erfc(-standard_deviations / std::f64::consts::SQRT_2)
}

/// Below how many standard deviations from its mean this share of a normal distribution lies.
pub(crate) fn quantile(share: f64) -> f64 {
    -std::f64::consts::SQRT_2 * erfc_inv(2.0 * share)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_four_agree_with_the_tables_and_with_each_other() {
        assert!((standard_errors(Confidence::NINETY_FIVE) - 1.959_963_985).abs() < 1e-8);
        assert!((chance_beyond(1.959_963_985) - 0.05).abs() < 1e-9);
        assert!((quantile(0.025) + 1.959_963_985).abs() < 1e-8);
        assert!((share_below(quantile(0.2)) - 0.2).abs() < 1e-9);
    }
}
