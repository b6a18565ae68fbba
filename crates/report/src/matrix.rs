//! The report of a matrix, in every format.

mod human;
mod machine;
mod words;

use jostle_model::{MatrixSummary, Trial};
use serde::Serialize;

use crate::closing::Closing;
use crate::hunt::TrialLine;
use crate::json::{self, to_line};
use crate::{Format, Style};

/// A finished matrix.
#[derive(Clone, Copy, Debug)]
pub struct MatrixReport<'a> {
    /// What its trials tell.
    pub summary: &'a MatrixSummary,
    /// The file with the plan, as it can be typed.
    pub file: &'a str,
    /// What has to be added to a command that looks at the same case: empty, or ` --case DIR`.
    pub case: &'a str,
}

/// The whole document; it ends with a newline. In JSON it is the last line: the trials were told as they ended.
pub fn render_matrix(format: Format, report: &MatrixReport<'_>, style: Style) -> String {
    match format {
        Format::Human => human::render(report, style),
        Format::Json => json::line("summary", report.summary) + "\n",
        Format::Sarif => machine::sarif(report),
        Format::Junit => machine::junit(report),
        Format::Github => machine::github(report),
    }
}

fn closing<'a>(report: &MatrixReport<'a>) -> Closing<'a> {
    let summary = report.summary;
    Closing {
        verb: summary.verb,
        verdict: summary.verdict,
        seed: summary.seed.0,
        warnings: &summary.warnings,
        command: format!("jostle {}{} {}", summary.verb, report.case, report.file),
        sentence: words::sentence(summary),
        next: Some(words::next(report)),
    }
}

/// A trial of one side of a comparison as one line of JSON, without a newline. `setting` says which: names and levels.
pub fn json_trial_of(trial: &Trial, name: &str, setting: &[(String, String)]) -> String {
    to_line(&SetTrialLine { trial: TrialLine::of(trial, Some(name)), setting })
}

#[derive(Serialize)]
struct SetTrialLine<'a> {
    #[serde(flatten)]
    trial: TrialLine<'a>,
    #[serde(serialize_with = "as_object")]
    setting: &'a [(String, String)],
}

fn as_object<S: serde::Serializer>(setting: &&[(String, String)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(setting.iter().map(|(name, level)| (name, level)))
}
