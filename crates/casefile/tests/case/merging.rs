use jostle_casefile::{CaseError, Merged, RecordedFinding, RecordedVerdict, Recorder, TrialName};
use jostle_model::Seed;

use crate::samples::{all, failed, moment, new_plan, passed, place, recorder_with_plan};

#[test]
fn a_merge_brings_what_is_new_and_says_so() {
    let (_here, here) = place();
    let (_there, there) = place();
    let (mut into, plan) = recorder_with_plan(&here);
    let (mut from, _) = recorder_with_plan(&there);
    let other = from.plan(&new_plan("another plan")).expect("records the plan");
    for seed in 0..1_200 {
        into.record(plan, &passed(seed), moment(0)).expect("records");
    }
    for seed in 600..2_000 {
        let failing = seed >= 1_200 || seed == 700;
        let trial = if failing { failed(seed, "SIGSEGV", "SIGSEGV main.prune") } else { passed(seed) };
        from.record(plan, &trial, moment(1)).expect("records");
    }
    from.record(other, &passed(1), moment(1)).expect("records");
    let merged = into.merge(from.case()).expect("merges");
    let expected = Merged {
        new_plans: 1,
        new_trials: 801,
        known_trials: 599,
        conflicts: 1,
        conflicting: vec![TrialName::of(plan, Seed(700))],
        ..Merged::default()
    };
    assert_eq!(merged, expected);
    assert_eq!(all(into.case(), plan).len(), 2_000);
    assert_eq!(into.case().find(&expected.conflicting[0].to_string()).expect("is there").trial, passed(700));
    assert_eq!(all(into.case(), other), all(from.case(), other));
}

#[test]
fn a_second_merge_brings_nothing() {
    let (_here, here) = place();
    let (_there, there) = place();
    let mut into = Recorder::open(&here).expect("opens");
    let (mut from, plan) = recorder_with_plan(&there);
    from.record(plan, &failed(1, "SIGSEGV", "SIGSEGV main.prune"), moment(0)).expect("records");
    let finding = RecordedFinding {
        rule: "foreign-token".to_owned(),
        fingerprint: "a".to_owned(),
        text: "{}".to_owned(),
        found: moment(0),
    };
    from.finding(plan, &finding).expect("records");
    from.verdict(plan, &RecordedVerdict { text: "{}".to_owned(), reached: moment(0) }).expect("records");
    let first = into.merge(from.case()).expect("merges");
    let counts = (first.new_plans, first.new_trials, first.new_findings, first.new_verdicts);
    assert_eq!(counts, (1, 1, 1, 1));
    let second = into.merge(from.case()).expect("merges");
    assert_eq!(second, Merged { known_trials: 1, ..Merged::default() });
    assert_eq!(all(into.case(), plan), all(from.case(), plan));
    assert_eq!(into.case().plans().expect("reads"), from.case().plans().expect("reads"));
}

#[test]
fn details_that_one_case_no_longer_has_are_not_missed_by_the_other() {
    let (_here, here) = place();
    let (_there, there) = place();
    let (mut into, plan) = recorder_with_plan(&here);
    let (mut from, _) = recorder_with_plan(&there);
    for seed in 0..30 {
        let trial = failed(seed, "SIGSEGV", "SIGSEGV main.prune");
        from.record(plan, &jostle_model::Trial { elapsed_us: 100 - seed, ..trial }, moment(0))
            .expect("records");
    }
    into.merge(from.case()).expect("merges");
    assert_eq!(all(into.case(), plan), all(from.case(), plan));
    let quickest = into.case().quickest_failure(plan, None).expect("reads").expect("one failed");
    assert_eq!(
        quickest.trial.outcome.failure().expect("a failure").details,
        "the stack of SIGSEGV main.prune"
    );
}

#[test]
fn a_case_is_not_merged_into_itself() {
    let (_place, dir) = place();
    let (mut recorder, _) = recorder_with_plan(&dir);
    let roundabout = dir.join("..").join(dir.file_name().expect("a name"));
    let same = jostle_casefile::Case::open(&roundabout).expect("opens");
    let error = recorder.merge(&same).expect_err("it is the same");
    assert!(matches!(error, CaseError::Itself(_)), "{error}");
}
