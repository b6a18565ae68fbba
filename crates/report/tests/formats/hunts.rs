//! What a hunt and a replay look like.

use insta::assert_snapshot;
use jostle_model::{
    Effect, FailingTrial, Failure, Family, HuntSummary, Kind, Owed, OwedUnder, Rate, Ratio, ReplaySummary,
    Seed, Signature, TimeToFailure, Verdict, Way,
};
use jostle_report::{Format, HuntReport, Style, render_hunt, render_replay};

use crate::hostile::without_color;

const PLAIN: Style = Style { color: false, width: 100 };

fn rate(events: u64, of: u64, low: f64, high: f64) -> Rate {
    Rate { events, of, low, high, confidence: 0.95 }
}

fn effect(name: &str, rate: Rate, seen: Option<f64>, low: f64, high: Option<f64>) -> Effect {
    Effect { perturbation: name.to_owned(), rate, ratio: Ratio { seen, low, high, confidence: 0.95 } }
}

fn kind(name: &str, failures: u64, joined: bool) -> Kind {
    Kind { kind: name.to_owned(), failures, joined }
}

fn signature() -> Signature {
    let exact = "go-unexpected-fault-address in main.(*Layer).Value < main.visit";
    Signature { kind: "go-unexpected-fault-address".to_owned(), exact: exact.to_owned() }
}

/// A service that fails now and then, and far more often when Go collects.
fn failing() -> HuntSummary {
    HuntSummary {
        verb: "hunt",
        verdict: Verdict::Found,
        seed: Seed(4711),
        trials: 1_003,
        failures: 131,
        hung: 3,
        could_not_run: 3,
        trial_ms: 912_000,
        rate: rate(16, 400, 0.019, 0.083),
        rate_per_operation: Some(rate(14, 5_400_000, 8e-7, 6.1e-6)),
        time_to_failure: Some(TimeToFailure {
            median_us: Some(20_400_000),
            low_us: Some(9_100_000),
            high_us: None,
            failing_us: Some(631_204),
        }),
        perturbations: vec![
            effect("go-collect", rate(115, 211, 0.44, 0.64), Some(13.6), 6.1, Some(34.0)),
            effect("noise", rate(0, 60, 0.0, 0.09), Some(0.0), 0.0, Some(2.4)),
            effect("hold", rate(0, 2, 0.0, 0.9), None, 0.0, None),
        ],
        families: vec![
            Family {
                name: "memory-corruption".to_owned(),
                failures: 128,
                kinds: vec![
                    kind("go-unexpected-fault-address", 90, false),
                    kind("glibc-double-free-or-corruption-out", 30, false),
                    kind("go-nil-dereference", 8, true),
                ],
            },
            Family { name: "deadlock".to_owned(), failures: 3, kinds: vec![kind("hang", 3, false)] },
        ],
        ways: vec![Way {
            signature: signature(),
            failures: 90,
            title: "Go: an address that cannot exist was followed, in main.(*Layer).Value (layer.go:32)"
                .to_owned(),
            trial: "99e9c1dd".to_owned(),
        }],
        shortest: Some(FailingTrial {
            trial: "99e9c1dd".to_owned(),
            perturbation: "go-collect".to_owned(),
            elapsed_us: 394_100,
            title: "Go: an address that cannot exist was followed, in main.(*Layer).Value (layer.go:32)"
                .to_owned(),
            details: "unexpected fault address 0x0\nfatal error: fault\n\x1b[2Jgoroutine 26 [running]:"
                .to_owned(),
        }),
        owed: Some(Owed {
            trials: Some(83),
            perturbed: Some(OwedUnder { perturbation: "go-collect".to_owned(), trials: 5 }),
            confidence: 0.95,
        }),
        warnings: vec!["3 trials under hold could not run".to_owned()],
    }
}

fn clean(verdict: Verdict, trials: u64, high: f64) -> HuntSummary {
    HuntSummary {
        verdict,
        trials,
        failures: 0,
        hung: 0,
        could_not_run: 0,
        rate: rate(0, trials, 0.0, high),
        rate_per_operation: None,
        time_to_failure: None,
        perturbations: Vec::new(),
        families: Vec::new(),
        ways: Vec::new(),
        shortest: None,
        owed: None,
        warnings: Vec::new(),
        ..failing()
    }
}

fn render(format: Format, summary: &HuntSummary) -> String {
    render_hunt(format, &HuntReport { summary, command: "./service --port {port}", case: "" }, PLAIN)
}

#[test]
fn a_hunt_that_found_something() {
    assert_snapshot!(render(Format::Human, &failing()));
}

#[test]
fn a_hunt_that_found_nothing() {
    assert_snapshot!(render(Format::Human, &clean(Verdict::NothingFound, 1_003, 0.0071)));
}

#[test]
fn a_hunt_that_cannot_tell() {
    assert_snapshot!(render(Format::Human, &clean(Verdict::Inconclusive, 4, 0.7)));
}

#[test]
fn a_hunt_for_a_dashboard() {
    let text = render(Format::Junit, &failing());
    assert!(text.contains("<failure ") && text.contains("type=\"go-unexpected-fault-address\""), "{text}");
    let unsure = render(Format::Junit, &clean(Verdict::Inconclusive, 4, 0.7));
    assert!(
        unsure.contains("<error ") && unsure.contains("type=\"inconclusive\""),
        "what is not known must not pass: {unsure}"
    );
}

#[test]
fn a_hunt_for_a_workflow() {
    assert_snapshot!(render(Format::Github, &failing()));
}

#[test]
fn a_hunt_for_code_scanning() {
    let log: serde_json::Value = serde_json::from_str(&render(Format::Sarif, &failing())).expect("JSON");
    assert_eq!(log["runs"][0]["results"][0]["ruleId"], "go-unexpected-fault-address");
    assert_eq!(log["runs"][0]["results"][0]["occurrenceCount"], 90);
}

#[test]
fn colour_changes_no_word_and_the_target_drives_no_terminal() {
    let report = HuntReport { summary: &failing(), command: "./service", case: "" };
    let coloured = render_hunt(Format::Human, &report, Style { color: true, width: 100 });
    let plain = render_hunt(Format::Human, &report, PLAIN);
    assert_eq!(without_color(&coloured), plain);
    assert!(!plain.contains('\x1b'));
}

fn replayed(again: Rate, unperturbed: Option<Rate>, chance: Option<f64>) -> String {
    let failed = again.events > 0;
    let summary = ReplaySummary {
        verb: "replay",
        verdict: if failed { Verdict::Found } else { Verdict::NothingFound },
        perturbation: if unperturbed.is_some() { "go-collect" } else { "none" }.to_owned(),
        again,
        same_kind: again.events.saturating_sub(1),
        unperturbed,
        ratio: unperturbed.map(|_| Ratio { seen: None, low: 3.0, high: None, confidence: 0.95 }),
        chance,
    };
    let failure = Failure {
        signature: signature(),
        title: "an address that cannot exist".to_owned(),
        details: String::new(),
    };
    render_replay(Format::Human, &summary, &failure, PLAIN)
}

#[test]
fn a_replay_says_how_often_and_compared_with_what() {
    let texts = [
        replayed(rate(14, 20, 0.457, 0.881), Some(rate(1, 20, 0.001, 0.249)), Some(0.00002)),
        replayed(rate(2, 20, 0.012, 0.317), Some(rate(1, 20, 0.001, 0.249)), Some(0.5)),
        replayed(rate(0, 20, 0.0, 0.168), None, None),
    ];
    assert_snapshot!(texts.join("\n"));
}
