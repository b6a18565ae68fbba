//! Holding a goroutine before its access instead of its thread.
//!
//! A thread that stands still keeps its Go processor, so that goroutines which need that processor cannot come. A goroutine
//! that is preempted right before its access gives the processor away, and stands before the access all the same: whoever comes
//! to the bytes meanwhile, in whatever thread, is as unordered with it as with a thread that is held.
//!
//! Go is asked in its own way, by a byte in the goroutine's descriptor and a signal (`preemptone` and `preemptM` in Go's
//! runtime), and decides itself whether it may be done there: not between a write barrier's check and its store, not where
//! the runtime holds a lock. Whether it has been done is read off the goroutine, never assumed.

use std::time::{Duration, Instant};

use jostle_model::{Access, Address, Direction};
use jostle_stacks::{CodeAddress, GoroutineRef, GoroutineState, Memory, Registers};

use crate::Holds;
use crate::case;
use crate::process::Process;
use crate::process::catch::Watched;
use crate::process::catch::encounter::Encounter;
use crate::process::catch::hold::MOST_OTHERS;
use crate::process::events::resume;
use crate::process::park::Saved;
use crate::scope::Part;
use crate::sites::SiteId;
use crate::sys::ptrace;

/// The share of holds in Go code that park the goroutine, where it can be. A thread that is held meets others than a goroutine
/// that is parked: it stays for as long as we like.
const SHARE: f64 = 0.75;
/// It takes that long at most until a goroutine is parked, or will not be.
const SOON: Duration = Duration::from_millis(4);
/// One that was at once given its turn again was not held: others had no time to come.
const SHORTEST: Duration = Duration::from_micros(200);
/// A goroutine that waits for its turn for longer is not waited for.
const LONGEST: Duration = Duration::from_millis(12);
/// After so many in a row that could not be parked, nobody is any more: the program has asynchronous preemption switched off.
const HOPELESS: u32 = 64;

/// A goroutine that is parked before its access, or about to be.
pub(in crate::process) struct ParkedHold {
    encounter: Encounter,
    goroutine: GoroutineRef,
    /// The instruction that it stands before.
    at: Address,
    status: Address,
    /// Where Go leaves behind, on the goroutine's stack, the instruction at which it was preempted.
    left_at: Address,
    /// Where it goes on, as soon as it is parked.
    saved: Option<Saved>,
    pub(in crate::process) until: Instant,
}

impl Process {
    /// Parks the goroutine that stands before a site, if it is one that can be. Its thread is let go then.
    pub(super) fn begin_parked_hold(
        &mut self,
        tid: i32,
        id: SiteId,
        registers: &Registers,
        stopped: Instant,
    ) -> bool {
        let site = self.catalogue.site(id);
        // Helpers of Go's are the runtime's: it does not preempt itself.
        if !site.is_go || site.part == Part::Helper || !site.experience.is_parkable() {
            return false;
        }
        if self.sampler.holds == Holds::Goroutines {
            return self.yield_and_forget(tid, registers, stopped).is_some();
        }
        if self.parks_in_vain >= HOPELESS || !self.sampler.chance(SHARE) {
            return false;
        }
        let Some(hold) = self.parked_hold(tid, id, registers) else { return false };
        let Watched { access, cookie } = hold.encounter.watched;
        let word = Access { address: hold.status, size: 4, direction: Direction::Read };
        let likely = self.likely_to_run(MOST_OTHERS, None);
        self.watchpoints.arm(&access, likely.iter().copied(), cookie);
        self.watchpoints.arm(&word, likely.into_iter(), cookie);
        self.parked = Some(hold);
        self.parks_in_vain += 1;
        self.sampler.holding.spend(stopped.elapsed());
        // The signal by which Go itself preempts; its handler sees that the goroutine was asked to yield.
        resume(tid, libc::SIGURG);
        true
    }

    /// Makes a goroutine lose its turn, and does not look who comes: what comes of it is seen without us.
    fn yield_and_forget(&mut self, tid: i32, registers: &Registers, stopped: Instant) -> Option<()> {
        let goroutine = self.parkable_goroutine(registers)?;
        self.boundary.parking()?.ask_to_yield_at_once(&goroutine, self.memory.as_ref()?)?;
        self.tally.holds += 1;
        self.sampler.holding.spend(stopped.elapsed());
        resume(tid, libc::SIGURG);
        Some(())
    }

    /// The goroutine that runs at these registers, if it can be parked.
    fn parkable_goroutine(&self, registers: &Registers) -> Option<GoroutineRef> {
        let (parking, memory) = (self.boundary.parking()?, self.memory.as_ref()?);
        let goroutine = self.modules.space.goroutine(registers, memory)?;
        let is_own = goroutine.descriptor.0 == registers.r14
            && parking.state(&goroutine, memory) == Some(GoroutineState::Running)
            && !parking.is_locked(&goroutine, memory);
        is_own.then_some(goroutine)
    }

    fn parked_hold(&mut self, tid: i32, id: SiteId, registers: &Registers) -> Option<ParkedHold> {
        let parking = self.boundary.parking()?;
        let goroutine = self.parkable_goroutine(registers)?;
        let access = self.access_to_watch(id, registers)?;
        let memory = self.memory.as_ref()?;
        let (at, left_at) = (self.catalogue.site(id).operation.at, Address(registers.rsp.wrapping_sub(8)));
        if parking.is_on_stack(&goroutine, access.address, memory) {
            return None;
        }
        self.end_prospects();
        if self.watchpoints.free() <= self.watchpoints.needed(&access) {
            return None;
        }
        let operation = self.catalogue.site(id).operation;
        let form = case::form(&operation, &access);
        let held = self.side(tid, registers, operation.at, Some(access.direction), form);
        let (watched, old) = (self.marked(access), self.value(&access));
        let memory = self.memory.as_ref()?;
        parking.ask_to_yield_at_once(&goroutine, memory)?;
        let now = Instant::now();
        Some(ParkedHold {
            encounter: Encounter::new(held, id, watched, old, now),
            goroutine,
            at,
            status: parking.status_word(&goroutine),
            left_at,
            saved: None,
            until: now + SOON,
        })
    }

    /// Whether a watchpoint with this cookie is about the goroutine that is parked.
    pub(in crate::process) fn is_about_parked(&self, cookie: u64) -> bool {
        self.parked.as_ref().is_some_and(|parked| parked.encounter.watched.cookie == cookie)
    }

    /// One of the watchpoints of a goroutine that is parked has stopped a thread.
    pub(in crate::process) fn came_to_parked(&mut self, tid: i32, cookie: u64, struck: Address) {
        let stopped = Instant::now();
        let Some(parked) = &self.parked else { return resume(tid, 0) };
        if struck == parked.status {
            self.parked_status_changed();
        } else if parked.encounter.watched.is_meant(cookie, struck) {
            self.parked_bytes_touched(tid);
        }
        self.sampler.looking.spend(stopped.elapsed());
        resume(tid, 0);
    }

    /// The scheduler, or the collector, has done something with the goroutine.
    fn parked_status_changed(&mut self) {
        let is_parked = self.parked.as_ref().is_some_and(|parked| parked.saved.is_some());
        match self.parked_state() {
            // It was only looked at.
            Some(GoroutineState::Runnable) if is_parked && self.is_parked_still() => {}
            Some(GoroutineState::Running) if !is_parked => {}
            Some(GoroutineState::Runnable) if !is_parked => self.note_parked(),
            _ => self.end_parked_hold(),
        }
    }

    fn note_parked(&mut self) {
        let saved = self.preempted_here();
        match &mut self.parked {
            Some(parked) if saved.is_some() => {
                parked.saved = saved;
                parked.until = Instant::now() + LONGEST;
                self.parks_in_vain = 0;
            }
            _ => self.end_parked_hold(),
        }
    }

    fn parked_state(&self) -> Option<GoroutineState> {
        self.boundary.parking()?.state(&self.parked.as_ref()?.goroutine, self.memory.as_ref()?)
    }

    /// Where the goroutine goes on, if it was preempted before its access: its stack says so.
    fn preempted_here(&self) -> Option<Saved> {
        let (memory, parked) = (self.memory.as_ref()?, self.parked.as_ref()?);
        let saved = self.boundary.parking()?.saved(&parked.goroutine, memory)?;
        let trace = self.walk(&saved.registers());
        let interrupted = |code: &&CodeAddress| matches!(code, CodeAddress::Instruction(_));
        let innermost = trace.addresses.iter().skip(1).find(interrupted)?;
        (innermost.address() == parked.at).then_some(saved)
    }

    /// Whether it has been, and not gone on since.
    fn is_parked_still(&self) -> bool {
        let (Some(memory), Some(parked), Some(parking)) =
            (&self.memory, &self.parked, self.boundary.parking())
        else {
            return false;
        };
        let saved = parking.saved(&parked.goroutine, memory);
        let is_here =
            saved.is_some() && saved == parked.saved && memory.word(parked.left_at) == Some(parked.at.0);
        is_here && self.parked_state() == Some(GoroutineState::Runnable)
    }

    fn parked_bytes_touched(&mut self, tid: i32) {
        let Ok(registers) = ptrace::registers(tid) else { return };
        let Some(parked) = &self.parked else { return };
        if self.goroutine_at(&registers) == Some(parked.goroutine.id) {
            // It has gone on.
            return self.end_parked_hold();
        }
        if !self.is_parked_still() {
            return;
        }
        self.tally.hits += 1;
        self.note_visit_to_parked(tid, &registers);
        if self.parked.as_ref().is_some_and(|parked| parked.encounter.is_enough()) {
            self.end_parked_hold();
        }
    }

    fn note_visit_to_parked(&mut self, tid: i32, registers: &libc::user_regs_struct) {
        let here = Address(registers.rip);
        let Some(ParkedHold { encounter, .. }) = &mut self.parked else { return };
        let access = encounter.watched.access;
        if !encounter.note_hit(here) || self.may_not_use_it(registers) {
            return;
        }
        let side = self.visitor(tid, registers, &access);
        if let Some(ParkedHold { encounter, .. }) = &mut self.parked {
            encounter.note_visitor(here, side);
        }
    }

    fn goroutine_at(&self, registers: &libc::user_regs_struct) -> Option<u64> {
        Some(self.modules.space.goroutine(&case::registers(registers), self.memory.as_ref()?)?.id)
    }

    /// Ends it when its time is over.
    pub(in crate::process) fn end_parked_hold_if_due(&mut self) {
        if self.parked.as_ref().is_some_and(|parked| Instant::now() >= parked.until) {
            self.end_parked_hold();
        }
    }

    /// Frees the registers, and hands in what was seen. The goroutine goes on when its turn comes.
    pub(in crate::process) fn end_parked_hold(&mut self) {
        let Some(ParkedHold { encounter, saved, .. }) = self.parked.take() else { return };
        self.watchpoints.disarm(encounter.watched.cookie);
        if saved.is_none() {
            return self.catalogue.site_mut(encounter.site).experience.note_unparked();
        }
        let lasted = encounter.lasted();
        if lasted >= SHORTEST || !encounter.is_alone() {
            let new = self.value(&encounter.watched.access);
            self.hand_in(&encounter, new, lasted);
        }
    }
}
