//! The run as a SARIF `run`: the tool, its rules, how it went.

use jostle_model::{SCHEMA, Verdict};
use serde_json::{Value, json};

use super::{descriptor, result};
use crate::{Run, printable, rule, verdict};

/// The `run` object.
pub(super) fn object(run: &Run<'_>) -> Value {
    json!({
        "tool": { "driver": {
            "name": "jostle",
            "version": env!("CARGO_PKG_VERSION"),
            "informationUri": env!("CARGO_PKG_REPOSITORY"),
            "rules": rule::ALL.map(descriptor),
        } },
        "invocations": [invocation(run)],
        "results": run.findings.iter().map(result).collect::<Vec<_>>(),
        "columnKind": "unicodeCodePoints",
        "properties": properties(run),
    })
}

/// An inconclusive run did not succeed: a log without results must not read as a pass.
fn invocation(run: &Run<'_>) -> Value {
    let warnings = run.summary.warnings.iter().map(|text| notification("warning", &printable::line(text)));
    let level = if run.summary.verdict == Verdict::Inconclusive { "error" } else { "note" };
    let answer = notification(level, &verdict::sentence(run));
    json!({
        "executionSuccessful": run.summary.verdict != Verdict::Inconclusive,
        "commandLine": printable::line(&format!("jostle {}{}", run.summary.verb, crate::next::target(run.command))),
        "toolExecutionNotifications": warnings.chain([answer]).collect::<Vec<_>>(),
    })
}

fn notification(level: &str, text: &str) -> Value {
    json!({ "level": level, "message": { "text": text } })
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
