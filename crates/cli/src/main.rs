//! `jostle`: from a concurrency bug's symptom to its two sides, on the program you already have.
//!
//! This room turns arguments into calls of the rooms below, and what they return into output and an exit
//! code. Nothing else reads arguments or the environment, prints, or exits.
#![forbid(unsafe_code)]

mod arguments;
mod doctor;
mod exit;
mod failure;
mod output;
mod progress;
mod watch;

use std::process::ExitCode;

use clap::Parser;
use jostle_watch::TracerEnd;

use arguments::{Arguments, Verb};
use failure::Failure;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // What people see and kill only waits for the process that does the work.
    match jostle_watch::stand_apart() {
        Ok(None) => work(arguments),
        Ok(Some(TracerEnd::Code(code))) => ExitCode::from(code),
        Ok(Some(TracerEnd::Signal(signal))) => Failure::Killed(signal).report().into(),
        Err(source) => Failure::Apart(source).report().into(),
    }
}

fn work(arguments: Arguments) -> ExitCode {
    let done = match arguments.verb {
        Verb::Watch(arguments) => watch::run(&arguments),
        Verb::Doctor(arguments) => doctor::run(&arguments),
    };
    match done {
        Ok(exit) => exit.into(),
        Err(failure) => failure.report().into(),
    }
}
