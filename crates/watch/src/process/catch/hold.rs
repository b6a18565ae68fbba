//! Holding one thread before its access, and noting who else comes to the same bytes meanwhile.

use std::time::{Duration, Instant};

use jostle_model::Address;
use jostle_stacks::Registers;

use crate::case::{self, Case, CaseKey, Side};
use crate::operation::Operation;
use crate::process::catch::Watched;
use crate::process::catch::encounter::Encounter;
use crate::process::events::resume;
use crate::process::{Known, Process};
use crate::sites::SiteId;
use crate::swap::Swap;
use crate::sys::ptrace;

/// In how many threads a place is watched during a hold: those seen last. Each takes several microseconds, and the held
/// one stands still meanwhile.
pub(in crate::process) const MOST_OTHERS: usize = 128;
/// How often a value must change at a site with nobody seen before that is believed.
const TIMES_ALONE: u32 = 4;
/// How long a stop may be under way when a watchpoint is taken away.
const LATE_HIT: Duration = Duration::from_millis(2);

/// A thread that is being held.
#[derive(Debug)]
pub(in crate::process) struct Hold {
    pub(super) encounter: Encounter,
    is_long: bool,
    pub(in crate::process) until: Instant,
}

impl Hold {
    /// The bytes that are watched.
    pub(super) fn watched(&self) -> Watched {
        self.encounter.watched
    }

    fn end_if_enough(&mut self) {
        if self.encounter.is_enough() {
            self.until = Instant::now();
        }
    }
}

impl Process {
    /// Two threads that stand before accesses to the same bytes collide without any watchpoint.
    pub(super) fn collides_with_hold(
        &mut self,
        tid: i32,
        operation: &Operation,
        registers: &Registers,
    ) -> bool {
        let Some(hold) = &self.hold else { return false };
        let access =
            operation.accesses(registers).find(|access| access.conflicts_with(&hold.watched().access));
        let Some(access) = access else { return false };
        if self.is_new_visitor(operation.at) {
            let side = self.side(
                tid,
                registers,
                operation.at,
                Some(access.direction),
                case::form(operation, &access),
            );
            self.note_visitor(operation.at, side);
        }
        true
    }

    pub(super) fn begin_hold(
        &mut self,
        tid: i32,
        id: SiteId,
        registers: &Registers,
        is_long: bool,
        stopped: Instant,
    ) -> bool {
        let operation = self.catalogue.site(id).operation;
        let Some(access) = self.access_to_watch(id, registers) else {
            // Only its own stack or constants: not worth a hold, and not worth asking soon again.
            self.catalogue.site_mut(id).experience.note_miss();
            return false;
        };
        self.make_room(&access);
        let watched = self.marked(access);
        let others = self.likely_to_run(MOST_OTHERS, Some(tid));
        let blind = self.watchpoints.arm(&access, others.into_iter(), watched.cookie);
        let armed = Instant::now();
        self.tally.blind_holds += u64::from(blind.no_register > 0);
        self.tally.poor_holds += u64::from(blind.no_descriptor > 0);
        let form = case::form(&operation, &access);
        let held = self.side(tid, registers, operation.at, Some(access.direction), form);
        let old = self.value(&access);
        let duration = if is_long {
            self.sampler.long_duration()
        } else {
            let patience = self.catalogue.site(id).experience.patience();
            self.sampler.duration(patience, stopped)
        };
        let encounter = Encounter::new(held, id, watched, old, stopped);
        self.hold = Some(Hold { encounter, is_long, until: armed + duration });
        true
    }

    /// Somebody has just accessed the bytes that are held.
    pub(super) fn came_to_hold(&mut self, tid: i32, registers: &libc::user_regs_struct) {
        let Some(access) = self.hold.as_ref().map(|hold| hold.watched().access) else { return };
        let here = Address(registers.rip);
        if self.is_new_visitor(here) {
            let side = self.visitor(tid, registers, &access);
            self.note_visitor(here, side);
        }
    }

    /// Counts a hit; returns whether that instruction has not come during this hold before.
    fn is_new_visitor(&mut self, at: Address) -> bool {
        self.tally.hits += 1;
        let Some(hold) = &mut self.hold else { return false };
        let is_new = hold.encounter.note_hit(at);
        hold.end_if_enough();
        is_new
    }

    fn note_visitor(&mut self, at: Address, side: Side) {
        let Some(hold) = &mut self.hold else { return };
        hold.encounter.note_visitor(at, side);
        hold.end_if_enough();
    }

    /// Ends the hold when its time is over.
    pub(in crate::process) fn end_hold_if_due(&mut self) {
        if self.hold.as_ref().is_some_and(|hold| Instant::now() >= hold.until) {
            self.end_hold();
        }
    }

    /// Lets the held thread go and hands in what was seen.
    pub(in crate::process) fn end_hold(&mut self) {
        let Some(Hold { encounter, .. }) = &self.hold else { return };
        let new = self.value(&encounter.watched.access);
        let changed = encounter.has_changed(new);
        if changed && encounter.is_alone() {
            self.watchpoints.disarm(encounter.watched.cookie);
            self.wait_for_late_hit();
        }
        let Some(Hold { encounter, is_long, .. }) = self.hold.take() else { return };
        let lasted = encounter.lasted();
        resume(encounter.held.tid, 0);
        // Whoever comes from now on, before that is done, is let go.
        self.watchpoints.disarm(encounter.watched.cookie);
        if changed && encounter.is_alone() {
            // A register that misses what it should see may never see anything again.
            self.watchpoints.renew();
        }
        let budget = if is_long { &mut self.sampler.lasting } else { &mut self.sampler.holding };
        budget.spend(lasted);
        self.tally.value_changes += u64::from(changed);
        if changed && encounter.is_alone() {
            let at_ms = self.watched().as_millis() as u64;
            self.note_change_alone(encounter.case_alone(new, lasted, at_ms));
        }
        self.hand_in(&encounter, new, lasted);
    }

    /// A thread is gone, with everything that it might have told if it was being held.
    pub(in crate::process) fn held_one_is_gone(&mut self, tid: i32) {
        if let Some(hold) = self.hold.take_if(|hold| hold.encounter.held.tid == tid) {
            self.watchpoints.disarm(hold.watched().cookie);
        }
    }

    /// A visitor may be on its way into its stop while we look.
    fn wait_for_late_hit(&mut self) {
        let until = Instant::now() + LATE_HIT;
        while Instant::now() < until && self.hold.as_ref().is_some_and(|hold| hold.encounter.is_alone()) {
            let Ok(Some((tid, event))) = ptrace::next_event() else {
                std::thread::yield_now();
                continue;
            };
            self.serve_if_ours(tid, event);
        }
    }

    /// A value has changed while nobody was seen.
    fn note_change_alone(&mut self, case: Case) {
        if self.modules.is_shared_memory(case.access.address) {
            return;
        }
        let times = self.seen_alone.entry(case.key()).or_insert(0);
        *times += 1;
        // A visitor may only have been slow to stop on a busy machine; hardly so again and again.
        if *times >= TIMES_ALONE {
            self.bring_to_court(case);
        }
    }

    /// Hands in what has been seen of somebody who was kept before an access, and learns from it.
    pub(super) fn hand_in(&mut self, encounter: &Encounter, new: Option<u64>, lasted: Duration) {
        self.tally.holds += 1;
        let at_ms = self.watched().as_millis() as u64;
        let news = self.note_met(encounter.site, encounter.visitors());
        for case in encounter.cases(new, lasted, at_ms) {
            self.bring_to_court(case);
        }
        let came = !encounter.is_alone();
        self.catalogue.site_mut(encounter.site).experience.note_hold(came, news);
    }

    /// Notes which instructions met; returns whether any two had not met before.
    fn note_met(&mut self, site: SiteId, visitors: &[(Address, Side)]) -> bool {
        let met_before = self.met.len();
        for (at, side) in visitors {
            self.met.insert((site, *at));
            let accessed = side.trace.addresses.first().map_or(*at, |code| code.for_lookup());
            if let Some(rival) = self.catalogue.site_at(accessed) {
                self.catalogue.note_caught(site, rival);
            }
        }
        self.met.len() > met_before
    }

    pub(super) fn bring_to_court(&mut self, case: Case) {
        if self.is_news(case.key()) {
            self.hand_over(case);
        }
    }

    /// The same for a value that did not arrive.
    pub(in crate::process) fn bring_swap_to_court(&mut self, swap: Swap) {
        if self.is_news(swap.key()) {
            self.clerk.hear_swap(swap);
        }
    }

    /// Whether such a case is still to be judged; counts those that are not.
    fn is_news(&mut self, key: CaseKey) -> bool {
        match self.known.get_mut(&key) {
            None => {
                self.known.insert(key, Known::Pending(0));
                return true;
            }
            Some(Known::Pending(again)) => *again += 1,
            Some(Known::Finding(index)) => self.seen_again.push(*index),
            Some(Known::Undecided) => self.tally.undecided += 1,
            Some(Known::Innocent) => {}
        }
        false
    }
}
