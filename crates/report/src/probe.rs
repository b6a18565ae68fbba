//! The report of a probe, in every format.

mod human;
mod machine;
mod wording;

use std::collections::BTreeMap;

use jostle_model::{Finding, ProbeSummary};
use serde::Serialize;

use crate::beside::{self, Beside, Moment, json_beside};
use crate::closing::Closing;
use crate::json;
use crate::{Format, Style};

pub(crate) use machine::{annotation, result};
pub(crate) use wording::told;

/// A finished probe.
#[derive(Clone, Copy, Debug)]
pub struct ProbeReport<'a> {
    /// What was found, the most important first.
    pub findings: &'a [Finding],
    /// What closes the run.
    pub summary: &'a ProbeSummary,
    /// What was given to the verb, shell-quoted, but for how long to look.
    pub command: &'a str,
    /// The command that sends the requests of the first finding again, if there is one.
    pub replay: Option<&'a str>,
    /// What a watch of the server told meanwhile, if there was one.
    pub beside: Option<&'a Beside>,
}

impl ProbeReport<'_> {
    /// What the watch caught.
    fn moments(&self) -> &[Moment] {
        self.beside.map_or(&[], |beside| &beside.moments)
    }
}

/// The whole document; it ends with a newline. In JSON, findings that were streamed before come once more, with their
/// final counts.
pub fn render_probe(format: Format, report: &ProbeReport<'_>, style: Style) -> String {
    match format {
        Format::Human => human::render(report, style),
        Format::Json => {
            let findings =
                report.findings.iter().map(json::finding).chain(report.moments().iter().map(json_beside));
            let summary = json_probe_summary(report.summary, report.findings, report.beside);
            findings.chain([summary]).map(|line| line + "\n").collect()
        }
        Format::Sarif => machine::sarif(report),
        Format::Junit => machine::junit(report),
        Format::Github => machine::github(report),
    }
}

fn closing<'a>(report: &ProbeReport<'a>) -> Closing<'a> {
    let summary = report.summary;
    Closing {
        verb: summary.verb,
        verdict: summary.verdict,
        seed: summary.seed,
        warnings: &summary.warnings,
        command: format!("jostle {} {}", summary.verb, report.command),
        sentence: wording::sentence(report),
        next: Some(wording::next(report)),
    }
}

/// The last line of a probe as JSON, without a newline.
///
/// With a watch beside it, its own summary stands under `watch`.
pub fn json_probe_summary(summary: &ProbeSummary, findings: &[Finding], beside: Option<&Beside>) -> String {
    let times = findings.iter().map(|finding| (finding.id.to_string(), finding.times())).collect();
    let line = json::line("summary", &Counted { summary, times });
    match beside.and_then(|beside| beside.end.as_ref()) {
        Some(end) => beside::with(&line, "watch", &end.line),
        None => line,
    }
}

/// The summary with how often each finding was met.
#[derive(Serialize)]
struct Counted<'a> {
    #[serde(flatten)]
    summary: &'a ProbeSummary,
    times: BTreeMap<String, u64>,
}
