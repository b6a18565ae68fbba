//! Letting go of a process that lives on, as if we had never been there.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use super::events::{TRAP_BIT, resume};
use super::{Phase, Process};
use crate::sys::ptrace::{self, Event};

/// How long we wait for threads to stop once more, so that they can be let go one by one. What sleeps in the kernel for
/// longer is let go by the kernel when we end: nothing waits for it in the target any more.
const PATIENCE: Duration = Duration::from_secs(5);

/// The tasks that are still ours.
pub(super) struct Leaving {
    left: BTreeSet<i32>,
    /// Masks to be given back to tasks that have SIGTRAP unblocked for a moment.
    masks: BTreeMap<i32, u64>,
    until: Instant,
}

impl Process {
    /// Detaches from every task, each at a stop of its own: nobody waits for anybody else. Every trap and watchpoint is
    /// taken away before.
    pub(crate) fn leave(&mut self) {
        if matches!(self.phase, Phase::Leaving | Phase::Gone) {
            return;
        }
        self.stop_watching();
        if self.traps.were_ever_set()
            && let Some(memory) = &self.memory
        {
            self.traps.mend_copies(memory, &self.modules.made_code(self.pid));
        }
        let left: BTreeSet<i32> = self.threads.keys().chain(&self.borrowers).copied().collect();
        for &tid in &left {
            let _ = ptrace::interrupt(tid);
        }
        self.phase = Phase::Leaving;
        self.leaving = Some(Leaving { left, masks: BTreeMap::new(), until: Instant::now() + PATIENCE });
        self.end_leaving_if_due();
    }

    /// Ends when all are left, or none of the others will stop soon.
    pub(crate) fn end_leaving_if_due(&mut self) {
        let is_over = |leaving: &Leaving| leaving.left.is_empty() || Instant::now() >= leaving.until;
        if self.leaving.as_ref().is_some_and(is_over) {
            self.leaving = None;
            self.phase = Phase::Gone;
        }
    }

    pub(super) fn leave_at(&mut self, tid: i32, event: Event) {
        let is_gone = matches!(event, Event::Exited(_) | Event::Killed(_));
        if is_gone || event == Event::Signal(libc::SIGTRAP) {
            // Ours is swallowed, and the task runs on; the kernel has forgotten that we had asked for a stop.
            self.look_at(tid, event);
            let _ = ptrace::interrupt(tid);
        }
        let Some(leaving) = &mut self.leaving else { return };
        match event {
            Event::Exited(_) | Event::Killed(_) => drop(leaving.left.remove(&tid)),
            Event::Signal(libc::SIGTRAP) => {}
            Event::Exec | Event::NewTask(_) | Event::Stop | Event::SystemCall if owes_us_a_trap(tid) => {
                leaving.await_trap(tid)
            }
            Event::Exec | Event::NewTask(_) | Event::Stop | Event::GroupStop(_) | Event::SystemCall => {
                leaving.let_go(tid, 0);
            }
            Event::Signal(signal) => leaving.let_go(tid, signal),
        }
        self.end_leaving_if_due();
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
