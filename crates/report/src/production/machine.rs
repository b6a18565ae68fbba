//! For dashboards, editors and code review: a test case for each expectation.

use jostle_model::{Expected, Standing};
use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus};
use serde_json::{Value, json};

use super::{ProductionReport, basis, closing, human, seen, standing};
use crate::{Style, github, junit, printable, sarif};

pub(super) fn junit(report: &ProductionReport<'_>) -> String {
    let cases = report.summary.expectations.iter().map(case);
    junit::document(&closing(report), None, cases, human::render(report, Style::PLAIN))
}

/// What cannot be told yet is an error: it must not count as passed.
fn case(expected: &Expected) -> TestCase {
    let unmet = |kind| junit::unmet(kind, standing(expected.standing), message(expected));
    let status = match expected.standing {
        Standing::Holds => TestCaseStatus::success(),
        Standing::Fails => unmet(NonSuccessKind::Failure),
        Standing::CannotTellYet => unmet(NonSuccessKind::Error),
    };
    junit::case("verify", printable::line(&expected.expectation), status)
}

fn message(expected: &Expected) -> String {
    let why = expected.lacking.as_ref().map(|why| format!("; {why}"));
    let again = expected.look_again.as_ref().map(|moment| format!("; look again from {moment} on"));
    let parts = [format!("{}, {}", seen(expected), basis(expected))];
    printable::line(&parts.into_iter().chain(why).chain(again).collect::<String>())
}

pub(super) fn github(report: &ProductionReport<'_>) -> String {
    let annotation = |expected: &Expected| {
        let name = match expected.standing {
            Standing::Holds => "notice",
            Standing::Fails => "error",
            Standing::CannotTellYet => "warning",
        };
        let title = format!("{}: {}", standing(expected.standing), printable::line(&expected.expectation));
        github::command(name, &[("title", title)], &message(expected))
    };
    github::document(&closing(report), report.summary.expectations.iter().map(annotation))
}

pub(super) fn sarif(report: &ProductionReport<'_>) -> String {
    let summary = report.summary;
    let of = sarif::Results {
        rules: vec![json!({ "id": "expectation" })],
        results: summary.expectations.iter().map(result).collect(),
        properties: json!({ "summary": summary }),
    };
    sarif::log(&closing(report), of)
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
