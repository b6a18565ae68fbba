//! Plans and trials to record.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use jostle_casefile::{Case, NewPlan, PlanFingerprint, Recorded, Recorder};
use jostle_model::{Failure, Outcome, Seed, Signature, Trial};
use tempfile::TempDir;

/// A directory that is removed afterwards, and the path of a case in it that is not there yet.
pub(crate) fn place() -> (TempDir, PathBuf) {
    let place = tempfile::tempdir().expect("a directory");
    let dir = place.path().join("case");
    (place, dir)
}

/// A moment in 2025, `ms` later.
pub(crate) fn moment(ms: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(1_750_000_000_000 + ms)
}

pub(crate) fn new_plan(identity: &str) -> NewPlan<'_> {
    NewPlan {
        identity,
        verb: "hunt",
        command: "jostle hunt -- './my server'",
        instructions: r#"{"timeout_s":10}"#,
        made: moment(0),
    }
}

pub(crate) fn recorder_with_plan(dir: &std::path::Path) -> (Recorder, PlanFingerprint) {
    let mut recorder = Recorder::open(dir).expect("opens");
    let plan = recorder.plan(&new_plan("a plan")).expect("records the plan");
    (recorder, plan)
}

pub(crate) fn passed(seed: u64) -> Trial {
    Trial {
        seed: Seed(seed),
        perturbation: "none".to_owned(),
        outcome: Outcome::Passed,
        elapsed_us: 1_000 + seed % 1_000,
        operations: Some(100),
    }
}

pub(crate) fn failed(seed: u64, kind: &str, exact: &str) -> Trial {
    Trial { outcome: Outcome::Failed(failure(kind, exact)), ..passed(seed) }
}

pub(crate) fn failure(kind: &str, exact: &str) -> Failure {
    Failure {
        signature: Signature { kind: kind.to_owned(), exact: exact.to_owned() },
        title: format!("{kind} in the middle of it"),
        details: format!("the stack of {exact}"),
    }
}

pub(crate) fn could_not_run(seed: u64) -> Trial {
    Trial { outcome: Outcome::CouldNotRun { why: "no such program".to_owned() }, ..passed(seed) }
}

pub(crate) fn all(case: &Case, plan: PlanFingerprint) -> Vec<Recorded> {
    let mut all = Vec::new();
    case.trials(plan, |trial| {
        all.push(trial);
        Ok::<(), jostle_casefile::CaseError>(())
    })
    .expect("reads");
    all
}
