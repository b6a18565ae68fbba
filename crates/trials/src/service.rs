//! What runs already and is hunted there: trials run its clients, and it is perturbed meanwhile.

use std::path::Path;
use std::time::Duration;

use jostle_model::{Failure, Outcome, Rule, Signature, Trial};
use jostle_symptoms::of_crash;
use jostle_watch::{Attendant, Crew, Options, Outcome as Watched, Running, Target, WatchError};
use serde::{Deserialize, Serialize};

use crate::run::{Assignment, HOLD_BUDGET};
use crate::runtimes::{self, Runtimes};

/// How long the end of a process is waited for when its client has failed.
const DYING: Duration = Duration::from_millis(100);

/// What there is to tell of a disturbance that has ended.
#[derive(Serialize, Deserialize)]
struct Told {
    /// The service has crashed.
    crash: Option<Failure>,
    /// Why it ended before its time.
    error: Option<String>,
}

impl Told {
    fn of(watched: &Watched) -> Self {
        let crash = watched.findings.iter().find(|finding| finding.rule == Rule::Crash);
        Self {
            crash: crash.map(|crash| of_crash(crash, b"")),
            error: watched.error.as_ref().map(WatchError::explained),
        }
    }
}

/// A process that runs already. Its clients come one after the other: what perturbs one of them would perturb all.
#[derive(Debug)]
pub struct Service {
    running: Running,
}

impl Service {
    /// Process `pid`.
    ///
    /// # Errors
    /// When it is not there, or none that can be watched.
    pub fn new(pid: i32) -> Result<Self, WatchError> {
        Ok(Self { running: Running::new(pid)? })
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
            return Err(format!("process {} has ended", self.running.pid));
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
    /// was to be perturbed and was not, or not to its end, says nothing.
    pub(crate) fn calm<W>(&self, crew: &mut Crew<W>, trial: &mut Trial)
    where
        W: Fn(&mut Attendant, &[u8]) -> Vec<u8>,
    {
        let told = crew.calm().map(|told| serde_json::from_slice::<Told>(&told));
        // Whoever dies is not dead at once, and its client may know before the kernel does.
        let patience = if trial.outcome == Outcome::Passed { Duration::ZERO } else { DYING };
        if self.running.ends_within(patience) {
            let crash = told.and_then(Result::ok).and_then(|told| told.crash);
            trial.outcome = Outcome::Failed(crash.unwrap_or_else(|| self.end()));
            return;
        }
        let broken_off = match told {
            None => None,
            Some(Ok(told)) => told.error,
            Some(Err(_)) => Some("whoever perturbed the service was killed".to_owned()),
        };
        if let Some(why) = broken_off {
            trial.outcome = Outcome::CouldNotRun { why };
        }
    }

    /// Its end is the fault of a trial that had not failed.
    pub(crate) fn blame(&self, trial: &mut Trial) {
        if trial.outcome == Outcome::Passed {
            trial.outcome = Outcome::Failed(self.end());
        }
    }

    fn end(&self) -> Failure {
        Failure {
            signature: Signature { kind: "service-ended".to_owned(), exact: "service-ended".to_owned() },
            title: format!("process {} has ended; only its parent knows how", self.running.pid),
            details: String::new(),
        }
    }
}
