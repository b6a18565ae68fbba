//! What this machine, and a program, let us see: found out by trying where that is possible, and how to get more.

mod machine;
mod program;
mod trial;

pub(crate) use machine::what_machine_says;

use std::path::Path;

use crate::WatchError;

/// How much of a watch is possible.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Health {
    /// Everything.
    Good,
    /// A watch works and sees less.
    Limited,
    /// No watch works.
    Bad,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What it is about, in a few words.
    pub subject: &'static str,
    /// Whether it is as it should be.
    pub health: Health,
    /// What it is now, and what follows from that.
    pub value: String,
    /// How to mend it: a command, or where there is none, what to do.
    pub mend: Option<String>,
}

impl Check {
    fn good(subject: &'static str, value: impl Into<String>) -> Self {
        Self { subject, health: Health::Good, value: value.into(), mend: None }
    }

    fn limited(subject: &'static str, value: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { subject, health: Health::Limited, value: value.into(), mend: Some(mend.into()) }
    }

    fn bad(subject: &'static str, value: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { subject, health: Health::Bad, value: value.into(), mend: Some(mend.into()) }
    }
}

/// Looks at this machine, and at a program if one is given.
///
/// A copy of our own program is started for the trial and ended before its first instruction.
///
/// # Errors
/// When the program cannot be found or read.
pub fn examine(program: Option<&Path>) -> Result<Vec<Check>, WatchError> {
    let of_program = program.map(program::examine).transpose()?;
    let mut checks = machine::examine();
    checks.extend(of_program.into_iter().flatten());
    Ok(checks)
}
