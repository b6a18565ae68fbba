use jostle_casefile::{Case, PlanFingerprint, Recorder};
use jostle_model::{Failure, Outcome, Trial};

use crate::samples::{all, failed, moment, new_plan, passed, place, recorder_with_plan};

/// A failure that took so long.
fn failing(seed: u64, elapsed_us: u64) -> Trial {
    Trial { elapsed_us, ..failed(seed, "SIGSEGV", "SIGSEGV main.prune") }
}

/// The seeds of the trials whose details were kept.
fn kept(case: &Case, plan: PlanFingerprint) -> Vec<u64> {
    let has_details = |trial: &Trial| !trial.outcome.failure().expect("a failure").details.is_empty();
    all(case, plan).iter().filter(|one| has_details(&one.trial)).map(|one| one.trial.seed.0).collect()
}

fn record(recorder: &mut Recorder, plan: PlanFingerprint, trials: impl IntoIterator<Item = Trial>) {
    for trial in trials {
        recorder.record(plan, &trial, moment(0)).expect("records");
    }
}

#[test]
fn the_first_twenty_alike_and_the_quickest_keep_their_details() {
    let (_place, dir) = place();
    let (mut recorder, plan) = recorder_with_plan(&dir);
    record(&mut recorder, plan, (0..20).map(|seed| failing(seed, 500)));
    record(&mut recorder, plan, [failing(20, 500), failing(21, 400), failing(22, 450), failing(23, 300)]);
    let mut expected: Vec<u64> = (0..20).collect();
    expected.push(23);
    assert_eq!(kept(recorder.case(), plan), expected);
    let quickest = recorder.case().quickest_failure(plan, None).expect("reads").expect("one failed");
    assert_eq!(quickest.trial, failing(23, 300));
}

#[test]
fn another_signature_and_another_plan_have_a_share_of_their_own() {
    let (_place, dir) = place();
    let (mut recorder, plan) = recorder_with_plan(&dir);
    let other = recorder.plan(&new_plan("another plan")).expect("records the plan");
    record(&mut recorder, plan, (0..30).map(|seed| failing(seed, 500)));
    record(&mut recorder, plan, [failed(30, "SIGSEGV", "SIGSEGV main.read")]);
    record(&mut recorder, other, [failing(0, 500)]);
    assert_eq!(kept(recorder.case(), plan).len(), 21);
    assert_eq!(kept(recorder.case(), other), [0]);
}

#[test]
fn details_beyond_64_kib_are_cut_and_say_so() {
    let (_place, dir) = place();
    let (mut recorder, plan) = recorder_with_plan(&dir);
    let long = Trial {
        outcome: Outcome::Failed(Failure {
            details: "ü".repeat(40_000),
            ..crate::samples::failure("a", "b")
        }),
        ..passed(1)
    };
    record(&mut recorder, plan, [long]);
    let read = all(recorder.case(), plan);
    let details = &read[0].trial.outcome.failure().expect("a failure").details;
    assert!(details.starts_with(&"ü".repeat(32_000)));
    assert!(details.ends_with("ü … 14528 more bytes were not kept"));
}
