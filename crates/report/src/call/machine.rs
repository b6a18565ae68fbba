//! For dashboards, editors and code review: a failure for each step that gave wrong answers, and one for a violent end.

use std::time::Duration;

use jostle_model::{CallEnd, StepCount};
use quick_junit::{NonSuccessKind, TestCase};
use serde_json::{Value, json};

use super::{CallReport, closing, human, wording};
use crate::human::Paint;
use crate::quantity::{count, counted};
use crate::{Style, github, junit, printable, sarif};

/// Something that is wrong with the library.
struct Fault {
    /// What kind of thing.
    rule: &'static str,
    /// In a few words, the same from run to run.
    title: String,
    /// All there is to read about it.
    told: String,
    times: u64,
}

pub(super) fn junit(report: &CallReport<'_>) -> String {
    let closing = closing(report);
    let took = Duration::from_millis(report.summary.elapsed_ms);
    let faults = faults(report);
    let cases = faults.iter().map(failing).chain(junit::verdict_case(&closing, "no wrong answer"));
    junit::document(&closing, Some(took), cases, human::render(report, Style::PLAIN))
}

fn failing(fault: &Fault) -> TestCase {
    let mut status = junit::unmet(NonSuccessKind::Failure, fault.rule, fault.title.clone());
    status.set_description(fault.told.clone());
    junit::case(fault.rule, fault.title.clone(), status)
}

pub(super) fn github(report: &CallReport<'_>) -> String {
    let annotation = |fault: &Fault| {
        let title = [("title", format!("{}: {}", fault.rule, fault.title))];
        github::command("error", &title, &fault.told)
    };
    github::document(&closing(report), faults(report).iter().map(annotation))
}

/// SARIF asks where in the source a finding is. What a library returns does not say: its results have no locations.
pub(super) fn sarif(report: &CallReport<'_>) -> String {
    let rules = ["wrong-answer", "crash", "hang", "exit"];
    let of = sarif::Results {
        rules: rules.iter().map(|rule| json!({ "id": rule })).collect(),
        results: faults(report).iter().map(result).collect(),
        properties: json!({ "summary": report.summary }),
    };
    sarif::log(&closing(report), of)
}

fn result(fault: &Fault) -> Value {
    json!({
        "ruleId": fault.rule,
        "kind": "fail",
        "level": "error",
        "message": { "text": format!("{}: {}", fault.title, fault.told) },
        "partialFingerprints": { "jostle/call/v1": format!("{}: {}", fault.rule, fault.title) },
        "occurrenceCount": fault.times,
    })
}

fn faults(report: &CallReport<'_>) -> Vec<Fault> {
    let wrong = report.summary.steps.iter().filter(|step| step.wrong > 0);
    violent_end(report).into_iter().chain(wrong.map(|step| wrong_answers(report, step))).collect()
}

fn violent_end(report: &CallReport<'_>) -> Option<Fault> {
    let (rule, did) = match report.summary.end {
        CallEnd::Crashed { .. } => ("crash", "crashed"),
        CallEnd::Exited { .. } => ("exit", "ended the process"),
        CallEnd::Hung { .. } => ("hang", "never returned"),
        CallEnd::Whole | CallEnd::Serial | CallEnd::Interrupted { .. } => return None,
    };
    let told = wording::violent_end(report.summary).unwrap_or_default();
    Some(Fault { rule, title: format!("{} {did}", printable::line(&report.summary.library)), told, times: 1 })
}

fn wrong_answers(report: &CallReport<'_>, step: &StepCount) -> Fault {
    let is_of = |label: &str| {
        // Behind the step, a label says what of it was wrong where that is not its result.
        label.strip_prefix(&step.step).is_some_and(|rest| rest.is_empty() || rest.starts_with(" ("))
    };
    let example = report.summary.examples.iter().find(|wrong| is_of(&wrong.step));
    let paint = Paint::new(Style::PLAIN);
    let shown = example.map(|wrong| human::example(wrong, paint, Style::PLAIN.width));
    let often = format!("{} of {} came back wrong", count(step.wrong), counted(step.calls, "call"));
    Fault {
        rule: "wrong-answer",
        title: format!("{} gave a wrong answer", printable::line(&step.step)),
        told: [often].into_iter().chain(shown).collect::<Vec<_>>().join("\n").trim_end().to_owned(),
        times: step.wrong,
    }
}
