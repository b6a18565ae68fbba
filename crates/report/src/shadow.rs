//! The report of a comparison of two versions, in every format.

mod human;
mod machine;
mod words;

use std::collections::BTreeMap;

use jostle_model::{Finding, ShadowSummary};
use serde::Serialize;

use crate::closing::Closing;
use crate::json;
use crate::{Format, Style};

pub(crate) use words::told;

/// A finished comparison of two versions.
#[derive(Clone, Copy, Debug)]
pub struct ShadowReport<'a> {
    /// What differs, under concurrency only first.
    pub findings: &'a [Finding],
    /// What closes the run.
    pub summary: &'a ShadowSummary,
    /// What was given to the verb, shell-quoted, but for how long to look.
    pub command: &'a str,
}

/// The whole document; it ends with a newline.
pub fn render_shadow(format: Format, report: &ShadowReport<'_>, style: Style) -> String {
    match format {
        Format::Human => human::render(report, style),
        Format::Json => lines(report),
        Format::Sarif => machine::sarif(report),
        Format::Junit => machine::junit(report),
        Format::Github => machine::github(report),
    }
}

fn lines(report: &ShadowReport<'_>) -> String {
    let times = report.findings.iter().map(|finding| (finding.id.to_string(), finding.times())).collect();
    let summary = json::line("summary", &Counted { summary: report.summary, times });
    let findings = report.findings.iter().map(json::finding);
    findings.chain([summary]).map(|line| line + "\n").collect()
}

/// The summary with how often each finding was met.
#[derive(Serialize)]
struct Counted<'a> {
    #[serde(flatten)]
    summary: &'a ShadowSummary,
    times: BTreeMap<String, u64>,
}

fn closing<'a>(report: &ShadowReport<'a>) -> Closing<'a> {
    let summary = report.summary;
    Closing {
        verb: summary.verb,
        verdict: summary.verdict,
        seed: summary.seed,
        warnings: &summary.warnings,
        command: format!("jostle {} {}", summary.verb, report.command),
        sentence: words::sentence(report),
        next: Some(words::next(report)),
    }
}
