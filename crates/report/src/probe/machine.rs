//! For dashboards, editors and code review.

use std::time::Duration;

use jostle_model::Finding;
use quick_junit::{NonSuccessKind, TestCase};
use serde_json::{Value, json};

use super::{ProbeReport, closing, human};
use crate::beside::{self, Caught, Moment};
use crate::{Style, github, junit, printable, rule, sarif, wording};

pub(super) fn junit(report: &ProbeReport<'_>) -> String {
    let closing = closing(report);
    let probed = Duration::from_millis(report.summary.counts.probed_ms);
    let failed =
        report.findings.iter().map(|finding| junit::failing(finding, &human::finding(finding, Style::PLAIN)));
    let verdict = junit::verdict_case(&closing, "no foreign identity").map(|mut case| {
        case.set_time(probed);
        case
    });
    let caught = report.moments().iter().map(caught_case);
    junit::document(
        &closing,
        Some(probed),
        failed.chain(caught).chain(verdict),
        human::render(report, Style::PLAIN),
    )
}

pub(super) fn github(report: &ProbeReport<'_>) -> String {
    let caught = report.moments().iter().map(|moment| {
        let Caught { rule, title, id, .. } = &moment.caught;
        let told = beside::told(moment).into_iter().chain([format!("id {id}")]);
        let title = [("title", printable::line(&format!("{rule}: {title}")))];
        github::command("error", &title, &told.collect::<Vec<_>>().join("\n"))
    });
    github::document(&closing(report), report.findings.iter().map(annotation).chain(caught))
}

fn caught_case(moment: &Moment) -> TestCase {
    let Caught { rule, title, id, .. } = &moment.caught;
    let title = printable::line(title);
    let mut status = junit::unmet(NonSuccessKind::Failure, rule, title.clone());
    status.set_description(beside::told(moment).join("\n"));
    let mut case = junit::case(rule, title, status);
    case.add_property(("id", id.as_str()));
    case
}

/// A finding about answers, which belongs to no line of source.
pub(crate) fn annotation(finding: &Finding) -> String {
    let title = [("title", format!("{}: {}", finding.rule.name(), wording::title(finding)))];
    let told = wording::measured(finding).into_iter().chain([format!("id {}", finding.id)]);
    github::command("error", &title, &told.collect::<Vec<_>>().join("\n"))
}

/// SARIF asks where in the source a finding is. A server's answers do not say: its results have no locations.
pub(super) fn sarif(report: &ProbeReport<'_>) -> String {
    let of = sarif::Results {
        rules: sarif::descriptors(),
        results: report.findings.iter().map(result).chain(report.moments().iter().map(caught)).collect(),
        properties: json!({ "summary": report.summary }),
    };
    sarif::log(&closing(report), of)
}

/// A finding of the watch as a `result`; `jostle watch` itself tells where in the source it is.
fn caught(moment: &Moment) -> Value {
    let Caught { rule, title, id, .. } = &moment.caught;
    let told = beside::told(moment).join("; ");
    json!({
        "ruleId": rule,
        "kind": "fail",
        "level": "error",
        "message": { "text": format!("{}. {told}.", printable::line(title)) },
        "partialFingerprints": { "jostle/v1": id },
        "occurrenceCount": 1,
        "properties": { "during": beside::during(moment) },
    })
}

/// A finding about answers as a `result`.
pub(crate) fn result(finding: &Finding) -> Value {
    let told = wording::measured(finding).join("; ");
    json!({
        "ruleId": finding.rule.name(),
        "ruleIndex": rule::index(finding.rule),
        "kind": "fail",
        "level": "error",
        "message": { "text": format!("{}. {told}.", wording::title(finding)) },
        "partialFingerprints": { "jostle/v1": finding.id.to_string() },
        "occurrenceCount": finding.times().max(1),
        "properties": { "evidence": finding.evidence },
    })
}
