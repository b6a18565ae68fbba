//! Who makes the calls: a process of its own, or, for somebody who watches this one, a thread.

use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::{self, JoinHandle};

use crate::serve::obey;

/// Whether somebody traces this process: a watch, a hunt, a debugger.
pub fn is_traced() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let tracer = status.lines().find_map(|line| line.strip_prefix("TracerPid:"));
    tracer.is_some_and(|pid| pid.trim() != "0")
}

pub(crate) enum Worker {
    Process(Child),
    Thread(JoinHandle<io::Result<()>>),
}

impl Worker {
    /// Starts the process, or a thread where there is none to be started; it gets its order through `line`.
    ///
    /// # Errors
    /// When the system has no room.
    pub(crate) fn start(process: Option<&mut Command>, line: UnixStream) -> io::Result<Self> {
        if let Some(process) = process {
            let child = process.stdin(OwnedFd::from(line)).spawn()?;
            // The command keeps its copy of that end, and we would wait for ourselves.
            process.stdin(Stdio::null());
            return Ok(Self::Process(child));
        }
        let work = || obey(line);
        thread::Builder::new().name("caller".to_owned()).spawn(work).map(Self::Thread)
    }

    /// How it has ended, if it has.
    ///
    /// # Errors
    /// When the system does not tell.
    pub(crate) fn ended(&mut self) -> io::Result<Option<ExitStatus>> {
        match self {
            Self::Process(child) => child.try_wait(),
            Self::Thread(handle) => Ok(handle.is_finished().then(|| ExitStatus::from_raw(0))),
        }
    }

    /// Ends it. A thread cannot be ended; it ends with its process.
    pub(crate) fn end(&mut self) {
        if let Self::Process(child) = self {
            // It may have ended by itself just now.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
