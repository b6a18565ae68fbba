//! One trial, from the choices that its seed makes to its outcome. It runs in a process of its own.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use fastrand::Rng;
use regex::bytes::Regex;
use serde::{Deserialize, Serialize};

use jostle_model::{Outcome, Seed, Trial};
use jostle_watch::{Attendant, Ended, Holds, Launch, LookFor, Options, Target, TimeUp};

use crate::output::Output;
use crate::perturbation::{Arrangement, Companion, Perturbation};
use crate::runtimes::{self, Runtimes};
use crate::template::{Scratch, Values};
use crate::{Plan, PlanError, verdict};

/// The share of time for which threads are held where holding is the perturbation: ten times what `watch` takes, since
/// nobody waits for a trial.
pub(crate) const HOLD_BUDGET: f64 = 0.2;

/// What trials run in, on this machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// The working directory; ours where there is none.
    pub directory: Option<PathBuf>,
    /// The environment that trials inherit. A perturbation adds to what stands there.
    pub environment: Arc<BTreeMap<OsString, OsString>>,
    /// Where directories for single trials are made.
    pub scratch: PathBuf,
}

/// A plan that is ready to run.
#[derive(Debug)]
pub(crate) struct Stage<'a> {
    plan: &'a Plan,
    surroundings: &'a Surroundings,
    fail_on: Option<Regex>,
    operations: Regex,
}

/// One trial to be run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Assignment {
    /// Its number in the plan, counted from 0.
    pub(crate) index: u64,
    pub(crate) seed: Seed,
    pub(crate) perturbation: Perturbation,
    /// Whether to look which runtimes there are.
    pub(crate) explores: bool,
}

impl Assignment {
    /// As [`Stage::run_told`] takes it.
    pub(crate) fn to_bytes(self) -> Vec<u8> {
        // Neither strings nor numbers can fail to become JSON.
        serde_json::to_vec(&self).unwrap_or_default()
    }
}

/// What a trial brings home.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Brought {
    pub(crate) trial: Trial,
    pub(crate) runtimes: Runtimes,
}

impl Brought {
    /// Reads what [`Stage::run_told`] has answered.
    pub(crate) fn from_bytes(assignment: Assignment, bytes: &[u8]) -> Self {
        serde_json::from_slice(bytes)
            .unwrap_or_else(|error| Self::nothing(assignment, format!("its result cannot be read: {error}")))
    }

    /// What is left when the process that attended a trial ended, or was ended by a signal.
    pub(crate) fn lost(assignment: Assignment, signal: Option<i32>) -> Self {
        let how = signal.map_or("it ended early".to_owned(), |signal| format!("signal {signal} ended it"));
        Self::nothing(assignment, format!("the process that attended it is lost: {how}"))
    }

    /// What there is to tell of a trial that could not run.
    pub(crate) fn nothing(assignment: Assignment, why: String) -> Self {
        let trial = Trial {
            seed: assignment.seed,
            perturbation: assignment.perturbation.name().to_owned(),
            outcome: Outcome::CouldNotRun { why },
            elapsed_us: 0,
            operations: None,
        };
        Self { trial, runtimes: Runtimes::new() }
    }
}

impl<'a> Stage<'a> {
    /// Gets ready.
    ///
    /// # Errors
    /// When an expression cannot be read.
    pub(crate) fn new(plan: &'a Plan, surroundings: &'a Surroundings) -> Result<Self, PlanError> {
        let read = |text: &str| Regex::new(text).map_err(|error| PlanError::expression(text, &error));
        Ok(Self {
            plan,
            surroundings,
            fail_on: plan.fail_on.as_deref().map(read).transpose()?,
            operations: read(&plan.operations)?,
        })
    }

    /// Runs a trial that is told in bytes, and tells in bytes what came of it. What is not understood is answered with
    /// nothing.
    pub(crate) fn run_told(&self, attendant: &mut Attendant, told: &[u8]) -> Vec<u8> {
        let brought = serde_json::from_slice(told).map(|assignment| self.run(attendant, assignment));
        brought.and_then(|brought| serde_json::to_vec(&brought)).unwrap_or_default()
    }

    /// Runs a trial to its end.
    pub(crate) fn run(&self, attendant: &mut Attendant, assignment: Assignment) -> Brought {
        let runtimes = Mutex::new(Runtimes::new());
        let mut output = Output::new(self.fail_on.as_ref(), &self.operations);
        let ended = self.attend(attendant, assignment, &mut output, &runtimes);
        let written = output.finish();
        let (outcome, elapsed) = match ended {
            Ok(ended) => (verdict::of(&ended, output.failing_line.take(), &written), ended.elapsed),
            Err(why) => (Outcome::CouldNotRun { why }, Duration::ZERO),
        };
        let trial = Trial {
            seed: assignment.seed,
            perturbation: assignment.perturbation.name().to_owned(),
            outcome,
            elapsed_us: elapsed.as_micros() as u64,
            operations: output.done,
        };
        Brought { trial, runtimes: runtimes.into_inner().unwrap_or_default() }
    }

    fn attend(
        &self,
        attendant: &mut Attendant,
        assignment: Assignment,
        output: &mut Output<'_>,
        runtimes: &Mutex<Runtimes>,
    ) -> Result<Ended, String> {
        let Assignment { index, seed, perturbation, explores } = assignment;
        let scratch = Scratch::new(&self.surroundings.scratch, seed);
        let values = Values { seed, trial: index + 1, scratch: &scratch };
        let mut command = values
            .fill(&self.plan.command)
            .map_err(|error| format!("its placeholders cannot be filled: {error}"))?;
        self.find_beside(&mut command);
        let mut arrangement = self.arrangement(seed, &scratch);
        // A client runs as it is while the service is perturbed.
        if self.plan.service.is_none() || perturbation.disturbance().is_none() {
            perturbation
                .arrange(&mut arrangement)
                .map_err(|error| format!("cannot perturb by {perturbation}: {error}"))?;
        }
        let program = command.first().cloned().unwrap_or_default();
        let options = Options {
            target: Target::Command(command),
            duration: Some(self.plan.timeout),
            budget: HOLD_BUDGET,
            // A perturbation is of one strength throughout.
            backs_off: false,
            seed: seed.0,
            launch: Launch { environment: Some(arrangement.environment), ..arrangement.launch },
            look_for: arrangement.look_for,
            holds: arrangement.holds,
            time_up: TimeUp::Kill,
            ..Options::default()
        };
        let companion = match arrangement.companion {
            None if explores => Some(explorer(program, runtimes)),
            other => other,
        };
        attendant.attend(&options, |bytes| output.take(bytes), companion).map_err(|error| error.explained())
    }

    /// `./program` means one in the working directory of the trial, wherever we are.
    fn find_beside(&self, command: &mut [OsString]) {
        let Some((program, directory)) = command.first_mut().zip(self.surroundings.directory.as_deref())
        else {
            return;
        };
        if program.as_encoded_bytes().contains(&b'/') {
            *program = directory.join(&*program).into_os_string();
        }
    }

    fn arrangement<'b>(&self, seed: Seed, scratch: &'b Scratch) -> Arrangement<'b> {
        Arrangement {
            random: Rng::with_seed(seed.0),
            environment: self.surroundings.environment.clone(),
            scratch,
            launch: Launch {
                directory: self.surroundings.directory.clone(),
                alone: true,
                ..Launch::default()
            },
            look_for: LookFor::Endings,
            holds: Holds::All,
            companion: None,
        }
    }
}

/// Looks which runtimes there are.
fn explorer(program: OsString, runtimes: &Mutex<Runtimes>) -> Companion<'_> {
    Box::new(move |run| {
        let mut found = runtimes::of_program(&program);
        found.extend(runtimes::look(run));
        *runtimes.lock().unwrap_or_else(PoisonError::into_inner) = found;
    })
}
