use std::error::Error;
use std::io;

/// Why a plan cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// An expression cannot be read.
    #[error("read the expression {text}: {reason}")]
    Expression {
        /// As it was given.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl PlanError {
    /// An expression that cannot be read. The library draws a picture of several lines; the last one is the reason.
    pub(crate) fn expression(text: &str, error: &regex::Error) -> Self {
        let told = error.to_string();
        let last = told.lines().last().unwrap_or_default();
        Self::Expression { text: text.to_owned(), reason: last.trim_start_matches("error: ").to_owned() }
    }
}

/// Why a hunt could not go on.
#[derive(Debug, thiserror::Error)]
pub enum HuntError {
    /// The plan cannot be run.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// Not a single trial could run.
    #[error("run a single trial: {0}")]
    CouldNotRun(String),
    /// What has to be done before the trials could not be done.
    #[error("prepare {name}: {told}")]
    Prepare {
        /// For whom.
        name: String,
        /// What went wrong.
        told: String,
    },
    /// No process could be started to attend a trial.
    #[error("start a process for a trial")]
    Crew(#[source] io::Error),
    /// What was found cannot be kept.
    #[error("keep the result of a trial")]
    Keep(#[source] Box<dyn Error>),
}
