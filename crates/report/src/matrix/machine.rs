//! For dashboards, editors and code review: a case for each factor and layer, failed where it is implicated.

use std::time::Duration;

use jostle_model::{MatrixSummary, Verdict};
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use serde_json::{Value, json};

use super::{MatrixReport, human, words};
use crate::{Style, github, json, printable};

/// Nobody to colour it for, and no terminal to fit.
const PLAIN: Style = Style { color: false, width: 110 };
/// What implicated suspects are found by.
const RULE: &str = "implicated";

pub(super) fn junit(report: &MatrixReport<'_>) -> String {
    let summary = report.summary;
    let mut suite = TestSuite::new(format!("jostle {}", summary.verb));
    suite.set_time(Duration::from_millis(summary.trial_ms));
    suite.add_property(("seed", summary.seed.to_string().as_str()));
    suite.add_test_cases(cases(summary));
    suite.set_system_out(human::render(report, PLAIN));
    let mut document = Report::new("jostle");
    document.add_test_suite(suite);
    document.to_string().expect("a String takes every write, and no date is written")
}

/// What is not known must not count as passed.
fn cases(summary: &MatrixSummary) -> Vec<TestCase> {
    let statement = &summary.statement;
    let case = |name: String, status: TestCaseStatus| {
        let mut case = TestCase::new(name, status);
        case.set_classname(format!("jostle.{}", summary.verb));
        case
    };
    let broken = |kind: NonSuccessKind, what: &str, message: String| {
        let mut status = TestCaseStatus::non_success(kind);
        status.set_type(what).set_message(message);
        status
    };
    let implicated = statement.implicated.iter().map(|culprit| {
        let told = format!("fails in {}", words::limits(&culprit.rate));
        case(words::culprit(culprit), broken(NonSuccessKind::Failure, RULE, told))
    });
    // The same name in every run: what was measured stands in the output.
    let exonerated = (statement.exonerated.iter())
        .map(|cleared| case(printable::line(&cleared.name), TestCaseStatus::success()));
    let inconclusive = statement.inconclusive.iter().map(|open| {
        let status = broken(NonSuccessKind::Error, "inconclusive", words::open(open));
        case(printable::line(&open.name), status)
    });
    implicated.chain(exonerated).chain(inconclusive).collect()
}

pub(super) fn github(report: &MatrixReport<'_>) -> String {
    let summary = report.summary;
    let implicated = summary.statement.implicated.iter().map(|culprit| {
        let title = [("title", format!("implicated: {}", words::culprit(culprit)))];
        github::command("error", &title, &format!("fails in {}", words::limits(&culprit.rate)))
    });
    let warnings =
        summary.warnings.iter().map(|text| github::command("warning", &[], &printable::line(text)));
    let name = if summary.verdict == Verdict::Inconclusive { "warning" } else { "notice" };
    let title = [("title", format!("jostle {}", summary.verb))];
    let message = format!("{}\nnext: {}", words::sentence(summary), words::next(report));
    let lines = implicated.chain(warnings).chain([github::command(name, &title, &message)]);
    lines.map(|line| line + "\n").collect()
}

pub(super) fn sarif(report: &MatrixReport<'_>) -> String {
    let summary = report.summary;
    let result = |culprit: &jostle_model::Culprit| {
        let (who, rate) = (words::culprit(culprit), words::limits(&culprit.rate));
        json!({
            "ruleId": RULE,
            "kind": "fail",
            "level": "error",
            "message": { "text": format!("{who} is implicated: fails in {rate}.") },
            "partialFingerprints": { "jostle/culprit/v1": who },
        })
    };
    let notifications: Vec<Value> = (summary.warnings.iter())
        .map(|text| json!({ "level": "warning", "message": { "text": text } }))
        .collect();
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "jostle",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": [{ "id": RULE }],
            } },
            "invocations": [{
                "executionSuccessful": true,
                "toolExecutionNotifications": notifications,
            }],
            "results": summary.statement.implicated.iter().map(result).collect::<Vec<_>>(),
            "properties": { "summary": summary },
        }],
    });
    json::to_line(&log) + "\n"
}
