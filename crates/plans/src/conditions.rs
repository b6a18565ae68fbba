//! How a trial is judged, how many there may be, and what counts as proven.

use std::time::Duration;

use regex::Regex;
use toml::Spanned;

use crate::error::PlanError;
use crate::file::{BudgetTable, JudgeTable, OracleTable, Text};
use crate::quantity;

/// How a trial is judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Oracle {
    /// A trial with a line of output that matches this has failed.
    pub fail_on: Option<String>,
    /// What reads the number of operations done from a line of output; the usual where there is none.
    pub operations: Option<String>,
    /// What one operation is called, such as `call`.
    pub operation: String,
    /// How long a trial may take until it counts as hung.
    pub timeout: Duration,
}

/// When it is enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// After so many trials of each cell, or of each side.
    pub trials: Option<u64>,
    /// After so long.
    pub duration: Option<Duration>,
    /// How many trials run at a time; as many as there are processors where it does not say.
    pub jobs: Option<u64>,
}

/// What it takes to be implicated or exonerated.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judging {
    /// A suspect that raises the failure rate by less than this, between 0 and 1, is exonerated.
    pub worth: f64,
    /// How sure it has to be, between 0 and 1.
    pub confidence: f64,
}

/// How long a trial may take where nobody says; the same as for a hunt.
const TIMEOUT: Duration = Duration::from_secs(30);
/// The excess that matters where nobody says: a suspect that makes one trial in ten fail can be seen with some dozens of
/// trials a cell.
const WORTH: f64 = 0.1;
pub(crate) const CONFIDENCE: f64 = 0.95;
/// The same limits as on the command line.
const MOST_JOBS: u64 = 1024;

impl Oracle {
    pub(crate) fn read(text: &str, table: &OracleTable) -> Result<Self, PlanError> {
        let expression = |given: &Option<Text>| match given {
            Some(given) => Regex::new(given.get_ref())
                .map(|_| Some(given.get_ref().clone()))
                .map_err(|error| PlanError::at(text, &given.span(), first_words(&error))),
            None => Ok(None),
        };
        Ok(Self {
            fail_on: expression(&table.fail_on)?,
            operations: expression(&table.operations)?,
            operation: named(text, table.operation.as_ref())?,
            timeout: read(text, table.timeout.as_ref(), quantity::duration)?.unwrap_or(TIMEOUT),
        })
    }
}

/// What the expression is, and what is wrong with it, in a line.
fn first_words(error: &regex::Error) -> String {
    let told = error.to_string();
    let reason = told.lines().last().unwrap_or(&told).trim_start_matches("error: ");
    format!("the regular expression cannot be read: {reason}")
}

fn named(text: &str, given: Option<&Text>) -> Result<String, PlanError> {
    match given {
        None => Ok("operation".to_owned()),
        Some(name) if name.get_ref().chars().all(|c| c.is_alphanumeric() || c == ' ' || c == '-') => {
            Ok(name.get_ref().clone())
        }
        Some(name) => Err(PlanError::at(
            text,
            &name.span(),
            "an operation is called by a word, such as \"call\" or \"request\"",
        )),
    }
}

impl Budget {
    pub(crate) fn read(text: &str, table: &BudgetTable) -> Result<Self, PlanError> {
        let positive = |given: &Option<Spanned<u64>>, most: u64, what: &str| match given {
            Some(given) if !(1..=most).contains(given.get_ref()) => {
                let problem =
                    format!("{what} has to be at least 1 and at most {most}, and is {}", given.get_ref());
                Err(PlanError::at(text, &given.span(), problem))
            }
            given => Ok(given.as_ref().map(|given| *given.get_ref())),
        };
        Ok(Self {
            trials: positive(&table.trials, 1_000_000, "trials")?,
            duration: read(text, table.duration.as_ref(), quantity::duration)?,
            jobs: positive(&table.jobs, MOST_JOBS, "jobs")?,
        })
    }
}

impl Judging {
    pub(crate) fn read(text: &str, table: &JudgeTable) -> Result<Self, PlanError> {
        Ok(Self {
            worth: read(text, table.worth.as_ref(), quantity::share)?.unwrap_or(WORTH),
            confidence: read(text, table.confidence.as_ref(), confidence)?.unwrap_or(CONFIDENCE),
        })
    }
}

/// A confidence of less than one half is none.
pub(crate) fn confidence(text: &str) -> Result<f64, String> {
    match quantity::share(text)? {
        share if share < 0.5 => {
            Err(format!("`{text}` is no confidence such as \"95%\": it is below one half"))
        }
        share => Ok(share),
    }
}

/// A quantity, where it is given.
pub(crate) fn read<T>(
    text: &str,
    given: Option<&Text>,
    read: impl Fn(&str) -> Result<T, String>,
) -> Result<Option<T>, PlanError> {
    let one =
        |given: &Text| read(given.get_ref()).map_err(|problem| PlanError::at(text, &given.span(), problem));
    given.map(one).transpose()
}
