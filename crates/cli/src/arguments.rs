//! What stands on the command line: one file per verb, and here what they share.

mod call;
mod case;
mod doctor;
mod hunt;
mod matrix;
mod probe;
mod replay;
mod report;
mod verify;
mod watch;

use std::time::Duration;

use clap::{Parser, Subcommand};

pub(crate) use call::CallArguments;
pub(crate) use case::{CaseArguments, CaseDeed};
pub(crate) use doctor::DoctorArguments;
pub(crate) use hunt::HuntArguments;
pub(crate) use matrix::MatrixArguments;
pub(crate) use probe::ProbeArguments;
pub(crate) use replay::ReplayArguments;
pub(crate) use report::ReportArguments;
pub(crate) use verify::VerifyArguments;
pub(crate) use watch::WatchArguments;

/// Finds concurrency bugs in the program you already have: unmodified, already built, in several languages.
#[derive(Debug, Parser)]
#[command(name = "jostle", version, max_term_width = 100)]
#[command(after_help = "Exit codes: 0 looked and found nothing, 1 found, 2 wrong usage, 3 inconclusive, \
                        4 the machine or the target did not let us look.")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Catch two threads at the same memory in a program that runs.
    Watch(Box<WatchArguments>),
    /// Run a program many times, perturbed, and tell how often and how it fails.
    Hunt(Box<HuntArguments>),
    /// Run a trial that failed again, until it is clear how often it does.
    Replay(ReplayArguments),
    /// Run every combination of what may be at fault, and tell which carries the failure and which are exonerated.
    Matrix(Box<MatrixArguments>),
    /// Drive an HTTP server with identities, and tell whose were given to others.
    Probe(Box<ProbeArguments>),
    /// Say whether a fix is real, from what production data show before it and after it.
    Verify(Box<VerifyArguments>),
    /// Call a native library from many threads, and see whether it goes wrong on its own.
    Call(CallArguments),
    /// The process that makes the calls.
    #[command(hide = true, name = crate::call::IN_CHILD)]
    CallInChild,
    /// Look at what was recorded, and join what several machines have.
    Case(CaseArguments),
    /// Say what this machine, and a program, let us see, and how to get more.
    Doctor(DoctorArguments),
}

fn duration(text: &str) -> Result<Duration, String> {
    // A bare number means seconds, as for sleep(1) and timeout(1).
    if let Ok(seconds) = text.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string());
    }
    humantime::parse_duration(text).map_err(|error| error.to_string())
}

/// A percentage, as a share between 0 and 1.
fn share(text: &str) -> Result<f64, String> {
    let number = text.strip_suffix('%').unwrap_or(text).trim();
    match number.parse::<f64>() {
        Ok(percent) if percent > 0.0 && percent <= 50.0 => Ok(percent / 100.0),
        Ok(_) => Err("a budget lies above 0% and is at most 50%".to_owned()),
        Err(_) => Err("not a percentage, such as 2% or 0.5%".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_arguments_are_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_budget_is_read_in_percent() {
        assert_eq!(share("2%"), Ok(0.02));
        assert_eq!(share("0.5"), Ok(0.005));
        assert!(
            share("0%").is_err() && share("51%").is_err() && share("two").is_err() && share("NaN").is_err()
        );
    }

    #[test]
    fn a_duration_has_a_unit_or_means_seconds() {
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("1.5"), Ok(Duration::from_millis(1500)));
        assert!(duration("-1").is_err() && duration("soon").is_err() && duration("1e400").is_err());
    }
}
