//! The log around the results: the tool, its rules, how the run went.

use serde_json::{Value, json};

use crate::closing::Closing;
use crate::{json, printable};

/// What a verb has to say to SARIF.
pub(crate) struct Results {
    /// The `reportingDescriptor`s.
    pub(crate) rules: Vec<Value>,
    /// The `result`s.
    pub(crate) results: Vec<Value>,
    /// All else, for tools that know us.
    pub(crate) properties: Value,
}

/// The whole log, with one `run`.
pub(crate) fn log(closing: &Closing<'_>, of: Results) -> String {
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "jostle",
                "version": env!("CARGO_PKG_VERSION"),
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": of.rules,
            } },
            "invocations": [invocation(closing)],
            "results": of.results,
            "columnKind": "unicodeCodePoints",
            "properties": of.properties,
        }],
    });
    json::to_line(&log) + "\n"
}

/// An inconclusive run did not succeed: a log without results must not read as a pass.
fn invocation(closing: &Closing<'_>) -> Value {
    let warnings = closing.warnings().map(|text| notification("warning", &text));
    let level = if closing.is_inconclusive() { "error" } else { "note" };
    let answer = notification(level, &closing.sentence);
    json!({
        "executionSuccessful": !closing.is_inconclusive(),
        "commandLine": printable::line(&closing.command),
        "toolExecutionNotifications": warnings.chain([answer]).collect::<Vec<_>>(),
    })
}

fn notification(level: &str, text: &str) -> Value {
    json!({ "level": level, "message": { "text": text } })
}
