//! `jostle`: from a concurrency bug's symptom to its two sides, on the program you already have.
//!
//! This room turns arguments into calls of the rooms below, and what they return into output and an exit
//! code. Nothing else reads arguments or the environment, prints, or exits.
#![forbid(unsafe_code)]

mod arguments;
mod call;
mod case;
mod doctor;
mod exit;
mod failure;
mod hunt;
mod matrix;
mod output;
mod plan;
mod probe;
mod progress;
mod replay;
mod service;
mod verify;
mod watch;
mod words;

use std::process::ExitCode;

use clap::Parser;
use jostle_watch::TracerEnd;

use arguments::{Arguments, Verb};
use exit::Exit;
use failure::Failure;

fn main() -> ExitCode {
    match Arguments::parse().verb {
        Verb::Watch(arguments) => apart(|| watch::run(&arguments)),
        Verb::Hunt(arguments) => finish(hunt::run(&arguments)),
        Verb::Replay(arguments) => finish(replay::run(&arguments)),
        Verb::Matrix(arguments) => finish(matrix::run(&arguments)),
        Verb::Verify(arguments) => finish(verify::run(&arguments)),
        Verb::Probe(arguments) => finish(probe::run(&arguments)),
        Verb::Call(arguments) => finish(call::run(&arguments)),
        Verb::CallInChild => finish(call::serve()),
        Verb::Case(arguments) => finish(case::run(&arguments)),
        Verb::Doctor(arguments) => apart(|| doctor::run(&arguments)),
    }
}

/// Works in a process of its own: what people see and kill only waits for it.
fn apart(work: impl FnOnce() -> Result<Exit, Failure>) -> ExitCode {
    match jostle_watch::stand_apart() {
        Ok(None) => finish(work()),
        Ok(Some(TracerEnd::Code(code))) => ExitCode::from(code),
        Ok(Some(TracerEnd::Signal(signal))) => Failure::Killed(signal).report().into(),
        Err(source) => Failure::Apart(source).report().into(),
    }
}

fn finish(done: Result<Exit, Failure>) -> ExitCode {
    match done {
        Ok(exit) => exit.into(),
        Err(failure) => failure.report().into(),
    }
}
