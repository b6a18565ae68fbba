use jostle_casefile::{CaseError, TrialName};

use crate::samples::{failed, moment, passed, place, recorder_with_plan};

#[test]
fn a_trial_is_found_by_its_name_and_by_what_is_shown_of_it() {
    let (_place, dir) = place();
    let (mut recorder, plan) = recorder_with_plan(&dir);
    let trial = failed(7, "SIGSEGV", "SIGSEGV main.prune");
    recorder.record(plan, &trial, moment(0)).expect("records");
    recorder.record(plan, &passed(8), moment(0)).expect("records");
    let name = TrialName::of(plan, trial.seed);
    for typed in [name.to_string(), name.short(), name.to_string().to_uppercase(), format!(" {name}\n")] {
        let found = recorder.case().find(&typed).expect("finds it");
        assert_eq!((found.name, &found.trial), (name, &trial));
    }
}

#[test]
fn a_name_that_could_be_several_is_answered_with_them() {
    let (_place, dir) = place();
    let (mut recorder, plan) = recorder_with_plan(&dir);
    // Of 2,000 names, thirty-odd pairs begin with the same four digits.
    let mut names: Vec<TrialName> = (0..2_000).map(|seed| TrialName::of(plan, passed(seed).seed)).collect();
    for seed in 0..2_000 {
        recorder.record(plan, &passed(seed), moment(0)).expect("records");
    }
    names.sort();
    let digits = |name: &TrialName| name.to_string()[..4].to_owned();
    let pair = names.windows(2).find(|pair| digits(&pair[0]) == digits(&pair[1])).expect("a pair");
    let error = recorder.case().find(&digits(&pair[0])).expect_err("two are called that");
    let alike = names.iter().filter(|name| digits(name) == digits(&pair[0])).count() as u64;
    let CaseError::Ambiguous { candidates, matches, .. } = &error else { panic!("{error}") };
    assert_eq!((candidates[..2].to_vec(), *matches), (pair.to_vec(), alike));
    assert!(error.to_string().contains(&pair[1].to_string()), "{error}");
}

#[test]
fn a_name_that_nobody_has_is_answered_with_how_many_there_are() {
    let (_place, dir) = place();
    let (mut recorder, plan) = recorder_with_plan(&dir);
    recorder.record(plan, &passed(1), moment(0)).expect("records");
    let other = TrialName::of(plan, passed(2).seed);
    let error = recorder.case().find(&other.to_string()).expect_err("nobody is called that");
    assert_eq!(
        error.to_string(),
        format!("find the trial `{other}`: none of the 1 trials in the case is called that")
    );
}

#[test]
fn what_is_no_name_is_told_from_a_name_that_nobody_has() {
    let (_place, dir) = place();
    let (recorder, _) = recorder_with_plan(&dir);
    for typed in ["", "4f2", "hunt-1", "12345678901234567"] {
        let error = recorder.case().find(typed).expect_err("no name");
        assert_eq!(
            error.to_string(),
            format!("find the trial `{typed}`: a name is 4 to 16 hexadecimal digits")
        );
    }
}
