//! Following one block from its allocation to its end, with a watchpoint where the allocator writes when it takes the block
//! back, and nobody held.

use std::iter;
use std::time::{Duration, Instant};

use jostle_model::{Access, Address, Direction};

use crate::case::{self, Case, Form, Side};
use crate::lifetimes::{Deallocation, Lifetimes};
use crate::operation::AllocationSite;
use crate::process::catch::Watched;
use crate::process::catch::deallocation::Deed;
use crate::process::{Phase, Process};
use crate::traps::{Purpose, Step};

/// At how many allocation sites somebody is waited for at a time.
const WAITING: usize = 4;
/// Where glibc writes into a block that it takes back, from its beginning: the mark that it is in a thread's cache, or the
/// second link of a list (malloc/malloc.c: `tcache_entry.key`, `malloc_chunk.bk`).
const MARK: u64 = 8;
/// How long a block is followed.
const LONGEST: Duration = Duration::from_millis(20);
/// After so many stores of the program's own the block is given up: each stops a thread.
const MOST_STORES: u32 = 6;
/// How long a finding waits for the lifetimes of such blocks: two are mostly followed within a fifth of a second.
const POSTPONED: Duration = Duration::from_secs(1);
/// In how many threads per processor it is watched: those that were seen to run last.
const THREADS_PER_PROCESSOR: usize = 4;

/// A block that is being followed.
#[derive(Debug)]
pub(in crate::process) struct Lifetime {
    call: Address,
    allocation: Side,
    pub(super) watched: Watched,
    until: Instant,
    stores: u32,
}

/// A case in which memory is given back, of which nobody has seen yet where it is allocated.
pub(in crate::process) struct Postponed {
    case: Case,
    at: Deallocation,
    until: Instant,
}

impl Process {
    /// Waits for somebody to allocate, in programs that give memory back by hand.
    pub(in crate::process) fn wait_for_allocations(&mut self, now: Instant) {
        if !self.lifetimes.is_due(now) || !self.may_follow_a_lifetime(now) {
            return;
        }
        let sites = self.catalogue.allocations();
        let next: Vec<_> = (0..WAITING).filter_map(|_| self.sampler.choose(sites)).collect();
        let arm: Vec<Step> = next.iter().map(|&site| Step::Arm(Purpose::Allocation(site))).collect();
        let before = self.lifetimes.wait_at(next, now).into_iter();
        let disarm = before.map(|site| Step::Disarm(Purpose::Allocation(site)));
        let steps: Vec<Step> = disarm.chain(arm).collect();
        self.set_traps(&steps);
    }

    /// The same where only one breakpoint can be set.
    pub(in crate::process) fn next_allocation(&mut self, now: Instant) -> Option<AllocationSite> {
        self.may_follow_a_lifetime(now).then(|| self.sampler.choose(self.catalogue.allocations()))?
    }

    fn may_follow_a_lifetime(&mut self, now: Instant) -> bool {
        self.modules.heap_is_glibc
            && self.lifetime.is_none()
            && !self.sampler.releases().is_empty()
            && self.sampler.may_follow_lifetimes(now)
    }

    /// A thread has just been given a block: it is followed if there is a register to spare.
    pub(in crate::process) fn allocated(
        &mut self,
        tid: i32,
        call: Address,
        registers: &libc::user_regs_struct,
    ) {
        let here = case::registers(registers);
        let Some(mark) = self.mark_of(Address(here.rax)) else { return };
        if self.lifetime.is_some()
            || self.boundary.is_busy()
            || self.watchpoints.free() < 2
            || self.is_watched(&mark)
        {
            return;
        }
        let allocation = self.side(tid, &here, call, None, Form::Other);
        let watched = self.marked(mark);
        let threads = self.likely_to_run(THREADS_PER_PROCESSOR * self.processors, None);
        self.watch_unheld(&watched, threads);
        let until = Instant::now() + LONGEST;
        self.lifetime = Some(Lifetime { call, allocation, watched, until, stores: 0 });
    }

    /// The word of a block that shows when it is taken back.
    fn mark_of(&self, block: Address) -> Option<Access> {
        let size = self.modules.is_writable(block).then(|| self.heap_block(block))??;
        let mark = Access { address: block + MARK, size: 8, direction: Direction::Read };
        (size >= 2 * MARK).then_some(mark)
    }

    /// Somebody has written into the block that is being followed: its user, or the allocator that takes it back.
    pub(super) fn came_to_lifetime(&mut self, registers: &libc::user_regs_struct) {
        let deed = self.deed_of_the_allocator(&self.walk(&case::registers(registers)).addresses);
        let Some(lifetime) = &mut self.lifetime else { return };
        lifetime.stores += 1;
        if deed.is_none() && lifetime.stores < MOST_STORES {
            return;
        }
        let Some(Lifetime { call, allocation, .. }) = self.give_up_lifetime() else { return };
        // To give a block out again the allocator takes its mark off: then we have missed its end.
        if let Some(Deed::TakesBack(deallocation)) = deed {
            self.lifetimes.note(deallocation, call, allocation);
        }
    }

    /// Stops following a block.
    pub(in crate::process) fn give_up_lifetime(&mut self) -> Option<Lifetime> {
        let lifetime = self.lifetime.take()?;
        self.end_watching_unheld(&lifetime.watched);
        Some(lifetime)
    }

    /// Ends it when its time is over.
    pub(in crate::process) fn end_lifetime_if_due(&mut self) {
        if self.lifetime.as_ref().is_some_and(|lifetime| Instant::now() >= lifetime.until) {
            self.give_up_lifetime();
        }
    }

    /// Hands a case in; one in which memory is given back waits a little while nobody has seen where such memory is allocated.
    pub(super) fn hand_over(&mut self, case: Case) {
        let deallocation =
            iter::once(&case.held).chain(&case.other).find_map(|side| self.deallocation(&side.trace));
        let origin = deallocation.and_then(|at| self.lifetimes.origin(at));
        match deallocation {
            Some(at) if origin.is_none() && self.phase == Phase::Watching && self.modules.heap_is_glibc => {
                self.postponed.push(Postponed { case, at, until: Instant::now() + POSTPONED });
            }
            _ => self.clerk.hear(case, origin),
        }
    }

    /// Hands in the cases that wait no longer; all of them at the end.
    pub(crate) fn hand_in_postponed(&mut self, all: bool) {
        let now = Instant::now();
        let is_ready = |lifetimes: &Lifetimes, postponed: &Postponed| {
            all || now >= postponed.until || lifetimes.origin(postponed.at).is_some()
        };
        while let Some(index) =
            self.postponed.iter().position(|postponed| is_ready(&self.lifetimes, postponed))
        {
            let Postponed { case, at, .. } = self.postponed.swap_remove(index);
            self.clerk.hear(case, self.lifetimes.origin(at));
        }
    }
}
