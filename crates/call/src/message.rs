//! What passes between the process that makes the calls and the one that waits for it: lines of JSON.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use jostle_model::{CallPhase, WrongAnswer};
use serde::{Deserialize, Serialize};

use crate::{CallError, Plan, PlanError};

/// What is to be done.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Order {
    /// The plan's path. Paths need not be text.
    plan: Vec<u8>,
    threads: u32,
    seconds: Option<f64>,
    calls: Option<u64>,
    pub(crate) seed: u64,
    /// Where the board is: an open file of whoever waits. It cannot be handed on otherwise without `unsafe`, or in time for
    /// a library that crashes at once.
    board: String,
}

impl Order {
    pub(crate) fn new(plan: &Plan, seed: u64, board: &File) -> Self {
        Self {
            plan: plan.path.as_os_str().as_bytes().to_vec(),
            threads: plan.threads,
            seconds: plan.seconds,
            calls: plan.calls,
            seed,
            board: format!("/proc/{}/fd/{}", std::process::id(), board.as_raw_fd()),
        }
    }

    /// The file with the board.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub(crate) fn board(&self) -> io::Result<File> {
        File::options().read(true).write(true).open(&self.board)
    }

    /// The plan, with what the command line says instead.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) fn plan(&self) -> Result<Plan, PlanError> {
        let plan = Plan::read(Path::new(OsStr::from_bytes(&self.plan)))?;
        Ok(Plan { threads: self.threads, seconds: self.seconds, calls: self.calls, ..plan })
    }
}

/// What became of it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Message {
    /// This begins now.
    Phase(CallPhase),
    /// The serial run is over. These were not the same each time.
    Serial { left_out: Vec<String> },
    /// A call came back wrong.
    Wrong(WrongAnswer),
    /// The threads have called for so long.
    Concurrent { elapsed_ms: u64 },
    /// All is done.
    Done,
    /// It could not be done.
    Refused(Refusal),
}

/// A [`CallError`] that can be written down.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Refusal {
    Library { library: String, why: String },
    Function { function: String, library: String },
    SetUp { step: String, why: String },
    Start(String),
    Broken(String),
}

impl From<CallError> for Refusal {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Library { library, why } => Self::Library { library, why },
            CallError::Function { function, library } => Self::Function { function, library },
            CallError::SetUp { step, why } => Self::SetUp { step, why },
            CallError::Start(error) => Self::Start(error.to_string()),
            other => Self::Broken(other.to_string()),
        }
    }
}

impl From<Refusal> for CallError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Library { library, why } => Self::Library { library, why },
            Refusal::Function { function, library } => Self::Function { function, library },
            Refusal::SetUp { step, why } => Self::SetUp { step, why },
            Refusal::Start(why) => Self::Start(io::Error::other(why)),
            Refusal::Broken(why) => Self::Broken(why),
        }
    }
}
