//! What calls of a library look like.

use insta::assert_snapshot;
use jostle_model::{
    CallEnd, CallPhase, CallSummary, Caller, Rate, Seed, SerialRun, StepCount, UpperBound, Verdict,
    Whereabouts, WrongAnswer,
};
use jostle_report::{CallReport, Format, Style, render_call};

use crate::hostile::without_color;
use crate::json_contract::{contract, parsed};

const PLAIN: Style = Style { color: false, width: 100 };

fn step(name: &str, calls: u64, wrong: u64, judged: bool) -> StepCount {
    StepCount { step: name.to_owned(), calls, wrong, judged }
}

/// A library that gives somebody else's answer now and then.
fn wrong() -> CallSummary {
    CallSummary {
        verb: "call",
        verdict: Verdict::Found,
        library: "build/libnames.so".to_owned(),
        seed: Seed(4711),
        threads: 32,
        end: CallEnd::Whole,
        elapsed_ms: 10_004,
        calls: 9_000_000,
        judged: 6_000_000,
        wrong: 3,
        rate: Rate { events: 3, of: 6_000_000, low: 1.0e-7, high: 1.5e-6, confidence: 0.95 },
        crash_bound: Some(UpperBound { rate: 3.3e-7, confidence: 0.95 }),
        serial: SerialRun {
            calls: 6_144,
            wrong: 0,
            is_measure: false,
            left_out: vec!["names_count".to_owned()],
        },
        steps: vec![
            step("names_get", 3_000_000, 3, true),
            step("names_get #2", 3_000_000, 0, true),
            step("names_forget", 3_000_000, 0, false),
        ],
        examples: vec![WrongAnswer {
            step: "names_get".to_owned(),
            thread: 7,
            iteration: 1_234,
            serial: false,
            expected: "something with \"j5e1ft007n0000001234\"".to_owned(),
            got: "\"hello \x1b[2Jj5e1ft01fn0000000009\"".to_owned(),
            owner: Some(Caller { thread: 31, iteration: 9 }),
        }],
        warnings: vec!["not compared, as it differs from one serial run to the next: names_count".to_owned()],
    }
}

fn clean(verdict: Verdict, calls: u64) -> CallSummary {
    let judged = calls / 3 * 2;
    CallSummary {
        verdict,
        calls,
        judged,
        wrong: 0,
        rate: Rate { events: 0, of: judged, low: 0.0, high: 3.0 / judged as f64, confidence: 0.95 },
        crash_bound: Some(UpperBound { rate: 3.0 / calls as f64, confidence: 0.95 }),
        steps: vec![step("names_get", judged, 0, true), step("names_forget", calls - judged, 0, false)],
        examples: Vec::new(),
        warnings: Vec::new(),
        ..wrong()
    }
}

fn standing(step: &str, doing: &'static str, threads: u64) -> Whereabouts {
    Whereabouts { step: step.to_owned(), doing, threads }
}

fn places() -> Vec<Whereabouts> {
    vec![
        standing("names_get", "calling", 17),
        standing("names_get", "reading", 2),
        standing("names_forget", "calling", 1),
    ]
}

fn ended(end: CallEnd) -> CallSummary {
    CallSummary { verdict: Verdict::Found, end, crash_bound: None, ..clean(Verdict::Found, 9_000) }
}

fn render(summary: &CallSummary) -> String {
    render_call(Format::Human, &CallReport { summary, plan: "names.toml" }, PLAIN)
}

#[test]
fn wrong_answers_with_their_owners() {
    assert_snapshot!(render(&wrong()));
}

#[test]
fn a_library_that_is_cleared() {
    assert_snapshot!(render(&clean(Verdict::NothingFound, 16_001_144)));
}

#[test]
fn a_library_of_which_nothing_is_known_yet() {
    assert_snapshot!(render(&clean(Verdict::Inconclusive, 20)));
}

#[test]
fn a_crash_a_hang_and_an_exit() {
    let during = CallPhase::Concurrent;
    let texts = [
        CallEnd::Crashed { signal: 11, during, standing: places() },
        CallEnd::Hung { during, standing: places() },
        CallEnd::Exited { code: 3, during: CallPhase::Serial, standing: places() },
    ]
    .map(|end| render(&ended(end)));
    assert_snapshot!(texts.join("\n"));
}

#[test]
fn a_library_that_is_wrong_from_one_thread_already() {
    let SerialRun { calls, is_measure, left_out, .. } = wrong().serial;
    let serial = SerialRun { calls, wrong: 3, is_measure, left_out };
    let steps = vec![step("names_get", calls, 3, true)];
    let end = CallEnd::Serial;
    assert_snapshot!(render(&CallSummary { end, serial, steps, calls, crash_bound: None, ..wrong() }));
}

#[test]
fn every_summary_keeps_the_contract() {
    let during = CallPhase::SetUp;
    for summary in [
        wrong(),
        clean(Verdict::NothingFound, 1_000),
        ended(CallEnd::Crashed { signal: 6, during, standing: places() }),
        ended(CallEnd::Exited { code: 3, during, standing: places() }),
        ended(CallEnd::Hung { during, standing: places() }),
        ended(CallEnd::Serial),
        CallSummary { end: CallEnd::Interrupted { signal: 2, during }, ..clean(Verdict::Inconclusive, 20) },
    ] {
        let line = render_call(Format::Json, &CallReport { summary: &summary, plan: "names.toml" }, PLAIN);
        assert!(!line.contains('\x1b'), "{line}");
        let complaints: Vec<String> =
            contract().iter_errors(&parsed(&line)).map(|error| error.to_string()).collect();
        assert!(complaints.is_empty(), "{complaints:#?}\n{line}");
    }
}

#[test]
fn machines_get_a_failure_for_each_step_and_each_violent_end() {
    let crash = CallEnd::Crashed { signal: 11, during: CallPhase::Concurrent, standing: places() };
    for (format, marks) in [
        (Format::Junit, ["type=\"wrong-answer\"", "type=\"crash\""]),
        (Format::Sarif, ["\"ruleId\":\"wrong-answer\"", "\"ruleId\":\"crash\""]),
        (Format::Github, ["title=wrong-answer", "title=crash"]),
    ] {
        let crashed = CallSummary { end: crash.clone(), crash_bound: None, ..wrong() };
        let text = render_call(format, &CallReport { summary: &crashed, plan: "names.toml" }, PLAIN);
        assert_eq!(marks.map(|mark| text.matches(mark).count()), [1, 1], "{text}");
        let clean = clean(Verdict::NothingFound, 1_000);
        let text = render_call(format, &CallReport { summary: &clean, plan: "names.toml" }, PLAIN);
        assert_eq!(marks.map(|mark| text.matches(mark).count()), [0, 0], "{text}");
    }
}

#[test]
fn the_formats_for_machines() {
    let report = CallReport { summary: &wrong(), plan: "names.toml" };
    let texts =
        [Format::Github, Format::Junit, Format::Sarif].map(|format| render_call(format, &report, PLAIN));
    assert_snapshot!(texts.join("\n"));
}

#[test]
fn colour_changes_no_word_of_it() {
    let report = CallReport { summary: &wrong(), plan: "names.toml" };
    let coloured = render_call(Format::Human, &report, Style { color: true, width: 100 });
    assert_eq!(without_color(&coloured), render(&wrong()));
    assert!(!render(&wrong()).contains('\x1b'));
}
