use jostle_casefile::{CaseError, RecordedFinding, RecordedVerdict};

use crate::samples::{moment, place, recorder_with_plan};

fn finding(fingerprint: &str, ms: u64) -> RecordedFinding {
    RecordedFinding {
        rule: "foreign-token".to_owned(),
        fingerprint: fingerprint.to_owned(),
        text: format!(r#"{{"kind":"finding","id":"{fingerprint}"}}"#),
        found: moment(ms),
    }
}

#[test]
fn a_finding_is_kept_once_and_as_it_was_first() {
    let (_place, dir) = place();
    let (mut recorder, plan) = recorder_with_plan(&dir);
    assert!(recorder.finding(plan, &finding("a", 1)).expect("records"));
    assert!(recorder.finding(plan, &finding("b", 2)).expect("records"));
    assert!(!recorder.finding(plan, &finding("a", 3)).expect("records"));
    let mut read = Vec::new();
    let visit = |one| {
        read.push(one);
        Ok::<(), CaseError>(())
    };
    recorder.case().findings(plan, visit).expect("reads");
    assert_eq!(read, [finding("a", 1), finding("b", 2)]);
}

#[test]
fn every_verdict_is_kept_in_the_order_of_time() {
    let (_place, dir) = place();
    let (mut recorder, plan) = recorder_with_plan(&dir);
    let verdict = |text: &str, ms| RecordedVerdict { text: text.to_owned(), reached: moment(ms) };
    for one in [verdict("held", 9), verdict("inconclusive", 5)] {
        assert!(recorder.verdict(plan, &one).expect("records"));
    }
    assert!(!recorder.verdict(plan, &verdict("held", 9)).expect("is there"));
    assert_eq!(
        recorder.case().verdicts(plan).expect("reads"),
        [verdict("inconclusive", 5), verdict("held", 9)]
    );
}
