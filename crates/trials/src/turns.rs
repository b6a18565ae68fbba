//! Several plans in turns: what is to be compared has to see the same machine.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::time::{Duration, Instant};

use jostle_model::{Outcome, Seed, Trial};
use jostle_watch::{Attendant, Crew, CrewEvent};
use serde::{Deserialize, Serialize};

use crate::hunt::{HOPELESS, TELL};
use crate::run::{Assignment, Brought, Stage};
use crate::{HuntError, Perturbation, Plan, Reason, Surroundings};

/// One of those that are compared.
#[derive(Clone, Debug)]
pub struct Contender {
    /// What it is called, for messages.
    pub name: String,
    /// What is run.
    pub plan: Plan,
    /// In what.
    pub surroundings: Surroundings,
    /// What has to be run once before, such as a build. Contenders with the same one share it.
    pub preparation: Option<Plan>,
    /// Trials of it that were made already.
    pub made: BTreeSet<Seed>,
}

/// When contenders are prepared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prepare {
    /// All of them, before the first trial.
    First,
    /// Each before its own first trial: most of them may never be needed.
    WhenNeeded,
}

/// What is about to be run.
#[derive(Clone, Copy, Debug)]
pub struct Turns<'a> {
    /// Who takes turns.
    pub contenders: &'a [Contender],
    /// When they are prepared.
    pub prepare: Prepare,
    /// What is changed around every trial.
    pub perturbation: Perturbation,
    /// How many trials run at a time, at least 1.
    pub jobs: usize,
    /// No trial begins later than so long after the first one; preparations are not counted.
    pub duration: Option<Duration>,
}

/// Decides whose turn it is, and hears how trials ended.
pub trait Umpire {
    /// The number of the contender that runs next. Nobody where there were enough trials, as far as it can be said before
    /// those under way have ended.
    fn next(&mut self) -> Option<usize>;

    /// A trial has ended; also one that could not run. An error ends everything: what cannot be kept need not be found.
    ///
    /// # Errors
    /// When it cannot be kept.
    fn ended(&mut self, contender: usize, trial: &Trial) -> Result<(), Box<dyn Error>>;

    /// Some time has passed.
    fn going_on(&mut self, running: usize, preparing: Option<&str>) {
        let _ = (running, preparing);
    }
}

/// Makes trials as the umpire says, until there are enough, time is up, or somebody wants it to end.
///
/// When time is up the trials under way are waited for: were they cut short, those that fail at once would be counted and
/// those that pass after a while would not. Who wants it to end now gets that, and they are not told at all.
///
/// # Errors
/// When a contender cannot be prepared or run at all, or what was found not be kept.
pub fn take_turns(turns: &Turns<'_>, umpire: &mut dyn Umpire) -> Result<Reason, HuntError> {
    let contenders = turns.contenders;
    let trials = contenders.iter().map(|one| Stage::new(&one.plan, &one.surroundings));
    let preparations = contenders.iter().map(|one| match &one.preparation {
        Some(plan) => Stage::new(plan, &one.surroundings).map(Some),
        None => Ok(None),
    });
    let stages = Stages {
        trials: trials.collect::<Result<_, _>>()?,
        preparations: preparations.collect::<Result<_, _>>()?,
    };
    let crew =
        Crew::new(|attendant: &mut Attendant, task: &[u8]| stages.run_told(attendant, task), turns.jobs)
            .map_err(HuntError::Crew)?;
    let mut field = Field::new(turns, crew);
    loop {
        let enough = field.start_some(umpire)?;
        if let (Some(reason), 0) = (enough, field.crew.at_work()) {
            return Ok(reason);
        }
        umpire.going_on(field.crew.at_work(), field.preparing());
        if let Some(reason) = field.wait(umpire)? {
            return Ok(reason);
        }
    }
}

/// What members of the crew can run.
struct Stages<'a> {
    trials: Vec<Stage<'a>>,
    preparations: Vec<Option<Stage<'a>>>,
}

/// What one of them is told.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Task {
    contender: usize,
    prepares: bool,
    assignment: Assignment,
}

impl Stages<'_> {
    /// What is not understood is answered with nothing.
    fn run_told(&self, attendant: &mut Attendant, told: &[u8]) -> Vec<u8> {
        let Ok(Task { contender, prepares, assignment }) = serde_json::from_slice(told) else {
            return Vec::new();
        };
        let stage = if prepares { self.preparations[contender].as_ref() } else { self.trials.get(contender) };
        let brought = stage.map(|stage| stage.run(attendant, assignment));
        brought.and_then(|brought| serde_json::to_vec(&brought).ok()).unwrap_or_default()
    }
}

/// Turns being taken.
struct Field<'a, W> {
    turns: &'a Turns<'a>,
    crew: Crew<W>,
    running: BTreeMap<u64, Task>,
    /// The number of each contender's next trial.
    next: Vec<u64>,
    ready: Vec<bool>,
    /// Whose turn it is, as soon as it is prepared.
    waiting: Option<usize>,
    started: Option<Instant>,
    /// The time that preparations took since.
    preparing: Duration,
    prepares_since: Option<Instant>,
    ran: Vec<u64>,
    could_not_run: Vec<u64>,
}

impl<'a, W: Fn(&mut Attendant, &[u8]) -> Vec<u8>> Field<'a, W> {
    fn new(turns: &'a Turns<'a>, crew: Crew<W>) -> Self {
        let count = turns.contenders.len();
        let ready = turns.contenders.iter().map(|one| one.preparation.is_none()).collect();
        Self {
            turns,
            crew,
            running: BTreeMap::new(),
            next: vec![0; count],
            ready,
            waiting: None,
            started: None,
            preparing: Duration::ZERO,
            prepares_since: None,
            ran: vec![0; count],
            could_not_run: vec![0; count],
        }
    }

    /// Who is being prepared.
    fn preparing(&self) -> Option<&str> {
        let task = self.running.values().find(|task| task.prepares)?;
        Some(&self.turns.contenders[task.contender].name)
    }

    /// Has as many trials run as may, and tells why none will begin any more, if it is so.
    fn start_some(&mut self, umpire: &mut dyn Umpire) -> Result<Option<Reason>, HuntError> {
        loop {
            let at_work = self.crew.at_work();
            if self.prepares_since.is_some() || at_work >= self.turns.jobs.max(1) {
                return Ok(None);
            }
            if let (Prepare::First, Some(unready)) =
                (self.turns.prepare, self.ready.iter().position(|ready| !ready))
            {
                self.prepare(unready)?;
                return Ok(None);
            }
            if self.is_time_up() {
                return Ok(Some(Reason::Time));
            }
            let Some(contender) = self.waiting.take().or_else(|| umpire.next()) else {
                return Ok(Some(Reason::Trials));
            };
            if self.ready[contender] {
                self.start(contender)?;
                continue;
            }
            // A build beside it would be a perturbation, so it waits until nobody runs.
            self.waiting = Some(contender);
            if at_work == 0 {
                self.prepare(contender)?;
            }
            return Ok(None);
        }
    }

    fn is_time_up(&self) -> bool {
        let spent = self.started.map_or(Duration::ZERO, |started| started.elapsed());
        self.turns.duration.is_some_and(|limit| spent.saturating_sub(self.preparing) >= limit)
    }

    fn prepare(&mut self, contender: usize) -> Result<(), HuntError> {
        self.prepares_since = Some(Instant::now());
        let plan = self.turns.contenders[contender].preparation.as_ref();
        let seed = plan.map_or(Seed(0), |plan| plan.seed_of(0));
        let assignment = Assignment { index: 0, seed, perturbation: Perturbation::None, explores: false };
        self.give(Task { contender, prepares: true, assignment })
    }

    fn start(&mut self, contender: usize) -> Result<(), HuntError> {
        self.started.get_or_insert_with(Instant::now);
        let Contender { plan, made, .. } = &self.turns.contenders[contender];
        let next = &mut self.next[contender];
        while made.contains(&plan.seed_of(*next)) {
            *next += 1;
        }
        let (index, seed) = (*next, plan.seed_of(*next));
        *next += 1;
        let assignment = Assignment { index, seed, perturbation: self.turns.perturbation, explores: false };
        self.give(Task { contender, prepares: false, assignment })
    }

    fn give(&mut self, task: Task) -> Result<(), HuntError> {
        // Neither strings nor numbers can fail to become JSON.
        let told = serde_json::to_vec(&task).unwrap_or_default();
        let number = self.crew.give(&told).map_err(HuntError::Crew)?;
        self.running.insert(number, task);
        Ok(())
    }

    /// Waits for something to happen, and tells of it.
    fn wait(&mut self, umpire: &mut dyn Umpire) -> Result<Option<Reason>, HuntError> {
        match self.crew.wait(TELL) {
            CrewEvent::Done { task, brought } => {
                let Some(task) = self.running.remove(&task) else { return Ok(None) };
                self.take(task, Brought::from_bytes(task.assignment, &brought), umpire)?;
            }
            CrewEvent::Lost { task, signal } => {
                let Some(task) = self.running.remove(&task) else { return Ok(None) };
                self.take(task, Brought::lost(task.assignment, signal), umpire)?;
            }
            CrewEvent::Asked { signal } => return Ok(Some(Reason::Asked(signal))),
            CrewEvent::Nothing => {}
        }
        Ok(None)
    }

    fn take(&mut self, task: Task, brought: Brought, umpire: &mut dyn Umpire) -> Result<(), HuntError> {
        let Task { contender, prepares, .. } = task;
        let trial = brought.trial;
        if prepares {
            return self.prepared(contender, &trial);
        }
        if let Outcome::CouldNotRun { why } = &trial.outcome {
            self.could_not_run[contender] += 1;
            if self.ran[contender] == 0 && self.could_not_run[contender] >= HOPELESS {
                let name = &self.turns.contenders[contender].name;
                return Err(HuntError::CouldNotRun(format!("{name}: {why}")));
            }
        } else {
            self.ran[contender] += 1;
        }
        umpire.ended(contender, &trial).map_err(HuntError::Keep)
    }

    fn prepared(&mut self, contender: usize, trial: &Trial) -> Result<(), HuntError> {
        let contenders = self.turns.contenders;
        if let Some(told) = trouble(&trial.outcome) {
            return Err(HuntError::Prepare { name: contenders[contender].name.clone(), told });
        }
        let same = |one: &Contender| {
            let done = &contenders[contender];
            one.preparation == done.preparation && one.surroundings == done.surroundings
        };
        for (ready, one) in self.ready.iter_mut().zip(contenders) {
            *ready |= same(one);
        }
        let took = self.prepares_since.take().map_or(Duration::ZERO, |since| since.elapsed());
        if self.started.is_some() {
            self.preparing += took;
        }
        Ok(())
    }
}

/// What went wrong, with the last lines that say so.
fn trouble(outcome: &Outcome) -> Option<String> {
    const LINES: usize = 12;
    match outcome {
        Outcome::Passed => None,
        Outcome::CouldNotRun { why } => Some(why.clone()),
        Outcome::Failed(failure) | Outcome::Hung(failure) => {
            let lines: Vec<&str> = failure.details.lines().collect();
            let last = lines[lines.len().saturating_sub(LINES)..].join("\n  ");
            Some(if last.is_empty() { failure.title.clone() } else { format!("{}\n  {last}", failure.title) })
        }
    }
}
