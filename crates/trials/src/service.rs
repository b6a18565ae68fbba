//! What runs already and is hunted there: trials run its clients, and it is perturbed meanwhile.

use std::cell::Cell;
use std::path::Path;
use std::time::Duration;

use jostle_model::{ExitStatus, Failure, Outcome, Rule, Signature, Summary, Trial};
use jostle_symptoms::{diagnose, of_crash};
use jostle_watch::{Attendant, Crew, Options, Outcome as Watched, Running, Target, WatchError};
use serde::{Deserialize, Serialize};

use crate::run::{Assignment, HOLD_BUDGET};
use crate::runtimes::{self, Runtimes};

/// How long the end of a process is waited for that is not dead at once: its client has failed, or nobody can attach to it.
const DYING: Duration = Duration::from_millis(100);

/// What there is to tell of a disturbance that has ended.
#[derive(Serialize, Deserialize)]
struct Told {
    /// The service has crashed, or one of its workers.
    crash: Option<Failure>,
    /// How the service ended, where that was no good end.
    end: Option<Failure>,
    /// Why it ended before its time.
    error: Option<String>,
    /// How often anybody was held or parked.
    holds: u64,
}

impl Told {
    fn of(watched: &Watched) -> Self {
        let crash = watched.findings.iter().find(|finding| finding.rule == Rule::Crash);
        let Summary { target, counts, .. } = &watched.summary;
        Self {
            crash: crash.map(|crash| of_crash(crash, b"")),
            end: if *target == ExitStatus::Running { None } else { diagnose(b"", *target) },
            error: watched.error.as_ref().map(WatchError::explained),
            holds: counts.holds + counts.calls_parked,
        }
    }

    /// What was written, or all that is known where it is nothing of the kind.
    fn read(written: &[u8]) -> Self {
        serde_json::from_slice(written).unwrap_or_else(|_| {
            let why = String::from_utf8_lossy(written).into_owned();
            let killed = || "whoever perturbed the service was killed".to_owned();
            let error = Some(if why.is_empty() { killed() } else { why });
            Self { crash: None, end: None, error, holds: 0 }
        })
    }
}

/// A process that runs already. Its clients come one after the other: what perturbs one of them would perturb all.
#[derive(Debug)]
pub struct Service {
    running: Running,
    /// How many trials were disturbed by a watch, and in how many of them it held nobody.
    disturbed: Cell<u64>,
    idle: Cell<u64>,
}

impl Service {
    /// Process `pid`.
    ///
    /// # Errors
    /// When it is not there, or none that can be watched.
    pub fn new(pid: i32) -> Result<Self, WatchError> {
        Ok(Self { running: Running::new(pid)?, disturbed: Cell::default(), idle: Cell::default() })
    }

    /// The file of its program.
    pub fn program(&self) -> &Path {
        &self.running.program
    }

    /// Its number.
    pub fn pid(&self) -> i32 {
        self.running.pid
    }

    /// Whether it is gone.
    pub fn has_ended(&self) -> bool {
        self.running.ends_within(Duration::ZERO)
    }

    /// Which runtimes it has.
    pub(crate) fn runtimes(&self) -> Runtimes {
        runtimes::of_process(self.running.pid)
    }

    /// Begins to perturb it for a trial.
    ///
    /// # Errors
    /// Why that cannot be done.
    pub(crate) fn perturb<W>(&self, crew: &mut Crew<W>, assignment: Assignment) -> Result<(), String>
    where
        W: Fn(&mut Attendant, &[u8]) -> Vec<u8>,
    {
        if self.has_ended() {
            return Err(self.why_ended());
        }
        let Some(holds) = assignment.perturbation.disturbance() else { return Ok(()) };
        let options = Options {
            target: Target::Processes(vec![self.running.pid]),
            budget: HOLD_BUDGET,
            // A perturbation is of one strength throughout.
            backs_off: false,
            seed: assignment.seed.0,
            holds,
            ..Options::default()
        };
        // Neither strings nor numbers can fail to become JSON.
        crew.disturb(&options, |outcome| serde_json::to_vec(&Told::of(outcome)).unwrap_or_default())
    }

    /// Leaves it as it was when a trial is over. A trial that it did not survive has failed, whatever the client says; one that
    /// was to be perturbed to its end and was not says nothing, unless it has failed.
    pub(crate) fn calm<W>(&self, crew: &mut Crew<W>, trial: &mut Trial)
    where
        W: Fn(&mut Attendant, &[u8]) -> Vec<u8>,
    {
        let told = crew.calm().map(|written| Told::read(&written));
        if matches!(trial.outcome, Outcome::CouldNotRun { .. }) {
            return;
        }
        if let Some(told) = &told {
            self.disturbed.set(self.disturbed.get() + 1);
            self.idle.set(self.idle.get() + u64::from(told.holds == 0));
        }
        // The client may know before the kernel does.
        let is_gone = if trial.outcome == Outcome::Passed { self.has_ended() } else { self.is_dying() };
        let (crash, end, error) =
            told.map_or((None, None, None), |Told { crash, end, error, .. }| (crash, end, error));
        let end = if is_gone { end.or_else(|| Some(self.end())) } else { None };
        match (crash.or(end), error) {
            (Some(failure), _) => trial.outcome = Outcome::Failed(failure),
            (None, Some(why)) if trial.outcome == Outcome::Passed => {
                trial.outcome = Outcome::CouldNotRun { why };
            }
            _ => {}
        }
    }

    /// What those should know who read of perturbations.
    pub fn warning(&self) -> Option<String> {
        let (idle, disturbed) = (self.idle.get(), self.disturbed.get());
        (idle > 0).then(|| {
            format!(
                "in {idle} of {disturbed} trials that were to be perturbed by holding or parking nobody was held: let clients \
                 last for a second or more"
            )
        })
    }

    /// Its end is the fault of a trial that had not failed.
    pub(crate) fn blame(&self, trial: &mut Trial) {
        if trial.outcome == Outcome::Passed {
            trial.outcome = Outcome::Failed(self.end());
        }
    }

    /// Whether it is gone, or about to be.
    pub(crate) fn is_dying(&self) -> bool {
        self.running.ends_within(DYING)
    }

    /// That it is gone, in words.
    pub(crate) fn why_ended(&self) -> String {
        format!("process {} has ended", self.running.pid)
    }

    fn end(&self) -> Failure {
        Failure {
            signature: Signature { kind: "service-ended".to_owned(), exact: "service-ended".to_owned() },
            title: format!("{}; only its parent knows how", self.why_ended()),
            details: String::new(),
        }
    }
}
