use crate::OddsError;

/// How many of so many trials failed. There are never more failures than trials.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Tally {
    failures: u64,
    trials: u64,
}

impl Tally {
    /// # Errors
    ///
    /// [`OddsError::MoreFailuresThanTrials`].
    pub fn new(failures: u64, trials: u64) -> Result<Self, OddsError> {
        let tally = Self { failures, trials };
        (failures <= trials).then_some(tally).ok_or(OddsError::MoreFailuresThanTrials { failures, trials })
    }

    /// So many failures and so many clean trials.
    pub fn of(failures: u64, clean: u64) -> Self {
        Self { failures, trials: failures + clean }
    }

    /// Counts one more trial.
    pub fn record(&mut self, failed: bool) {
        self.failures += u64::from(failed);
        self.trials += 1;
    }

    /// How many trials failed.
    pub fn failures(self) -> u64 {
        self.failures
    }

    /// How many trials did not fail.
    pub fn clean(self) -> u64 {
        self.trials - self.failures
    }

    /// How many trials there were.
    pub fn trials(self) -> u64 {
        self.trials
    }

    /// The share that failed: what was seen, not what is known. Nothing, without a trial.
    pub fn share(self) -> Option<f64> {
        (self.trials > 0).then(|| self.failures as f64 / self.trials as f64)
    }
}

impl std::ops::Add for Tally {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { failures: self.failures + other.failures, trials: self.trials + other.trials }
    }
}

impl std::iter::Sum for Tally {
    fn sum<I: Iterator<Item = Self>>(tallies: I) -> Self {
        tallies.fold(Self::default(), |sum, tally| sum + tally)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_failure_is_a_trial() {
        let told = Tally::new(3, 2).expect_err("more failures than trials").to_string();
        assert_eq!(told, "count 3 failures in 2 trials: every failure is a trial too");
        assert_eq!(Tally::new(2, 2), Ok(Tally::of(2, 0)));
    }

    #[test]
    fn without_a_trial_there_is_no_share() {
        let mut tally = Tally::default();
        assert_eq!(tally.share(), None);
        tally.record(true);
        tally.record(false);
        assert_eq!(tally.share(), Some(0.5));
    }
}
