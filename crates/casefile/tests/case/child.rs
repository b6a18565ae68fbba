//! Processes of their own: this test binary once more, with one of the tests that are ignored otherwise. What it is to do
//! stands in its environment.

use std::env;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use jostle_casefile::{Case, CaseError, FILE, PlanFingerprint, Recorder};
use jostle_model::{Failure, Outcome, Trial};

use crate::samples::{all, failure, moment, new_plan, passed};

/// What a writer says before each seed that it has recorded.
pub(crate) const RECORDED: &str = "recorded ";

/// One of the tests below in a process of its own.
pub(crate) fn child(test: &str, dir: &Path) -> Command {
    let mut command = Command::new(env::current_exe().expect("this test"));
    command.args(words(test)).env("CASE", dir);
    command
}

/// The same behind `wrapper`, which is to execute its arguments.
pub(crate) fn wrapped_child(wrapper: &mut Command, test: &str, dir: &Path) {
    wrapper.arg(env::current_exe().expect("this test")).args(words(test)).env("CASE", dir);
}

fn words(test: &str) -> [String; 4] {
    [format!("child::{test}"), "--exact".to_owned(), "--ignored".to_owned(), "--nocapture".to_owned()]
}

fn case() -> PathBuf {
    env::var_os("CASE").expect("CASE").into()
}

fn number(name: &str) -> u64 {
    env::var(name).unwrap_or_else(|_| panic!("{name}")).parse().expect("a number")
}

fn say(line: &str) {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).expect("a reader");
}

/// Records trials from FIRST on, COUNT of them, two of three failures, and says each that is safe.
#[test]
#[ignore = "a part of other tests, run in a process of its own"]
fn a_writer() {
    let mut recorder = Recorder::open(&case()).expect("opens");
    let plan = recorder.plan(&new_plan("a plan")).expect("records the plan");
    let first = number("FIRST");
    for seed in first..first.saturating_add(number("COUNT")) {
        let trial = if seed % 3 < 2 { long_failure(seed) } else { passed(seed) };
        recorder.record(plan, &trial, moment(seed)).expect("records");
        say(&format!("{RECORDED}{seed}"));
    }
}

/// A failure like no other, with details that take several pages of the file: it takes several writes to record it.
pub(crate) fn long_failure(seed: u64) -> Trial {
    let Failure { signature, title, .. } = failure("SIGSEGV", &format!("SIGSEGV at {seed}"));
    Trial {
        outcome: Outcome::Failed(Failure { signature, title, details: "stack ".repeat(8_000) }),
        ..passed(seed)
    }
}

/// Looks at a case with 10 trials where nothing may be written, tries to write, and leaves no trace.
#[test]
#[ignore = "a part of other tests, run in a process of its own"]
fn a_visitor_where_nothing_may_be_written() {
    let dir = case();
    let case = Case::open(&dir).expect("opens");
    assert_eq!(all(&case, PlanFingerprint::of("a plan")).len(), 10);
    assert_eq!(case.tallies(PlanFingerprint::of("a plan")).expect("reads")[0].ran(), 10);
    let error = Recorder::open(&dir).expect_err("may not write");
    assert!(matches!(&error, CaseError::NotWritable(file) if *file == dir.join(FILE)), "{error}");
    let error = Recorder::open(&dir.join("inner")).expect_err("may not make a directory");
    assert!(matches!(error, CaseError::Create { .. }), "{error}");
    say("visited");
}

/// Opens a case with a log that is not folded where nothing may be written.
#[test]
#[ignore = "a part of other tests, run in a process of its own"]
fn a_visitor_who_finds_a_log() {
    let error = Case::open(&case()).expect_err("would miss what is in the log");
    assert!(matches!(error, CaseError::Unfolded(_)), "{error}");
    say("visited");
}

/// Records until the disk is full. What was recorded before is there, and recording goes on when there is space again.
#[test]
#[ignore = "a part of other tests, run in a process of its own"]
fn a_writer_on_a_small_disk() {
    let dir = case();
    let mut recorder = Recorder::open(&dir).expect("opens");
    let ballast = dir.join("ballast");
    std::fs::write(&ballast, vec![0; 300_000]).expect("there is space yet");
    let plan = recorder.plan(&new_plan("a plan")).expect("records the plan");
    let mut next = 0;
    let error = loop {
        match recorder.record(plan, &passed(next), moment(0)) {
            Ok(_) => next += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(error, CaseError::Full(_)), "{error}: {:?}", std::error::Error::source(&error));
    assert_eq!(all(recorder.case(), plan).len() as u64, next);
    drop(recorder);
    assert_eq!(all(&Case::open(&dir).expect("opens on the full disk"), plan).len() as u64, next);
    std::fs::remove_file(ballast).expect("frees some space");
    let mut recorder = Recorder::open(&dir).expect("opens");
    recorder.record(plan, &passed(next), moment(0)).expect("goes on");
    assert_eq!(all(recorder.case(), plan).len() as u64, next + 1);
    say("visited");
}

/// Asks everything, and says how much memory it took.
#[test]
#[ignore = "a part of other tests, run in a process of its own"]
fn a_reader() {
    let case = Case::open(&case()).expect("opens");
    say(&crate::crowd::ask_everything(&case, PlanFingerprint::of("a plan")).expect("answers"));
    let status = std::fs::read_to_string("/proc/self/status").expect("our status");
    say(status.lines().find(|line| line.starts_with("VmHWM:")).expect("a peak"));
}
