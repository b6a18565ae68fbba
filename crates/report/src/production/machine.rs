//! For dashboards, editors and code review: a test case for each expectation.

use jostle_model::{Expected, Standing};
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use serde_json::{Value, json};

use super::{ProductionReport, basis, human, next, seen, sentence, standing};
use crate::{Style, github, json, printable};

/// Nobody to colour it for, and no terminal to fit.
const PLAIN: Style = Style { color: false, width: 110 };

pub(super) fn junit(report: &ProductionReport<'_>) -> String {
    let summary = report.summary;
    let mut suite = TestSuite::new(format!("jostle {}", summary.verb));
    suite.add_property(("seed", summary.seed.to_string().as_str()));
    suite.add_test_cases(summary.expectations.iter().map(case));
    suite.set_system_out(human::render(report, PLAIN));
    let mut document = Report::new("jostle");
    document.add_test_suite(suite);
    document.to_string().expect("a String takes every write, and no date is written")
}

/// What cannot be told yet is an error: it must not count as passed.
fn case(expected: &Expected) -> TestCase {
    let status = match expected.standing {
        Standing::Holds => TestCaseStatus::success(),
        Standing::Fails => unmet(NonSuccessKind::Failure, expected),
        Standing::CannotTellYet => unmet(NonSuccessKind::Error, expected),
    };
    let mut case = TestCase::new(printable::line(&expected.expectation), status);
    case.set_classname("jostle.verify");
    case
}

fn unmet(kind: NonSuccessKind, expected: &Expected) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    status.set_type(standing(expected.standing)).set_message(message(expected));
    status
}

fn message(expected: &Expected) -> String {
    let why = expected.lacking.as_ref().map(|why| format!("; {why}"));
    let again = expected.look_again.as_ref().map(|moment| format!("; look again from {moment} on"));
    let parts = [format!("{}, {}", seen(expected), basis(expected))];
    printable::line(&parts.into_iter().chain(why).chain(again).collect::<String>())
}

pub(super) fn github(report: &ProductionReport<'_>) -> String {
    let summary = report.summary;
    let annotation = |expected: &Expected| {
        let name = match expected.standing {
            Standing::Holds => "notice",
            Standing::Fails => "error",
            Standing::CannotTellYet => "warning",
        };
        let title = format!("{}: {}", standing(expected.standing), printable::line(&expected.expectation));
        github::command(name, &[("title", title)], &message(expected))
    };
    let warnings =
        summary.warnings.iter().map(|text| github::command("warning", &[], &printable::line(text)));
    let title = [("title", format!("jostle {}", summary.verb))];
    let last = github::command("notice", &title, &format!("{}\nnext: {}", sentence(summary), next(report)));
    let lines = summary.expectations.iter().map(annotation).chain(warnings).chain([last]);
    lines.map(|line| line + "\n").collect()
}

pub(super) fn sarif(report: &ProductionReport<'_>) -> String {
    let summary = report.summary;
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "jostle",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": [{ "id": "expectation" }],
            } },
            "invocations": [{
                "executionSuccessful": true,
                "toolExecutionNotifications": summary.warnings.iter()
                    .map(|text| json!({ "level": "warning", "message": { "text": text } }))
                    .collect::<Vec<_>>(),
            }],
            "results": summary.expectations.iter().map(result).collect::<Vec<_>>(),
            "properties": { "summary": summary },
        }],
    });
    json::to_line(&log) + "\n"
}

fn result(expected: &Expected) -> Value {
    let (kind, level) = match expected.standing {
        Standing::Holds => ("pass", "none"),
        Standing::Fails => ("fail", "error"),
        Standing::CannotTellYet => ("open", "none"),
    };
    json!({
        "ruleId": "expectation",
        "kind": kind,
        "level": level,
        "message": { "text": format!("{}: {}.", expected.expectation, message(expected)) },
    })
}
