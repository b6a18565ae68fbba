//! For dashboards, editors and code review.

use std::time::Duration;

use serde_json::json;

use super::{ShadowReport, closing, human};
use crate::probe::{annotation, result};
use crate::{Style, github, junit, sarif};

pub(super) fn junit(report: &ShadowReport<'_>) -> String {
    let closing = closing(report);
    let compared = Duration::from_millis(report.summary.counts.compared_ms);
    let failed =
        report.findings.iter().map(|finding| junit::failing(finding, &human::finding(finding, Style::PLAIN)));
    let verdict = junit::verdict_case(&closing, "no difference from the old version");
    junit::document(&closing, Some(compared), failed.chain(verdict), human::render(report, Style::PLAIN))
}

pub(super) fn github(report: &ShadowReport<'_>) -> String {
    github::document(&closing(report), report.findings.iter().map(annotation))
}

/// SARIF asks where in the source a finding is. A server's answers do not say: its results have no locations.
pub(super) fn sarif(report: &ShadowReport<'_>) -> String {
    let of = sarif::Results {
        rules: sarif::descriptors(),
        results: report.findings.iter().map(result).collect(),
        properties: json!({ "summary": report.summary }),
    };
    sarif::log(&closing(report), of)
}
