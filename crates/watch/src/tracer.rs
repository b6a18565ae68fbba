//! The loop that watches: wait for a thread to stop, look, let it go.
//!
//! One thread does it all, for all processes of the target, because ptrace obeys only the thread that attached. Every
//! turn of the loop first serves stopped threads, since each of them stands still until we are done, and only then plans
//! ahead.

mod ending;
mod family;

use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::time::{Duration, Instant};

use jostle_model::{ExitStatus, Finding};

use crate::books::Books;
use crate::files::Files;
use crate::judge::{Court, Judged, Judgement};
use crate::process::{Common, Phase, Process};
use crate::status::{self, field};
use crate::sys::descriptors::ManyFiles;
use crate::sys::haste::Haste;
use crate::sys::perf::Anchor;
use crate::sys::ptrace::{self, Event};
use crate::sys::schedule;
use crate::sys::signals::{Arrival, Inbox};
use crate::{LookFor, Observer, Options, Progress, WatchError};
use family::Family;

/// How often plans are made at most: by the way, when something happens; after [twice as long](Tracer::pace) without, or more.
/// Waking up takes more than planning does.
const TURN: Duration = Duration::from_millis(5);
/// How long plans hold at most where a process rests from us: each that is made takes the processor from somebody for 50 µs.
const LONGEST_REST: Duration = Duration::from_millis(100);

pub(crate) struct Tracer<'a> {
    common: Common<'a>,
    observer: &'a mut dyn Observer,
    inbox: &'a mut dyn Inbox,
    /// The process that was started, or named first.
    main: i32,
    processes: BTreeMap<i32, Process>,
    family: Family,
    /// What was reported while others were waited for.
    backlog: VecDeque<(i32, Event)>,
    pub(crate) status: ExitStatus,
    /// Why the machine did not let us look; nothing of the target has run then.
    pub(crate) refusal: Option<WatchError>,
    /// Why the watch was given up.
    pub(crate) error: Option<WatchError>,
    watch_ended: Option<Instant>,
    /// Whether its time was up before it had ended.
    pub(crate) timed_out: bool,
    /// When plans are made next: by the way at the soonest, and at the latest.
    soonest_turn: Instant,
    next_turn: Instant,
    /// When the budget was shared out last.
    shared_out: Instant,
    /// When to use force on a target that was asked to end.
    force_at: Option<Instant>,
    asked_to_end: u32,
    court: Court,
    pub(crate) findings: Vec<Finding>,
    pub(crate) books: Books,
    _files: Option<ManyFiles>,
    _anchor: Option<Anchor>,
}

impl<'a> Tracer<'a> {
    /// The tracer of a target whose processes are still to be named.
    pub(crate) fn new(
        options: &'a Options,
        observer: &'a mut dyn Observer,
        inbox: &'a mut dyn Inbox,
    ) -> Self {
        let now = Instant::now();
        let is_trusted = status::may_trace_all();
        let is_sampled = options.look_for == LookFor::Collisions;
        Self {
            common: Common {
                options,
                started: now,
                is_trusted,
                processors: schedule::processors(),
                files: Rc::new(Files::default()),
            },
            observer,
            inbox,
            main: 0,
            processes: BTreeMap::new(),
            family: Family::new(now, is_trusted),
            backlog: VecDeque::new(),
            status: ExitStatus::Running,
            refusal: None,
            error: None,
            watch_ended: None,
            timed_out: false,
            soonest_turn: now,
            next_turn: now,
            shared_out: now,
            force_at: None,
            asked_to_end: 0,
            court: Court::open(),
            findings: Vec::new(),
            _files: is_sampled.then(ManyFiles::begin),
            _anchor: is_sampled.then(Anchor::cast),
            books: Books::default(),
        }
    }

    /// Watches process `pid`, which we have started: it stands in its exec stop.
    pub(crate) fn begin(&mut self, pid: i32) {
        let process = self.process(pid, false);
        self.main = pid;
        self.processes.insert(pid, process);
    }

    /// Watches process `pid`, which runs already, with its children.
    ///
    /// # Errors
    /// When the machine does not let us look; the process is as it was then.
    pub(crate) fn join(&mut self, pid: i32) -> Result<(), WatchError> {
        self.take_over(pid, false)?;
        if self.main == 0 {
            self.main = pid;
        }
        self.family.adopt_children_of(pid);
        Ok(())
    }

    fn take_over(&mut self, pid: i32, is_kin: bool) -> Result<(), WatchError> {
        let mut process = self.process(pid, is_kin);
        process.take_over()?;
        self.processes.insert(pid, process);
        Ok(())
    }

    fn process(&mut self, pid: i32, is_kin: bool) -> Process {
        let clerk = self.court.clerk();
        Process::new(pid, &self.common, clerk, is_kin)
    }

    /// Watches until the target is gone, or left.
    pub(crate) fn run(&mut self) -> Result<(), WatchError> {
        // Where nothing is stopped, nobody waits.
        let mut haste = (self.common.options.look_for == LookFor::Collisions).then(Haste::begin);
        while !self.processes.is_empty() {
            if let Some(haste) = &mut haste {
                haste.be_urgent(self.is_urgent());
            }
            match self.inbox.wait(self.patience()) {
                Arrival::End { signal, from_terminal } => self.asked_to_end(signal, from_terminal),
                Arrival::Child | Arrival::Nothing => {}
            }
            self.serve_events()?;
            self.end_what_is_due();
            if Instant::now() >= self.soonest_turn {
                self.take_turn();
            }
            self.bury();
        }
        let judged = self.court.close();
        self.take_judgements(judged);
        Ok(())
    }

    /// Whether anybody in the target stands still for us, or would for long if we came only in our turn.
    fn is_urgent(&self) -> bool {
        self.processes.values().any(|process| process.holds_a_thread() || process.is_crowded())
    }

    /// How long plans hold: when they are made anew by the way, and when in any case. Where nothing is planned, there are only
    /// times to be kept.
    fn pace(&self) -> (Duration, Duration) {
        let is_woken_often = || self.processes.values().all(Process::is_woken_often);
        match self.common.options.look_for {
            LookFor::Collisions if is_woken_often() => (TURN, 5 * TURN),
            LookFor::Collisions => (TURN, 2 * TURN),
            LookFor::Endings => (3 * TURN, 4 * TURN),
        }
    }

    /// How long nothing needs to be done unless something happens.
    fn patience(&self) -> Duration {
        let due = self.processes.values().filter_map(Process::next_due);
        due.fold(self.next_turn, Instant::min).saturating_duration_since(Instant::now())
    }

    /// Time spent watching so far.
    pub(crate) fn watched(&self) -> Duration {
        self.watch_ended.unwrap_or_else(Instant::now) - self.common.started
    }

    /// How many children were not watched: since there was nothing to see in them, and since there were too many.
    pub(crate) fn children_left_out(&self) -> (u64, u64) {
        (self.family.left_alone, self.family.too_many)
    }

    /// What was asked for.
    pub(crate) fn options(&self) -> &Options {
        self.common.options
    }

    /// Makes plans, and says when to make the next ones.
    fn take_turn(&mut self) {
        self.turn();
        let (soonest, latest) = self.pace();
        let now = Instant::now();
        let plans = self.processes.values_mut().map(|process| process.next_plan_in(now).unwrap_or(latest));
        let latest = plans.min().unwrap_or(latest).clamp(soonest, LONGEST_REST);
        (self.soonest_turn, self.next_turn) = (now + soonest, now + latest);
    }

    /// Serves every task that has something to report: nobody would wake us once more for those that are left.
    fn serve_events(&mut self) -> Result<(), WatchError> {
        while let Some((tid, event)) = self.next_event()? {
            match self.processes.values_mut().find(|process| process.is_ours(tid)) {
                Some(process) => {
                    process.serve(tid, event);
                    self.backlog.extend(process.strangers.drain(..));
                    if process.is_in_haste {
                        process.is_in_haste = false;
                        self.soonest_turn = Instant::now();
                        self.next_turn = self.soonest_turn;
                    }
                }
                None => self.newborn(tid, event),
            }
            // A busy target must not keep us from ending a hold, nor from seeing what it costs.
            self.end_what_is_due();
            if Instant::now() >= self.next_turn {
                self.take_turn();
            }
        }
        Ok(())
    }

    fn next_event(&mut self) -> Result<Option<(i32, Event)>, WatchError> {
        match self.backlog.pop_front() {
            Some(kept) => Ok(Some(kept)),
            None => ptrace::next_event().map_err(WatchError::Wait),
        }
    }

    fn end_what_is_due(&mut self) {
        for process in self.processes.values_mut() {
            process.end_what_is_due();
            self.backlog.extend(process.strangers.drain(..));
        }
    }

    /// A task that was just created makes its first stop.
    fn newborn(&mut self, tid: i32, event: Event) {
        if matches!(event, Event::Exited(_) | Event::Killed(_)) {
            return;
        }
        let status = status::of(tid).unwrap_or_default();
        let number = |name| field(&status, name).and_then(|value| value.parse::<i32>().ok());
        let lender = || self.processes.values().find(|other| ptrace::shares_memory(other.pid, tid));
        let group = number("Tgid:").filter(|group| self.processes.contains_key(group));
        let Some(pid) = group.or_else(|| lender().map(|lender| lender.pid)) else {
            return self.let_child_go(tid, number("PPid:").unwrap_or(0));
        };
        let process = self.processes.get_mut(&pid).expect("it was there just now");
        match process.phase {
            // There is nothing left in its memory that would need us.
            Phase::Leaving => drop(ptrace::detach(tid, 0)),
            _ if group.is_none() => process.add_borrower(tid),
            _ => {
                process.add_thread(tid);
                let _ = ptrace::resume(tid, 0);
            }
        }
    }

    /// A child runs on untraced, as all children do that end at once, or change their privileges. Should it live on, we
    /// shall come back to it.
    fn let_child_go(&mut self, tid: i32, parent: i32) {
        match self.processes.get(&parent) {
            Some(parent) => parent.clean_copy(tid),
            // Its parent said that it is somebody else's (`CLONE_PARENT`).
            None => self.processes.values().for_each(|process| process.clean_copy(tid)),
        }
        let _ = ptrace::detach(tid, 0);
        self.family.born(tid, parent);
    }

    fn turn(&mut self) {
        let judged = self.court.judged();
        self.take_judgements(judged);
        if self.watch_ended.is_none() {
            for process in self.processes.values_mut().filter(|process| process.phase == Phase::Watching) {
                process.look_ahead();
            }
            self.welcome_kin();
            self.share_budget();
        }
        for process in self.processes.values_mut() {
            process.end_leaving_if_due();
        }
        self.end_in_time();
        let (samples, holds) = self
            .processes
            .values()
            .fold((self.books.tally.samples, self.books.tally.holds), |(samples, holds), process| {
                (samples + process.tally.samples, holds + process.tally.holds)
            });
        self.observer.progress(&Progress {
            elapsed: self.watched(),
            samples,
            holds,
            findings: self.findings.len() as u64,
            ending: self.watch_ended.is_some(),
        });
    }

    /// Watches the children that have lived for long enough.
    fn welcome_kin(&mut self) {
        for pid in self.family.come_of_age(Instant::now(), self.processes.len()) {
            match crate::preflight::check_process(pid).and_then(|()| self.take_over(pid, true)) {
                Ok(()) => self.family.adopt_children_of(pid),
                Err(WatchError::NoProcess(_) | WatchError::Zombie(_)) => {}
                Err(error) => self.books.note_unwatched(pid, &error),
            }
        }
    }

    /// The budget is for all processes together.
    fn share_budget(&mut self) {
        let since = self.shared_out.elapsed();
        self.shared_out += since;
        let at_risk = || self.processes.values().filter(|process| process.is_at_risk());
        let shares = at_risk().count();
        if shares > 0 && at_risk().all(|process| process.attention() < 1.0) {
            self.books.backed_off += since;
        }
        for process in self.processes.values_mut() {
            process.set_budget(self.common.options.budget / shares.max(1) as f64);
        }
    }

    fn take_judgements(&mut self, judged: Vec<Judged>) {
        for Judged { clerk, key, judgement } in judged {
            let finding = match &judgement {
                Judgement::Guilty(finding) => Some(self.take_finding(finding)),
                Judgement::Undecided | Judgement::Innocent => None,
            };
            match self.processes.values_mut().find(|process| process.clerk() == clerk) {
                Some(process) => process.learn(key, &judgement, finding),
                None => self.books.tally.undecided += u64::from(matches!(judgement, Judgement::Undecided)),
            }
        }
        self.count_again();
    }

    /// Adds a finding, or counts it up when the same pair of lines was found from another instruction, or in another
    /// process.
    fn take_finding(&mut self, finding: &Finding) -> usize {
        if let Some(index) = self.findings.iter().position(|known| known.id == finding.id) {
            self.findings[index].seen_again(finding.times());
            return index;
        }
        self.observer.found(finding);
        self.findings.push(finding.clone());
        self.findings.len() - 1
    }

    fn count_again(&mut self) {
        for process in self.processes.values_mut() {
            for index in process.seen_again.drain(..) {
                self.findings[index].seen_again(1);
            }
        }
    }

    /// Closes the books of processes that are gone, or left.
    fn bury(&mut self) {
        if self.processes.values().all(|process| process.phase != Phase::Gone) {
            return;
        }
        // What is still with the judge is counted for them.
        self.count_again();
        let gone: Vec<i32> = (self.processes.values())
            .filter(|process| process.phase == Phase::Gone)
            .map(|process| process.pid)
            .collect();
        for pid in gone {
            let Some(mut process) = self.processes.remove(&pid) else { continue };
            process.hand_in_postponed(true);
            self.books.add(&process);
            if pid == self.main {
                self.status = process.status;
                self.refusal = process.refusal.take();
                self.error = process.error.take();
                self.main_is_gone();
            } else if let Some(error) = &process.error {
                self.books.note_unwatched(pid, error);
            }
        }
    }
}
