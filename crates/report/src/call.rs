//! The report of calls of a library, in every format.

mod human;
mod machine;
mod wording;

use jostle_model::{CallPhase, CallSummary};

use crate::closing::Closing;
use crate::{Format, Style, json};

/// Calls of a library, and how to make them again.
#[derive(Clone, Copy, Debug)]
pub struct CallReport<'a> {
    /// What they told.
    pub summary: &'a CallSummary,
    /// The plan, shell-quoted.
    pub plan: &'a str,
}

/// The whole document; it ends with a newline.
pub fn render_call(format: Format, report: &CallReport<'_>, style: Style) -> String {
    match format {
        Format::Human => human::render(report, style),
        // What came back wrong stands in the summary: it is not streamed, as there are few examples, whatever happens.
        Format::Json => json::line("summary", report.summary) + "\n",
        Format::Sarif => machine::sarif(report),
        Format::Junit => machine::junit(report),
        Format::Github => machine::github(report),
    }
}

/// A part of such a series, in words that fit before a number of seconds.
pub fn phase_name(phase: CallPhase) -> &'static str {
    match phase {
        CallPhase::Loading => "loading the library",
        CallPhase::SetUp => "setting up",
        CallPhase::Serial => "calling from one thread",
        CallPhase::Concurrent => "calling from all threads",
        CallPhase::TearDown => "tearing down",
        CallPhase::Ending => "ending",
    }
}

fn closing<'a>(report: &CallReport<'a>) -> Closing<'a> {
    let summary = report.summary;
    Closing {
        verb: summary.verb,
        verdict: summary.verdict,
        seed: summary.seed.0,
        warnings: &summary.warnings,
        command: format!("jostle {} {}", summary.verb, report.plan),
        sentence: wording::sentence(summary),
        next: Some(wording::next(report)),
    }
}
