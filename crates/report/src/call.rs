//! What calling a library has told.

use jostle_model::{CallEnd, CallPhase, CallSummary, SCHEMA, UpperBound, Verdict, Whereabouts, WrongAnswer};
use serde::Serialize;

use crate::human::Paint;
use crate::json::to_line;
use crate::quantity::{confidence, count, counted, rarity, seconds};
use crate::{Format, Style, printable, signal};

/// Calls of a library, and how to make them again.
#[derive(Clone, Copy, Debug)]
pub struct CallReport<'a> {
    /// What they told.
    pub summary: &'a CallSummary,
    /// The plan, shell-quoted.
    pub plan: &'a str,
}

/// The report on calls of a library; it ends with a newline.
pub fn render_call(format: Format, report: &CallReport<'_>, style: Style) -> String {
    match format {
        Format::Json => json(report.summary),
        _ => human(report, Paint::new(style), style.width),
    }
}

/// A part of such a series, in words that fit before a number of seconds.
pub fn phase_name(phase: CallPhase) -> &'static str {
    match phase {
        CallPhase::Loading => "loading the library",
        CallPhase::SetUp => "setting up",
        CallPhase::Serial => "calling from one thread",
        CallPhase::Concurrent => "calling from all threads",
        CallPhase::TearDown => "tearing down",
        CallPhase::Ending => "ending",
    }
}

#[derive(Serialize)]
struct Line<'a, T> {
    schema: u32,
    kind: &'static str,
    #[serde(flatten)]
    body: &'a T,
}

/// The summary. What came back wrong stands in it: it is not streamed, as there are few examples, whatever happens.
fn json(summary: &CallSummary) -> String {
    to_line(&Line { schema: SCHEMA, kind: "summary", body: summary }) + "\n"
}

fn human(report: &CallReport<'_>, paint: Paint, width: usize) -> String {
    let summary = report.summary;
    let mut text = String::new();
    for wrong in &summary.examples {
        text.push_str(&example(wrong, paint, width));
    }
    if summary.wrong > summary.examples.len() as u64 && !summary.examples.is_empty() {
        let more = summary.wrong - summary.examples.len() as u64;
        text.push_str(&format!("  {}\n", paint.dim(&format!("… {} more", count(more)))));
    }
    text.push_str(&steps(summary, paint));
    text.push_str(&format!("ops {}, wrong {}\n", summary.calls, summary.wrong));
    let said = sentence(summary);
    text.push_str(&match summary.verdict {
        Verdict::Found => paint.alarm(&said),
        Verdict::NothingFound => paint.bold(&said),
        Verdict::Inconclusive => paint.caution(&said),
    });
    text.push('\n');
    for warning in &summary.warnings {
        text.push_str(&paint.caution(&format!("note: {}", printable::line(warning))));
        text.push('\n');
    }
    let first = counted(summary.serial.calls, "call");
    text.push_str(&paint.dim(&format!("seed {}; {first} from one thread first", summary.seed)));
    text.push_str(&format!("\nnext: {}\n", next(report)));
    text
}

fn example(wrong: &WrongAnswer, paint: Paint, width: usize) -> String {
    let WrongAnswer { step, thread, iteration, serial, expected, got, owner } = wrong;
    let alone = if *serial { ", with nobody else calling" } else { "" };
    let head = format!("wrong: {} in iteration {iteration} of thread {thread}{alone}", printable::line(step));
    let room = width.saturating_sub(12);
    let mut lines = vec![
        paint.alarm(&head),
        format!("  expected  {}", printable::shortened(expected, room)),
        format!("  got       {}", printable::shortened(got, room)),
    ];
    lines.extend(
        owner.map(|owner| {
            format!("  which belongs to iteration {} of thread {}", owner.iteration, owner.thread)
        }),
    );
    lines.join("\n") + "\n"
}

fn steps(summary: &CallSummary, paint: Paint) -> String {
    let head = format!("  {:>14}{:>10}  step", "calls", "wrong");
    let mut lines = vec![paint.bold(&head)];
    lines.extend(summary.steps.iter().map(|step| {
        let wrong = if step.judged { count(step.wrong) } else { "-".to_owned() };
        format!("  {:>14}{wrong:>10}  {}", count(step.calls), printable::line(&step.step))
    }));
    lines.join("\n") + "\n"
}

/// The answer, with its bound.
fn sentence(summary: &CallSummary) -> String {
    let library = printable::line(&summary.library);
    match (&summary.end, summary.verdict) {
        (CallEnd::Crashed { signal, during, standing }, _) => {
            let how = format!("{library} crashed ({}) {}", signal::name(*signal), when(summary, *during));
            with_places(how, standing, *during) + &and_wrong(summary)
        }
        (CallEnd::Exited { code, during, standing }, _) => {
            let how = format!("{library} ended the process with code {code} {}", when(summary, *during));
            with_places(how, standing, *during) + &and_wrong(summary)
        }
        (CallEnd::Hung { during, standing }, _) => {
            let how = format!("calls of {library} never returned {}", when(summary, *during));
            with_places(how, standing, *during) + &and_wrong(summary)
        }
        (CallEnd::Serial, _) => format!(
            "{library} is wrong from one thread already ({} of {}): either it is, or the plan; concurrency has \
             nothing to do with it",
            count(summary.wrong),
            counted(summary.calls, "call")
        ),
        (CallEnd::Whole, Verdict::Found) => {
            format!("{library} is wrong under concurrency: {}; {}", often(summary), no_crash(summary))
        }
        (CallEnd::Whole, Verdict::NothingFound) => {
            format!("nothing found in {}: {}", effort(summary), bounds(summary))
        }
        (CallEnd::Whole, Verdict::Inconclusive) => {
            format!("inconclusive, which is not a pass: {}", missing(summary))
        }
    }
}

fn when(summary: &CallSummary, during: CallPhase) -> String {
    match during {
        CallPhase::Loading => "while it was loaded".to_owned(),
        CallPhase::SetUp => "in the set-up".to_owned(),
        CallPhase::Serial => {
            format!("from one thread already, after {}", counted(summary.serial.calls, "call"))
        }
        CallPhase::Concurrent => format!("after {}", effort(summary)),
        CallPhase::TearDown => format!("in the tear-down, after {}", effort(summary)),
        CallPhase::Ending => format!("when its process ended, after {}", effort(summary)),
    }
}

fn effort(summary: &CallSummary) -> String {
    format!(
        "{} from {} in {}",
        counted(summary.calls, "call"),
        counted(summary.threads.into(), "thread"),
        seconds(summary.elapsed_ms)
    )
}

/// How many places are named.
const PLACES: usize = 4;

fn with_places(how: String, standing: &[Whereabouts], during: CallPhase) -> String {
    if standing.is_empty() || during == CallPhase::Ending {
        return how;
    }
    let place = |at: &Whereabouts| {
        let verb = match at.doing {
            "calling" => "in",
            "reading" => "looking at what came from",
            _ => "giving back what came from",
        };
        format!("{} {verb} {}", counted(at.threads, "thread"), printable::line(&at.step))
    };
    let mut places: Vec<String> = standing.iter().take(PLACES).map(place).collect();
    places.extend((standing.len() > PLACES).then(|| "others elsewhere".to_owned()));
    format!("{how}; {}", places.join(", "))
}

fn and_wrong(summary: &CallSummary) -> String {
    if summary.wrong == 0 { String::new() } else { format!("; before that, {}", often(summary)) }
}

fn often(summary: &CallSummary) -> String {
    let rate = &summary.rate;
    format!(
        "{} of {} came back wrong ({} to {} of them, at {} confidence)",
        count(rate.events),
        counted(rate.of, "judged call"),
        rarity(rate.low),
        rarity(rate.high),
        confidence(rate.confidence)
    )
}

fn no_crash(summary: &CallSummary) -> String {
    summary.crash_bound.map_or_else(String::new, |bound| format!("no crash, {}", rarer(bound)))
}

fn bounds(summary: &CallSummary) -> String {
    let crash = summary.crash_bound.map_or_else(String::new, |bound| format!("a crash {}", rarer(bound)));
    if summary.judged == 0 {
        return crash;
    }
    let wrong = UpperBound { rate: summary.rate.high, confidence: summary.rate.confidence };
    let judged = counted(summary.judged, "judged call");
    format!("{judged}, and a wrong answer {}", rarer(wrong))
}

/// The bound as a clause whose subject is what did not happen.
fn rarer(bound: UpperBound) -> String {
    format!(
        "comes in less than {} of them, at {} confidence",
        rarity(bound.rate),
        confidence(bound.confidence)
    )
}

fn missing(summary: &CallSummary) -> String {
    if summary.judged == 0 && !summary.serial.left_out.is_empty() {
        return "nothing could be compared, as every result differs from one serial run to the next; say in the plan \
                what to expect"
            .to_owned();
    }
    format!("only {} were made, {} of them judged", counted(summary.calls, "call"), count(summary.judged))
}

fn next(report: &CallReport<'_>) -> String {
    let CallReport { summary, plan } = report;
    match (&summary.end, summary.verdict) {
        (CallEnd::Crashed { during: CallPhase::Concurrent, .. }, _) => {
            format!("jostle watch -- jostle call {plan}")
        }
        (CallEnd::Serial, _) => format!("jostle call {plan} --threads 1"),
        (_, Verdict::Found) => format!("jostle watch -- jostle call {plan}"),
        (_, _) => format!("jostle call {plan} --for {}s", (summary.elapsed_ms / 1000).max(1) * 10),
    }
}
