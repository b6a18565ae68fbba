//! What is done between stops: plans, traps, new code.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use jostle_model::{Address, Process as Name};

use super::Process;
use super::profiles::{self, Pace};
use crate::WatchError;
use crate::modules::Change;
use crate::scope;
use crate::title;
use crate::traps::{Purpose, Step};

/// How often the target is looked at for new code and new habits: at first often, while libraries are loaded,
/// then ever less often, each time when a tenth more of its life is over; least often where it has little to do.
const LOOK_SOONEST: Duration = Duration::from_millis(20);
const LOOK_LATEST: Duration = Duration::from_millis(500);
const LOOK_LATEST_IN_IDLE: Duration = Duration::from_secs(2);
const LOOK_AFTER: u32 = 10;
/// How long all threads must have blocked SIGTRAP until we believe it.
const DEAF: Duration = Duration::from_millis(500);

impl Process {
    /// Plans the next traps. A single thread cannot collide: until there are two, nothing is disturbed.
    pub(crate) fn look_ahead(&mut self) {
        if self.is_left_alone {
            return;
        }
        let now = Instant::now();
        let is_idle = self.is_trapless && self.utilization.is_mostly_idle();
        let latest = if is_idle { LOOK_LATEST_IN_IDLE } else { LOOK_LATEST };
        let latest = ((now - self.began) / LOOK_AFTER).clamp(LOOK_SOONEST, latest);
        // Whoever starts its first thread late is deaf right then, and only then.
        let every = if self.all_deaf_since.is_some() { LOOK_SOONEST } else { latest };
        if now - self.modules_read >= every {
            self.look_around();
        }
        if let Some(error) = self.reason_to_give_up() {
            self.give_up(error);
            return;
        }
        self.see_what_runs(now);
        // While all threads block SIGTRAP, be it for a moment, no trap may be sprung.
        if self.threads.len() < 2 || self.all_deaf_since.is_some() {
            return;
        }
        if self.is_trapless {
            self.exploration.classify_some(&mut self.catalogue);
            self.patrol(now);
        } else {
            let (in_hand, may_look) = (self.sampler.exploring.balance(now), self.sampler.may_look(now));
            if in_hand <= 0.0 {
                // There is more to see than may be looked at now.
                self.note_news();
            }
            let mut steps = self.exploration.plan(&mut self.catalogue, in_hand, may_look, now);
            let is_busy = !self.is_free_to_hold();
            steps.extend(self.sampler.plan(&mut self.catalogue, is_busy, now));
            self.set_traps(&steps);
            self.wait_for_call(now);
            self.wait_for_allocations(now);
        }
    }

    /// In a large program, learns from the clock where its threads run. A loop that was entered before there was a
    /// trap at its function's entry is not found in any other way.
    fn see_what_runs(&mut self, now: Instant) {
        if !self.exploration.is_curious() {
            self.profiles.clear();
            return;
        }
        let mut seen = BTreeSet::new();
        for (tid, samples) in self.profiles.drain() {
            self.note_running(tid);
            seen.extend(samples);
        }
        let (pace, every) = self.profiling_pace(now);
        self.profiles.keep(pace, every, now, self.threads.keys().copied());
        for at in seen {
            if let Some(function) = self.catalogue.function_at(at) {
                self.exploration.seen_running(&mut self.catalogue, function, at);
            }
        }
    }

    /// How long it takes until threads begin to be sampled where they run, or cease to, if they ever do.
    pub(super) fn profile_changes_in(&self, now: Instant) -> Option<Duration> {
        let (_, every) = self.profiling_pace(now);
        self.exploration.is_curious().then(|| self.profiles.change_in(every, now))
    }

    /// How threads are sampled where they run, and how often.
    fn profiling_pace(&self, now: Instant) -> (&'static Pace, Duration) {
        let pace = if self.utilization.is_mostly_idle() { &profiles::IDLE } else { &profiles::BUSY };
        (pace, pace.every(now - self.began, self.attention()))
    }

    /// The C library blocks all signals for a moment whenever it starts a thread or a process; only a target that
    /// goes on blocking them is deaf.
    fn reason_to_give_up(&mut self) -> Option<WatchError> {
        if self.trouble.is_some() {
            return self.trouble.take();
        }
        let is_deaf = self.all_deaf_since.is_some_and(|since| since.elapsed() > DEAF);
        is_deaf.then_some(WatchError::TrapBlocked)
    }

    /// The target does not let us look: it is left alone, and what was found until now stands.
    pub(super) fn give_up(&mut self, error: WatchError) {
        self.error = Some(error);
        if self.is_attached || self.is_kin { self.leave() } else { self.stop_watching() }
    }

    /// Sets and takes away traps; where none may be written, the first one to be set becomes a breakpoint.
    pub(super) fn set_traps(&mut self, steps: &[Step]) {
        if self.is_trapless {
            let mut wanted = steps.iter().filter_map(|step| match *step {
                Step::Arm(purpose) => Some(purpose),
                Step::Disarm(_) => None,
            });
            if let Some(purpose) = wanted.next() {
                self.break_for(purpose, Instant::now());
            }
            return;
        }
        let Some(memory) = &self.memory else { return };
        for step in steps {
            let (purpose, arm) = match *step {
                Step::Arm(purpose) => (purpose, true),
                Step::Disarm(purpose) => (purpose, false),
            };
            let Some(at) = self.place_of(purpose) else { continue };
            // Errors mean that the code is not mapped any more; the next look at the mappings will tell.
            let _ = if arm {
                self.traps.arm(memory, at, self.modules.mapped_code(at), purpose)
            } else {
                self.traps.disarm(memory, at, purpose)
            };
        }
    }

    /// The instruction at which a thread is to be stopped.
    pub(super) fn place_of(&self, purpose: Purpose) -> Option<Address> {
        match purpose {
            Purpose::Discover(function) => self.catalogue.entry(function),
            Purpose::Scout(site) | Purpose::Hold(site) => Some(self.catalogue.site(site).operation.at),
            Purpose::Allocation(site) => Some(site.after),
            Purpose::Follow(at) => Some(at),
        }
    }

    /// Looks what has become of the target: its code, its signals.
    pub(super) fn look_around(&mut self) {
        self.read_modules();
        self.refresh_deafness();
        let is_trapped = self.threads.len() > 1 || self.traps.were_ever_set();
        let may_trap = is_trapped && self.memory.is_some() && !self.is_trapless;
        if may_trap && self.handles_trap() {
            self.stop_trapping();
        }
        // Servers name their workers when they are ready.
        self.name = self.is_kin.then(|| Name { pid: self.pid, name: title::of(self.pid) });
    }

    /// Looks which code is mapped.
    pub(super) fn read_modules(&mut self) {
        self.modules_read = Instant::now();
        let Some(memory) = &self.memory else { return };
        let Ok(changes) = self.modules.refresh(self.pid, memory) else { return };
        for change in &changes {
            match change {
                Change::Loaded(loaded) => {
                    self.note_news();
                    self.clerk.loaded(loaded.file, loaded.bias);
                    self.learn_of_go(loaded);
                    let functions = self.catalogue.add(loaded);
                    self.exploration.add_functions(functions);
                }
                Change::Unloaded(loaded) => {
                    self.clerk.unloaded(loaded.file, loaded.bias);
                    if let Some(range) = self.catalogue.remove(loaded) {
                        self.traps.forget(range.start, range.end);
                        self.boundary.retain_mapped(&range);
                    }
                    self.exploration.retain_mapped(&self.catalogue);
                    self.sampler.retain_mapped(&self.catalogue);
                }
            }
        }
        self.name_imports();
    }

    /// Names the variants of `memcpy` and its like that the loader has chosen, and has them sampled.
    fn name_imports(&mut self) {
        let Some(memory) = &self.memory else { return };
        self.modules.look_at_heap(memory);
        for (at, name) in self.modules.name_imports(memory, scope::is_memory_function) {
            let is_exact = !scope::over_reads(false, &name);
            self.clerk.named(at, name);
            if is_exact && let Some(function) = self.catalogue.add_helper(at) {
                self.exploration.add_helper(function);
            }
        }
    }
}
