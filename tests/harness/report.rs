//! The JSON lines of a watch, read back.

use std::sync::LazyLock;

use jsonschema::Validator;
use serde_json::Value;

/// A line of JSON, held to the schema in `docs/`.
pub(crate) fn assert_keeps_contract(line: &Value) {
    static CONTRACT: LazyLock<Validator> = LazyLock::new(|| {
        let schema = serde_json::from_str(include_str!("../../docs/json.schema.json")).expect("JSON");
        jsonschema::draft202012::new(&schema).expect("the schema compiles")
    });
    let complaints: Vec<String> = CONTRACT.iter_errors(line).map(|error| error.to_string()).collect();
    assert!(complaints.is_empty(), "{complaints:#?}\n{line:#}");
}

/// What `--format json` wrote.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) findings: Vec<Value>,
    pub(crate) summary: Value,
}

impl Report {
    /// Reads the lines of ours; the target may have written others between them.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let ours = lines.filter(|value| value["schema"] == 1);
        let (mut summaries, findings): (Vec<Value>, Vec<Value>) =
            ours.partition(|value| value["kind"] == "summary");
        Some(Self { findings, summary: summaries.pop()? })
    }

    /// What the target ended with, as the summary tells it.
    pub(crate) fn target_code(&self) -> Option<i64> {
        self.summary["target"]["code"].as_i64()
    }

    /// The signal that killed the target, unless it was one that asks to end: a crash, be it ours or its own.
    pub(crate) fn crash(&self) -> Option<i64> {
        const SIGTERM: i64 = 15;
        self.summary["target"]["signal"].as_i64().filter(|&signal| signal != SIGTERM)
    }
}

/// Whether a function on this side's stack is called so, or in part.
pub(crate) fn side_contains(side: &Value, name: &str) -> bool {
    let stack = side["stack"].as_array().map(Vec::as_slice).unwrap_or_default();
    stack.iter().any(|frame| frame["function"].as_str().is_some_and(|function| function.contains(name)))
}

/// Whether the two sides of this finding are these two functions, in either order.
pub(crate) fn is_between(finding: &Value, names: [&str; 2]) -> bool {
    let [one, other] = [&finding["places"][0], &finding["places"][1]];
    let [first, second] = names;
    let either = |a, b| side_contains(one, a) && side_contains(other, b);
    either(first, second) || either(second, first)
}

/// The source line that a side is shown by, without indentation; empty where there is none.
pub(crate) fn shown_line(side: &Value) -> &str {
    let snippet = &side["snippet"];
    let [line, first] = ["line", "first_line"].map(|key| snippet[key].as_u64().unwrap_or(0));
    let text = snippet["text"].as_str().unwrap_or_default();
    text.lines().nth(line.saturating_sub(first) as usize).unwrap_or_default().trim()
}
