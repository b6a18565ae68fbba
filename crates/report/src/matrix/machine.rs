//! For dashboards, editors and code review: a case for each factor and layer, failed where it is implicated.

use std::time::Duration;

use jostle_model::{Culprit, MatrixSummary};
use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus};
use serde_json::{Value, json};

use super::{MatrixReport, closing, human, words};
use crate::{Style, github, junit, printable, sarif};

/// What implicated suspects are found by.
const RULE: &str = "implicated";

pub(super) fn junit(report: &MatrixReport<'_>) -> String {
    let took = Duration::from_millis(report.summary.trial_ms);
    junit::document(&closing(report), Some(took), cases(report.summary), human::render(report, Style::PLAIN))
}

/// What is not known must not count as passed.
fn cases(summary: &MatrixSummary) -> Vec<TestCase> {
    let statement = &summary.statement;
    let case = |name: String, status: TestCaseStatus| junit::case(summary.verb, name, status);
    let implicated = statement.implicated.iter().map(|culprit| {
        case(words::culprit(culprit), junit::unmet(NonSuccessKind::Failure, RULE, failing(culprit)))
    });
    // The same name in every run: what was measured stands in the output.
    let exonerated = (statement.exonerated.iter())
        .map(|cleared| case(printable::line(&cleared.name), TestCaseStatus::success()));
    let inconclusive = statement.inconclusive.iter().map(|open| {
        let status = junit::unmet(NonSuccessKind::Error, "inconclusive", words::open(open));
        case(printable::line(&open.name), status)
    });
    implicated.chain(exonerated).chain(inconclusive).collect()
}

fn failing(culprit: &Culprit) -> String {
    format!("fails in {}", words::limits(&culprit.rate))
}

pub(super) fn github(report: &MatrixReport<'_>) -> String {
    let annotation = |culprit: &Culprit| {
        let title = [("title", format!("implicated: {}", words::culprit(culprit)))];
        github::command("error", &title, &failing(culprit))
    };
    github::document(&closing(report), report.summary.statement.implicated.iter().map(annotation))
}

pub(super) fn sarif(report: &MatrixReport<'_>) -> String {
    let summary = report.summary;
    let of = sarif::Results {
        rules: vec![json!({ "id": RULE })],
        results: summary.statement.implicated.iter().map(result).collect(),
        properties: json!({ "summary": summary }),
    };
    sarif::log(&closing(report), of)
}

fn result(culprit: &Culprit) -> Value {
    let who = words::culprit(culprit);
    json!({
        "ruleId": RULE,
        "kind": "fail",
        "level": "error",
        "message": { "text": format!("{who} is implicated: {}.", failing(culprit)) },
        "partialFingerprints": { "jostle/culprit/v1": who },
    })
}
