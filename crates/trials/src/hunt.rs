//! Many trials, in parallel, until there is enough of something.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use jostle_model::{Outcome, Seed, Trial};
use jostle_watch::{Attendant, Crew, CrewEvent};

use crate::learner::{Counts, Learner, Perturb};
use crate::run::{Assignment, Brought, Stage};
use crate::{HuntError, Perturbation, Plan, Service, Shard, Surroundings};

/// How often somebody is told how far it is.
pub(crate) const TELL: Duration = Duration::from_millis(200);
/// A trial that takes less than this, in microseconds, is over before who attended it could be told of the next one.
const SHORT_US: u64 = 5_000;
/// So many trials in a row that could not run, and none that did: it will not get better.
pub(crate) const HOPELESS: u64 = 3;

/// When a hunt ends. Without any limit it ends when it is asked to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// After so long.
    pub duration: Option<Duration>,
    /// After so many trials that ran.
    pub trials: Option<u64>,
    /// After so many failures.
    pub failures: Option<u64>,
}

/// A hunt that is to be made, or to be gone on with.
#[derive(Clone, Debug)]
pub struct Hunt<'a> {
    /// What is run.
    pub plan: &'a Plan,
    /// In what.
    pub surroundings: &'a Surroundings,
    /// Whose clients trials are, where the plan has a service.
    pub service: Option<&'a Service>,
    /// For how long.
    pub limits: Limits,
    /// How many trials run at a time, at least 1; clients of a service run one at a time.
    pub jobs: usize,
    /// What is perturbed.
    pub perturb: Perturb,
    /// Which of its trials are ours.
    pub shard: Shard,
    /// Trials of the plan that were made already.
    pub made: BTreeSet<Seed>,
    /// How they ended, by perturbation.
    pub past: Counts,
}

/// Why a hunt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// There were as many failures as wanted.
    Failures,
    /// There were as many trials as wanted.
    Trials,
    /// Its time was over.
    Time,
    /// The service is gone.
    ServiceEnded,
    /// Somebody wanted it to end, by this signal.
    Asked(i32),
}

/// Hears what happens during a hunt.
pub trait Listener {
    /// A trial has ended. An error ends the hunt: what cannot be kept need not be found.
    ///
    /// # Errors
    /// When it cannot be kept.
    fn ended(&mut self, trial: &Trial) -> Result<(), Box<dyn std::error::Error>>;

    /// Some time has passed.
    fn going_on(&mut self, running: usize) {
        let _ = running;
    }
}

/// Makes trials until a limit is reached, or somebody wants it to end.
///
/// At a limit the trials under way are waited for: were they cut short, those that fail at once would be counted and those
/// that pass after a while would not. Who wants it to end now gets that, and they are not told at all.
///
/// # Errors
/// When the plan cannot be run at all, or what was found not be kept.
pub fn hunt(hunt: &Hunt<'_>, listener: &mut dyn Listener) -> Result<Reason, HuntError> {
    let stage = Stage::new(hunt.plan, hunt.surroundings)?;
    let work = |attendant: &mut Attendant, task: &[u8]| stage.run_told(attendant, task);
    let mut field = Field::new(hunt, Crew::new(work, hunt.jobs).map_err(HuntError::Crew)?);
    let (mut over, mut ended) = (None, None);
    loop {
        over = over.or_else(|| field.is_over());
        let started = if over.is_none() { field.start_some() } else { Ok(()) };
        // The next one runs while this one is recorded.
        if let Some(mut trial) = ended.take() {
            field.look_back(&mut trial);
            listener.ended(&trial).map_err(HuntError::Keep)?;
        }
        started?;
        if let (Some(reason), 0) = (over, field.crew.given()) {
            return Ok(reason);
        }
        listener.going_on(field.crew.at_work());
        match field.wait(over.is_some())? {
            Happened::Ended(trial) => ended = Some(trial),
            Happened::Asked(signal) => return Ok(Reason::Asked(signal)),
            Happened::Nothing => {}
        }
    }
}

/// What came of waiting.
enum Happened {
    Ended(Trial),
    Asked(i32),
    Nothing,
}

/// A hunt under way.
struct Field<'a, W> {
    hunt: &'a Hunt<'a>,
    crew: Crew<W>,
    running: BTreeMap<u64, Assignment>,
    /// The number of the next trial, of all shards'.
    next: u64,
    /// Nothing until it is known what can be perturbed.
    learner: Option<Learner>,
    started: Instant,
    /// Whether the last trial was over so soon that who attends has to have the next at hand.
    is_short: bool,
    ran: u64,
    failed: u64,
    could_not_run: u64,
    /// A trial for which the service could not be perturbed, and why.
    refused: Option<(Assignment, String)>,
    is_service_gone: bool,
}

impl<'a, W: Fn(&mut Attendant, &[u8]) -> Vec<u8>> Field<'a, W> {
    fn new(hunt: &'a Hunt<'a>, crew: Crew<W>) -> Self {
        let (seed, past) = (hunt.plan.seed, &hunt.past);
        let settled = hunt.perturb.settled().map(|arms| Learner::new(arms, seed, past));
        let learner = settled.or_else(|| {
            let runtimes = hunt.service?.runtimes();
            Some(Learner::of_service(&runtimes, seed, past))
        });
        Self {
            hunt,
            crew,
            running: BTreeMap::new(),
            next: hunt.shard.first,
            learner,
            started: Instant::now(),
            is_short: false,
            ran: 0,
            failed: 0,
            could_not_run: 0,
            refused: None,
            is_service_gone: false,
        }
    }

    fn is_over(&self) -> Option<Reason> {
        let limits = self.hunt.limits;
        let reached = |limit: Option<u64>, count: u64| limit.is_some_and(|limit| count >= limit);
        match () {
            () if self.is_service_gone => Some(Reason::ServiceEnded),
            () if reached(limits.failures, self.failed) => Some(Reason::Failures),
            () if reached(limits.trials, self.ran) => Some(Reason::Trials),
            () if limits.duration.is_some_and(|limit| self.started.elapsed() >= limit) => Some(Reason::Time),
            () => None,
        }
    }

    /// Has as many trials run as may.
    fn start_some(&mut self) -> Result<(), HuntError> {
        let jobs = self.jobs();
        let wanted = self.hunt.limits.trials.map_or(u64::MAX, |trials| trials.saturating_sub(self.ran));
        while self.crew.given() < jobs && (self.crew.given() as u64) < wanted {
            let assignment = self.next_assignment();
            let perturbed = self.hunt.service.map(|service| service.perturb(&mut self.crew, assignment));
            if let Some(Err(why)) = perturbed {
                self.is_service_gone = self.hunt.service.is_some_and(Service::is_dying);
                if self.is_service_gone {
                    return Ok(());
                }
                self.refused = Some((assignment, why));
                return Ok(());
            }
            let task = self.crew.give(&assignment.to_bytes()).map_err(HuntError::Crew)?;
            self.running.insert(task, assignment);
        }
        Ok(())
    }

    /// Looks at a trial that has ended when the next one has begun: a service that did not live to see that died of this one.
    fn look_back(&self, trial: &mut Trial) {
        if let (Some(service), true) = (self.hunt.service, self.is_service_gone) {
            service.blame(trial);
        }
    }

    /// How many trials may be under way, or at hand for who will attend them.
    fn jobs(&self) -> usize {
        match self.hunt.jobs.max(1) {
            _ if self.hunt.service.is_some() => 1,
            // Until the first one has told what there is to perturb, it is alone.
            _ if self.learner.is_none() => 1,
            jobs if self.is_short => 2 * jobs,
            jobs => jobs,
        }
    }

    fn next_assignment(&mut self) -> Assignment {
        let mut seed = self.hunt.plan.seed_of(self.next);
        while self.hunt.made.contains(&seed) {
            self.next += self.hunt.shard.step;
            seed = self.hunt.plan.seed_of(self.next);
        }
        let index = self.next;
        self.next += self.hunt.shard.step;
        let perturbation = self.learner.as_mut().map_or(Perturbation::None, Learner::next);
        Assignment { index, seed, perturbation, explores: self.learner.is_none() }
    }

    /// Waits for something to happen, until the time is up, unless it `is_over` already.
    fn wait(&mut self, is_over: bool) -> Result<Happened, HuntError> {
        if let Some((assignment, why)) = self.refused.take() {
            return self.take(assignment.perturbation, Brought::nothing(assignment, why));
        }
        let limit = self.hunt.limits.duration.filter(|_| !is_over);
        let left = limit.map(|limit| limit.saturating_sub(self.started.elapsed()));
        match self.crew.wait(left.map_or(TELL, |left| left.min(TELL))) {
            CrewEvent::Done { task, brought } => {
                let Some(assignment) = self.running.remove(&task) else { return Ok(Happened::Nothing) };
                self.take(assignment.perturbation, Brought::from_bytes(assignment, &brought))
            }
            CrewEvent::Lost { task, signal } => {
                let Some(assignment) = self.running.remove(&task) else { return Ok(Happened::Nothing) };
                self.take(assignment.perturbation, Brought::lost(assignment, signal))
            }
            CrewEvent::Asked { signal } => Ok(Happened::Asked(signal)),
            CrewEvent::Nothing => Ok(Happened::Nothing),
        }
    }

    /// Counts a trial, and learns from it.
    fn take(&mut self, perturbation: Perturbation, brought: Brought) -> Result<Happened, HuntError> {
        let Brought { mut trial, runtimes } = brought;
        if let Some(service) = self.hunt.service {
            service.calm(&mut self.crew, &mut trial);
            self.is_service_gone = service.has_ended();
        }
        if let Outcome::CouldNotRun { why } = &trial.outcome {
            self.could_not_run += 1;
            if self.ran == 0 && self.could_not_run >= HOPELESS {
                return Err(HuntError::CouldNotRun(why.clone()));
            }
        } else {
            self.ran += 1;
            self.is_short = trial.elapsed_us < SHORT_US;
            self.failed += u64::from(trial.outcome.failure().is_some());
            let Hunt { plan, past, .. } = self.hunt;
            self.learner.get_or_insert_with(|| Learner::of_target(&runtimes, plan.seed, past));
        }
        if let Some(learner) = &mut self.learner {
            learner.learn(perturbation, &trial.outcome);
        }
        Ok(Happened::Ended(trial))
    }
}
