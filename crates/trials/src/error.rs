use std::error::Error;
use std::io;

/// Why a plan cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// An expression cannot be read.
    #[error("read the expression {text}")]
    Expression {
        /// As it was given.
        text: String,
        /// What is wrong with it.
        source: regex::Error,
    },
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
    /// No process could be started to attend a trial.
    #[error("start a process for a trial")]
    Crew(#[source] io::Error),
    /// What was found cannot be kept.
    #[error("keep the result of a trial")]
    Keep(#[source] Box<dyn Error>),
}
