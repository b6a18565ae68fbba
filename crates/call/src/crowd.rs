//! Many threads that call at the same time.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{PoisonError, RwLock};
use std::thread;
use std::time::{Duration, Instant};

use jostle_model::Caller;

use crate::board::{Board, Part};
use crate::linked::Linked;
use crate::performer::{Desk, Performer};
use crate::program::Program;
use crate::reporter::Reporter;
use crate::results::Results;
use crate::serial::Serial;
use crate::template::Moment;
use crate::token::Tokens;

/// As large as the C library makes the stacks of threads on Linux: libraries may have grown used to it.
const STACK: usize = 8 << 20;

/// With what they call.
pub(crate) struct Crowd<'a> {
    pub(crate) program: &'a Program,
    pub(crate) linked: &'a Linked,
    pub(crate) serial: &'a Serial,
    pub(crate) results: &'a Results,
    pub(crate) reporter: &'a Reporter,
    pub(crate) board: Board,
    pub(crate) tokens: Tokens,
    pub(crate) threads: u32,
    /// For how long.
    pub(crate) duration: Option<Duration>,
    /// How many calls, together.
    pub(crate) calls: Option<u64>,
    /// Set when they are to come back.
    pub(crate) stop: &'a AtomicBool,
}

impl Crowd<'_> {
    /// Lets them call, and says how long they did.
    ///
    /// # Errors
    /// When not all of them can be started.
    pub(crate) fn run(&self) -> io::Result<Duration> {
        let gate = RwLock::new(());
        thread::scope(|scope| {
            let closed = gate.write().unwrap_or_else(PoisonError::into_inner);
            let (at_work, all_done) = mpsc::channel::<()>();
            let callers = self.callers();
            for (index, &number) in callers.iter().enumerate() {
                let calls = self.calls.map(|calls| share(calls, index, callers.len()));
                let (at_work, gate) = (at_work.clone(), &gate);
                let builder = thread::Builder::new().name(format!("caller {number}")).stack_size(STACK);
                let started = builder.spawn_scoped(scope, move || {
                    let performer = self.performer(number);
                    drop(gate.read());
                    self.call(number, performer, calls);
                    drop(at_work);
                });
                if let Err(error) = started {
                    self.stop.store(true, Relaxed);
                    return Err(error);
                }
            }
            drop(at_work);
            let started = Instant::now();
            drop(closed);
            if let Some(duration) = self.duration
                && all_done.recv_timeout(duration) == Err(RecvTimeoutError::Timeout)
            {
                self.stop.store(true, Relaxed);
            }
            // Nobody ever sends: it ends when the last one has gone.
            let _ = all_done.recv();
            Ok(started.elapsed())
        })
    }

    fn performer(&self, thread: u32) -> Performer<'_> {
        let desk = Desk {
            row: self.board.row(thread),
            reporter: self.reporter,
            tokens: self.tokens,
            is_serial: false,
        };
        Performer::new(Part::Step, &self.program.steps, &self.linked.steps, desk, self.results.copy())
    }

    /// The threads that have anything to call.
    fn callers(&self) -> Vec<u32> {
        let has_work = |&thread: &u32| self.program.steps.iter().any(|step| step.is_made(thread, 0));
        (0..self.threads).filter(has_work).collect()
    }

    fn call(&self, thread: u32, mut performer: Performer<'_>, mut left: Option<u64>) {
        for index in 0.. {
            if self.stop.load(Relaxed) || left == Some(0) {
                break;
            }
            let owner = Caller { thread, iteration: self.serial.iteration(index) };
            let moment = Moment::new(self.tokens, owner);
            let made = performer.iterate(&moment, &mut self.serial.measure(owner), |_, _, _| {});
            left = left.map(|left| left.saturating_sub(made));
        }
        performer.end();
    }
}

/// The part of `calls` that a caller makes; all parts together are the whole.
fn share(calls: u64, caller: usize, callers: usize) -> u64 {
    let (caller, callers) = (caller as u64, callers as u64);
    calls / callers + u64::from(caller < calls % callers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shares_add_up() {
        for (calls, callers) in [(16_000_000, 32), (7, 3), (2, 5)] {
            assert_eq!((0..callers).map(|caller| share(calls, caller, callers)).sum::<u64>(), calls);
        }
    }
}
