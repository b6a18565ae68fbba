//! For dashboards, editors and code review.

use std::time::Duration;

use jostle_model::{Finding, ProbeSummary, Verdict};
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use serde_json::{Value, json};

use super::{ProbeReport, human, wording};
use crate::{Style, github, json, printable, rule, sarif};

/// Nobody to colour it for, and no terminal to fit.
const PLAIN: Style = Style { color: false, width: 110 };

pub(super) fn junit(report: &ProbeReport<'_>) -> String {
    let summary = report.summary;
    let mut suite = TestSuite::new(format!("jostle {}", summary.verb));
    suite.set_time(probed(summary));
    suite.add_property(("seed", summary.seed.to_string().as_str()));
    suite.add_test_cases(report.findings.iter().map(failing));
    suite.add_test_cases(closing(report));
    suite.set_system_out(human::render(report, PLAIN));
    let mut document = Report::new("jostle");
    document.add_test_suite(suite);
    document.to_string().expect("a String takes every write, and no date is written")
}

fn failing(finding: &Finding) -> TestCase {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
    status.set_type(finding.rule.name()).set_message(crate::wording::title(finding));
    status.set_description(human::finding(finding, PLAIN));
    let mut case = TestCase::new(crate::wording::title(finding), status);
    case.set_classname(format!("jostle.{}", finding.rule.name()));
    case.add_property(("id", finding.id.to_string().as_str()));
    case
}

/// The case that stands for the verdict itself. What is not known must not count as passed.
fn closing(report: &ProbeReport<'_>) -> Option<TestCase> {
    let status = match report.summary.verdict {
        Verdict::Found => return None,
        Verdict::NothingFound => TestCaseStatus::success(),
        Verdict::Inconclusive => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
            status.set_type("inconclusive").set_message(wording::sentence(report));
            status
        }
    };
    let mut case = TestCase::new("no foreign identity", status);
    case.set_classname(format!("jostle.{}", report.summary.verb));
    case.set_time(probed(report.summary));
    Some(case)
}

fn probed(summary: &ProbeSummary) -> Duration {
    Duration::from_millis(summary.counts.probed_ms)
}

pub(super) fn github(report: &ProbeReport<'_>) -> String {
    let annotation = |finding: &Finding| {
        let title = [("title", format!("{}: {}", finding.rule.name(), crate::wording::title(finding)))];
        let told = crate::wording::measured(finding).into_iter().chain([format!("id {}", finding.id)]);
        github::command("error", &title, &told.collect::<Vec<_>>().join("\n"))
    };
    let summary = report.summary;
    let name = if summary.verdict == Verdict::Inconclusive { "warning" } else { "notice" };
    let title = [("title", format!("jostle {}", summary.verb))];
    let message = format!("{}\nnext: {}", wording::sentence(report), wording::next(report));
    let warnings =
        summary.warnings.iter().map(|text| github::command("warning", &[], &printable::line(text)));
    let lines = report.findings.iter().map(annotation).chain(warnings);
    lines.chain([github::command(name, &title, &message)]).map(|line| line + "\n").collect()
}

/// SARIF asks where in the source a finding is. A server's answers do not say: its results have no locations.
pub(super) fn sarif(report: &ProbeReport<'_>) -> String {
    let summary = report.summary;
    let inconclusive = summary.verdict == Verdict::Inconclusive;
    let notification = |level: &str, text: &str| json!({ "level": level, "message": { "text": text } });
    let answer = notification(if inconclusive { "error" } else { "note" }, &wording::sentence(report));
    let warnings = summary.warnings.iter().map(|text| notification("warning", &printable::line(text)));
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "jostle",
                "version": env!("CARGO_PKG_VERSION"),
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": rule::ALL.map(sarif::descriptor),
            } },
            "invocations": [{
                "executionSuccessful": !inconclusive,
                "commandLine": printable::line(&format!("jostle {} {}", summary.verb, report.command)),
                "toolExecutionNotifications": warnings.chain([answer]).collect::<Vec<_>>(),
            }],
            "results": report.findings.iter().map(result).collect::<Vec<_>>(),
            "properties": { "summary": summary },
        }],
    });
    json::to_line(&log) + "\n"
}

fn result(finding: &Finding) -> Value {
    let told = crate::wording::measured(finding).join("; ");
    json!({
        "ruleId": finding.rule.name(),
        "ruleIndex": rule::ALL.iter().position(|rule| *rule == finding.rule),
        "kind": "fail",
        "level": "error",
        "message": { "text": format!("{}. {told}.", crate::wording::title(finding)) },
        "partialFingerprints": { "jostle/v1": finding.id.to_string() },
        "occurrenceCount": finding.times().max(1),
        "properties": { "evidence": finding.evidence },
    })
}
