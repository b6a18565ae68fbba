//! The JSON lines, held to `docs/json.schema.json`.

use jostle_model::{Finding, Summary, Verdict};
use jostle_report::{Format, Run, Style, json_finding, json_summary, render};
use jsonschema::Validator;
use serde_json::{Value, json};

use crate::samples;

const SCHEMA: &str = include_str!("../../../../docs/json.schema.json");
/// The contract, and the pages that it refers to.
const MANUAL: &str =
    concat!(include_str!("../../../../docs/json.md"), include_str!("../../../../docs/verify-data.md"),);

pub(crate) fn contract() -> Validator {
    let schema = parsed(SCHEMA);
    jsonschema::meta::validate(&schema).expect("the schema is one itself");
    jsonschema::draft202012::new(&schema).expect("the schema compiles")
}

pub(crate) fn parsed(line: &str) -> Value {
    serde_json::from_str(line).expect("one JSON value")
}

fn whole(findings: &[Finding], summary: &Summary) -> String {
    let run = Run { findings, summary, command: "./metrics" };
    render(Format::Json, &run, Style { color: true, width: 80 })
}

#[test]
fn every_line_keeps_the_contract() {
    let contract = contract();
    let findings = samples::all();
    let found = samples::summary(Verdict::Found, &findings);
    let documents =
        [whole(&findings, &found), whole(&[], &samples::clean()), whole(&[], &samples::cut_short())];
    for line in documents.iter().flat_map(|document| document.lines()) {
        let value = parsed(line);
        let complaints: Vec<String> = contract.iter_errors(&value).map(|error| error.to_string()).collect();
        assert!(complaints.is_empty(), "{complaints:#?}\n{line}");
    }
}

#[test]
fn the_contract_refuses_what_breaks_it() {
    let contract = contract();
    let sound = parsed(&json_finding(&samples::half_atomic()));
    let broken: [(&str, Value); 9] = [
        ("/schema", json!(2)),
        ("/rule", json!("collision")),
        ("/id", json!("not-a-fingerprint")),
        ("/places", json!([])),
        ("/places/0", json!({ "role": "read", "stack": [], "shown": 0 })),
        ("/places/0/thread/goroutine", json!({ "id": 17 })),
        ("/places/0/stack/0/address", json!(4_820_804)),
        ("/evidence/grade", json!("certain")),
        ("/evidence/times", json!(-1)),
    ];
    let crash = parsed(&json_finding(&samples::crash()));
    assert!(contract.is_valid(&crash));
    let mut without_signal = crash.clone();
    without_signal["evidence"].as_object_mut().expect("an object").remove("signal");
    assert!(!contract.is_valid(&without_signal));
    for (pointer, value) in broken {
        let mut line = sound.clone();
        *line.pointer_mut(pointer).expect("the sample has it") = value;
        assert!(!contract.is_valid(&line), "{pointer} may not be {:?}", line.pointer(pointer));
    }
}

#[test]
fn the_contract_misses_no_required_key() {
    let contract = contract();
    let lines = [json_finding(&samples::half_atomic()), json_summary(&samples::clean(), &[])]
        .map(|line| parsed(&line));
    for line in lines {
        for key in line.as_object().expect("an object").keys() {
            let mut short = line.clone();
            short.as_object_mut().expect("an object").remove(key);
            assert!(!contract.is_valid(&short), "a line without {key} passes");
        }
    }
}

#[test]
fn keys_stand_in_the_documented_order() {
    let finding = samples::half_atomic();
    let summary = samples::summary(Verdict::Found, std::slice::from_ref(&finding));
    insta::assert_snapshot!(json_finding(&finding) + "\n" + &json_summary(&summary, &[finding]));
}

#[test]
fn streamed_lines_are_those_of_the_document() {
    let findings = samples::all();
    let summary = samples::summary(Verdict::Found, &findings);
    let mut lines: Vec<String> = findings.iter().map(json_finding).collect();
    lines.push(json_summary(&summary, &findings));
    assert_eq!(whole(&findings, &summary), lines.join("\n") + "\n");
}

#[test]
fn the_manual_names_every_key() {
    let schema = parsed(SCHEMA);
    let definitions = schema["$defs"].as_object().expect("an object").values();
    for key in
        definitions.filter_map(|definition| definition["properties"].as_object()).flat_map(|keys| keys.keys())
    {
        assert!(MANUAL.contains(&format!("{key}`")) || MANUAL.contains(&format!("\"{key}\"")), "{key}");
    }
}
