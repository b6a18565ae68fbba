//! What is done between stops: plans, traps, new code, judgements, progress.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use jostle_model::Address;

use super::{Known, Phase, Tracer};
use crate::case::CaseKey;
use crate::judge::Judgement;
use crate::modules::Change;
use crate::scope;
use crate::sys::profile::Profile;
use crate::sys::signals;
use crate::traps::{Purpose, Step};
use crate::{Progress, WatchError};

/// How often the target is looked at for new code and new habits: at first often, while libraries are loaded,
/// then ever less often, each time when a tenth more of its life is over.
const LOOK_SOONEST: Duration = Duration::from_millis(20);
const LOOK_LATEST: Duration = Duration::from_millis(500);
const LOOK_AFTER: u32 = 10;
/// Of how many threads it is sampled where they run.
const PROFILED: usize = 32;
/// How long all threads must have blocked SIGTRAP until we believe it.
const DEAF: Duration = Duration::from_millis(500);
/// How long a target may take to end when it is asked to, before it is killed.
const GRACE: Duration = Duration::from_secs(10);

impl Tracer<'_> {
    pub(super) fn turn(&mut self) {
        let judged = self.court.judged();
        self.take_judgements(judged);
        if self.phase == Phase::Watching {
            self.look_ahead();
        }
        self.end_in_time();
        self.observer.progress(&Progress {
            elapsed: self.watched(),
            samples: self.tally.samples,
            holds: self.tally.holds,
            findings: self.findings.len() as u64,
            ending: self.phase == Phase::Ending,
        });
    }

    /// Plans the next traps. A single thread cannot collide: until there are two, nothing is disturbed.
    fn look_ahead(&mut self) {
        let now = Instant::now();
        let every = ((now - self.started) / LOOK_AFTER).clamp(LOOK_SOONEST, LOOK_LATEST);
        if now - self.modules_read >= every {
            self.look_around();
        }
        if let Some(error) = self.reason_to_give_up() {
            self.give_up(error);
            return;
        }
        self.see_what_runs();
        // While all threads block SIGTRAP, be it for a moment, no trap may be sprung.
        if self.threads.len() < 2 || self.all_deaf_since.is_some() {
            return;
        }
        if self.is_attached() {
            self.exploration.classify_some(&mut self.catalogue);
            self.patrol(now);
        } else {
            let mut steps = self.exploration.plan(&mut self.catalogue, self.sampler.may_look(now), now);
            steps.extend(self.sampler.plan(&mut self.catalogue, self.hold.is_some(), now));
            self.set_traps(&steps);
        }
    }

    /// In a large program, learns from the clock where its threads run. A loop that was entered before there was a
    /// trap at its function's entry is not found in any other way.
    fn see_what_runs(&mut self) {
        if !self.exploration.is_curious() {
            self.profiles.clear();
            return;
        }
        for &tid in self.threads.keys().take(PROFILED) {
            // Where the machine does not allow it, once is enough to know.
            self.profiles.entry(tid).or_insert_with(|| Profile::begin(tid).ok());
        }
        let mut seen = BTreeSet::new();
        for (tid, profile) in &mut self.profiles {
            let samples = profile.as_mut().map(Profile::drain).unwrap_or_default();
            if let Some(thread) = self.threads.get_mut(tid).filter(|_| !samples.is_empty()) {
                self.events += 1;
                thread.seen = self.events;
            }
            seen.extend(samples);
        }
        for at in seen {
            if let Some(function) = self.catalogue.function_at(at) {
                self.exploration.seen_running(&mut self.catalogue, function, at);
            }
        }
    }

    /// The C library blocks all signals for a moment whenever it starts a thread or a process; only a target that
    /// goes on blocking them is deaf.
    fn reason_to_give_up(&mut self) -> Option<WatchError> {
        if self.all_deaf_since.is_some_and(|since| since.elapsed() > DEAF) {
            return Some(WatchError::TrapBlocked);
        }
        let may_trap = self.threads.len() > 1 && !self.is_attached();
        (self.trap_is_taken && may_trap).then_some(WatchError::TrapTaken)
    }

    /// The target does not let us look: it is left alone, and what was found until now stands.
    fn give_up(&mut self, error: WatchError) {
        self.error = Some(error);
        if self.is_attached() { self.leave() } else { self.stop_watching() }
    }

    /// Sets and takes away traps; where none may be written, the first one to be set becomes a breakpoint.
    pub(super) fn set_traps(&mut self, steps: &[Step]) {
        if self.is_attached() {
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
                self.traps.arm(memory, at, purpose)
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
        }
    }

    /// Looks what has become of the target: its code, its signals.
    pub(super) fn look_around(&mut self) {
        self.read_modules();
        self.refresh_deafness();
        self.trap_is_taken = self.handles_trap();
    }

    /// Looks which code is mapped.
    pub(super) fn read_modules(&mut self) {
        self.modules_read = Instant::now();
        let Some(memory) = &self.memory else { return };
        let Ok(changes) = self.modules.refresh(self.pid, memory) else { return };
        for change in &changes {
            match change {
                Change::Loaded(loaded) => {
                    self.court.loaded(loaded.file, loaded.bias);
                    let functions = self.catalogue.add(loaded);
                    self.exploration.add_functions(functions);
                }
                Change::Unloaded(loaded) => {
                    self.court.unloaded(loaded.file, loaded.bias);
                    if let Some(range) = self.catalogue.remove(loaded) {
                        self.traps.forget(range.start, range.end);
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
        for (at, name) in self.modules.name_imports(memory, scope::is_memory_function) {
            self.court.named(at, name);
            if let Some(function) = self.catalogue.add_helper(at) {
                self.exploration.add_helper(function);
            }
        }
    }

    /// Ends the watch when its time is over, and the target when it does not end by itself.
    fn end_in_time(&mut self) {
        let now = Instant::now();
        let time_is_over = self.options.duration.is_some_and(|duration| now - self.started >= duration);
        let enough = self.options.stop_after.is_some_and(|most| self.findings.len() as u64 >= most);
        if self.phase == Phase::Watching && (time_is_over || enough) {
            if self.is_attached() {
                self.leave();
                return;
            }
            self.stop_watching();
            let _ = signals::send(self.pid, libc::SIGTERM);
            self.force_at = Some(now + GRACE);
        }
        if self.force_at.is_some_and(|at| now >= at) {
            self.force_at = None;
            let _ = signals::send(self.pid, libc::SIGKILL);
        }
    }

    pub(super) fn take_judgements(&mut self, judged: Vec<(CaseKey, Judgement)>) {
        for (key, judgement) in judged {
            let again = match self.known.get(&key) {
                Some(&Known::Pending(again)) => again,
                _ => 0,
            };
            let known = match judgement {
                Judgement::Guilty(finding) => Known::Finding(self.take_finding(*finding, again)),
                Judgement::Undecided => {
                    self.tally.undecided += 1 + again;
                    Known::Undecided
                }
                Judgement::Innocent => Known::Innocent,
            };
            self.known.insert(key, known);
        }
    }

    /// Adds a finding, or counts it up when the same pair of lines was found from another instruction.
    fn take_finding(&mut self, mut finding: jostle_model::Finding, again: u64) -> usize {
        finding.seen_again(again);
        if let Some(index) = self.findings.iter().position(|known| known.id == finding.id) {
            self.findings[index].seen_again(finding.times());
            return index;
        }
        self.observer.found(&finding);
        self.findings.push(finding);
        self.findings.len() - 1
    }
}
