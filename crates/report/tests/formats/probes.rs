//! What a probe has found, in every format.

use jostle_model::{
    Crossing, Evidence, Exchange, Finding, Fingerprint, ModeCount, ProbeCounts, ProbeSummary, Rule,
    UpperBound, Verdict,
};
use jostle_report::{Format, ProbeReport, Style, json_finding, json_probe_summary, render_probe};
use serde_json::Value;

const SCHEMA: &str = include_str!("../../../../docs/json.schema.json");

fn exchange(number: u64, mode: &'static str, sent_us: u64, took_us: u64) -> Exchange {
    Exchange {
        number,
        request: format!("GET /cart?u=5f2c{number:028x}"),
        mode,
        sent_us,
        answered_us: Some(sent_us + took_us),
        status: Some(200),
    }
}

fn foreign() -> Finding {
    Finding {
        rule: Rule::ForeignIdentity,
        id: Fingerprint(0x4daf_0910_7d41_1a25),
        title: "cookie:sid in the answer to GET /cart is what another client sent as cookie:sid".to_owned(),
        places: Vec::new(),
        evidence: Evidence::Crossing(Box::new(Crossing {
            receiver: exchange(412, "keep-alive", 1_203_000, 12_100),
            owner: Some(exchange(415, "burst", 1_207_500, 10_400)),
            sent_at: Some("cookie:sid".to_owned()),
            place: "cookie:sid".to_owned(),
            also: vec!["json:/user/id".to_owned()],
            encoding: None,
            overlap_us: Some(7_600),
            excerpt: Some("Set-Cookie: sid=5f2c\u{1b}[2J; Path=/".to_owned()),
            detail: None,
            in_turn: false,
            at_ms: 1_215,
            times: 9_726,
        })),
    }
}

fn lost() -> Finding {
    Finding {
        rule: Rule::LostResponse,
        id: Fingerprint(7),
        title: "a request is not answered, GET /cart: the answer was cut off".to_owned(),
        places: Vec::new(),
        evidence: Evidence::Crossing(Box::new(Crossing {
            receiver: Exchange { answered_us: None, status: None, ..exchange(9, "new-connection", 3_000, 0) },
            owner: None,
            sent_at: None,
            place: "status".to_owned(),
            also: Vec::new(),
            encoding: None,
            overlap_us: None,
            excerpt: None,
            detail: Some("the answer was cut off".to_owned()),
            in_turn: false,
            at_ms: 4,
            times: 1,
        })),
    }
}

pub(crate) fn summary(verdict: Verdict, findings: u64) -> ProbeSummary {
    ProbeSummary {
        verb: "probe",
        verdict,
        findings,
        bound: UpperBound::after_clean_trials(1_204_331),
        seed: 7,
        counts: ProbeCounts {
            probed_ms: 10_000,
            requests: 19_421,
            answers: 18_405,
            shed: 0,
            cancelled: 1_016,
            pairs: 1_204_331,
            overlap: 48.9,
            in_turn: 80,
            modes: vec![
                ModeCount { mode: "keep-alive", requests: 12_000 },
                ModeCount { mode: "burst", requests: 7_421 },
            ],
            tokens: vec!["cookie:sid".to_owned(), "query:u".to_owned()],
            sessions: vec!["cookie:sid".to_owned()],
            echoed: vec!["cookie:sid".to_owned(), "json:/user/id".to_owned()],
        },
        missing: match verdict {
            Verdict::Inconclusive => vec!["no answer names its asker".to_owned()],
            Verdict::Found | Verdict::NothingFound => Vec::new(),
        },
        warnings: Vec::new(),
    }
}

fn rendered(format: Format, findings: &[Finding], summary: &ProbeSummary, replay: Option<&str>) -> String {
    let command = "http://127.0.0.1:8080/cart --token cookie:sid";
    let report = ProbeReport { findings, summary, command, replay, beside: None };
    render_probe(format, &report, Style { color: false, width: 100 })
}

#[test]
fn both_requests_stand_on_one_time_line() {
    let findings = [foreign(), lost()];
    let found = summary(Verdict::Found, 2);
    insta::assert_snapshot!(rendered(
        Format::Human,
        &findings,
        &found,
        Some("jostle replay 4daf09107d411a25")
    ));
}

#[test]
fn a_clean_probe_states_its_bound_per_pair() {
    let text = rendered(Format::Human, &[], &summary(Verdict::NothingFound, 0), None);
    let begins = "no foreign identity in 1,204,331 overlapping pairs of requests: below 2.5e-6 per pair at 95 % confidence";
    assert!(text.starts_with(begins), "{text}");
    assert!(
        text.ends_with("next: jostle probe http://127.0.0.1:8080/cart --token cookie:sid --for 40s\n"),
        "{text}"
    );
}

#[test]
fn an_inconclusive_probe_passes_nowhere() {
    let inconclusive = summary(Verdict::Inconclusive, 0);
    let of = |format| rendered(format, &[], &inconclusive, None);
    assert!(
        of(Format::Human).contains("which is not a pass: no answer names its asker"),
        "{}",
        of(Format::Human)
    );
    assert!(
        of(Format::Junit).contains("<error") && of(Format::Github).starts_with("::warning"),
        "{}",
        of(Format::Junit)
    );
    assert!(of(Format::Sarif).contains("\"executionSuccessful\":false"), "{}", of(Format::Sarif));
}

#[test]
fn machines_are_told_of_every_finding() {
    let findings = [foreign(), lost()];
    let found = summary(Verdict::Found, 2);
    let of = |format| rendered(format, &findings, &found, None);
    assert_eq!(of(Format::Junit).matches("<failure").count(), 2);
    assert_eq!(of(Format::Github).matches("::error").count(), 2);
    let sarif: Value = serde_json::from_str(&of(Format::Sarif)).expect("JSON");
    assert_eq!(sarif["runs"][0]["results"].as_array().map(Vec::len), Some(2));
    for format in [Format::Human, Format::Json, Format::Sarif, Format::Junit, Format::Github] {
        assert!(!of(format).contains('\u{1b}'), "{format}: what the server says may not drive a terminal");
    }
}

#[test]
fn every_line_keeps_the_contract() {
    let schema: Value = serde_json::from_str(SCHEMA).expect("JSON");
    let contract = jsonschema::draft202012::new(&schema).expect("the schema compiles");
    let summaries =
        [summary(Verdict::Found, 2), summary(Verdict::NothingFound, 0), summary(Verdict::Inconclusive, 0)];
    let lines = summaries.iter().map(|summary| json_probe_summary(summary, &[], None));
    for line in lines.chain([json_finding(&foreign()), json_finding(&lost())]) {
        let value: Value = serde_json::from_str(&line).expect("JSON");
        let complaints: Vec<String> = contract.iter_errors(&value).map(|error| error.to_string()).collect();
        assert!(complaints.is_empty(), "{complaints:#?}\n{line}");
    }
    let mut without = serde_json::from_str::<Value>(&json_finding(&foreign())).expect("JSON");
    without["evidence"].as_object_mut().expect("an object").remove("receiver");
    assert!(!contract.is_valid(&without));
}
