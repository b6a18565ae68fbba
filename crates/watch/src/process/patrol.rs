//! Where a process without traps is looked at and held: at one breakpoint in a debug register after the other.
//!
//! That is one that ran before we came, and one that needs SIGTRAP itself. A breakpoint has to be set in every thread that may
//! come, and takes a register that watchpoints need too, so there is one at a time, where the clock has seen threads run or at
//! the entry of a function that it has not seen. Whoever is only looked at there is not stopped, if it can be helped: beside a
//! server that answers in 0.2 ms, a dozen stops a second made the slowest hundredth a third longer.

use std::time::{Duration, Instant};

use jostle_model::Address;

use super::Process;
use super::catch::MOST_OTHERS;
use crate::sys::processor_time;
use crate::traps::Purpose;

/// How long a breakpoint waits for somebody to come who is looked at, and who is held. Of half-atomics' sites that the
/// clock has shown to run, nine in ten of those that were reached at all were reached within 4 ms. To wait for longer where less
/// happens finds less: of five findings in a service at 2,000 requests a second, 4.4 and 3.5 were there after ten seconds (in five
/// and six runs), and 1.8 with twice the time.
const WAIT_TO_LOOK: Duration = Duration::from_millis(4);
const WAIT_TO_HOLD: Duration = Duration::from_millis(15);
/// How long in a process that has little to do for somebody who is looked at. At 2,000 requests a second we knew after 1.4 ms in the
/// mean of whoever came; three in four of the sites at which nobody was seen before were not reached within 4 ms either.
const IDLE_WAIT_TO_LOOK: Duration = Duration::from_micros(2500);
/// The share of looks that go to what was seen before, and to functions that the clock has not seen to run: what is
/// short and rare hardly ever is.
const AGAIN_SHARE: f64 = 0.4;
const FUNCTION_SHARE: f64 = 0.5;
/// The same in a process that has little to do, where one in thirty of these functions was ever entered: the stacks of those who
/// run name the others.
const IDLE_FUNCTION_SHARE: f64 = 0.1;

/// The share that goes to calls of native functions by Go, where they are followed and do not come first.
const CALL_SHARE: f64 = 0.3;
/// The share that goes to where memory is allocated, in programs that give it back by hand; and while a finding waits for that.
const ALLOCATION_SHARE: f64 = 0.1;
const ALLOCATION_SHARE_WHEN_ASKED: f64 = 0.5;

/// How long nothing is planned, in a process that has little to do, where nothing could be set when plans were made.
const PAUSE: Duration = Duration::from_millis(20);

/// In how many threads per processor it is set: those that were seen to run last.
pub(super) const THREADS_PER_PROCESSOR: usize = 2;
/// The same where somebody is to be looked at only, in a process that has little to do: as many came as with two (27 in a hundred
/// in a server in Go, 22 in one in C++ with a thread for each connection), for half of the interruptions. When holds had no more
/// either, half as many races were found in 15 s.
const IDLE_THREADS_PER_PROCESSOR: usize = 1;

/// A breakpoint in debug registers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Breakpoint {
    purpose: Purpose,
    at: Address,
    cookie: u64,
    /// Whether it only records who comes.
    is_traced: bool,
    since: Instant,
    until: Instant,
}

impl Process {
    /// Sets the next breakpoint when none waits any more. While a call is followed, that needs the debug registers.
    pub(super) fn patrol(&mut self, now: Instant) {
        let waits = self.breakpoint.is_some_and(|waiting| now < waiting.until);
        if self.boundary.is_busy() || waits || self.observations.is_busy() {
            return;
        }
        self.give_up_breakpoint();
        // What the last look of a spell has raised would not wait until the next.
        self.observe(now);
        if self.breakpoint.is_some() || self.observations.is_busy() {
            return;
        }
        match self.next_purpose(now) {
            Some(purpose) => self.break_for(purpose, now),
            None => self.let_registers_go(),
        }
    }

    /// Keeps no register reserved in a rest: of a thread that has events, if only such as are disabled, each switch takes half a
    /// microsecond longer, and whoever is mostly idle is switched to for every request.
    fn let_registers_go(&mut self) {
        if self.utilization.is_mostly_idle() {
            self.watchpoints.renew();
            self.tracepoints.clear();
        }
    }

    /// How long nothing needs to be planned, where that is known: in a process that has little to do, while something waits for
    /// somebody to come, or nothing may. What else waits ends by the way.
    pub(crate) fn next_plan_in(&mut self, now: Instant) -> Option<Duration> {
        let waits = self.boundary.is_busy() || !self.prospects.is_empty() || self.lifetime.is_some();
        if !self.is_trapless || waits || !self.utilization.is_mostly_idle() {
            return None;
        }
        let waits_until = self.breakpoint.map(|waiting| waiting.until).or(self.observations.until());
        let pause = waits_until.map_or_else(
            || self.sampler.arming.rests_for(now).max(PAUSE),
            |until| until.saturating_duration_since(now),
        );
        Some(self.profile_changes_in(now).map_or(pause, |change| change.min(pause)))
    }

    /// Holds that promise something come first, then a few anywhere. What is left goes into looking, at code never seen
    /// before what is worth another look.
    fn next_purpose(&mut self, now: Instant) -> Option<Purpose> {
        if !self.sampler.arming.may(now) {
            return None;
        }
        if let Some(at) = self.next_call(now) {
            return Some(Purpose::Follow(at));
        }
        if self.is_free_to_hold()
            && let Some(site) = self.sampler.next_head(&self.catalogue, now)
        {
            return Some(Purpose::Hold(site));
        }
        let promising = self.next_hold(true, now);
        promising.or_else(|| self.next_blind_hold(now)).or_else(|| self.next_look(now))
    }

    /// A hold where nothing promises that anybody comes: what looks private may be shared now and then.
    fn next_blind_hold(&mut self, now: Instant) -> Option<Purpose> {
        let hold = if self.sampler.may_hold_blindly(now) { self.next_hold(false, now) } else { None };
        hold.inspect(|_| self.sampler.pay_for_blind_hold())
    }

    /// Where a native function returns to Go, if a call is to be followed.
    fn next_call(&mut self, now: Instant) -> Option<Address> {
        let returns = self.boundary.returns();
        if returns.is_empty() || !self.is_free_to_hold() || !self.sampler.may_follow(now) {
            return None;
        }
        let is_time = self.calls_come_first() || self.sampler.chance(CALL_SHARE);
        is_time.then(|| self.sampler.choose(&returns)).flatten()
    }

    fn next_hold(&mut self, only_worthy: bool, now: Instant) -> Option<Purpose> {
        if !self.is_free_to_hold() || !self.sampler.may_hold(now) {
            return None;
        }
        self.sampler.next_hold(&self.catalogue, only_worthy, now).map(Purpose::Hold)
    }

    fn next_look(&mut self, now: Instant) -> Option<Purpose> {
        if !self.sampler.may_look(now) {
            return None;
        }
        let share = if self.postponed.is_empty() { ALLOCATION_SHARE } else { ALLOCATION_SHARE_WHEN_ASKED };
        if self.sampler.chance(share)
            && let Some(site) = self.next_allocation(now)
        {
            return Some(Purpose::Allocation(site));
        }
        let is_idle = self.utilization.is_mostly_idle();
        let may_explore = self.sampler.may_explore(now);
        if may_explore
            && self.sampler.chance(if is_idle { IDLE_FUNCTION_SHARE } else { FUNCTION_SHARE })
            && let Some(function) = self.exploration.next_function(&self.catalogue)
        {
            return Some(Purpose::Discover(function));
        }
        let again =
            self.sampler.chance(AGAIN_SHARE).then(|| self.sampler.next_look(&self.catalogue)).flatten();
        let unseen = || self.exploration.next_site(&self.catalogue);
        let site = again.or_else(|| may_explore.then(unseen).flatten())?;
        self.catalogue.site_mut(site).experience.note_asked();
        Some(Purpose::Scout(site))
    }

    /// Sets a breakpoint where none is, if the code there is what it is taken for.
    pub(super) fn break_for(&mut self, purpose: Purpose, now: Instant) {
        let may = self.breakpoint.is_none() && !self.boundary.is_busy() && self.sampler.arming.may(now);
        let Some(at) = self.place_of(purpose).filter(|_| may) else { return };
        let code = self.modules.mapped_code(at);
        let is_there = |memory| self.traps.is_there(memory, at, code);
        if !self.memory.as_ref().is_some_and(is_there) {
            return;
        }
        self.cookies += 1;
        let cookie = self.cookies;
        let wait = match purpose {
            Purpose::Hold(_) => WAIT_TO_HOLD,
            _ if self.utilization.is_mostly_idle() => IDLE_WAIT_TO_LOOK,
            _ => WAIT_TO_LOOK,
        };
        let threads = self.likely_to_come(purpose);
        let is_told = self.is_told_by_registers(purpose);
        if is_told {
            self.end_observation();
        }
        let others = self.others_in_hold(purpose);
        let mut is_traced = false;
        let took = processor_time::of(|| {
            self.watchpoints.reserve(others.into_iter());
            is_traced = is_told && self.tracepoints.break_at(at, &threads);
            if !is_traced {
                self.watchpoints.break_at(at, threads.into_iter(), cookie);
            }
        });
        self.sampler.arming.set(took);
        self.breakpoint = Some(Breakpoint { purpose, at, cookie, is_traced, since: now, until: now + wait });
    }

    /// The threads in which a breakpoint is set.
    fn likely_to_come(&self, purpose: Purpose) -> Vec<i32> {
        let is_to_look = matches!(purpose, Purpose::Scout(_) | Purpose::Discover(_));
        let is_few = is_to_look && self.utilization.is_mostly_idle();
        let per_processor = if is_few { IDLE_THREADS_PER_PROCESSOR } else { THREADS_PER_PROCESSOR };
        self.likely_to_run(per_processor * self.processors, None)
    }

    /// In which threads the bytes will be watched when somebody is held here. Registers are reserved there beforehand: of a hold of
    /// 1.15 ms in a process of eight threads, where they were not, 0.4 ms more were spent on that.
    fn others_in_hold(&self, purpose: Purpose) -> Vec<i32> {
        if matches!(purpose, Purpose::Hold(_)) { self.likely_to_run(MOST_OTHERS, None) } else { Vec::new() }
    }

    /// Sees who has come where nobody is stopped.
    pub(super) fn see_who_passed(&mut self) {
        if self.breakpoint.is_some_and(|waiting| waiting.is_traced) && self.tracepoints.arrivals() > 0 {
            self.lift_breakpoint();
        }
    }

    /// Nobody came.
    fn give_up_breakpoint(&mut self) {
        if let Some(Breakpoint { purpose: Purpose::Hold(site), .. }) = self.lift_breakpoint() {
            self.catalogue.site_mut(site).experience.note_miss();
            self.sampler.heads.stop_waiting(site);
        }
    }

    /// Takes the breakpoint away, and looks at those whom it has recorded.
    fn lift_breakpoint(&mut self) -> Option<Breakpoint> {
        let waiting = self.breakpoint.take()?;
        self.sampler.arming.waited(waiting.since.elapsed());
        let mut passed = Vec::new();
        let took = processor_time::of(|| {
            if waiting.is_traced {
                passed = self.tracepoints.take_away();
            } else {
                self.watchpoints.disarm(waiting.cookie);
            }
        });
        self.sampler.arming.set(took);
        for (tid, arrival) in passed {
            self.note_running(tid);
            self.has_passed(tid, waiting.purpose, &arrival.registers);
        }
        Some(waiting)
    }

    /// What the thread that was stopped by the debug register with this cookie at `at` was stopped for, if that was the
    /// breakpoint; takes it away.
    pub(super) fn reached_breakpoint(&mut self, cookie: u64, at: Address) -> Option<Purpose> {
        self.breakpoint.filter(|waiting| waiting.cookie == cookie && waiting.at == at)?;
        // We have been woken for it, and need not be once more for the next one.
        self.is_in_haste |= self.utilization.is_mostly_idle();
        self.lift_breakpoint().map(|reached| reached.purpose)
    }
}
