//! While a goroutine waits for its turn: who uses the record in which its value lies, and when it goes on.

use std::collections::VecDeque;

use jostle_model::{Address, Direction, Given};
use jostle_stacks::{GoroutineRef, GoroutineState, Memory};

use super::{Followed, How, NEEDED, Overwrite, Stage};
use crate::case::{self, Form};
use crate::process::Process;
use crate::swap;
use crate::sys::ptrace;

/// How many of those who came to the record are remembered: our goroutine may have read what the last but one put there.
const REMEMBERED: usize = 6;

impl Process {
    /// Parks the goroutine at a place on its way, and watches what happens to it, and to the word in which its value waits.
    pub(super) fn park(
        &mut self,
        goroutine: &GoroutineRef,
        at: Address,
        place: Address,
        returned: u64,
    ) -> Option<How> {
        let parking = self.boundary.parking?;
        if self.watchpoints.free() < NEEDED {
            self.end_prospects();
        }
        if self.watchpoints.free() < NEEDED || !parking.park(goroutine, self.memory.as_ref()?) {
            return None;
        }
        self.cookies += 1;
        let (cookie, status) = (self.cookies, parking.status_word(goroutine));
        self.watch_word(status, 4, cookie);
        self.watch_word(place, 8, cookie);
        if self.memory.as_ref()?.word(place)? != returned {
            // Somebody was there before the watchpoint.
            self.watchpoints.disarm(cookie);
            return None;
        }
        Some(How::Parked { at, status, cookie, overwrites: VecDeque::new() })
    }

    /// A thread has stored into one of the words that are watched.
    pub(super) fn happened_meanwhile(&mut self, tid: i32, struck: Address) {
        let Some(Stage::Followed(followed)) = &self.boundary.stage else { return };
        match followed.how {
            How::Parked { status, .. } if struck == status => self.status_changed(tid),
            How::Parked { .. } if struck == followed.place => self.record_was_used(tid),
            // It is about a call that was followed before.
            _ => {}
        }
    }

    /// What the goroutine does has changed.
    fn status_changed(&mut self, tid: i32) {
        match self.state_of_followed() {
            Some(GoroutineState::Running) if self.runs_followed(tid) => self.wait_for_receiver(tid),
            // The collector has said so, which is about to look at its stack.
            Some(GoroutineState::Running) => {}
            Some(GoroutineState::Runnable | GoroutineState::Other) => self.lift_stop(),
            // The next call has begun, and what became of this one was not seen.
            Some(GoroutineState::InSystemCall) | None => self.stop_following(),
        }
    }

    fn state_of_followed(&self) -> Option<GoroutineState> {
        let Some(Stage::Followed(followed)) = &self.boundary.stage else { return None };
        self.boundary.parking?.state(&followed.goroutine, self.memory.as_ref()?)
    }

    /// Whether it is this thread that runs the goroutine.
    fn runs_followed(&self, tid: i32) -> bool {
        let (Some(Stage::Followed(followed)), Some(memory)) = (&self.boundary.stage, &self.memory) else {
            return false;
        };
        let Ok(raw) = ptrace::registers(tid) else { return false };
        let runs = self.modules.space.goroutine(&case::registers(&raw), memory);
        runs.is_some_and(|goroutine| goroutine.id == followed.goroutine.id)
    }

    /// The goroutine goes on, in this thread.
    fn wait_for_receiver(&mut self, tid: i32) {
        self.lift_stop();
        let Some(Stage::Followed(followed)) = &self.boundary.stage else { return };
        let stop = self.stop_at(followed.call.received_at, tid);
        if let Some(Stage::Followed(followed)) = &mut self.boundary.stage {
            followed.stop = Some(stop);
        }
    }

    /// A thread has just stored into the word in which the value waits.
    fn record_was_used(&mut self, tid: i32) {
        match self.overwrite(tid) {
            Some(new) => {
                if let Some(Stage::Followed(followed)) = &mut self.boundary.stage
                    && let How::Parked { overwrites, .. } = &mut followed.how
                {
                    overwrites.push_back(new);
                    if overwrites.len() > REMEMBERED {
                        overwrites.pop_front();
                    }
                }
            }
            None => self.stop_following(),
        }
    }

    /// What a thread has just put into the word; nothing if it is the goroutine itself, in another call, or nobody whom we
    /// could name.
    fn overwrite(&mut self, tid: i32) -> Option<Overwrite> {
        let here = case::registers(&ptrace::registers(tid).ok()?);
        let at = Address(here.rip);
        let by = self.side(tid, &here, at, Some(Direction::Write), Form::Other);
        let (parking, memory) = (self.boundary.parking?, self.memory.as_ref()?);
        let Some(Stage::Followed(followed)) = &self.boundary.stage else { return None };
        let Followed { goroutine, trampoline, place, returned, .. } = &**followed;
        let other = by.trace.goroutine.filter(|other| other.id != goroutine.id)?;
        let value = memory.word(*place)?;
        if !trampoline.has_stored_result(at, returned.register) {
            return Some(Overwrite { by, value, given: Given::Argument });
        }
        // Whoever is waited for gets its turn the sooner.
        parking.park_on_return(&other, memory);
        let function = trampoline.function(trampoline.record(&here, memory)?, memory)?;
        Some(Overwrite { by: swap::returning_from(function, by), value, given: Given::Return })
    }
}
