//! Holding one thread before its access, and noting who else comes to the same bytes meanwhile.

use std::time::{Duration, Instant};

use jostle_model::Address;
use jostle_stacks::Registers;

use crate::case::{self, Case, CaseKey, Side};
use crate::operation::Operation;
use crate::process::catch::Watched;
use crate::process::events::resume;
use crate::process::{Known, Process};
use crate::sites::SiteId;
use crate::swap::Swap;
use crate::sys::ptrace;

/// In how many threads a place is watched during a hold: those seen last. Each takes several microseconds, and the held
/// one stands still meanwhile.
pub(super) const MOST_OTHERS: usize = 128;
/// After so many different visitors a hold ends: more are left for later.
pub(super) const MOST_VISITORS: usize = 4;
/// After so many stops it ends too, even if they were all the same visitor's: each costs that one about 40 µs.
pub(super) const MOST_HITS: u32 = 24;
/// How often a value must change at a site with nobody seen before that is believed.
const TIMES_ALONE: u32 = 4;
/// How long a stop may be under way when a watchpoint is taken away.
const LATE_HIT: Duration = Duration::from_millis(2);

/// A thread that is being held.
#[derive(Debug)]
pub(in crate::process) struct Hold {
    pub(in crate::process) held: Side,
    site: SiteId,
    is_long: bool,
    pub(super) watched: Watched,
    old: Option<u64>,
    since: Instant,
    pub(in crate::process) until: Instant,
    /// Each different instruction that came, with the first thread that executed it.
    visitors: Vec<(Address, Side)>,
    hits: u32,
}

impl Hold {
    /// Whether the bytes are others now than they were.
    fn has_changed(&self, new: Option<u64>) -> bool {
        new.is_some() && new != self.old
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
        let access = operation.accesses(registers).find(|access| access.conflicts_with(&hold.watched.access));
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
        let until = Instant::now() + duration;
        let (visitors, hits) = (Vec::new(), 0);
        self.hold =
            Some(Hold { held, site: id, is_long, watched, old, since: stopped, until, visitors, hits });
        true
    }

    /// Somebody has just accessed the bytes that are held.
    pub(super) fn came_to_hold(&mut self, tid: i32, registers: &libc::user_regs_struct) {
        let Some(access) = self.hold.as_ref().map(|hold| hold.watched.access) else { return };
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
        hold.hits += 1;
        if hold.hits >= MOST_HITS {
            hold.until = Instant::now();
        }
        hold.visitors.iter().all(|(known, _)| *known != at)
    }

    fn note_visitor(&mut self, at: Address, side: Side) {
        let Some(hold) = &mut self.hold else { return };
        hold.visitors.push((at, side));
        if hold.visitors.len() >= MOST_VISITORS {
            hold.until = Instant::now();
        }
    }

    /// Ends the hold when its time is over.
    pub(in crate::process) fn end_hold_if_due(&mut self) {
        if self.hold.as_ref().is_some_and(|hold| Instant::now() >= hold.until) {
            self.end_hold();
        }
    }

    /// Lets the held thread go and hands in what was seen.
    pub(in crate::process) fn end_hold(&mut self) {
        let Some(hold) = &self.hold else { return };
        let new = self.value(&hold.watched.access);
        let changed = hold.has_changed(new);
        self.watchpoints.disarm(hold.watched.cookie);
        if changed && hold.visitors.is_empty() {
            self.wait_for_late_hit();
        }
        let Some(hold) = self.hold.take() else { return };
        if changed && hold.visitors.is_empty() {
            self.watchpoints.renew();
        }
        let held_for = hold.since.elapsed();
        resume(hold.held.tid, 0);
        let budget = if hold.is_long { &mut self.sampler.lasting } else { &mut self.sampler.holding };
        budget.spend(held_for);
        self.tally.holds += 1;
        self.tally.value_changes += u64::from(changed);
        let site = hold.site;
        let came = !hold.visitors.is_empty();
        let news = self.hand_in(hold, new, held_for);
        self.catalogue.site_mut(site).experience.note_hold(came, news);
    }

    /// A thread is gone, with everything that it might have told if it was being held.
    pub(in crate::process) fn held_one_is_gone(&mut self, tid: i32) {
        if let Some(hold) = self.hold.take_if(|hold| hold.held.tid == tid) {
            self.watchpoints.disarm(hold.watched.cookie);
        }
    }

    /// A visitor may be on its way into its stop while we look.
    fn wait_for_late_hit(&mut self) {
        let until = Instant::now() + LATE_HIT;
        while Instant::now() < until && self.hold.as_ref().is_some_and(|hold| hold.visitors.is_empty()) {
            let Ok(Some((tid, event))) = ptrace::next_event() else {
                std::thread::yield_now();
                continue;
            };
            self.serve_if_ours(tid, event);
        }
    }

    /// Hands in what a hold has shown; returns whether any two instructions met that had not met before.
    fn hand_in(&mut self, hold: Hold, new: Option<u64>, held_for: Duration) -> bool {
        let alone = hold.visitors.is_empty();
        let value_changed = hold.has_changed(new);
        let at_ms = self.watched().as_millis() as u64;
        let case = |other: Option<Side>| Case {
            held: hold.held.clone(),
            other,
            access: hold.watched.access,
            old: hold.old,
            new,
            held_us: held_for.as_micros() as u64,
            at_ms,
        };
        let mut cases: Vec<Case> = hold.visitors.iter().map(|(_, other)| case(Some(other.clone()))).collect();
        if alone && value_changed && !self.modules.is_shared_memory(hold.watched.access.address) {
            let alone = case(None);
            let times = self.seen_alone.entry(alone.key()).or_insert(0);
            *times += 1;
            // A visitor may only have been slow to stop on a busy machine; hardly so again and again.
            if *times >= TIMES_ALONE {
                cases.push(alone);
            }
        }
        let news = self.note_met(hold.site, &hold.visitors);
        for case in cases {
            self.bring_to_court(case);
        }
        news
    }

    /// Notes which instructions met; returns whether any two had not met before.
    pub(super) fn note_met(&mut self, site: SiteId, visitors: &[(Address, Side)]) -> bool {
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
