//! Two sides: a target before a fix, and with it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::check;
use crate::conditions::{self, Budget, CONFIDENCE, Oracle};
use crate::error::PlanError;
use crate::file::{BaselineTable, DuelFile, Text};
use crate::matrix::{Run, environment};
use crate::placeholder::{OF_TRIALS, placeholders};
use crate::quantity;

/// A plan that asks whether a fix is real.
#[derive(Clone, Debug, PartialEq)]
pub struct Duel {
    /// The target without the fix, and with it.
    pub sides: [Run; 2],
    /// A target that still fails at this rate, between 0 and 1, must not pass for mended.
    pub residual: f64,
    /// How sure it has to be, between 0 and 1.
    pub confidence: f64,
    /// What is known of the target without the fix.
    pub pilot: Pilot,
    /// How a trial is judged.
    pub oracle: Oracle,
    /// How many there may be.
    pub budget: Budget,
    /// What is changed around every trial, by name.
    pub perturb: Option<String>,
    /// What all choices are drawn from.
    pub seed: Option<u64>,
}

/// From where it is known how often the target fails without the fix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pilot {
    /// It has to be found out.
    ToBeRun,
    /// So many failures were seen.
    Known {
        /// How many failures.
        failures: u64,
        /// In how many trials.
        trials: u64,
    },
}

/// Who still fails in one trial of a hundred is not mended.
const RESIDUAL: f64 = 0.01;

impl Duel {
    /// Reads a plan.
    ///
    /// # Errors
    /// The first thing that is wrong with it, and its line.
    pub fn read(text: &str) -> Result<Self, PlanError> {
        let file: DuelFile = toml::from_str(text).map_err(|error| PlanError::of_toml(text, &error))?;
        let table = file.trials.get_ref();
        let prepare = table.prepare.as_ref();
        for command in [Some(&table.before), Some(&table.after), prepare].into_iter().flatten() {
            check::can_be_split(text, command)?;
        }
        [&table.before, &table.after]
            .into_iter()
            .try_for_each(|command| no_unknown_placeholder(text, command))?;
        if table.before.get_ref() == table.after.get_ref() {
            let problem = "before and after are the same command, so there is no fix to verify";
            return Err(PlanError::at(text, &table.after.span(), problem));
        }
        let variables: BTreeMap<String, String> = environment(&table.environment);
        let directory = table.directory.as_ref().map_or_else(PathBuf::new, |given| given.get_ref().into());
        let words = |command: &Text| shlex::split(command.get_ref()).unwrap_or_default();
        let side = |command: &Text| Run {
            command: words(command),
            prepare: prepare.map(words),
            environment: variables.clone(),
            directory: directory.clone(),
        };
        Ok(Self {
            sides: [side(&table.before), side(&table.after)],
            residual: conditions::read(text, table.residual.as_ref(), quantity::share)?.unwrap_or(RESIDUAL),
            confidence: conditions::read(text, table.confidence.as_ref(), conditions::confidence)?
                .unwrap_or(CONFIDENCE),
            pilot: pilot(text, table.baseline.as_ref())?,
            oracle: Oracle::read(text, &file.oracle)?,
            budget: Budget::read(text, &file.budget)?,
            perturb: table.perturb.clone(),
            seed: check::seed(text, table.seed.as_ref())?,
        })
    }
}

fn no_unknown_placeholder(text: &str, command: &Text) -> Result<(), PlanError> {
    let found = placeholders(command.get_ref()).into_iter().find(|(_, name)| !OF_TRIALS.contains(name));
    found.map_or(Ok(()), |(_, name)| {
        let problem =
            format!("there is nothing for {{{name}}} to stand for; there are {}", OF_TRIALS.join(", "));
        Err(PlanError::at(text, &command.span(), problem))
    })
}

fn pilot(text: &str, baseline: Option<&BaselineTable>) -> Result<Pilot, PlanError> {
    let Some(BaselineTable { failures, trials }) = baseline else { return Ok(Pilot::ToBeRun) };
    let (failures, trials, place) = (*failures, *trials.get_ref(), trials.span());
    let problem = match () {
        () if failures > trials => format!("there cannot be {failures} failures in {trials} trials"),
        () if failures == 0 => {
            "a baseline without a failure leaves nothing that a fix could change".to_owned()
        }
        () => return Ok(Pilot::Known { failures, trials }),
    };
    Err(PlanError::at(text, &place, problem))
}
