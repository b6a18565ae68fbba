use std::time::Duration;

use jostle_casefile::{CaseError, OutcomeKind, PlanFingerprint, Recorder, TrialName};
use jostle_model::{Outcome, Trial};

use crate::samples::{could_not_run, failed, failure, moment, passed, place, recorder_with_plan};

/// Two perturbations, three signatures of two kinds, a hang, and one that could not run.
fn recorded() -> (tempfile::TempDir, Recorder, PlanFingerprint) {
    let (place, dir) = place();
    let (mut recorder, plan) = recorder_with_plan(&dir);
    let starved = |trial: Trial| Trial { perturbation: "starved".to_owned(), ..trial };
    let hung =
        Trial { outcome: Outcome::Hung(failure("hung", "hung in main.lock")), operations: None, ..passed(8) };
    let trials = [
        passed(1),
        passed(2),
        failed(3, "SIGSEGV", "SIGSEGV main.prune"),
        starved(failed(4, "SIGSEGV", "SIGSEGV main.prune")),
        starved(failed(5, "SIGSEGV", "SIGSEGV main.read")),
        starved(failed(6, "glibc-double-free", "glibc-double-free free")),
        starved(passed(7)),
        starved(hung),
        starved(could_not_run(9)),
    ];
    for trial in trials {
        recorder.record(plan, &trial, moment(0)).expect("records");
    }
    (place, recorder, plan)
}

#[test]
fn outcomes_times_and_operations_are_counted_for_each_perturbation() {
    let (_place, recorder, plan) = recorded();
    let tallies = recorder.case().tallies(plan).expect("reads");
    let [none, starved] = tallies.as_slice() else { panic!("{tallies:?}") };
    assert_eq!((none.perturbation.as_str(), none.passed, none.failed), ("none", 2, 1));
    assert_eq!(none.elapsed, Duration::from_micros(3_006));
    assert_eq!((none.operations, none.told_operations, none.failures_told_operations), (300, 3, 1));
    assert_eq!((starved.perturbation.as_str(), starved.ran()), ("starved", 5));
    assert_eq!((starved.passed, starved.failed, starved.hung, starved.could_not_run), (1, 3, 1, 1));
    assert_eq!(starved.elapsed, Duration::from_micros(5_030));
    assert_eq!((starved.operations, starved.told_operations, starved.failures_told_operations), (400, 4, 3));
}

#[test]
fn failures_are_counted_by_kind_and_by_signature() {
    let (_place, recorder, plan) = recorded();
    let kinds = recorder.case().kinds(plan).expect("reads");
    let counts: Vec<_> =
        kinds.iter().map(|kind| (kind.kind.as_str(), kind.failed, kind.hung, kind.signatures)).collect();
    assert_eq!(counts, [("SIGSEGV", 3, 0, 2), ("glibc-double-free", 1, 0, 1), ("hung", 0, 1, 1)]);
    let most = recorder.case().signatures(plan, 1).expect("reads");
    let [most] = most.as_slice() else { panic!("{most:?}") };
    assert_eq!((most.signature.exact.as_str(), most.failed, most.hung), ("SIGSEGV main.prune", 2, 0));
    assert_eq!(most.quickest, TrialName::of(plan, passed(3).seed));
    assert_eq!(most.elapsed, Duration::from_micros(1_003));
    assert_eq!(recorder.case().signatures(plan, 10).expect("reads").len(), 4);
}

#[test]
fn lifetimes_ascend_and_tell_failures_from_those_that_passed() {
    let (_place, recorder, plan) = recorded();
    let lifetimes = |perturbation| {
        let mut lifetimes = Vec::new();
        let visit = |one| {
            lifetimes.push(one);
            Ok::<(), CaseError>(())
        };
        recorder.case().lifetimes(plan, perturbation, visit).expect("reads");
        lifetimes
    };
    let all = lifetimes(None);
    assert_eq!(all.len(), 8);
    assert!(all.is_sorted_by_key(|one| one.elapsed));
    assert_eq!(all.iter().filter(|one| one.failed()).count(), 5);
    assert_eq!(all.iter().filter(|one| one.ended == OutcomeKind::Hung).count(), 1);
    assert_eq!(lifetimes(Some("none")).len(), 3);
    assert_eq!(lifetimes(Some("no such")), []);
}

#[test]
fn the_quickest_failure_is_told_of_all_and_of_a_kind() {
    let (_place, recorder, plan) = recorded();
    let seed = |kind| {
        let quickest = recorder.case().quickest_failure(plan, kind).expect("reads");
        quickest.map(|recorded| recorded.trial.seed.0)
    };
    assert_eq!(seed(None), Some(3));
    assert_eq!(seed(Some("glibc-double-free")), Some(6));
    assert_eq!(seed(Some("hung")), Some(8));
    assert_eq!(seed(Some("SIGBUS")), None);
}

#[test]
fn failures_are_listed_without_the_rest() {
    let (_place, recorder, plan) = recorded();
    let mut seeds = Vec::new();
    let visit = |recorded: jostle_casefile::Recorded| {
        seeds.push(recorded.trial.seed.0);
        Ok::<(), CaseError>(())
    };
    recorder.case().failures(plan, visit).expect("reads");
    assert_eq!(seeds, [3, 4, 5, 6, 8]);
}

#[test]
fn a_plan_without_trials_has_empty_tallies() {
    let (_place, dir) = place();
    let (recorder, plan) = recorder_with_plan(&dir);
    assert_eq!(recorder.case().tallies(plan).expect("reads"), []);
    assert_eq!(recorder.case().kinds(plan).expect("reads"), []);
    assert_eq!(recorder.case().quickest_failure(plan, None).expect("reads"), None);
    assert!(recorder.case().seeds(plan).expect("reads").is_empty());
}

#[test]
fn operations_that_no_integer_holds_do_not_break_the_sum() {
    let (_place, dir) = place();
    let (mut recorder, plan) = recorder_with_plan(&dir);
    for seed in 0..3 {
        let trial = Trial { operations: Some(u64::MAX), ..passed(seed) };
        recorder.record(plan, &trial, moment(0)).expect("records");
    }
    assert_eq!(recorder.case().tallies(plan).expect("reads")[0].operations, i64::MAX as u64);
}
