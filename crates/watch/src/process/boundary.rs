//! Whether what a native function returned is what its caller in Go receives.
//!
//! One call at a time is followed: from the trampoline to which the native function [returns](returning) to a place on its
//! way through the binding, where the goroutine may be [parked](super::park), and from there to the code that gets the value.
//! Whoever comes to the word of the record meanwhile in which the value waits is seen by a watchpoint, and so is whatever the
//! scheduler does with the goroutine.

mod returning;
mod route;
mod waiting;

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use jostle_model::{Access, Address, Direction, Given, ResultRegister};
use jostle_stacks::GoroutineRef;

use super::park::{Parking, Stay};
use super::{Phase, Process};
use crate::Holds;
use crate::calls::{Arrival, Call, Calls, Met, Parked, Returned};
use crate::case::Side;
use crate::memory::TargetMemory;
use crate::modules::Loaded;
use crate::swap::Swap;
use crate::sys::ptrace;
use crate::trampolines::{self, Trampoline};
use crate::traps::{Purpose, Step};
use returning::Returning;
use route::Route;

/// So many debug registers are needed: for the goroutine's status, for the record, and for the next place on the way.
const NEEDED: usize = 3;

/// How long after a call that was not worth following the next one is waited for: at once would be the same one.
const AGAIN: Duration = Duration::from_micros(300);
/// So many calls are parked before anything else is held, unless that takes too long.
const FIRST: u64 = 12;
const FIRST_WITHIN: Duration = Duration::from_millis(500);

/// Everything about calls of native functions in one process.
#[derive(Default)]
pub(crate) struct Boundary {
    trampolines: Vec<Trampoline>,
    /// How goroutines are asked to yield, if they can be.
    parking: Option<Parking>,
    /// Why there is Go code, and they cannot be.
    not_parked: Option<NotParked>,
    /// The way out of the binding, by native function.
    routes: HashMap<Address, Route>,
    calls: Calls,
    stage: Option<Stage>,
    /// How many goroutines were only made to lose their turn.
    forgotten: u64,
    /// When to wait for another call, if not when plans are made.
    again: Option<Instant>,
    /// Until when calls come first at most.
    first_until: Option<Instant>,
}

/// Why goroutines are not parked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NotParked {
    /// Where this release keeps what the scheduler knows of them is neither known nor told by debug information.
    UnknownRelease(String),
    /// Of two runtimes in one process it is not known which one a goroutine is of.
    TwoRuntimes,
}

/// How far the call is that is followed.
enum Stage {
    /// On its way from the trampoline to a place where it is looked at.
    Returning(Returning),
    /// On its way from there to the code that receives the value.
    Followed(Box<Followed>),
}

/// A call on its way to the code that receives the value.
struct Followed {
    call: Call,
    goroutine: GoroutineRef,
    /// Its stack when the native function had just returned.
    caller: Side,
    trampoline: Trampoline,
    returned: Returned,
    /// The word of the record in which the value waits, and what had stood there before: the first argument.
    place: Address,
    argument: u64,
    /// Whether its caller is known to read it.
    is_read: bool,
    how: How,
    stop: Option<Stop>,
    until: Instant,
}

/// What is done to a goroutine on its way.
enum How {
    /// Nothing. It is seen to stay where it is.
    LeftAlone(Stay),
    /// It was asked to yield.
    Parked {
        at: Address,
        status: Address,
        /// What the watchpoints on words carry.
        cookie: u64,
        /// Who has put other values into the place, the last one last.
        overwrites: VecDeque<Overwrite>,
    },
}

/// A place at which a goroutine is waited for, in the thread that runs it.
#[derive(Clone, Copy, Debug)]
struct Stop {
    at: Address,
    cookie: u64,
}

/// Somebody else has used the record.
struct Overwrite {
    by: Side,
    value: u64,
    given: Given,
}

impl Boundary {
    /// Whether a call is being followed: nobody else may have debug registers then.
    pub(super) fn is_busy(&self) -> bool {
        self.stage.is_some()
    }

    /// Where native functions return to Go.
    pub(super) fn returns(&self) -> Vec<Address> {
        self.trampolines.iter().map(|known| known.returns_to).collect()
    }

    /// Forgets code that is mapped no more.
    pub(super) fn retain_mapped(&mut self, gone: &std::ops::Range<Address>) {
        self.trampolines.retain(|known| !gone.contains(&known.returns_to));
        self.routes.retain(|function, _| !gone.contains(function));
    }

    /// How many calls were followed to their end, and how many of those were parked.
    pub(crate) fn counts(&self) -> (u64, u64) {
        (self.calls.followed, self.calls.parked)
    }

    /// Why goroutines are not parked, if there are any.
    pub(crate) fn not_parked(&self) -> Option<&NotParked> {
        self.not_parked.as_ref()
    }

    /// How goroutines are asked to yield, if they can be.
    pub(super) fn parking(&self) -> Option<Parking> {
        self.parking
    }

    fn stop(&self) -> Option<Stop> {
        match self.stage.as_ref()? {
            Stage::Returning(returning) => Some(returning.stop),
            Stage::Followed(followed) => followed.stop,
        }
    }
}

impl Process {
    /// Code was mapped: it may be Go, whose goroutines can be parked, and which calls native functions.
    pub(super) fn learn_of_go(&mut self, loaded: &Loaded) {
        let words = loaded.image.goroutine_words();
        if !loaded.image.is_go() || self.is_read_only || words.is_some() && !self.may_write_words() {
            return;
        }
        let found = trampolines::trampolines(loaded);
        let parking = words.map(|words| Parking::new(words, trampolines::counters(loaded)));
        let is_only = self.boundary.parking.is_none_or(|other| parking == Some(other));
        if is_only && parking.is_some() && self.boundary.not_parked.is_none() {
            self.boundary.parking = parking;
            if !found.is_empty() {
                self.boundary.first_until.get_or_insert_with(|| Instant::now() + FIRST_WITHIN);
                self.sampler.begin_following(Instant::now());
            }
            self.boundary.trampolines.extend(found);
        } else {
            let version = || loaded.image.go_version().unwrap_or("an unknown release of Go").to_owned();
            let reason =
                parking.map_or_else(|| NotParked::UnknownRelease(version()), |_| NotParked::TwoRuntimes);
            self.boundary.parking = None;
            self.boundary.not_parked.get_or_insert(reason);
            self.boundary.trampolines.clear();
        }
    }

    /// The same for code that was mapped before another program began here, and is again.
    pub(super) fn learn_of_go_again(&mut self) {
        let Boundary { parking, not_parked, .. } = &self.boundary;
        if parking.is_none() && not_parked.is_none() {
            self.modules.all_loaded().iter().for_each(|loaded| self.learn_of_go(loaded));
        }
    }

    /// Goroutines are parked by words in their descriptors, which are no code. Until it is known that there are such, the memory
    /// of a process that ran before we came is open for reading only.
    fn may_write_words(&mut self) -> bool {
        if self.is_attached {
            let Ok(memory) = TargetMemory::open(self.pid) else { return false };
            self.memory = Some(memory);
        }
        true
    }

    /// When something has to be done for the calls that are followed, if not by the way.
    pub(super) fn calls_due(&self) -> Option<Instant> {
        let returning = match &self.boundary.stage {
            Some(Stage::Returning(returning)) => Some(returning.until),
            // It ends by itself nearly always.
            Some(Stage::Followed(_)) | None => None,
        };
        returning.or(self.boundary.again)
    }

    /// Waits for another call that returns after a while: where they matter most; else when plans are made, since each stop
    /// costs the target more than is counted.
    fn wait_for_call_in(&mut self, pause: Duration) {
        if self.calls_come_first() || self.sampler.holds == Holds::Goroutines {
            self.boundary.again = Some(Instant::now() + pause);
        }
    }

    /// Does so when the time has come.
    pub(super) fn wait_for_call_if_due(&mut self) {
        let now = Instant::now();
        if self.boundary.again.is_some_and(|at| at <= now) {
            self.wait_for_call(now);
        }
    }

    /// Whether calls are followed before anything else is held: a program whose values are swapped often ends within a tenth
    /// of a second, the sooner the more its threads are stopped.
    pub(super) fn calls_come_first(&self) -> bool {
        let Boundary { calls, first_until, .. } = &self.boundary;
        calls.parked < FIRST && first_until.is_some_and(|until| Instant::now() < until)
    }

    /// Whether nothing else needs the debug registers.
    pub(super) fn is_free_to_hold(&self) -> bool {
        self.hold.is_none() && self.parked.is_none() && !self.boundary.is_busy()
    }

    /// Waits for a native function to return, if one is to be followed.
    pub(super) fn wait_for_call(&mut self, now: Instant) {
        self.boundary.again = None;
        let may = self.phase == Phase::Watching && self.threads.len() > 1 && self.is_free_to_hold();
        let may = may && (!self.is_trapless || self.sampler.arming.may(now));
        if !may || self.boundary.trampolines.is_empty() || !self.sampler.may_follow(now) {
            return;
        }
        let trap = |at| Step::Arm(Purpose::Follow(at));
        let steps: Vec<Step> = self.boundary.returns().into_iter().map(trap).collect();
        self.set_traps(&steps);
    }

    /// Whether a watchpoint with this cookie is about the call that is followed.
    pub(super) fn is_followed_by(&self, cookie: u64) -> bool {
        let on_words = match &self.boundary.stage {
            Some(Stage::Followed(followed)) => followed.how.cookie() == Some(cookie),
            _ => false,
        };
        on_words || self.boundary.stop().is_some_and(|stop| stop.cookie == cookie)
    }

    /// A watchpoint of the call that is followed was hit, and it was not seen what happened then.
    pub(super) fn missed_on_the_way(&mut self, cookie: u64) {
        if self.is_followed_by(cookie) {
            self.stop_following();
        }
    }

    /// One of the watchpoints of the call that is followed has stopped a thread.
    pub(super) fn follow(&mut self, tid: i32, cookie: u64, struck: Address) {
        let stopped = Instant::now();
        if self.boundary.stop().is_some_and(|stop| stop.cookie == cookie && stop.at == struck) {
            self.arrived_on_the_way(tid);
        } else {
            self.happened_meanwhile(tid, struck);
        }
        self.sampler.following.spend(stopped.elapsed());
        super::events::resume(tid, 0);
        self.wait_for_call(Instant::now());
    }

    /// A thread stands at the place where the goroutine is waited for.
    fn arrived_on_the_way(&mut self, tid: i32) {
        let Ok(registers) = ptrace::registers(tid) else { return };
        self.lift_stop();
        match &self.boundary.stage {
            Some(Stage::Returning(returning)) if returning.is_about(&registers) => {
                self.came_back(tid, &registers)
            }
            Some(Stage::Followed(followed)) if registers.r14 == followed.goroutine.descriptor.0 => {
                let register = followed.returned.register;
                match value_in(register, tid, registers.rax) {
                    Some(received) => self.received(received),
                    None => self.stop_following(),
                }
            }
            // Somebody else came by; ours has gone elsewhere, or will be seen to come back.
            Some(Stage::Followed(followed)) if followed.how.cookie().is_some() => {}
            _ => self.stop_following(),
        }
    }

    /// Waits for the goroutine at a place on its way, in the thread that runs it.
    fn stop_at(&mut self, at: Address, tid: i32) -> Stop {
        self.cookies += 1;
        let stop = Stop { at, cookie: self.cookies };
        self.watchpoints.break_at(at, std::iter::once(tid), stop.cookie);
        stop
    }

    fn lift_stop(&mut self) {
        if let Some(stop) = self.boundary.stop() {
            self.watchpoints.disarm(stop.cookie);
        }
        if let Some(Stage::Followed(followed)) = &mut self.boundary.stage {
            followed.stop = None;
        }
    }

    /// Watches for stores to a word in all threads.
    fn watch_word(&mut self, at: Address, size: u32, cookie: u64) {
        // A watchpoint for what conflicts with a load is one for stores.
        let access = Access { address: at, size, direction: Direction::Read };
        self.watchpoints.arm(&access, self.threads.keys().copied(), cookie);
    }

    /// The caller has its value.
    fn received(&mut self, received: u64) {
        let Some(Stage::Followed(followed)) = self.take_stage() else { return };
        let Followed { call, goroutine, returned, argument, is_read, place, .. } = *followed;
        let (overwrites, parked) = match followed.how {
            How::LeftAlone(stay) if self.stay(&goroutine) != Some(stay) => return,
            How::LeftAlone(_) => (VecDeque::new(), None),
            How::Parked { at, overwrites, .. } => {
                let met = !overwrites.is_empty();
                (overwrites, Some(Parked { at, met }))
            }
        };
        let values: Vec<u64> = overwrites.iter().map(|overwrite| overwrite.value).collect();
        let met = Met { values: &values, argument, is_read };
        let arrival = self.boundary.calls.arrival(call, returned, received, &met);
        self.boundary.calls.note(call, arrival, parked);
        // The one who came last may have come after the value was read.
        let taken =
            overwrites.into_iter().rfind(|overwrite| returned.was_replaced_by(overwrite.value, received));
        let Some(Overwrite { by, given, .. }) = taken.filter(|_| arrival == Arrival::Swapped) else { return };
        if self.boundary.calls.is_converted(call) {
            return;
        }
        let (followed_so_far, parked_so_far) = self.boundary.counts();
        self.bring_swap_to_court(Swap {
            function: call.function,
            register: returned.register,
            returned: returned.value,
            received,
            given,
            passed_through: place,
            receiver: followed.caller,
            received_at: call.received_at,
            giver: by,
            followed: followed_so_far,
            parked: parked_so_far,
            at_ms: self.watched().as_millis() as u64,
        });
    }

    fn stay(&self, goroutine: &GoroutineRef) -> Option<Stay> {
        self.boundary.parking?.stay(goroutine, self.memory.as_ref()?)
    }

    /// Gives up the call that is followed: it cannot be told any more what became of its value.
    pub(super) fn stop_following(&mut self) {
        if self.take_stage().is_some() {
            self.wait_for_call_in(Duration::ZERO);
        }
    }

    /// Takes all watchpoints of the call away that is followed.
    fn take_stage(&mut self) -> Option<Stage> {
        self.lift_stop();
        let stage = self.boundary.stage.take()?;
        if let Stage::Followed(followed) = &stage
            && let Some(cookie) = followed.how.cookie()
        {
            self.watchpoints.disarm(cookie);
        }
        Some(stage)
    }

    /// Ends what takes too long.
    pub(super) fn end_following_if_due(&mut self) {
        let until = match &self.boundary.stage {
            Some(Stage::Returning(returning)) => returning.until,
            Some(Stage::Followed(followed)) => followed.until,
            None => return,
        };
        if Instant::now() < until {
            return;
        }
        self.wait_for_call_in(Duration::ZERO);
        if let Some(Stage::Returning(returning)) = self.take_stage() {
            self.boundary.calls.note_lost(returning.stop.at);
        }
    }
}

/// What stands in a register of a stopped thread whose integer one holds `rax`.
fn value_in(register: ResultRegister, tid: i32, rax: u64) -> Option<u64> {
    match register {
        ResultRegister::Rax => Some(rax),
        ResultRegister::Xmm0 => {
            let [low, high, ..] = ptrace::floating_point_registers(tid).ok()?.xmm_space;
            Some(u64::from(high) << 32 | u64::from(low))
        }
    }
}

impl How {
    fn cookie(&self) -> Option<u64> {
        match self {
            Self::LeftAlone(_) => None,
            Self::Parked { cookie, .. } => Some(*cookie),
        }
    }
}
