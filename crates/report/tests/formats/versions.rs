//! What a comparison of two versions has found, in every format.

use jostle_model::{
    Discrepancy, Evidence, Finding, Fingerprint, OddOneOut, Rule, ShadowCounts, ShadowSummary, UpperBound,
    Verdict, When,
};
use jostle_report::{Format, ShadowReport, Style, render_shadow};
use serde_json::Value;

const SCHEMA: &str = include_str!("../../../../docs/json.schema.json");
const FORMATS: [Format; 5] = [Format::Human, Format::Json, Format::Sarif, Format::Junit, Format::Github];

fn differs(id: u64, place: &str, when: When, serial: u64, new: &str) -> Finding {
    Finding {
        rule: Rule::DiffersFromOld,
        id: Fingerprint(id),
        title: format!("{place} of GET /cart differs from the old version's"),
        places: Vec::new(),
        evidence: Evidence::Discrepancy(Box::new(Discrepancy {
            request: "GET /cart".to_owned(),
            place: place.to_owned(),
            when,
            serial: OddOneOut { new: serial, old: 0, of: 24 },
            concurrent: OddOneOut { new: 1_210, old: 3, of: 9_000 },
            old: "12.5".to_owned(),
            new: new.to_owned(),
            at_ms: 120,
            times: 1_210 + serial,
        })),
    }
}

fn all() -> [Finding; 2] {
    [
        differs(7, "json:/user", When::ConcurrentOnly, 0, "\"somebody\u{1b}[2J\""),
        differs(8, "json:/total", When::Both, 24, ""),
    ]
}

fn summary(verdict: Verdict, findings: u64) -> ShadowSummary {
    ShadowSummary {
        verb: "probe",
        verdict,
        against: "127.0.0.1:8081".to_owned(),
        noise_copy: (findings > 0).then(|| "127.0.0.1:8082".to_owned()),
        findings,
        bound: UpperBound::after_clean_trials(9_000),
        seed: 7,
        counts: ShadowCounts {
            compared_ms: 10_000,
            serial: 24,
            concurrent: 9_000,
            shed: 2,
            unanswered: 1,
            overlap: 31.2,
            places: 9,
            noise: vec!["json:/made_at of GET /cart".to_owned()],
            tokens: vec!["query:u".to_owned()],
        },
        missing: match verdict {
            Verdict::Inconclusive => vec!["requests hardly overlapped in the new version".to_owned()],
            Verdict::Found | Verdict::NothingFound => Vec::new(),
        },
        warnings: Vec::new(),
    }
}

fn rendered(format: Format, findings: &[Finding], summary: &ShadowSummary) -> String {
    let command = "http://127.0.0.1:8080/cart --against http://127.0.0.1:8081";
    render_shadow(format, &ShadowReport { findings, summary, command }, Style { color: false, width: 100 })
}

#[test]
fn people_read_what_both_say_and_when() {
    let text = rendered(Format::Human, &all(), &summary(Verdict::Found, 2));
    let wanted = [
        "  the old version said: 12.5\n  the new version said: \"somebody",
        "  under concurrency only: in turn in 0 of 24 requests; under concurrency in 1,210 of 9,000 requests (the old \
         ones among themselves in 3)\n",
        "  the new version said: (empty)\n",
        "the new version differs in 2 places, beyond the noise, 1 of them under concurrency only; compared in 9,000 \
         requests under concurrency and 24 in turn\n",
        "json:/made_at of GET /cart; compared with a second copy of the old version,\n             127.0.0.1:8082\n",
        "next: jostle probe http://127.0.0.1:8080/cart --against http://127.0.0.1:8081 --for 10s\n",
    ];
    for wanted in wanted {
        assert!(text.contains(wanted), "{wanted}\n{text}");
    }
}

#[test]
fn no_difference_has_a_bound_per_request() {
    let text = rendered(Format::Human, &[], &summary(Verdict::NothingFound, 0));
    let begins = "no difference beyond the noise in 9,000 requests under concurrency and 24 in turn: below 3.3e-4 per \
                  request at 95 % confidence\n";
    assert!(text.starts_with(begins), "{text}");
    assert!(text.contains("compared with the old version itself, asked twice"), "{text}");
}

#[test]
fn what_is_not_known_passes_nowhere() {
    let of = |format| rendered(format, &[], &summary(Verdict::Inconclusive, 0));
    assert!(of(Format::Human).contains("which is not a pass: requests hardly overlapped"));
    assert!(of(Format::Junit).contains("<error") && of(Format::Github).starts_with("::warning"));
    assert!(of(Format::Sarif).contains("\"executionSuccessful\":false"));
}

#[test]
fn machines_are_told_of_every_difference() {
    let of = |format| rendered(format, &all(), &summary(Verdict::Found, 2));
    assert_eq!(of(Format::Junit).matches("<failure").count(), 2);
    assert_eq!(of(Format::Github).matches("::error").count(), 2);
    let sarif: Value = serde_json::from_str(&of(Format::Sarif)).expect("JSON");
    assert_eq!(sarif["runs"][0]["results"].as_array().map(Vec::len), Some(2));
    for format in FORMATS {
        assert!(!of(format).contains('\u{1b}'), "{format}: what a server says may not drive a terminal");
    }
}

#[test]
fn every_line_keeps_the_contract() {
    let schema: Value = serde_json::from_str(SCHEMA).expect("JSON");
    let contract = jsonschema::draft202012::new(&schema).expect("the schema compiles");
    let documents = [
        rendered(Format::Json, &all(), &summary(Verdict::Found, 2)),
        rendered(Format::Json, &[], &summary(Verdict::NothingFound, 0)),
        rendered(Format::Json, &[], &summary(Verdict::Inconclusive, 0)),
    ];
    let lines: Vec<Value> = documents
        .iter()
        .flat_map(|document| document.lines())
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert_eq!(lines.len(), 5);
    for line in &lines {
        let complaints: Vec<String> = contract.iter_errors(line).map(|error| error.to_string()).collect();
        assert!(complaints.is_empty(), "{complaints:#?}\n{line}");
    }
    for key in ["when", "serial", "old"] {
        let mut without = lines[0].clone();
        without["evidence"].as_object_mut().expect("an object").remove(key);
        assert!(!contract.is_valid(&without), "a difference without {key} passes");
    }
}
