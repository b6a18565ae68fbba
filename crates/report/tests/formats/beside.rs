//! What a watch told that ran beside a probe: read back, and told with the requests that were under way.

use std::time::{Duration, UNIX_EPOCH};

use jostle_model::{Exchange, Verdict};
use jostle_report::{
    Beside, Caught, Format, Moment, ProbeReport, Style, WatchEnd, WatchLine, json_began, json_beside,
    json_finding, json_summary, read_watch_line, render_probe,
};
use serde_json::Value;

use crate::{probes, samples};

const SCHEMA: &str = include_str!("../../../../docs/json.schema.json");

/// The finding as the watch wrote it, read back.
fn caught() -> Caught {
    match read_watch_line(&json_finding(&samples::half_atomic())) {
        Some(WatchLine::Caught(caught)) => *caught,
        other => panic!("{other:?}"),
    }
}

fn end() -> WatchEnd {
    match read_watch_line(&json_summary(&samples::clean(), &[])) {
        Some(WatchLine::Ended(end)) => *end,
        other => panic!("{other:?}"),
    }
}

fn moment() -> Moment {
    let request = |number| Exchange {
        number,
        request: "GET /metrics\u{1b}[2J".to_owned(),
        mode: "burst",
        sent_us: 1_200,
        answered_us: None,
        status: None,
    };
    Moment {
        caught: caught(),
        at_us: Some(1_500_000),
        sent: 36_848,
        forgotten: false,
        under_way: 44,
        requests: (36_840..36_846).map(request).collect(),
    }
}

fn beside() -> Beside {
    Beside { pid: 4_711, moments: vec![moment()], end: Some(end()) }
}

fn rendered(format: Format, beside: &Beside) -> String {
    let verdict = if beside.moments.is_empty() { Verdict::NothingFound } else { Verdict::Found };
    let summary = probes::summary(verdict, beside.moments.len() as u64);
    let report = ProbeReport {
        findings: &[],
        summary: &summary,
        command: "http://127.0.0.1:8080/ --watch-pid 4711",
        replay: None,
        beside: Some(beside),
    };
    render_probe(format, &report, Style { color: false, width: 100 })
}

#[test]
fn what_a_watch_writes_is_read_back() {
    let (finding, caught) = (samples::half_atomic(), caught());
    assert_eq!((&*caught.rule, caught.id), ("half-atomic", finding.id.to_string()));
    assert_eq!((caught.title, caught.sides.len()), (finding.title.clone(), 2));
    assert!(caught.at > Duration::ZERO && caught.held > Duration::ZERO);
    assert_eq!(end().verdict, Verdict::NothingFound);
    assert_eq!(end().rate, samples::clean().bound.rate);
    let now = UNIX_EPOCH + Duration::from_secs(1_000);
    let began = json_began(Duration::from_millis(1_500), now);
    assert_eq!(read_watch_line(&began), Some(WatchLine::Began(now - Duration::from_millis(1_500))));
    for nothing in ["", "{}", "hello", "{\"kind\":\"began\"}", "{\"kind\":\"summary\",\"verdict\":\"maybe\"}"]
    {
        assert_eq!(read_watch_line(nothing), None, "{nothing}");
    }
}

#[test]
fn a_collision_is_told_with_the_requests_that_were_under_way() {
    let text = rendered(Format::Human, &beside());
    for wanted in [
        "the server and the requests, on one time line\n      1.5 s  half-atomic: ",
        "after 36,848 requests; under way: #36842 GET /metrics␛[2J, ",
        ", and 40 more\n",
        "found 1 half-atomic pair in 10.0 s",
        "watch      process 4711: 1 finding in ",
    ] {
        assert!(text.contains(wanted), "{wanted}\n{text}");
    }
    let before = Beside { moments: vec![Moment { at_us: None, ..moment() }], ..beside() };
    assert!(rendered(Format::Human, &before).contains("before the first request"));
    let forgotten = Moment { forgotten: true, sent: 0, under_way: 0, requests: Vec::new(), ..moment() };
    let early = Beside { moments: vec![forgotten], ..beside() };
    let text = rendered(Format::Human, &early);
    assert!(text.contains("its requests are forgotten") && !text.contains("after 0"), "{text}");
}

#[test]
fn a_watch_without_findings_states_its_bound_and_one_that_broke_off_does_not() {
    let quiet = Beside { moments: Vec::new(), ..beside() };
    let text = rendered(Format::Human, &quiet);
    assert!(text.contains("process 4711: nothing found in "), "{text}");
    let broken = Beside { end: None, ..quiet };
    assert!(rendered(Format::Human, &broken).contains("process 4711: the watch broke off"));
}

#[test]
fn machines_are_told_of_collisions_too() {
    let of = |format| rendered(format, &beside());
    assert_eq!(
        (of(Format::Junit).matches("<failure").count(), of(Format::Github).matches("::error").count()),
        (1, 1)
    );
    let sarif: Value = serde_json::from_str(&of(Format::Sarif)).expect("JSON");
    assert_eq!(sarif["runs"][0]["results"][0]["properties"]["during"]["sent"], 36_848);
    for format in [Format::Human, Format::Json, Format::Sarif, Format::Junit, Format::Github] {
        assert!(!of(format).contains('\u{1b}'), "{format}");
    }
}

#[test]
fn every_line_keeps_the_contract() {
    let schema: Value = serde_json::from_str(SCHEMA).expect("JSON");
    let contract = jsonschema::draft202012::new(&schema).expect("the schema compiles");
    let forgotten = Moment { forgotten: true, ..moment() };
    let both = Beside { moments: vec![moment(), forgotten], ..beside() };
    let document = rendered(Format::Json, &both);
    let lines: Vec<Value> = document.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    for line in &lines {
        let complaints: Vec<String> = contract.iter_errors(line).map(|error| error.to_string()).collect();
        assert!(complaints.is_empty(), "{complaints:#?}\n{line}");
    }
    assert_eq!(lines[0]["during"]["at_us"], 1_500_000);
    assert_eq!(lines[2]["watch"]["bound"]["rate"], samples::clean().bound.rate);
    assert!(json_beside(&moment()).ends_with("}]}}"), "the keys of the watch keep their order");
}
