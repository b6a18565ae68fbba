//! A target that names its functions so as to drive what shows them.

use jostle_model::{Collision, Evidence, Finding, Frame, Place, Snippet, Verdict};
use jostle_report::{Format, Run, Style, render};
use proptest::prelude::*;

use crate::samples;

const FORMATS: [Format; 5] = [Format::Human, Format::Json, Format::Sarif, Format::Junit, Format::Github];

/// What has driven terminals, log readers and reviewers before.
const NASTY: [&str; 14] = [
    "\x1b[2J\x1b[1;1H",
    "\x1b]0;owned\x07",
    "\x1b]8;;http://example.invalid\x1b\\here\x1b]8;;\x1b\\",
    "\u{9b}31m",
    "\u{90}q\u{9c}",
    "\r\n::stop-commands::x",
    "\n::error::forged",
    "\x08\x08\x08\x7f",
    "\u{202e}gnirts\u{202c}",
    "\u{2066}\u{2069}\u{200b}\u{feff}\u{2028}\u{2029}",
    "]]></failure><testcase name=\"forged\"/>",
    "\0",
    "\u{e0041}\u{fff9}\u{ad}",
    "\",\"verdict\":\"nothing-found\",\"x\":\"",
];

pub(crate) fn without_color(text: &str) -> String {
    let mut parts = text.split("\x1b[");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |plain, part| plain + part.split_once('m').map_or(part, |(_, rest)| rest))
}

/// The finding with `text` in every string that the target has a say in.
fn poisoned(mut finding: Finding, text: &str) -> Finding {
    finding.title = format!("{text} writes what {text} reads");
    match &mut finding.evidence {
        Evidence::Collision(collision) => {
            collision.old = Some(text.to_owned());
            collision.new = Some(format!("{text}1"));
        }
        Evidence::Crash(crash) => crash.lies_there = Some(text.to_owned()),
        Evidence::Hang(_) => {}
        Evidence::Crossing(crossing) => crossing.excerpt = Some(text.to_owned()),
        Evidence::Boundary(boundary) => boundary.function = Some(text.to_owned()),
        Evidence::Discrepancy(discrepancy) => discrepancy.new = text.to_owned(),
    }
    finding.places.iter_mut().for_each(|place| poison(place, text));
    finding
}

fn poison(place: &mut Place, text: &str) {
    place.stack.iter_mut().for_each(|frame| poison_frame(frame, text));
    if let Some(thread) = &mut place.thread {
        thread.name = text.to_owned();
        let created_by = thread.goroutine.as_mut().and_then(|goroutine| goroutine.created_by.as_mut());
        created_by.into_iter().for_each(|frame| poison_frame(frame, text));
    }
    if let Some(Snippet { file, text: source, .. }) = &mut place.snippet {
        *file = text.into();
        *source = source.lines().map(|line| format!("{line}{text}\n")).collect();
    }
}

fn poison_frame(frame: &mut Frame, text: &str) {
    frame.function = frame.function.as_ref().map(|_| text.to_owned());
    frame.file = frame.file.as_ref().map(|_| text.into());
    frame.module = frame.module.as_ref().map(|_| text.into());
}

fn rendered(format: Format, text: &str, color: bool) -> String {
    let findings: Vec<Finding> = samples::all().into_iter().map(|finding| poisoned(finding, text)).collect();
    let mut summary = samples::summary(Verdict::Found, &findings);
    summary.warnings = vec![text.to_owned()];
    render(format, &Run { findings: &findings, summary: &summary, command: text }, Style { color, width: 80 })
}

fn acts(c: char) -> bool {
    let hides = |c| matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
    c != '\n' && (c.is_control() || hides(c))
}

fn disarmed(text: &str) {
    for format in FORMATS {
        let document = rendered(format, text, false);
        let found = document.chars().find(|c| acts(*c));
        assert_eq!(found, None, "{format} lets a control character of {text:?} through");
    }
    let colored = without_color(&rendered(Format::Human, text, true));
    assert_eq!(colored.chars().find(|c| acts(*c)), None, "color lets one of {text:?} through");
}

#[test]
fn no_format_lets_a_control_character_through() {
    NASTY.into_iter().for_each(disarmed);
}

#[test]
fn a_line_break_in_a_name_forges_no_workflow_command() {
    let lines = rendered(Format::Github, "\n::error::forged", false).lines().count();
    assert_eq!(lines, rendered(Format::Github, "harmless", false).lines().count());
}

#[test]
fn a_name_cannot_forge_a_test_case() {
    let document = rendered(Format::Junit, NASTY[10], false);
    assert_eq!(document.matches("<testcase").count(), samples::all().len());
}

#[test]
fn json_loses_nothing_of_a_hostile_name() {
    let hostile = NASTY.concat();
    let finding = poisoned(samples::half_atomic(), &hostile);
    let line: serde_json::Value = serde_json::from_str(&jostle_report::json_finding(&finding)).expect("JSON");
    assert_eq!(line["places"][0]["stack"][0]["function"], hostile);
    assert_eq!(line["places"][0]["thread"]["name"], hostile);
}

#[test]
fn a_path_that_is_not_utf_8_is_rendered_all_the_same() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let mut finding = samples::half_atomic();
    finding.places[0].stack[0].file = Some(OsStr::from_bytes(b"/src/\xff\xfe.go").into());
    let line = jostle_report::json_finding(&finding);
    assert!(line.contains("/src/\u{fffd}\u{fffd}.go"), "{line}");
}

#[test]
fn a_function_name_of_a_megabyte_stays_on_its_line() {
    let name = "std::map<".repeat(120_000);
    let findings: Vec<Finding> = samples::all().into_iter().map(|finding| poisoned(finding, &name)).collect();
    let summary = samples::summary(Verdict::Found, &findings);
    let run = Run { findings: &findings, summary: &summary, command: "./t" };
    let text = render(Format::Human, &run, Style { color: false, width: 80 });
    let longest = text.lines().map(|line| line.chars().count()).max();
    assert!(longest < Some(500), "{longest:?}");
}

#[test]
fn a_statement_may_start_with_any_character() {
    let mut finding = samples::half_atomic();
    for place in &mut finding.places {
        place.snippet = Some(Snippet {
            file: "ä.go".into(),
            line: 1,
            first_line: 1,
            text: format!("\t𝛼 = {}\n", "ü".repeat(90)),
        });
    }
    let summary = samples::summary(Verdict::Found, &[]);
    let run = Run { findings: &[finding], summary: &summary, command: "" };
    assert!(render(Format::Human, &run, Style { color: false, width: 80 }).contains("𝛼 = ü"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_at_all_gets_a_control_character_through(text in "\\PC{0,8}[\\x00-\\x1f\\x7f-\\u{9f}\\u{200b}-\\u{202e}]{1,4}\\PC{0,8}") {
        disarmed(&text);
    }

    #[test]
    fn no_numbers_make_a_renderer_panic(line in any::<u32>(), first in any::<u32>(), shown in any::<usize>(), number in any::<u64>(), share in any::<f64>()) {
        let mut finding = samples::half_atomic();
        for place in &mut finding.places {
            place.shown = shown;
            place.stack.iter_mut().for_each(|frame| frame.line = Some(line));
            if let Some(snippet) = &mut place.snippet {
                (snippet.line, snippet.first_line) = (line, first);
            }
        }
        let collision = samples::collision_of(finding.clone());
        finding.evidence =
            Evidence::Collision(Collision { held_us: number, at_ms: number, times: number, ..collision });
        let findings = [finding];
        for verdict in [Verdict::Found, Verdict::NothingFound, Verdict::Inconclusive] {
            let mut summary = samples::summary(verdict, &findings);
            summary.bound.rate = share;
            summary.counts.held_share = share;
            summary.counts.budget = share;
            summary.counts.watched_ms = number;
            summary.counts.holds = number;
            for format in FORMATS {
                let run = Run { findings: &findings, summary: &summary, command: "./t" };
                let document = render(format, &run, Style { color: false, width: 0 });
                prop_assert!(document.ends_with('\n'));
            }
        }
    }
}
