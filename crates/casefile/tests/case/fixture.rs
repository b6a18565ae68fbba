//! Cases as earlier versions wrote them. `fixtures/version-N` is never written again once version N was released.

use std::fs;
use std::path::{Path, PathBuf};

use jostle_casefile::{Case, FILE, PlanFingerprint, Recorder, Recording};
use jostle_model::Trial;

use crate::samples::{all, could_not_run, failed, moment, passed, place, recorder_with_plan};

fn fixture(version: u32) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/version-{version}"))
}

fn trials() -> Vec<Trial> {
    vec![passed(1), failed(2, "SIGSEGV", "SIGSEGV main.prune"), could_not_run(3)]
}

#[test]
fn a_case_of_version_1_is_read_and_continued() {
    let (_place, dir) = place();
    fs::create_dir(&dir).expect("makes a directory");
    fs::copy(fixture(1).join(FILE), dir.join(FILE)).expect("copies");
    let plan = PlanFingerprint::of("a plan");
    let read: Vec<Trial> =
        all(&Case::open(&dir).expect("opens"), plan).into_iter().map(|one| one.trial).collect();
    assert_eq!(read, trials());
    let mut recorder = Recorder::open(&dir).expect("opens");
    assert_eq!(recorder.record(plan, &passed(1), moment(0)).expect("records"), Recording::Known);
    assert_eq!(recorder.record(plan, &passed(4), moment(0)).expect("records"), Recording::New);
}

#[test]
#[ignore = "writes the fixture of the current version, which is done once"]
fn write_the_fixture() {
    let dir = fixture(1);
    fs::create_dir_all(dir.parent().expect("a parent")).expect("makes a directory");
    let (mut recorder, plan) = recorder_with_plan(&dir);
    for trial in trials() {
        recorder.record(plan, &trial, moment(trial.seed.0)).expect("records");
    }
}
