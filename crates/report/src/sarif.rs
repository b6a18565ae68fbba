//! SARIF 2.1.0 (OASIS, 2020), for code scanning and editors.
//!
//! Both sides are told three times, because viewers differ in what they read: as `stacks` with threads, as
//! `codeFlows` with one `threadFlow` per side, and as a location with a related one.

mod location;
mod run;

use jostle_model::{Finding, Frame, Grade, Place, Rule, SCHEMA};
use serde_json::{Value, json};

use crate::{Run, rule, verdict, wording};
use location::{flow_step, location, stack_frame};
pub(crate) use run::{Results, log};

/// The findings of a watch.
pub(crate) fn render(run: &Run<'_>) -> String {
    let results = run.findings.iter().map(result).collect();
    log(&verdict::closing(run), Results { rules: descriptors(), results, properties: properties(run) })
}

fn properties(run: &Run<'_>) -> Value {
    let summary = run.summary;
    json!({
        "schema": SCHEMA,
        "verb": summary.verb,
        "verdict": summary.verdict,
        "bound": summary.bound,
        "seed": summary.seed,
        "target": summary.target,
        "counts": summary.counts,
    })
}

/// The finding as a `result`.
fn result(finding: &Finding) -> Value {
    let mut result = json!({
        "ruleId": finding.rule.name(),
        "ruleIndex": rule::index(finding.rule),
        "kind": "fail",
        "level": rule::level(finding).name(),
        "rank": rank(finding.grade()),
        "message": { "text": message(finding) },
        "locations": finding.places.first().and_then(|place| located(finding, 0, place)).into_iter().collect::<Vec<_>>(),
        "relatedLocations": related(finding),
        "partialFingerprints": { "jostle/v1": finding.id.to_string() },
        "occurrenceCount": finding.times().max(1),
        "properties": { "evidence": finding.evidence },
    });
    let sides: Vec<(usize, &Place)> = finding.places.iter().enumerate().filter(seen).collect();
    if !sides.is_empty() {
        result["stacks"] = sides.iter().map(|(index, place)| stack(finding, *index, place)).collect();
        result["codeFlows"] = json!([code_flow(finding, &sides)]);
    }
    result
}

fn seen((_, place): &(usize, &Place)) -> bool {
    !place.stack.is_empty()
}

/// SARIF's rank, from 0 to 100, orders results within a run: it follows the strength of the evidence.
fn rank(grade: Option<Grade>) -> f64 {
    match grade {
        None => 100.0,
        Some(Grade::ValueChanged) => 90.0,
        Some(Grade::BothSidesSeen) => 70.0,
        Some(Grade::OneSideUnknown) => 40.0,
    }
}

fn message(finding: &Finding) -> String {
    let deeds = (0..wording::sides(finding)).map(|index| wording::deed(finding, index));
    let parts: Vec<String> = deeds.chain(wording::measured(finding)).collect();
    format!("{}. {}.", wording::title(finding), parts.join("; "))
}

fn located(finding: &Finding, index: usize, place: &Place) -> Option<Value> {
    let mut location = location(place.shown_frame()?, place.snippet.as_ref());
    location["message"] = json!({ "text": wording::deed(finding, index) });
    Some(location)
}

fn related(finding: &Finding) -> Vec<Value> {
    let others = finding.places.iter().enumerate().skip(1);
    let mut related: Vec<Value> =
        others.filter_map(|(index, place)| located(finding, index, place)).collect();
    for (id, location) in related.iter_mut().enumerate() {
        location["id"] = json!(id + 1);
    }
    related
}

fn stack(finding: &Finding, index: usize, place: &Place) -> Value {
    let thread = place.thread.as_ref().map(|thread| thread.tid);
    json!({
        "message": { "text": wording::deed(finding, index) },
        "frames": place.stack.iter().map(|frame| stack_frame(frame, thread)).collect::<Vec<_>>(),
    })
}

fn code_flow(finding: &Finding, sides: &[(usize, &Place)]) -> Value {
    json!({
        "message": { "text": "neither side is ordered after the other" },
        "threadFlows": sides.iter().map(|(index, place)| thread_flow(finding, *index, place)).collect::<Vec<_>>(),
    })
}

/// The stack in the order of execution, outermost call first. The deed is told at the user's own frame.
fn thread_flow(finding: &Finding, index: usize, place: &Place) -> Value {
    let deed = wording::deed(finding, index);
    let shown = if place.shown < place.stack.len() { place.shown } else { 0 };
    let step = |(depth, (frame, told)): (usize, (&Frame, Option<&String>))| flow_step(frame, depth, told);
    let told = place.stack.iter().enumerate().map(|(at, frame)| (frame, (at == shown).then_some(&deed)));
    json!({
        "id": place.thread.as_ref().map_or_else(|| "unknown".to_owned(), wording::identity),
        "message": { "text": deed },
        "locations": told.rev().enumerate().map(step).collect::<Vec<_>>(),
    })
}

/// Every rule as a `reportingDescriptor`; a result names its own by its place among them.
pub(crate) fn descriptors() -> Vec<Value> {
    rule::ALL.map(descriptor).to_vec()
}

fn descriptor(rule: Rule) -> Value {
    json!({
        "id": rule.name(),
        "name": pascal_case(rule.name()),
        "shortDescription": { "text": rule::noun(rule) },
        "fullDescription": { "text": rule::description(rule) },
        "help": { "text": rule::help(rule) },
        "defaultConfiguration": { "level": "error" },
        "properties": { "tags": ["concurrency"] },
    })
}

fn pascal_case(name: &str) -> String {
    let capital = |word: &str| word[..1].to_uppercase() + &word[1..];
    name.split('-').map(capital).collect()
}
