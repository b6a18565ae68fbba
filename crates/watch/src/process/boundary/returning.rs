//! From the trampoline, to which a native function has returned, to the first place where its caller's goroutine is looked at.
//!
//! The thread has given its Go processor away for the time of the call, and somebody takes it if the call lasts. So as
//! little as possible is done while it stands at the trampoline; the rest when it is back in Go code.

use std::time::{Duration, Instant};

use jostle_model::{Address, ResultRegister};
use jostle_stacks::{GoroutineRef, GoroutineState, Memory, Registers};

use super::route::Route;
use super::{AGAIN, FIRST, Followed, How, Stage, Stop, value_in};
use crate::Holds;
use crate::calls::{Call, Returned};
use crate::case::{self, Form, Side};
use crate::process::Process;
use crate::process::events::resume;
use crate::process::park::Stay;
use crate::results;
use crate::trampolines::Trampoline;

/// How long a call may take from the trampoline to a place on its way. One that has to wait for a Go processor is let go:
/// it comes back in another thread.
const LONGEST: Duration = Duration::from_millis(1);
/// How long it is followed from there. A goroutine that was parked waits for those before it, which may run for 10 ms each.
const FOLLOWED: Duration = Duration::from_millis(80);

/// Where goroutines are parked only to lose their turn, one in so many is followed, to learn which place promises most.
const STILL_FOLLOWED: u64 = 128;

/// A call that has returned, and is still to come to a place on its way.
pub(super) struct Returning {
    goroutine: GoroutineRef,
    stay: Stay,
    function: Address,
    trampoline: Trampoline,
    returned: Returned,
    place: Address,
    argument: u64,
    pub(super) stop: Stop,
    pub(super) until: Instant,
}

impl Returning {
    /// Whether it is its goroutine that stands at these registers, in Go code.
    pub(super) fn is_about(&self, registers: &libc::user_regs_struct) -> bool {
        registers.r14 == self.goroutine.descriptor.0
    }
}

impl Process {
    /// A native function has returned to a trampoline. Returns whether the thread has been let go.
    pub(in crate::process) fn native_returned(
        &mut self,
        tid: i32,
        at: Address,
        raw: &libc::user_regs_struct,
        stopped: Instant,
    ) -> bool {
        if self.is_free_to_hold() && self.threads.contains_key(&tid) {
            self.begin_following(tid, at, &case::registers(raw));
        }
        if !self.boundary.is_busy() {
            self.wait_for_call_in(AGAIN);
        }
        self.sampler.following.spend(stopped.elapsed());
        resume(tid, 0);
        true
    }

    fn begin_following(&mut self, tid: i32, at: Address, registers: &Registers) -> Option<()> {
        let trampoline = *self.boundary.trampolines.iter().find(|known| known.returns_to == at)?;
        let (parking, memory) = (self.boundary.parking?, self.memory.as_ref()?);
        let record = trampoline.record(registers, memory)?;
        let function = trampoline.function(record, memory)?;
        // Of a function whose way out is not known yet, it is not known either what it returns.
        let register = self.boundary.routes.get(&function).map_or(ResultRegister::Rax, Route::register);
        let returned = Returned { register, value: value_in(register, tid, registers.rax)? };
        if !self.boundary.calls.is_worth_following(function, returned) {
            return None;
        }
        let goroutine = self.modules.space.goroutine(registers, memory)?;
        let (place, stay) = (trampoline.result(record, register)?, parking.stay(&goroutine, memory)?);
        let argument = memory.word(place)?;
        let is_native = parking.state(&goroutine, memory) == Some(GoroutineState::InSystemCall);
        if !is_native || parking.is_on_stack(&goroutine, place, memory) {
            return None;
        }
        let park_at = self.place_to_park(function, registers)?;
        if self.boundary.routes[&function].register() != register {
            return None;
        }
        if self.watchpoints.free() == 0 {
            self.end_prospects();
        }
        let (stop, until) = (self.stop_at(park_at, tid), Instant::now() + LONGEST);
        self.boundary.stage = Some(Stage::Returning(Returning {
            goroutine,
            stay,
            function,
            trampoline,
            returned,
            place,
            argument,
            stop,
            until,
        }));
        Some(())
    }

    /// Where the goroutine of a call is to be parked that has returned from `function`. Which way it goes is seen when the
    /// function returns for the first time.
    fn place_to_park(&mut self, function: Address, registers: &Registers) -> Option<Address> {
        if !self.boundary.routes.contains_key(&function) {
            // It may have been loaded just now, and has no name yet.
            if self.modules.space.module_at(function).is_none() {
                self.read_modules();
            }
            let trace = self.walk(registers);
            let route = super::route::of(&self.modules.space, &trace)?;
            self.boundary.routes.insert(function, route);
        }
        self.boundary.calls.best_place(self.boundary.routes[&function].places())
    }

    /// The goroutine stands in Go code again, and its record was perhaps given back.
    pub(super) fn came_back(&mut self, tid: i32, raw: &libc::user_regs_struct) {
        let Some(Stage::Returning(returning)) = self.boundary.stage.take() else { return };
        self.boundary.stage = self.look_on_the_way(tid, &case::registers(raw), returning);
    }

    fn look_on_the_way(&mut self, tid: i32, registers: &Registers, returning: Returning) -> Option<Stage> {
        let Returning { goroutine, function, trampoline, returned, place, argument, stop, .. } = returning;
        // It is the same call, and nobody else has used the record yet.
        if self.stay(&goroutine)? != returning.stay || self.memory.as_ref()?.word(place)? != returned.value {
            return None;
        }
        if self.sampler.holds == Holds::Goroutines && self.boundary.calls.parked >= FIRST {
            self.boundary.forgotten += 1;
            if !self.boundary.forgotten.is_multiple_of(STILL_FOLLOWED) {
                return self.park_and_forget(&goroutine);
            }
        }
        let side = self.side(tid, registers, stop.at, None, Form::Other);
        let route = self.boundary.routes.get(&function)?;
        let received_at = route.received_at(&self.modules.space, &side.trace)?;
        let behind = side.trace.addresses.iter().map(|code| code.address());
        let is_read = results::is_read(
            &self.modules.space,
            returned.register,
            behind.skip_while(|at| *at != received_at),
        );
        let caller = Side { trace: route.stack_inside(function, stop.at, side.trace), ..side };
        let call = Call { function, received_at };
        if self.boundary.calls.is_given_up(call) {
            self.boundary.calls.note_useless(function);
            return None;
        }
        let is_locked = self.boundary.parking?.is_locked(&goroutine, self.memory.as_ref()?);
        let how = if self.boundary.calls.may_park(call) && !is_locked {
            self.park(&goroutine, stop.at, place, returned.value)?
        } else {
            How::LeftAlone(returning.stay)
        };
        let stop = Some(self.stop_at(received_at, tid));
        let until = Instant::now() + FOLLOWED;
        let followed = Followed {
            call,
            goroutine,
            caller,
            trampoline,
            returned,
            place,
            argument,
            is_read,
            how,
            stop,
            until,
        };
        Some(Stage::Followed(Box::new(followed)))
    }

    /// Makes a goroutine lose its turn. The first calls have shown where that promises most, and what comes of it is seen
    /// without us.
    fn park_and_forget(&self, goroutine: &GoroutineRef) -> Option<Stage> {
        let (parking, memory) = (self.boundary.parking?, self.memory.as_ref()?);
        if !parking.is_locked(goroutine, memory) {
            parking.park(goroutine, memory);
        }
        None
    }
}
