//! Processes of our own, each of which attends one run: what goes wrong there goes wrong only there.
//!
//! ptrace, orphans and signals are a process's affair, not a thread's. The one that started them does nothing but wait.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::mem::MaybeUninit;
use std::os::fd::FromRawFd;
use std::panic::{self, AssertUnwindSafe};
use std::time::Duration;

use super::{descendants, front, signals};

/// What happened.
#[derive(Debug)]
pub enum CrewEvent {
    /// A member has done its work.
    Done {
        /// Which one.
        member: u64,
        /// What it brings.
        brought: Vec<u8>,
    },
    /// A member is gone and has brought nothing: it was killed, or ran into a bug of ours.
    Lost {
        /// Which one.
        member: u64,
        /// The signal that ended it, if one did.
        signal: Option<i32>,
    },
    /// Somebody wants us to end.
    Asked {
        /// By this signal.
        signal: i32,
    },
    /// Nothing within the time allowed.
    Nothing,
}

/// The members at work. No other thread may run in this process while it has a crew.
pub struct Crew {
    blocked: signals::Blocked,
    at_work: BTreeMap<i32, Member>,
    started: u64,
}

struct Member {
    number: u64,
    /// What it brings is written there: without a name, and without a limit that would make it wait.
    tray: File,
}

impl Crew {
    /// Nobody yet. SIGINT, SIGTERM, SIGHUP and SIGQUIT come as [`CrewEvent::Asked`] from now on.
    ///
    /// # Errors
    /// When the system does not let us inherit orphans.
    pub fn new() -> io::Result<Self> {
        descendants::inherit_orphans()?;
        Ok(Self { blocked: signals::Blocked::to_work(), at_work: BTreeMap::new(), started: 0 })
    }

    /// How many are at work.
    pub fn len(&self) -> usize {
        self.at_work.len()
    }

    /// Whether nobody is at work.
    pub fn is_empty(&self) -> bool {
        self.at_work.is_empty()
    }

    /// Has `work` done by a process of its own, and returns its number.
    ///
    /// # Errors
    /// When the system has no room for another process.
    pub fn start(&mut self, work: impl FnOnce() -> Vec<u8>) -> io::Result<u64> {
        let tray = nameless_file()?;
        let before = self.blocked.before();
        // SAFETY: no other thread exists whose locks the child could inherit.
        match unsafe { libc::fork() } {
            -1 => Err(io::Error::last_os_error()),
            0 => be_a_member(tray, &before, work),
            pid => {
                self.started += 1;
                self.at_work.insert(pid, Member { number: self.started, tray });
                Ok(self.started)
            }
        }
    }

    /// Waits for something to happen, at most so long.
    pub fn wait(&mut self, at_most: Duration) -> CrewEvent {
        if let Some(event) = self.next_that_ended() {
            return event;
        }
        match self.blocked.wait(at_most) {
            signals::Arrival::End { signal, .. } => CrewEvent::Asked { signal },
            signals::Arrival::Child | signals::Arrival::Nothing => {
                self.next_that_ended().unwrap_or(CrewEvent::Nothing)
            }
        }
    }

    fn next_that_ended(&mut self) -> Option<CrewEvent> {
        loop {
            let (pid, status) = reap_any()?;
            // Others are orphans of a member that was lost.
            let Some(mut member) = self.at_work.remove(&pid) else { continue };
            if libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0 {
                return Some(member.done());
            }
            // It cannot have seen to what its target left behind.
            descendants::kill_all(&self.at_work.keys().copied().collect());
            let signal = libc::WIFSIGNALED(status).then(|| libc::WTERMSIG(status));
            return Some(CrewEvent::Lost { member: member.number, signal });
        }
    }

    /// Ends the work of all, and of their targets.
    pub fn dismiss(&mut self) {
        self.at_work.clear();
        descendants::kill_all(&Default::default());
    }
}

impl Drop for Crew {
    fn drop(&mut self) {
        self.dismiss();
    }
}

impl Member {
    fn done(&mut self) -> CrewEvent {
        let mut brought = Vec::new();
        let read = self.tray.rewind().and_then(|()| self.tray.read_to_end(&mut brought));
        match read {
            Ok(_) => CrewEvent::Done { member: self.number, brought },
            Err(_) => CrewEvent::Lost { member: self.number, signal: None },
        }
    }
}

fn be_a_member(mut tray: File, before: &libc::sigset_t, work: impl FnOnce() -> Vec<u8>) -> ! {
    front::follow_parent();
    signals::set_mask(before);
    let done = panic::catch_unwind(AssertUnwindSafe(work));
    let is_well = done.is_ok_and(|brought| tray.write_all(&brought).is_ok());
    // SAFETY: takes a number only. What the parent would do at its exit is not ours to do.
    unsafe { libc::_exit(if is_well { 0 } else { 1 }) }
}

/// A child of ours that has ended, with its wait status.
fn reap_any() -> Option<(i32, libc::c_int)> {
    let mut status = MaybeUninit::<libc::c_int>::zeroed();
    // SAFETY: `status` outlives the call.
    match unsafe { libc::waitpid(-1, status.as_mut_ptr(), libc::WNOHANG) } {
        pid if pid > 0 => {
            // SAFETY: waitpid has filled it.
            Some((pid, unsafe { status.assume_init() }))
        }
        _ => None,
    }
}

fn nameless_file() -> io::Result<File> {
    // SAFETY: the name is a string that outlives the call.
    match unsafe { libc::memfd_create(c"jostle".as_ptr(), libc::MFD_CLOEXEC) } {
        -1 => Err(io::Error::last_os_error()),
        // SAFETY: it is open, and nobody else's.
        file => Ok(unsafe { File::from_raw_fd(file) }),
    }
}
