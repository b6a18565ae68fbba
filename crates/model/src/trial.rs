use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::Signature;

/// What every random choice of a trial is drawn from. Two trials of one plan with the same seed are the same trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seed(pub u64);

impl fmt::Display for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One run of a target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trial {
    /// What it is known by, within its plan.
    pub seed: Seed,
    /// What was changed around the target, by name; `none` where nothing was.
    pub perturbation: String,
    /// How it ended.
    pub outcome: Outcome,
    /// From its start to its end, in microseconds of wall time.
    pub elapsed_us: u64,
    /// How many operations the target says it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operations: Option<u64>,
}

impl Trial {
    /// From its start to its end.
    pub fn elapsed(&self) -> Duration {
        Duration::from_micros(self.elapsed_us)
    }
}

/// How a trial ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "outcome")]
pub enum Outcome {
    /// As it should.
    Passed,
    /// It crashed, said that something is wrong, or was found wrong.
    Failed(Failure),
    /// It had not ended when its time was up.
    Hung(Failure),
    /// It never began, which says nothing about the target.
    CouldNotRun {
        /// Why.
        why: String,
    },
}

impl Outcome {
    /// What it is called in JSON and in a case.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed(_) => "failed",
            Self::Hung(_) => "hung",
            Self::CouldNotRun { .. } => "could-not-run",
        }
    }

    /// What went wrong, where something did.
    pub fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Failed(failure) | Self::Hung(failure) => Some(failure),
            Self::Passed | Self::CouldNotRun { .. } => None,
        }
    }
}

/// What went wrong in a trial.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// What makes it the same as another.
    pub signature: Signature,
    /// One sentence.
    pub title: String,
    /// What a reader wants to see of it: the report that the program or a detector wrote, or the stacks.
    pub details: String,
}
