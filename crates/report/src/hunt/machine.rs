//! For dashboards, editors and code review: a failure for each way in which the target fails.

use std::time::Duration;

use jostle_model::{HuntSummary, Verdict, Way};
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use serde_json::{Value, json};

use super::{HuntReport, human};
use crate::{Style, github, json, printable};

/// Nobody to colour it for, and no terminal to fit.
const PLAIN: Style = Style { color: false, width: 110 };

pub(super) fn junit(report: &HuntReport<'_>) -> String {
    let summary = report.summary;
    let mut suite = TestSuite::new(format!("jostle {}", summary.verb));
    suite.set_time(Duration::from_millis(summary.trial_ms));
    suite.add_property(("seed", summary.seed.to_string().as_str()));
    suite.add_test_cases(summary.ways.iter().map(failing));
    suite.add_test_cases(closing(summary));
    suite.set_system_out(human::render(report, PLAIN));
    let mut document = Report::new("jostle");
    document.add_test_suite(suite);
    document.to_string().expect("a String takes every write, and no date is written")
}

fn failing(way: &Way) -> TestCase {
    let title = printable::line(&way.title);
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
    status.set_type(printable::line(&way.signature.kind)).set_message(title.clone());
    status.set_description(format!("{}\n{}", printable::line(&way.signature.exact), times(way)));
    let mut case = TestCase::new(title, status);
    case.set_classname(format!("jostle.{}", printable::line(&way.signature.kind)));
    case
}

fn times(way: &Way) -> String {
    format!("failed so in {} trials; jostle replay {}", way.failures, way.trial)
}

/// The case that stands for the verdict itself. What is not known must not count as passed.
fn closing(summary: &HuntSummary) -> Option<TestCase> {
    let status = match summary.verdict {
        Verdict::Found if !summary.ways.is_empty() => return None,
        Verdict::Found | Verdict::NothingFound => TestCaseStatus::success(),
        Verdict::Inconclusive => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
            status.set_type("inconclusive").set_message(human::sentence(summary));
            status
        }
    };
    let mut case = TestCase::new("no failure", status);
    case.set_classname(format!("jostle.{}", summary.verb));
    Some(case)
}

pub(super) fn github(report: &HuntReport<'_>) -> String {
    let summary = report.summary;
    let annotation = |way: &Way| {
        let title = [("title", format!("{}: {}", way.signature.kind, printable::line(&way.title)))];
        github::command(
            "error",
            &title,
            &format!("{}\n{}", printable::line(&way.signature.exact), times(way)),
        )
    };
    let name = if summary.verdict == Verdict::Inconclusive { "warning" } else { "notice" };
    let title = [("title", format!("jostle {}", summary.verb))];
    let message = format!("{}\nnext: {}", human::sentence(summary), human::next(report));
    let warnings =
        summary.warnings.iter().map(|text| github::command("warning", &[], &printable::line(text)));
    let lines = summary.ways.iter().map(annotation).chain(warnings);
    lines.chain([github::command(name, &title, &message)]).map(|line| line + "\n").collect()
}

pub(super) fn sarif(report: &HuntReport<'_>) -> String {
    let summary = report.summary;
    let kinds: std::collections::BTreeSet<&str> =
        summary.ways.iter().map(|way| way.signature.kind.as_str()).collect();
    let rules: Vec<Value> = kinds.iter().map(|kind| json!({ "id": kind })).collect();
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "jostle",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            } },
            "invocations": [{
                "executionSuccessful": true,
                "toolExecutionNotifications": summary.warnings.iter()
                    .map(|text| json!({ "level": "warning", "message": { "text": text } }))
                    .collect::<Vec<_>>(),
            }],
            "results": summary.ways.iter().map(result).collect::<Vec<_>>(),
            "properties": { "summary": summary },
        }],
    });
    json::to_line(&log) + "\n"
}

fn result(way: &Way) -> Value {
    json!({
        "ruleId": way.signature.kind,
        "kind": "fail",
        "level": "error",
        "message": { "text": format!("{}. {}.", way.title, times(way)) },
        "partialFingerprints": { "jostle/signature/v1": way.signature.exact },
        "occurrenceCount": way.failures.max(1),
    })
}
