use jostle_casefile::{Case, CaseError, PlanFingerprint, Recorder, Recording};
use jostle_model::{Outcome, Seed};

use crate::samples::{
    all, could_not_run, failed, failure, moment, new_plan, passed, place, recorder_with_plan,
};

#[test]
fn a_trial_is_read_back_as_it_was() {
    let (_place, dir) = place();
    let (mut recorder, plan) = recorder_with_plan(&dir);
    let hung = jostle_model::Trial {
        outcome: Outcome::Hung(failure("hung", "hung in main.lock")),
        operations: None,
        ..passed(u64::MAX)
    };
    let trials = [passed(1), failed(2, "SIGSEGV", "SIGSEGV main.prune"), hung, could_not_run(4)];
    for trial in &trials {
        assert_eq!(recorder.record(plan, trial, moment(trial.seed.0 % 10)).expect("records"), Recording::New);
    }
    drop(recorder);
    let read = all(&Case::open(&dir).expect("opens"), plan);
    let without_rest: Vec<_> = read.iter().map(|recorded| recorded.trial.clone()).collect();
    assert_eq!(without_rest, trials);
    assert!(read.iter().all(|recorded| recorded.plan == plan));
    assert_eq!(read[1].ended, moment(2));
}

#[test]
fn the_same_trial_counts_once() {
    let (_place, dir) = place();
    let (mut recorder, plan) = recorder_with_plan(&dir);
    let trial = failed(1, "SIGSEGV", "SIGSEGV main.prune");
    assert_eq!(recorder.record(plan, &trial, moment(0)).expect("records"), Recording::New);
    assert_eq!(recorder.record(plan, &trial, moment(9)).expect("records"), Recording::Known);
    let read = all(recorder.case(), plan);
    assert_eq!(read.len(), 1);
    assert_eq!(read[0].ended, moment(0));
}

#[test]
fn a_trial_that_ends_otherwise_the_second_time_is_a_conflict_and_the_first_is_kept() {
    let (_place, dir) = place();
    let (mut recorder, plan) = recorder_with_plan(&dir);
    recorder.record(plan, &failed(1, "SIGSEGV", "SIGSEGV main.prune"), moment(0)).expect("records");
    for other in [passed(1), failed(1, "SIGABRT", "SIGABRT main.prune")] {
        assert_eq!(recorder.record(plan, &other, moment(1)).expect("records"), Recording::Conflicting);
    }
    let read = all(recorder.case(), plan);
    assert_eq!(read.len(), 1);
    assert_eq!(read[0].trial, failed(1, "SIGSEGV", "SIGSEGV main.prune"));
}

#[test]
fn an_attempt_that_could_not_run_gives_way_to_one_that_could() {
    let (_place, dir) = place();
    let (mut recorder, plan) = recorder_with_plan(&dir);
    recorder.record(plan, &could_not_run(1), moment(0)).expect("records");
    assert!(!recorder.case().seeds(plan).expect("reads").contains(Seed(1)));
    assert_eq!(recorder.record(plan, &passed(1), moment(1)).expect("records"), Recording::New);
    assert_eq!(recorder.record(plan, &could_not_run(1), moment(2)).expect("records"), Recording::Known);
    let read = all(recorder.case(), plan);
    assert_eq!(read.len(), 1);
    assert_eq!(read[0].trial, passed(1));
}

#[test]
fn the_same_seed_of_two_plans_is_two_trials() {
    let (_place, dir) = place();
    let (mut recorder, plan) = recorder_with_plan(&dir);
    let other = recorder.plan(&new_plan("another plan")).expect("records the plan");
    assert_eq!(recorder.record(plan, &passed(1), moment(0)).expect("records"), Recording::New);
    assert_eq!(recorder.record(other, &passed(1), moment(0)).expect("records"), Recording::New);
    assert_eq!(all(recorder.case(), plan).len(), 1);
    assert_eq!(all(recorder.case(), other).len(), 1);
}

#[test]
fn a_plan_is_recorded_once_and_found_again() {
    let (_place, dir) = place();
    let (mut recorder, plan) = recorder_with_plan(&dir);
    let later = jostle_casefile::NewPlan { made: moment(5), ..new_plan("a plan") };
    assert_eq!(recorder.plan(&later).expect("finds the plan"), plan);
    let plans = recorder.case().plans().expect("reads");
    assert_eq!(plans.len(), 1);
    assert_eq!(plans[0].made, moment(0));
    assert_eq!(plans[0].command, "jostle hunt -- './my server'");
    assert_eq!(plans[0].instructions, r#"{"timeout_s":10}"#);
    assert_eq!(recorder.case().plan(plan).expect("reads").as_ref(), plans.first());
    assert_eq!(recorder.case().plan(PlanFingerprint::of("no plan")).expect("reads"), None);
}

#[test]
fn a_trial_of_no_plan_is_refused() {
    let (_place, dir) = place();
    let mut recorder = Recorder::open(&dir).expect("opens");
    let plan = PlanFingerprint::of("no plan");
    let error = recorder.record(plan, &passed(1), moment(0)).expect_err("there is no such plan");
    assert!(matches!(error, CaseError::NoPlan(which) if which == plan), "{error}");
}

#[test]
fn all_recorded_seeds_are_known_for_a_resumption() {
    let (_place, dir) = place();
    let (mut recorder, plan) = recorder_with_plan(&dir);
    let seeds = [0, 1, 2, 9, u64::MAX / 2, u64::MAX / 2 + 1, u64::MAX];
    for seed in seeds.into_iter().rev() {
        recorder.record(plan, &passed(seed), moment(0)).expect("records");
    }
    let known = recorder.case().seeds(plan).expect("reads");
    assert_eq!(known, seeds.into_iter().map(Seed).collect());
    assert_eq!(known.len(), 7);
}

#[test]
fn a_reader_sees_what_is_recorded_after_it_has_opened() {
    let (_place, dir) = place();
    let (mut recorder, plan) = recorder_with_plan(&dir);
    let case = Case::open(&dir).expect("opens");
    assert!(all(&case, plan).is_empty());
    recorder.record(plan, &passed(1), moment(0)).expect("records");
    assert_eq!(all(&case, plan).len(), 1);
}

#[test]
fn a_visitor_who_has_enough_ends_the_reading() {
    #[derive(Debug)]
    enum End {
        Enough,
        Case,
    }
    impl From<CaseError> for End {
        fn from(_: CaseError) -> Self {
            Self::Case
        }
    }
    let (_place, dir) = place();
    let (mut recorder, plan) = recorder_with_plan(&dir);
    for seed in 0..3 {
        recorder.record(plan, &passed(seed), moment(0)).expect("records");
    }
    let mut seen = 0;
    let ended = recorder.case().trials(plan, |_| {
        seen += 1;
        if seen == 2 { Err(End::Enough) } else { Ok(()) }
    });
    assert!(matches!(ended, Err(End::Enough)), "{ended:?}");
    assert_eq!(seen, 2);
}
