//! The report of a verification by trials, in every format.

use jostle_model::{Effort, Family, Proof, Rate, SCHEMA, Verdict, VerificationSummary};
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use serde::Serialize;
use serde_json::json;

use crate::human::Paint;
use crate::json::to_line;
use crate::quantity::{confidence, count, counted, micros, percent, rarity};
use crate::{Format, Style, github, hunt, printable};

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
        Format::Json => to_line(&EffortLine { schema: SCHEMA, kind: "effort", effort }) + "\n",
        Format::Sarif | Format::Junit | Format::Github => String::new(),
    }
}

/// The whole document; it ends with a newline. In JSON it is the last line.
pub fn render_verification(format: Format, report: &VerificationReport<'_>, style: Style) -> String {
    match format {
        Format::Human => human(report, style),
        Format::Json => to_line(&Line { schema: SCHEMA, kind: "summary", summary: report.summary }) + "\n",
        Format::Sarif => sarif(report),
        Format::Junit => junit(report),
        Format::Github => github(report),
    }
}

#[derive(Serialize)]
struct Line<'a> {
    schema: u32,
    kind: &'static str,
    #[serde(flatten)]
    summary: &'a VerificationSummary,
}

#[derive(Serialize)]
struct EffortLine<'a> {
    schema: u32,
    kind: &'static str,
    #[serde(flatten)]
    effort: &'a Effort,
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

fn human(report: &VerificationReport<'_>, style: Style) -> String {
    let (summary, paint) = (report.summary, Paint::new(style));
    let [before, after] = &summary.commands;
    let mut text = String::new();
    let head = format!("  {:<14}{:>12}   {:<28}command", "", "failed", "rate per trial");
    text.push_str(&(paint.bold(&head) + "\n"));
    for (name, rate, command) in
        [("without fix", &summary.before, before), ("with fix", &summary.after, after)]
    {
        let command = printable::shortened(command, style.width.saturating_sub(57).max(20));
        let failed = format!("{} of {}", count(rate.events), count(rate.of));
        let line = format!("  {name:<14}{failed:>12}   {:<28}{command}", limits(rate));
        text.push_str(&(if rate.events > 0 { paint.alarm(&line) } else { line }));
        text.push('\n');
    }
    text.push('\n');
    for (name, families) in [
        ("without the fix it fails so", &summary.families_before),
        ("with the fix it fails so", &summary.families_after),
    ] {
        if !families.is_empty() {
            text.push_str(&paint.bold(name));
            text.push('\n');
            families.iter().for_each(|family| text.push_str(&hunt::family(family)));
            text.push('\n');
        }
    }
    text.push_str(&shortest(summary, paint, style.width));
    let said = sentence(summary);
    text.push_str(&match summary.verdict {
        Verdict::Found => paint.alarm(&said),
        Verdict::NothingFound => paint.bold(&said),
        Verdict::Inconclusive => paint.caution(&said),
    });
    text.push('\n');
    for warning in &summary.warnings {
        text.push_str(&(paint.caution(&format!("note: {}", printable::line(warning))) + "\n"));
    }
    text.push_str(&paint.dim(&format!("seed {}\n", summary.seed)));
    text.push_str(&next(report).map(|next| format!("next: {next}\n")).unwrap_or_default());
    text
}

fn shortest(summary: &VerificationSummary, paint: Paint, width: usize) -> String {
    let Some(trial) = &summary.shortest else { return String::new() };
    let head =
        format!("the shortest trial with the fix that failed: {}, {}", trial.trial, micros(trial.elapsed_us));
    format!("{}\n  {}\n\n", paint.bold(&head), printable::shortened(&trial.title, width.saturating_sub(2)))
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

fn junit(report: &VerificationReport<'_>) -> String {
    let summary = report.summary;
    let broken = |kind: NonSuccessKind, what: &str| {
        let mut status = TestCaseStatus::non_success(kind);
        status.set_type(what).set_message(sentence(summary));
        status
    };
    let status = match summary.verdict {
        Verdict::NothingFound => TestCaseStatus::success(),
        Verdict::Found => broken(NonSuccessKind::Failure, "still-failing"),
        Verdict::Inconclusive => broken(NonSuccessKind::Error, "inconclusive"),
    };
    let mut case = TestCase::new("the fix holds", status);
    case.set_classname(format!("jostle.{}", summary.verb));
    let mut suite = TestSuite::new(format!("jostle {}", summary.verb));
    suite.add_property(("seed", summary.seed.to_string().as_str()));
    suite.add_test_case(case);
    suite.set_system_out(human(report, Style { color: false, width: 110 }));
    let mut document = Report::new("jostle");
    document.add_test_suite(suite);
    document.to_string().expect("a String takes every write, and no date is written")
}

fn github(report: &VerificationReport<'_>) -> String {
    let name = match report.summary.verdict {
        Verdict::Found => "error",
        Verdict::NothingFound => "notice",
        Verdict::Inconclusive => "warning",
    };
    github::command(name, &[("title", "jostle verify".to_owned())], &sentence(report.summary)) + "\n"
}

fn sarif(report: &VerificationReport<'_>) -> String {
    let summary = report.summary;
    let result = |family: &Family| {
        json!({
            "ruleId": "still-failing",
            "kind": "fail",
            "level": "error",
            "message": { "text": format!("{}: {}.", family.name, sentence(summary)) },
            "partialFingerprints": { "jostle/family/v1": family.name },
            "occurrenceCount": family.failures.max(1),
        })
    };
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "jostle",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": [{ "id": "still-failing" }],
            } },
            "results": summary.families_after.iter().map(result).collect::<Vec<_>>(),
            "properties": { "summary": summary },
        }],
    });
    to_line(&log) + "\n"
}
