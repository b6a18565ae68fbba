//! The plan, as the user writes it.

mod argument;
mod expectation;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

pub use argument::{Argument, Integer};
pub use expectation::{Expectation, Scalar};

use crate::{Kind, PlanError};

/// What to call, how, and what is to come of it. `docs/call.md` tells what the fields mean.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Where it was read.
    #[serde(skip)]
    pub path: PathBuf,
    /// A path, relative to the plan's directory, or a name that the loader looks up.
    pub library: String,
    /// How many threads call.
    #[serde(default = "Plan::usual_threads")]
    pub threads: u32,
    /// For how long, in seconds.
    #[serde(default)]
    pub seconds: Option<f64>,
    /// How many calls, of all threads together.
    #[serde(default)]
    pub calls: Option<u64>,
    /// How long a call may take, in seconds, until it counts as one that never returns.
    #[serde(default = "Plan::usual_patience")]
    pub patience: f64,
    /// Called once, one after the other, before anything else.
    #[serde(default)]
    pub setup: Vec<Step>,
    /// Called by each thread, one after the other, again and again.
    #[serde(rename = "step", default)]
    pub steps: Vec<Step>,
    /// Called once, when all threads are done.
    #[serde(default)]
    pub teardown: Vec<Step>,
}

/// One call.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// The function.
    pub call: String,
    /// What it takes.
    #[serde(default)]
    pub arguments: Vec<Argument>,
    /// What it gives.
    #[serde(default)]
    pub returns: Kind,
    /// What its result is called in later steps.
    #[serde(rename = "as", default)]
    pub name: Option<String>,
    /// The function that takes its result back, as soon as it has been judged.
    #[serde(default)]
    pub free: Option<String>,
    /// Only in every so many iterations, from the first on.
    #[serde(default)]
    pub every: Option<u64>,
    /// Only in the thread with this number, counted from 0.
    #[serde(default)]
    pub thread: Option<u32>,
    /// What its result has to be.
    #[serde(default)]
    pub expect: Vec<Expectation>,
}

impl Plan {
    /// As many as the incident's driver had: enough that several wait in the middle of a call on any machine.
    fn usual_threads() -> u32 {
        32
    }

    /// Calls take microseconds. Ten seconds leave room for a machine that is busy with other things.
    fn usual_patience() -> f64 {
        10.0
    }

    /// Reads the plan in a file, and the files that it names.
    ///
    /// # Errors
    /// When one of them cannot be read, or the plan says something that no plan says.
    pub fn read(path: &Path) -> Result<Self, PlanError> {
        let text =
            fs::read_to_string(path).map_err(|source| PlanError::Read { path: path.to_owned(), source })?;
        let mut plan: Self = toml::from_str(&text).map_err(|error| syntax(path, &text, &error))?;
        plan.path = path.to_owned();
        plan.fetch()?;
        Ok(plan)
    }

    /// For how long the threads call. Without a limit of any kind, as long as it takes to make millions of calls.
    pub(crate) fn duration(&self) -> Option<Duration> {
        const USUAL: Duration = Duration::from_secs(10);
        match (self.seconds, self.calls) {
            (Some(seconds), _) => Some(Duration::from_secs_f64(seconds)),
            (None, Some(_)) => None,
            (None, None) => Some(USUAL),
        }
    }

    /// The library's path, or its name where the loader is to look it up.
    pub fn library_file(&self) -> PathBuf {
        let beside = self.directory().join(&self.library);
        if self.library.contains('/') || beside.exists() { beside } else { PathBuf::from(&self.library) }
    }

    /// What paths in the plan are relative to. It has a slash in it, without which the loader would search elsewhere.
    fn directory(&self) -> PathBuf {
        match self.path.parent() {
            Some(parent) if parent != Path::new("") => parent.to_owned(),
            _ => PathBuf::from("./"),
        }
    }

    /// Puts the text of files in the place of their names.
    fn fetch(&mut self) -> Result<(), PlanError> {
        let directory = self.directory();
        let steps = self.setup.iter_mut().chain(&mut self.steps).chain(&mut self.teardown);
        for argument in steps.flat_map(|step| &mut step.arguments) {
            if let Argument::File { file, .. } = argument {
                let path = directory.join(&*file);
                argument.fetch(&path).map_err(|source| PlanError::Read { path, source })?;
            }
        }
        Ok(())
    }
}

fn syntax(path: &Path, text: &str, error: &toml::de::Error) -> PlanError {
    let before = &text[..error.span().map_or(0, |span| span.start.min(text.len()))];
    PlanError::Syntax {
        path: path.to_owned(),
        line: before.matches('\n').count() + 1,
        column: before.chars().rev().take_while(|&c| c != '\n').count() + 1,
        problem: error.message().replace('\n', " "),
    }
}
