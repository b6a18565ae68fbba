//! What can be seen of a crash: every thread's stack in the moment before the signal is delivered.
//!
//! No core file is needed, and no limit raised. The signal goes its way afterwards, so that the target dies as it would
//! have died.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use jostle_model::{Address, ExitStatus};

use super::events::resume;
use super::{Phase, Process};
use crate::WatchError;
use crate::case::{self, Form, Side};
use crate::crash::{self, Crash, FAULTS, Hang};
use crate::status::{self, mask};
use crate::sys::ptrace::{self, Event};

/// How many other threads are looked at, and how long they may take to stop. One that waits in the kernel does at once.
const MOST_OTHERS: usize = 64;
const STOPPING: Duration = Duration::from_millis(300);
/// How soon after a signal that a handler was given a program must end for the two to belong together: handlers print
/// stacks, and Go waits seconds for its other threads to do so.
const AFTERMATH: Duration = Duration::from_secs(5);
/// How often is looked where a program handles its own faults, as those do that check for null by catching it: at all
/// threads, which stops them, and at the one that has gone wrong.
const ALL_AGAIN: Duration = Duration::from_secs(1);
const ONE_AGAIN: Duration = Duration::from_millis(10);
/// What Go exits with after a fatal error.
const GO_FATAL: i32 = 2;

/// A fault that may be the end.
#[derive(Debug)]
pub(super) struct LastFault {
    crash: Crash,
    since: Instant,
    /// Whether nobody handles the signal.
    is_fatal: bool,
}

/// When faults were last looked at.
#[derive(Debug, Default)]
pub(super) struct Looks {
    all: Option<Instant>,
    one: Option<Instant>,
}

impl Looks {
    /// Whether to look at all threads, and at the one that has gone wrong.
    fn next(&mut self, is_fatal: bool, now: Instant) -> (bool, bool) {
        let is_due = |last: Option<Instant>, every| is_fatal || last.is_none_or(|last| now - last >= every);
        let all = is_due(self.all, ALL_AGAIN);
        let one = all || is_due(self.one, ONE_AGAIN);
        self.all = if all { Some(now) } else { self.all };
        self.one = if one { Some(now) } else { self.one };
        (all, one)
    }
}

impl Process {
    /// Whether a signal is one to look at: a thread of ours has gone wrong.
    pub(super) fn is_fault(&self, tid: i32, signal: i32) -> bool {
        FAULTS.contains(&signal) && self.threads.contains_key(&tid)
    }

    /// A thread is about to be given a signal that it may not survive.
    pub(super) fn faulted(&mut self, tid: i32, signal: i32) {
        if self.look_closely().is_err() {
            return resume(tid, signal);
        }
        let status = status::of(self.pid).unwrap_or_default();
        let bit = 1 << (signal - 1);
        let is_fatal = (mask(&status, "SigCgt:") | mask(&status, "SigIgn:")) & bit == 0;
        let now = Instant::now();
        let (all, one) = self.looks_at_faults.next(is_fatal, now);
        self.end_hold();
        if one && self.stands_in_new_code(tid) {
            self.read_modules();
        }
        let others = if all { self.others(Some(tid)) } else { Others::default() };
        let crash = if one { self.crash(tid, signal, others.sides) } else { None };
        // One that was not looked at came right after one that was: two threads run into the same.
        if let Some(crash) = crash {
            self.last_fault = Some(LastFault { crash, since: now, is_fatal });
        }
        resume(tid, signal);
        for (tid, event) in others.events {
            self.serve_if_ours(tid, event);
        }
    }

    /// Its time is up: where do its threads stand?
    pub(crate) fn see_where_all_stand(&mut self) {
        if self.phase != Phase::Watching || self.look_closely().is_err() {
            return;
        }
        self.end_hold();
        let all = self.others(None);
        self.clerk.hear_hang(Hang { sides: all.sides, at_ms: self.watched().as_millis() as u64 });
        for (tid, event) in all.events {
            self.serve_if_ours(tid, event);
        }
    }

    /// Makes sure that its memory and its code are known.
    fn look_closely(&mut self) -> Result<(), WatchError> {
        match self.memory {
            None => self.wake(),
            Some(_) if self.is_left_alone => {
                self.read_modules();
                Ok(())
            }
            Some(_) => Ok(()),
        }
    }

    /// Whether a thread is in code that has come since we looked which there is, such as a library loaded just now.
    fn stands_in_new_code(&self, tid: i32) -> bool {
        let registers = ptrace::registers(tid).map(|registers| case::registers(&registers));
        registers.is_ok_and(|registers| self.modules.space.module_at(Address(registers.rip)).is_none())
    }

    fn crash(&mut self, tid: i32, signal: i32, others: Vec<Side>) -> Option<Crash> {
        let registers = case::registers(&ptrace::registers(tid).ok()?);
        let told = ptrace::fault_address(tid).ok().flatten();
        let access = crash::access_at(&self.modules.space, &registers);
        let crashed = self.side(tid, &registers, Address(registers.rip), None, Form::Unknown);
        let mappings = self.modules.mappings();
        let at_ms = Some(self.watched().as_millis() as u64);
        Some(Crash { at_ms, ..Crash::new(signal, told, access, mappings, &registers, crashed, others) })
    }

    /// Stops all threads but the one that has `crashed` for a moment, and sees where each stands.
    fn others(&mut self, crashed: Option<i32>) -> Others {
        let wanted: Vec<i32> =
            self.threads.keys().copied().filter(|&tid| Some(tid) != crashed).take(MOST_OTHERS).collect();
        for &tid in &wanted {
            let _ = ptrace::interrupt(tid);
        }
        let mut others = Others::default();
        let (mut seen, mut gone) = (BTreeMap::new(), 0);
        let until = Instant::now() + STOPPING;
        while seen.len() + gone < wanted.len() && Instant::now() < until {
            let Ok(Some((tid, event))) = ptrace::next_event() else {
                std::thread::yield_now();
                continue;
            };
            match ptrace::registers(tid) {
                Ok(registers) if wanted.contains(&tid) => {
                    let here = case::registers(&registers);
                    let at = Address(here.rip);
                    seen.insert(tid, self.side(tid, &here, at, None, Form::Unknown));
                }
                Ok(_) => {}
                Err(_) => gone += usize::from(wanted.contains(&tid)),
            }
            others.events.push((tid, event));
        }
        others.sides = seen.into_values().collect();
        others
    }

    /// The target has ended: if it was by the last fault, that is a finding.
    pub(super) fn ended(&mut self, status: ExitStatus) {
        let Some(last) = self.last_fault.take() else { return };
        let soon = last.since.elapsed() < AFTERMATH;
        let by_fault = match status {
            ExitStatus::Signal(signal) if signal == last.crash.signal => last.is_fatal || soon,
            // The handler ended it by another one; Go's, inside a program in another language, by SIGQUIT.
            ExitStatus::Signal(signal) => soon && (FAULTS.contains(&signal) || signal == libc::SIGQUIT),
            ExitStatus::Code(GO_FATAL) => soon && self.modules.has_go(),
            _ => false,
        };
        if by_fault && self.phase != Phase::Starting {
            self.clerk.hear_crash(last.crash);
        }
    }
}

/// The other threads.
#[derive(Default)]
struct Others {
    sides: Vec<Side>,
    /// What they stopped for, still to be served.
    events: Vec<(i32, Event)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_survives_its_faults_is_stopped_once_a_second() {
        let (mut looks, start) = (Looks::default(), Instant::now());
        let mut next = |is_fatal, after| looks.next(is_fatal, start + Duration::from_millis(after));
        assert_eq!(next(false, 0), (true, true));
        assert_eq!(next(false, 5), (false, false));
        assert_eq!(next(false, 20), (false, true));
        assert_eq!(next(true, 21), (true, true), "the last one counts");
        assert_eq!(next(false, 1500), (true, true));
    }
}
