//! Who makes the calls: a process of its own, or, for somebody who watches this one, a thread.

use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::serve::obey;

/// How often we look whether it has ended: it takes about a millisecond to take down a process with many threads.
pub(crate) const SOON: Duration = Duration::from_millis(1);

/// Whether somebody traces this process: a watch, a hunt, a debugger.
pub fn is_traced() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let tracer = status.lines().find_map(|line| line.strip_prefix("TracerPid:"));
    tracer.is_some_and(|pid| pid.trim() != "0")
}

pub(crate) enum Worker {
    Process(Child),
    Thread { handle: JoinHandle<io::Result<()>>, stop: Arc<AtomicBool> },
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
        let stop = Arc::new(AtomicBool::new(false));
        let theirs = Arc::clone(&stop);
        let handle = thread::Builder::new().name("caller".to_owned()).spawn(move || obey(line, &theirs))?;
        Ok(Self::Thread { handle, stop })
    }

    /// How it has ended, if it has.
    ///
    /// # Errors
    /// When the system does not tell.
    pub(crate) fn ended(&mut self) -> io::Result<Option<ExitStatus>> {
        match self {
            Self::Process(child) => child.try_wait(),
            Self::Thread { handle, .. } => Ok(handle.is_finished().then(|| ExitStatus::from_raw(0))),
        }
    }

    /// Ends it. A thread can only be asked to come back, and is waited for so long.
    pub(crate) fn end(&mut self, patience: Duration) {
        match self {
            Self::Process(child) => {
                // It may have ended by itself just now.
                let _ = child.kill();
                let _ = child.wait();
            }
            Self::Thread { handle, stop } => {
                stop.store(true, Relaxed);
                let asked = Instant::now();
                while !handle.is_finished() && asked.elapsed() < patience {
                    thread::sleep(SOON);
                }
            }
        }
    }
}
