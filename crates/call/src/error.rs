use std::io;
use std::path::PathBuf;

/// Why a plan is of no use.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// It cannot be read.
    #[error("read the plan {path}", path = .path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is no TOML, or has something in it that plans do not have.
    #[error("read the plan {path}, line {line}, column {column}: {problem}", path = .path.display())]
    Syntax {
        /// Which file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// Counted from 1.
        column: usize,
        /// What is wrong there.
        problem: String,
    },
    /// It says something that does not fit together.
    #[error("follow the plan {path}: {place}: {problem}", path = .path.display())]
    Sense {
        /// Which file.
        path: PathBuf,
        /// Which part of it.
        place: String,
        /// What is wrong with it.
        problem: String,
    },
}

/// Why a library could not be called.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The plan is of no use.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The library cannot be loaded.
    #[error("load the library {library}: {why}")]
    Library {
        /// As the plan names it.
        library: String,
        /// What the loader says.
        why: String,
    },
    /// The library has no such function.
    #[error("find the function {function} in {library}")]
    Function {
        /// As the plan names it.
        function: String,
        /// As the plan names it.
        library: String,
    },
    /// A call that everything else builds on did not do what it has to.
    #[error("set up: {step}: {why}")]
    SetUp {
        /// Which one.
        step: String,
        /// What came back.
        why: String,
    },
    /// The system does not let us work.
    #[error("start the process and the threads that make the calls")]
    Start(#[source] io::Error),
    /// The process that makes the calls could not go on, and it is not the library's fault.
    #[error("make the calls: {0}")]
    Broken(String),
}
