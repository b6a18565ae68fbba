use crate::OddsError;

/// How often a statement of this kind is right, in the long run: strictly between 0 and 1.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Confidence(f64);

impl Confidence {
    /// What nearly everybody means where nobody says.
    pub const NINETY_FIVE: Self = Self(0.95);

    /// # Errors
    ///
    /// [`OddsError::NotAConfidence`] unless 0 < `share` < 1.
    pub fn new(share: f64) -> Result<Self, OddsError> {
        let usable = share > 0.0 && share < 1.0;
        usable.then_some(Self(share)).ok_or(OddsError::NotAConfidence { given: share })
    }

    /// As a share: 0.95.
    pub fn share(self) -> f64 {
        self.0
    }

    /// How often such a statement may be wrong: the α of the textbooks, 0.05 for 95 %.
    pub fn alpha(self) -> f64 {
        1.0 - self.0
    }

    /// For each of `statements`, so that all of them together are right with this confidence: each may be wrong in
    /// α / `statements` of all cases (Bonferroni).
    #[must_use]
    pub fn shared_by(self, statements: u32) -> Self {
        Self(1.0 - self.alpha() / f64::from(statements.max(1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certainty_is_not_a_confidence() {
        assert!([0.0, 1.0, -0.5, 1.5, f64::NAN].into_iter().all(|share| Confidence::new(share).is_err()));
        let told = Confidence::new(95.0).expect_err("a percentage").to_string();
        assert_eq!(told, "take 95 for a confidence: it has to lie between 0 and 1, as 0.95 does");
    }

    #[test]
    fn two_statements_share_the_risk_of_being_wrong() {
        assert!((Confidence::NINETY_FIVE.shared_by(2).share() - 0.975).abs() < 1e-12);
    }
}
