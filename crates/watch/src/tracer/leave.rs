//! Letting go of a target that lives on, as if we had never been there.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use super::events::{TRAP_BIT, resume};
use super::{Phase, Tracer};
use crate::sys::ptrace::{self, Event};
use crate::sys::signals::Arrival;

/// How long we wait for threads to stop once more, so that they can be let go one by one. What sleeps in the kernel for
/// longer is let go by the kernel when we end: nothing waits for it in the target any more.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often is looked whether it took longer.
const LOOK: Duration = Duration::from_millis(50);

/// The tasks that are still ours.
struct Leaving {
    left: BTreeSet<i32>,
    /// Masks to be given back to tasks that have SIGTRAP unblocked for a moment.
    masks: BTreeMap<i32, u64>,
}

impl Tracer<'_> {
    /// Detaches from every task, each at a stop of its own: nobody waits for anybody else. Every trap and watchpoint is
    /// taken away before.
    pub(super) fn leave(&mut self) {
        self.stop_watching();
        let left: BTreeSet<i32> = self.threads.keys().chain(&self.borrowers).copied().collect();
        for &tid in &left {
            let _ = ptrace::interrupt(tid);
        }
        let mut leaving = Leaving { left, masks: BTreeMap::new() };
        let until = Instant::now() + PATIENCE;
        while !leaving.left.is_empty() && Instant::now() < until {
            match ptrace::next_event() {
                Ok(Some((tid, event))) => self.leave_at(tid, event, &mut leaving),
                Ok(None) => drop::<Arrival>(self.blocked.wait(LOOK)),
                Err(_) => break,
            }
        }
        self.phase = Phase::Gone;
    }

    fn leave_at(&mut self, tid: i32, event: Event, leaving: &mut Leaving) {
        match event {
            Event::Exited(_) | Event::Killed(_) | Event::Signal(libc::SIGTRAP) => {
                // Ours is swallowed, and the task runs on; the kernel has forgotten that we had asked for a stop.
                self.serve(tid, event);
                let _ = ptrace::interrupt(tid);
            }
            // Born meanwhile; a child may have taken copies of traps with it.
            Event::Stop if !self.is_ours(tid) => self.let_stranger_go(tid),
            Event::Exec | Event::NewTask(_) | Event::Stop if owes_us_a_trap(tid) => leaving.await_trap(tid),
            Event::Exec | Event::NewTask(_) | Event::Stop | Event::GroupStop(_) => leaving.let_go(tid, 0),
            Event::Signal(signal) => leaving.let_go(tid, signal),
        }
        if self.phase == Phase::Gone || matches!(event, Event::Exited(_) | Event::Killed(_)) {
            leaving.left.remove(&tid);
        }
    }
}

impl Leaving {
    fn let_go(&mut self, tid: i32, signal: i32) {
        if let Some(mask) = self.masks.remove(&tid) {
            let _ = ptrace::set_signal_mask(tid, mask);
        }
        let _ = ptrace::detach(tid, signal);
        self.left.remove(&tid);
    }

    /// The word of a watchpoint waits for a thread that blocks SIGTRAP: untraced, it would die of it. It is unblocked
    /// for as long as it takes to deliver it to us.
    fn await_trap(&mut self, tid: i32) {
        if let Ok(mask) = ptrace::signal_mask(tid) {
            self.masks.entry(tid).or_insert(mask);
            let _ = ptrace::set_signal_mask(tid, mask & !TRAP_BIT);
        }
        resume(tid, 0);
        let _ = ptrace::interrupt(tid);
    }
}

fn owes_us_a_trap(tid: i32) -> bool {
    ptrace::has_late_trap(tid).unwrap_or(false)
}
