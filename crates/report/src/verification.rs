//! The report of a verification by trials, in every format.

mod human;
mod machine;

use jostle_model::{Effort, Proof, Rate, VerificationSummary};

use crate::closing::Closing;
use crate::quantity::{confidence, count, counted, percent, rarity};
use crate::{Format, Style, json, printable};

/// A finished verification.
#[derive(Clone, Copy, Debug)]
pub struct VerificationReport<'a> {
    /// What was shown.
    pub summary: &'a VerificationSummary,
    /// The file with the plan, as it can be typed.
    pub file: &'a str,
    /// What has to be added to a command that looks at the same case: empty, or ` --case DIR`.
    pub case: &'a str,
}

/// What is announced before the first trial of the verification itself: one line with a newline, for people and as JSON;
/// nothing in other formats.
pub fn render_effort(format: Format, effort: &Effort) -> String {
    match format {
        Format::Human => format!("{}\n", announced(effort)),
        Format::Json => json::line("effort", effort) + "\n",
        Format::Sarif | Format::Junit | Format::Github => String::new(),
    }
}

/// The whole document; it ends with a newline. In JSON it is the last line.
pub fn render_verification(format: Format, report: &VerificationReport<'_>, style: Style) -> String {
    match format {
        Format::Human => human::render(report, style),
        Format::Json => json::line("summary", report.summary) + "\n",
        Format::Sarif => machine::sarif(report),
        Format::Junit => machine::junit(report),
        Format::Github => machine::github(report),
    }
}

fn closing<'a>(report: &VerificationReport<'a>) -> Closing<'a> {
    let summary = report.summary;
    Closing {
        verb: summary.verb,
        verdict: summary.verdict,
        seed: summary.seed.0,
        warnings: &summary.warnings,
        command: format!("jostle {}{} {}", summary.verb, report.case, report.file),
        sentence: sentence(summary),
        next: next(report),
    }
}

fn announced(effort: &Effort) -> String {
    let (failures, trials) = effort.baseline;
    let known = match trials {
        0 => String::new(),
        _ => format!("; without the fix {} of {} failed", count(failures), counted(trials, "trial")),
    };
    format!(
        "effort: {} of each side, to tell a fix from luck and exclude failures in {} of trials, at {} confidence{known}",
        counted(effort.per_side, "trial"),
        percent(effort.residual),
        confidence(effort.confidence)
    )
}

fn limits(rate: &Rate) -> String {
    match (rate.of, rate.events) {
        (0, _) => "not tried".to_owned(),
        (_, 0) => format!("below {}", rarity(rate.high)),
        _ => {
            let seen = rate.seen().map_or_else(String::new, rarity);
            format!("{seen} ({} to {})", rarity(rate.low), rarity(rate.high))
        }
    }
}

/// The answer in a sentence.
fn sentence(summary: &VerificationSummary) -> String {
    let sure = confidence(summary.after.confidence);
    match &summary.proof {
        Proof::Fixed { .. } => format!(
            "fixed: with the fix it fails in fewer than {} of trials, at {sure} confidence; without it in {}{}",
            percent(summary.after.high),
            limits(&summary.before),
            per_operation(summary)
        ),
        Proof::StillFailing { ratio } => {
            let news = match summary.new_families.len() {
                0 => "no new family".to_owned(),
                _ => format!("new: {}", printable::line(&summary.new_families.join(", "))),
            };
            let seldom = match ratio.high {
                Some(high) if high < 1.0 => ", more seldom than without it",
                _ if ratio.low > 1.0 => ", more often than without it",
                _ => "",
            };
            format!("still failing: with the fix in {}{seldom}; {news}", limits(&summary.after))
        }
        Proof::Unfinished { missing: [before, after] } => format!(
            "inconclusive: no failure with the fix so far, but {} without the fix and {} with it are missing",
            counted(*before, "trial"),
            count(*after)
        ),
        Proof::NotPlanned { failures: 0, trials } => {
            format!(
                "inconclusive: without the fix it did not fail in {}, so a fix could change nothing",
                counted(*trials, "trial")
            )
        }
        Proof::NotPlanned { failures, trials } => format!(
            "inconclusive: without the fix it has failed in {} of {} so far, which is too little to plan by",
            count(*failures),
            counted(*trials, "trial")
        ),
        Proof::ControlPassed { .. } => format!(
            "inconclusive: no failure with the fix, but in only {} of {} without it: this session could not have shown a fix",
            count(summary.before.events),
            counted(summary.before.of, "trial")
        ),
    }
}

fn per_operation(summary: &VerificationSummary) -> String {
    let rate = summary.after_per_operation.filter(|rate| rate.events == 0);
    rate.map_or_else(String::new, |rate| {
        format!("; with the fix below {} per {}", rarity(rate.high), summary.operation)
    })
}

fn next(report: &VerificationReport<'_>) -> Option<String> {
    match (&report.summary.proof, &report.summary.shortest) {
        (Proof::Fixed { .. }, _) => None,
        (Proof::StillFailing { .. }, Some(trial)) => {
            Some(format!("jostle replay{} {}", report.case, trial.trial))
        }
        (Proof::NotPlanned { failures: 0, .. }, _) => {
            Some(format!("jostle hunt{} -- {}", report.case, report.summary.commands[0]))
        }
        // More trials of a session that was decided to go on because of how it went would prove nothing.
        (Proof::ControlPassed { .. }, _) => Some(format!("jostle verify{} {}", report.case, report.file)),
        _ => Some(format!("jostle verify{} {} --resume", report.case, report.file)),
    }
}
