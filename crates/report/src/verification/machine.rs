//! For dashboards, editors and code review: one case, whether the fix holds, and how it fails with it.

use jostle_model::{Family, Verdict};
use quick_junit::{NonSuccessKind, TestCaseStatus};
use serde_json::{Value, json};

use super::{VerificationReport, closing, human};
use crate::{Style, github, junit, sarif};

/// What failures with the fix are found by.
const RULE: &str = "still-failing";

pub(super) fn junit(report: &VerificationReport<'_>) -> String {
    let closing = closing(report);
    let unmet = |kind, what| junit::unmet(kind, what, closing.sentence.clone());
    let status = match closing.verdict {
        Verdict::NothingFound => TestCaseStatus::success(),
        Verdict::Found => unmet(NonSuccessKind::Failure, RULE),
        Verdict::Inconclusive => unmet(NonSuccessKind::Error, "inconclusive"),
    };
    let case = junit::case(closing.verb, "the fix holds".to_owned(), status);
    junit::document(&closing, None, [case], human::render(report, Style::PLAIN))
}

pub(super) fn github(report: &VerificationReport<'_>) -> String {
    let annotation = |family: &Family| {
        let title = [("title", format!("{RULE}: {}", family.name))];
        github::command("error", &title, &format!("with the fix, in {} trials", family.failures))
    };
    github::document(&closing(report), report.summary.families_after.iter().map(annotation))
}

pub(super) fn sarif(report: &VerificationReport<'_>) -> String {
    let (summary, closing) = (report.summary, closing(report));
    let result = |family: &Family| -> Value {
        json!({
            "ruleId": RULE,
            "kind": "fail",
            "level": "error",
            "message": { "text": format!("{}: {}.", family.name, closing.sentence) },
            "partialFingerprints": { "jostle/family/v1": family.name },
            "occurrenceCount": family.failures.max(1),
        })
    };
    let of = sarif::Results {
        rules: vec![json!({ "id": RULE })],
        results: summary.families_after.iter().map(result).collect(),
        properties: json!({ "summary": summary }),
    };
    sarif::log(&closing, of)
}
