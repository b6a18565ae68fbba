//! SARIF, JUnit and GitHub.

use insta::assert_snapshot;
use jostle_model::{Finding, Summary, Verdict};
use jostle_report::{Format, Run, Style, render};
use serde_json::Value;

use crate::samples;

fn rendered(format: Format, findings: &[Finding], summary: &Summary) -> String {
    let run = Run { findings, summary, command: "./metrics --listen '127.0.0.1:0'" };
    render(format, &run, Style { color: true, width: 200 })
}

fn found(format: Format) -> String {
    let findings = samples::all();
    rendered(format, &findings, &samples::summary(Verdict::Found, &findings))
}

fn sarif(findings: &[Finding], summary: &Summary) -> Value {
    serde_json::from_str(&rendered(Format::Sarif, findings, summary)).expect("SARIF is JSON")
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).expect("a value is JSON")
}

#[test]
fn github_gets_an_annotation_for_each_finding_and_a_notice() {
    assert_snapshot!(found(Format::Github));
}

#[test]
fn github_is_warned_of_an_inconclusive_run() {
    assert_snapshot!(rendered(Format::Github, &[], &samples::cut_short()));
}

#[test]
fn junit_fails_a_case_for_each_finding() {
    let findings = [samples::half_atomic()];
    assert_snapshot!(rendered(Format::Junit, &findings, &samples::summary(Verdict::Found, &findings)));
}

#[test]
fn junit_passes_a_clean_run() {
    assert_snapshot!(rendered(Format::Junit, &[], &samples::clean()));
}

#[test]
fn junit_counts_an_inconclusive_run_as_an_error_and_not_as_a_pass() {
    let document = rendered(Format::Junit, &[], &samples::cut_short());
    assert!(document.contains(r#"tests="1" skipped="0" errors="1" failures="0""#), "{document}");
}

#[test]
fn junit_is_read_back_by_its_own_parser() {
    let report = quick_junit::Report::deserialize_from_str(&found(Format::Junit)).expect("valid JUnit");
    assert_eq!((report.tests, report.failures, report.errors), (8, 8, 0));
}

#[test]
fn sarif_tells_both_sides_as_stacks_and_as_a_code_flow() {
    let findings = [samples::across_languages()];
    let log = sarif(&findings, &samples::summary(Verdict::Found, &findings));
    assert_snapshot!(pretty(&log["runs"][0]["results"]));
}

#[test]
fn sarif_describes_the_run_and_every_rule() {
    let mut log = sarif(&[], &samples::clean());
    log["runs"][0]["tool"]["driver"]["version"] = "VERSION".into();
    assert_snapshot!(pretty(&log));
}

#[test]
fn sarif_reports_an_inconclusive_run_as_unsuccessful() {
    let log = sarif(&[], &samples::cut_short());
    assert_eq!(log["runs"][0]["invocations"][0]["executionSuccessful"], false);
}

/// The properties that SARIF 2.1.0 requires (sections 3.13 to 3.58) of the objects that are written.
#[test]
fn sarif_has_all_that_the_standard_requires() {
    let findings = samples::all();
    let log = sarif(&findings, &samples::summary(Verdict::Found, &findings));
    assert_eq!(log["version"], "2.1.0");
    for run in list(&log["runs"]) {
        assert!(run["tool"]["driver"]["name"].is_string());
        assert!(list(&run["tool"]["driver"]["rules"]).iter().all(|rule| rule["id"].is_string()));
        assert!(list(&run["invocations"]).iter().all(|it| it["executionSuccessful"].is_boolean()));
        assert_eq!(list(&run["results"]).len(), findings.len());
        list(&run["results"]).iter().for_each(|result| check_result(result, run));
    }
}

fn check_result(result: &Value, run: &Value) {
    assert!(result["message"]["text"].is_string());
    let rule = result["ruleIndex"].as_u64().expect("an index") as usize;
    assert_eq!(run["tool"]["driver"]["rules"][rule]["id"], result["ruleId"]);
    assert!(["error", "warning"].contains(&result["level"].as_str().expect("a level")));
    assert!(result["partialFingerprints"]["jostle/v1"].is_string());
    list(&result["locations"]).iter().for_each(check_location);
    for stack in list(&result["stacks"]) {
        list(&stack["frames"]).iter().for_each(|frame| check_location(&frame["location"]));
    }
    for flow in list(&result["codeFlows"]).iter().flat_map(|flow| list(&flow["threadFlows"])) {
        list(&flow["locations"]).iter().for_each(|step| check_location(&step["location"]));
    }
}

/// A physical location needs an address or an artifact, a region a line from 1, a URI no spaces.
fn check_location(location: &Value) {
    let physical = &location["physicalLocation"];
    assert!(physical["address"].is_object() || physical["artifactLocation"].is_object());
    if let Some(region) = physical.get("region") {
        assert!(region["startLine"].as_u64() >= Some(1));
    }
    if let Some(uri) = physical["artifactLocation"]["uri"].as_str() {
        assert!(!uri.contains(char::is_whitespace));
    }
}

fn list(value: &Value) -> &Vec<Value> {
    value.as_array().expect("a list")
}
