//! Panics of Rust, as they were written before and since 1.73, and what its runtime says before it aborts.

use crate::frame::{Frame, Language, Stack};
use crate::pattern::pattern;
use crate::report::{Report, find, run, run_with_strangers, text};
use crate::text::Line;

pattern! { NEW = r"^thread '.*?'(?: \(\d+\))? panicked at (?P<file>[^\s'].*?):(?P<line>\d+):\d+:$" }
pattern! { OLD = r"^thread '.*?' panicked at '(?P<message>.*)$" }
pattern! { OLD_END = r"^(?P<message>.*)', (?P<file>[^\s].*?):(?P<line>\d+):\d+$" }
pattern! { FATAL = r"^fatal runtime error: (.*?)(?:, aborting)?$" }
pattern! { OVERFLOWED = r"^thread '.*?'(?: \(\d+\))? has overflowed its stack$" }
pattern! { ALLOCATION = r"^memory allocation of \d+ bytes failed$" }
pattern! { NUMBERED = r"^ {0,4}\d+: +(?:0x[0-9a-f]+ - )?(?P<function>\S.*)$" }
pattern! { INLINED = r"^ {10,}- (?P<function>\S.*)$" }
pattern! { PLACE = r"^ {10,}at (?P<file>.+?):(?P<line>\d+)(?::\d+)?$" }
const BACKTRACE: &str = "stack backtrace:";

/// A panic, with its backtrace where there is one.
pub(crate) fn panic(lines: &[Line<'_>]) -> Option<Report> {
    let head = if let Some(head) = NEW.captures(text(lines, 0)) {
        Head {
            message: text(lines, 1),
            file: head["file"].to_owned(),
            line: head["line"].to_owned(),
            end: new_end(lines),
        }
    } else {
        old(lines)?
    };
    let backtrace = (head.end..head.end + 2).find(|&at| text(lines, at) == BACKTRACE);
    let (stack, end) = backtrace.map_or((Stack::new(), head.end), |at| backtrace_at(lines, at + 1));
    let noted = |at: usize| text(lines, at).starts_with("note: ");
    let end = if noted(end) { end + 1 } else { end };
    let has_own = stack.iter().any(|frame| frame.is_users);
    let stack = if has_own { stack } else { vec![head.place()] };
    let report = Report::line(kind(head.message), format!("Rust panic: {}", head.message));
    Some(report.with(vec![stack], end.min(lines.len()).max(1)))
}

/// What is told of a panic before its backtrace.
struct Head<'a> {
    message: &'a str,
    file: String,
    line: String,
    /// The line behind the message.
    end: usize,
}

impl Head<'_> {
    /// Where the panic says that it is, for want of a backtrace.
    fn place(&self) -> Frame {
        Frame::new(Language::Native, "", &self.file, Some(&self.line))
    }
}

/// The end of a message in the format since 1.73: it has as many lines as it likes, and only what follows tells.
fn new_end(lines: &[Line<'_>]) -> usize {
    let ends = |line: &str| line == BACKTRACE || line.starts_with("note: ");
    let is_other = |line: &str| line.starts_with("thread '");
    match find(lines, 2, |line| ends(line) || is_other(line)) {
        Some(at) if ends(text(lines, at)) => at,
        // Both values of an assertion are indented.
        _ => 2 + run(lines, 2, |line| line.starts_with("  left: ") || line.starts_with(" right: ")),
    }
}

fn old<'a>(lines: &'a [Line<'_>]) -> Option<Head<'a>> {
    let first = OLD.captures(text(lines, 0))?;
    let at = find(lines, 0, |line| OLD_END.is_match(line))?;
    let last = OLD_END.captures(text(lines, at))?;
    let message = first.name("message").map_or("", |message| message.as_str());
    let message =
        if at == 0 { message.rsplit_once("', ").map_or(message, |(message, _)| message) } else { message };
    Some(Head { message, file: last["file"].to_owned(), line: last["line"].to_owned(), end: at + 1 })
}

/// The frames of a backtrace that begins at line `at`, from where the panic began, and the line behind it.
fn backtrace_at(lines: &[Line<'_>], at: usize) -> (Stack, usize) {
    let count = run_with_strangers(
        lines,
        at,
        |line| NUMBERED.is_match(line) || INLINED.is_match(line) || PLACE.is_match(line),
        |line| line.starts_with("thread '"),
    );
    let mut stack = Stack::new();
    for at in at..at + count {
        let Some(found) = NUMBERED.captures(text(lines, at)).or_else(|| INLINED.captures(text(lines, at)))
        else {
            continue;
        };
        let place = PLACE.captures(text(lines, at + 1));
        let (file, line) = place
            .as_ref()
            .map_or(("", None), |place| (place.name("file").map_or("", |f| f.as_str()), place.name("line")));
        stack.push(Frame::new(Language::Native, &found["function"], file, line.map(|line| line.as_str())));
    }
    (stack, at + count)
}

/// The kind of a panic, by what it says.
fn kind(message: &str) -> &'static str {
    const KINDS: [(&str, &str); 14] = [
        ("called `Option::unwrap()` on a `None` value", "rust-unwrap-none"),
        ("called `Result::unwrap()` on an `Err` value: PoisonError", "rust-poisoned-lock"),
        ("called `Result::unwrap()` on an `Err` value", "rust-unwrap-err"),
        ("index out of bounds", "rust-index-out-of-bounds"),
        ("range end index", "rust-index-out-of-bounds"),
        ("range start index", "rust-index-out-of-bounds"),
        ("attempt to divide by zero", "rust-divide-by-zero"),
        ("attempt to ", "rust-arithmetic-overflow"),
        ("assertion ", "rust-assertion"),
        ("already ", "rust-already-borrowed"),
        ("RefCell already ", "rust-already-borrowed"),
        ("misaligned pointer dereference", "rust-misaligned-pointer"),
        ("null pointer dereference occurred", "rust-null-dereference"),
        ("unsafe precondition(s) violated", "rust-unsafe-precondition"),
    ];
    KINDS.iter().find(|(start, _)| message.starts_with(start)).map_or("rust-panic", |(_, kind)| kind)
}

/// The runtime gave up.
pub(crate) fn fatal(lines: &[Line<'_>]) -> Option<Report> {
    let line = text(lines, 0);
    if ALLOCATION.is_match(line) {
        return Some(Report::line("rust-out-of-memory", "Rust: a memory allocation failed"));
    }
    if OVERFLOWED.is_match(line) {
        let report = Report::line("rust-stack-overflow", "Rust: a thread has overflowed its stack");
        let end = find(lines, 1, |line| FATAL.is_match(line)).filter(|&at| at <= 2);
        return Some(report.with(Vec::new(), end.unwrap_or(0) + 1));
    }
    let words = FATAL.captures(line)?;
    Some(Report::line("rust-fatal-runtime-error", format!("Rust: {}", &words[1])))
}
