//! The report of a hunt, in every format.

mod human;
mod machine;
mod replay;

use jostle_model::{HuntSummary, Outcome, SCHEMA, Trial};
use serde::Serialize;

use crate::closing::Closing;
use crate::json::{self, to_line};
use crate::{Format, Style};

pub(crate) use human::{families, family};
pub use replay::render_replay;

/// A finished hunt.
#[derive(Clone, Copy, Debug)]
pub struct HuntReport<'a> {
    /// What its trials tell.
    pub summary: &'a HuntSummary,
    /// How the target is started, shell-quoted.
    pub command: &'a str,
    /// What has to be added to a command that looks at the same case, and runs trials around the same process: empty, or
    /// ` --case DIR --pid PID`.
    pub case: &'a str,
}

/// The whole document; it ends with a newline. In JSON it is the last line: the trials were told as they ended.
pub fn render_hunt(format: Format, report: &HuntReport<'_>, style: Style) -> String {
    match format {
        Format::Human => human::render(report, style),
        Format::Json => json::line("summary", report.summary) + "\n",
        Format::Sarif => machine::sarif(report),
        Format::Junit => machine::junit(report),
        Format::Github => machine::github(report),
    }
}

/// A trial as one line of JSON, without a newline; without a name where it was not recorded.
pub fn json_trial(trial: &Trial, name: Option<&str>) -> String {
    to_line(&TrialLine::of(trial, name))
}

fn closing<'a>(report: &HuntReport<'a>) -> Closing<'a> {
    let summary = report.summary;
    Closing {
        verb: summary.verb,
        verdict: summary.verdict,
        seed: summary.seed.0,
        warnings: &summary.warnings,
        command: format!("jostle {}{} -- {}", summary.verb, report.case, report.command),
        sentence: human::sentence(summary),
        next: Some(human::next(report)),
    }
}

#[derive(Serialize)]
pub(crate) struct TrialLine<'a> {
    schema: u32,
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    trial: Option<&'a str>,
    seed: u64,
    perturbation: &'a str,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    signature: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
    elapsed_us: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    operations: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'a str>,
}

impl<'a> TrialLine<'a> {
    /// What is told of a trial with this name.
    pub(crate) fn of(trial: &'a Trial, name: Option<&'a str>) -> Self {
        let failure = trial.outcome.failure();
        Self {
            schema: SCHEMA,
            kind: "trial",
            trial: name,
            seed: trial.seed.0,
            perturbation: &trial.perturbation,
            outcome: trial.outcome.name(),
            signature: failure.map(|failure| failure.signature.exact.as_str()),
            failure: failure.map(|failure| failure.signature.kind.as_str()),
            title: failure.map(|failure| failure.title.as_str()),
            elapsed_us: trial.elapsed_us,
            operations: trial.operations,
            why: match &trial.outcome {
                Outcome::CouldNotRun { why } => Some(why),
                _ => None,
            },
        }
    }
}
