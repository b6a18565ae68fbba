//! For dashboards, editors and code review: a failure for each way in which the target fails.

use std::collections::BTreeSet;
use std::time::Duration;

use jostle_model::Way;
use quick_junit::{NonSuccessKind, TestCase};
use serde_json::{Value, json};

use super::{HuntReport, closing, human};
use crate::{Style, github, junit, printable, sarif};

pub(super) fn junit(report: &HuntReport<'_>) -> String {
    let (summary, closing) = (report.summary, closing(report));
    let cases = summary.ways.iter().map(failing).chain(junit::verdict_case(&closing, "no failure"));
    let took = Duration::from_millis(summary.trial_ms);
    junit::document(&closing, Some(took), cases, human::render(report, Style::PLAIN))
}

fn failing(way: &Way) -> TestCase {
    let (kind, title) = (printable::line(&way.signature.kind), printable::line(&way.title));
    let mut status = junit::unmet(NonSuccessKind::Failure, &kind, title.clone());
    status.set_description(told(way));
    junit::case(&kind, title, status)
}

fn told(way: &Way) -> String {
    format!("{}\n{}", printable::line(&way.signature.exact), times(way))
}

fn times(way: &Way) -> String {
    format!("failed so in {} trials; jostle replay {}", way.failures, way.trial)
}

pub(super) fn github(report: &HuntReport<'_>) -> String {
    let annotation = |way: &Way| {
        let title = [("title", format!("{}: {}", way.signature.kind, printable::line(&way.title)))];
        github::command("error", &title, &told(way))
    };
    github::document(&closing(report), report.summary.ways.iter().map(annotation))
}

pub(super) fn sarif(report: &HuntReport<'_>) -> String {
    let summary = report.summary;
    let kinds: BTreeSet<&str> = summary.ways.iter().map(|way| way.signature.kind.as_str()).collect();
    let of = sarif::Results {
        rules: kinds.iter().map(|kind| json!({ "id": kind })).collect(),
        results: summary.ways.iter().map(result).collect(),
        properties: json!({ "summary": summary }),
    };
    sarif::log(&closing(report), of)
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
