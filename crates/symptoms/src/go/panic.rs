//! Panics: those that ended the program, and those that net/http caught.

use super::{message, trace};
use crate::pattern::pattern;
use crate::report::{LOOK_AHEAD, Report, Standing, find, text};
use crate::text::Line;

pattern! { HEAD = r"^panic: (.*)$" }
pattern! { RECOVERED = r" \[recovered(?:, repanicked)?\]$" }
pattern! { SERVED = r"\bpanic serving \S+: (.*)$" }
pattern! { SIGNAL = r"^\[signal (SIG\w+): .*? code=(\S+) addr=(0x[0-9a-f]+) pc=" }

/// An address below is nil with an offset: the first page is never mapped, and the runtime takes what faults there for a
/// nil dereference (`runtime/signal_unix.go`).
const FIRST_PAGE: u64 = 0x1000;

/// How many lines may follow a panic whose traceback is missing: the signal, and what `go run` adds.
const LAST_LINES: usize = 3;

/// A panic that nobody recovered from.
pub(crate) fn panic(lines: &[Line<'_>]) -> Option<Report> {
    let head = HEAD.captures(text(lines, 0))?;
    // Of a panic in a panic the first one is the cause; it stands in the first line.
    let words = RECOVERED.replace(&head[1], "").into_owned();
    let signal = find(lines, 1, |line| SIGNAL.is_match(line) || trace::begins(line));
    let report = described(&words, signal.and_then(|at| faulting_address(text(lines, at))));
    let traced = find(lines, 1, trace::begins).filter(|&at| head_goes_on(&lines[1..at]));
    match traced.and_then(|at| trace::read(lines, at)) {
        Some(trace) => Some(report.with(vec![trace.stack], trace.end)),
        None => untraced(report, lines),
    }
}

/// Whether all that stands between the head and the traceback may be a part of the panic: its message may have several
/// lines, but a log line of another panic's is none of them.
fn head_goes_on(between: &[Line<'_>]) -> bool {
    !between.iter().any(|line| HEAD.is_match(&line.text))
}

/// A panic without a traceback: its end was cut off, or GOTRACEBACK is `none`. Words in a log look the same, so that it
/// counts only where the program died and said nothing more.
fn untraced(report: Report, lines: &[Line<'_>]) -> Option<Report> {
    let rest = lines.iter().skip(1).take(LOOK_AHEAD).filter(|line| !line.text.is_empty()).count();
    (rest <= LAST_LINES)
        .then(|| report.with(Vec::new(), lines.len().min(LOOK_AHEAD)).that_counts(Standing::IfItFailed))
}

/// A panic in a handler of net/http's, which logs it and lives on: the request died.
pub(crate) fn served_panic(lines: &[Line<'_>]) -> Option<Report> {
    let words = SERVED.captures(text(lines, 0))?;
    let trace = find(lines, 1, trace::begins).filter(|&at| at <= 2).and_then(|at| trace::read(lines, at))?;
    Some(described(&words[1], None).with(vec![trace.stack], trace.end))
}

fn faulting_address(line: &str) -> Option<u64> {
    let signal = SIGNAL.captures(line)?;
    u64::from_str_radix(signal[3].trim_start_matches("0x"), 16).ok()
}

fn described(words: &str, address: Option<u64>) -> Report {
    let kind = message::panic_kind(words);
    if kind == "go-nil-dereference" && address.is_some_and(|address| address >= FIRST_PAGE) {
        // With debug.SetPanicOnFault the words are the same.
        return Report::line("go-unexpected-fault-address", "Go: unexpected fault address");
    }
    let words = words.strip_prefix("runtime error: ").unwrap_or(words);
    let what = if kind == "go-panic" { format!("Go panic: {words}") } else { format!("Go: {words}") };
    Report::line(kind, what)
}
