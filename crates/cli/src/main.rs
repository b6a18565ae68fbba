//! `jostle`: from a concurrency bug's symptom to its two sides, on the program you already have.
//!
//! This room turns arguments into calls of the rooms below, and what they return into output and an exit
//! code. Nothing else reads arguments or the environment, prints, or exits.
#![forbid(unsafe_code)]

mod arguments;
mod exit;
mod failure;
mod output;
mod progress;
mod watch;

use std::process::ExitCode;

use clap::Parser;

use arguments::{Arguments, Verb};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match arguments.verb {
        Verb::Watch(arguments) => watch::run(&arguments),
    };
    match done {
        Ok(exit) => exit.into(),
        Err(failure) => failure.report().into(),
    }
}
