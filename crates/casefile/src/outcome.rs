use std::fmt;

use jostle_model::Outcome;

/// How a trial ended, without what went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OutcomeKind {
    /// As it should.
    Passed,
    /// It failed.
    Failed,
    /// It had not ended when its time was up.
    Hung,
    /// It never began.
    CouldNotRun,
}

impl OutcomeKind {
    const ALL: [Self; 4] = [Self::Passed, Self::Failed, Self::Hung, Self::CouldNotRun];

    /// The kind of an outcome.
    pub fn of(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Passed => Self::Passed,
            Outcome::Failed(_) => Self::Failed,
            Outcome::Hung(_) => Self::Hung,
            Outcome::CouldNotRun { .. } => Self::CouldNotRun,
        }
    }

    /// The name in the file and in JSON, as [`Outcome::name`] gives it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Hung => "hung",
            Self::CouldNotRun => "could-not-run",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

impl fmt::Display for OutcomeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use jostle_model::{Failure, Signature};

    use super::*;

    #[test]
    fn every_kind_is_named_as_its_outcome_and_read_back() {
        let signature = Signature { kind: String::new(), exact: String::new() };
        let failure = Failure { signature, title: String::new(), details: String::new() };
        let outcomes = [
            Outcome::Passed,
            Outcome::Failed(failure.clone()),
            Outcome::Hung(failure),
            Outcome::CouldNotRun { why: String::new() },
        ];
        for (outcome, kind) in outcomes.iter().zip(OutcomeKind::ALL) {
            assert_eq!((OutcomeKind::of(outcome), kind.name()), (kind, outcome.name()));
            assert_eq!(OutcomeKind::named(kind.name()), Some(kind));
        }
        assert_eq!(OutcomeKind::named("skipped"), None);
    }
}
