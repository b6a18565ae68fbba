use fastrand::Rng;

/// A number between 0 and 1 from the beta distribution with these parameters, both positive: X / (X + Y) of two
/// gamma-distributed ones.
pub(crate) fn beta(random: &mut Rng, a: f64, b: f64) -> f64 {
    let (x, y) = (gamma(random, a), gamma(random, b));
    if x + y > 0.0 { x / (x + y) } else { 0.5 }
}

/// A number from the gamma distribution with this shape and scale 1.
///
/// Source: G. Marsaglia and W. Tsang, "A simple method for generating gamma variables", ACM Transactions on
/// Mathematical Software 26 (2000) 363–372; below shape 1 by their remark on that case.
fn gamma(random: &mut Rng, shape: f64) -> f64 {
    if shape < 1.0 {
        return gamma(random, shape + 1.0) * random.f64().powf(1.0 / shape);
    }
    let d = shape - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    loop {
        let x = normal(random);
        let v = (1.0 + c * x).powi(3);
        let u = positive(random);
        if v > 0.0 && u.ln() < 0.5 * x * x + d - d * v + d * v.ln() {
            return d * v;
        }
    }
}

/// A number from the standard normal distribution: G. Box and M. Muller, Annals of Mathematical Statistics 29 (1958)
/// 610–611.
fn normal(random: &mut Rng) -> f64 {
    let radius = (-2.0 * positive(random).ln()).sqrt();
    radius * (std::f64::consts::TAU * random.f64()).cos()
}

/// Between 0 and 1, and never 0, of which there is no logarithm.
fn positive(random: &mut Rng) -> f64 {
    1.0 - random.f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drawn_numbers_have_the_mean_and_the_spread_of_their_distribution() {
        for (a, b) in [(0.5, 0.5), (0.5, 40.0), (3.0, 7.0), (120.0, 880.0)] {
            let mut random = Rng::with_seed(1);
            let drawn: Vec<f64> = (0..20_000).map(|_| beta(&mut random, a, b)).collect();
            let mean = drawn.iter().sum::<f64>() / 20_000.0;
            let variance = drawn.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 20_000.0;
            let (right_mean, right_variance) = (a / (a + b), a * b / ((a + b).powi(2) * (a + b + 1.0)));
            assert!((mean - right_mean).abs() < 4.0 * (right_variance / 20_000.0).sqrt(), "{a} {b}: {mean}");
            assert!((variance / right_variance - 1.0).abs() < 0.08, "{a} {b}: {variance}");
        }
    }
}
