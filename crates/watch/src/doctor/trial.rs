//! A trial: what tracing and watching a program of our own brings.

use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::Launch;
use crate::sys::launch::{LaunchError, launch};
use crate::sys::perf::Watchpoint;
use crate::sys::profile::Profile;
use crate::sys::ptrace::{self, Event};
use crate::sys::signals::{self, Blocked};
use crate::sys::tracepoint::Tracepoint;

/// How long the program may take to come to its first instruction.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a thread would run between two samples.
const A_MOMENT: Duration = Duration::from_millis(1);

/// What was possible.
#[derive(Debug, Default)]
pub(super) struct Trial {
    /// Why it could not be traced.
    pub(super) refused: Option<io::Error>,
    /// How many debug registers it had to give.
    pub(super) registers: usize,
    /// Why there was no other.
    pub(super) no_register: Option<io::Error>,
    /// Whether accesses by the kernel, in system calls, can be watched.
    pub(super) sees_kernel: bool,
    /// Why it could not be recorded who comes somewhere, so that he has to be stopped.
    pub(super) no_tracepoint: Option<io::Error>,
    /// Why it could not be sampled where it runs.
    pub(super) no_profile: Option<io::Error>,
}

/// Starts ourselves under our own eyes, tries everything, and ends it before its first instruction.
pub(super) fn attempt() -> Trial {
    let blocked = Blocked::to_work();
    let pid = match launch(
        Path::new("/proc/self/exe"),
        &["/proc/self/exe".into()],
        blocked.before(),
        &Launch::default(),
        None,
    ) {
        Ok(pid) => pid,
        Err(LaunchError::Start(error) | LaunchError::Seize(error)) => {
            return Trial { refused: Some(error), ..Trial::default() };
        }
    };
    wait_for(pid, |event| event == Event::Exec);
    let trial = try_everything(pid);
    let _ = signals::send(pid, libc::SIGKILL);
    wait_for(pid, |event| matches!(event, Event::Killed(_) | Event::Exited(_)));
    trial
}

fn try_everything(pid: i32) -> Trial {
    let sees_kernel = Watchpoint::reserve(pid, false).is_ok();
    let no_tracepoint = Tracepoint::reserve(pid).err();
    let mut registers = Vec::new();
    let no_register = loop {
        match Watchpoint::reserve(pid, !sees_kernel) {
            Ok(register) => registers.push(register),
            Err(error) => break Some(error),
        }
    };
    Trial {
        refused: None,
        registers: registers.len(),
        no_register,
        sees_kernel,
        no_tracepoint,
        no_profile: Profile::begin(pid, A_MOMENT, 1).err(),
    }
}

fn wait_for(pid: i32, wanted: impl Fn(Event) -> bool) {
    let until = Instant::now() + PATIENCE;
    while Instant::now() < until {
        match ptrace::next_event() {
            Ok(Some((tid, event))) if tid == pid && wanted(event) => return,
            Ok(Some((tid, _))) => drop(ptrace::resume(tid, 0)),
            Ok(None) => std::thread::sleep(Duration::from_millis(1)),
            Err(_) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::watchpoints::REGISTERS;

    #[test]
    fn a_trial_that_is_refused_says_why_and_another_counts_registers() {
        let trial = attempt();
        assert!(trial.refused.is_some() || trial.no_register.is_some());
        assert!(trial.registers <= REGISTERS);
    }
}
