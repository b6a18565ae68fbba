//! The tracebacks of goroutines (`runtime/traceback.go`).

use crate::frame::{Frame, Language, Stack};
use crate::pattern::pattern;
use crate::report::{LONGEST, LOOK_AHEAD, Report, Standing, find, text};
use crate::text::Line;

pattern! { GOROUTINE = r"^goroutine \d+ (?:gp=\S+ m=\S+ (?:mp=\S+ )?)?\[[^\]]*\](?: \{.*\})?:$" }
pattern! { FILE = r"^\t(.*):(\d+)(?: \+0x[0-9a-f]+)?(?: fp=.*)?$" }
pattern! {
    /// What else stands in a traceback: the registers, and words about what was left out.
    OTHER = r"^(?:r\w{1,6} +0x|[cfg]s +0x|runtime stack:$|\.\.\.|\tgoroutine running on other thread|\[originating from|goroutine \d+ |created by |exit status \d|-----$)"
}

/// The stacks of a traceback and where it ends.
pub(super) struct Trace {
    /// The stack that tells why: that of the goroutine which failed, from where it failed.
    pub(super) stack: Stack,
    /// The line behind the last one.
    pub(super) end: usize,
}

/// Whether a traceback begins with this line.
pub(super) fn begins(line: &str) -> bool {
    line == "runtime stack:" || GOROUTINE.is_match(line)
}

/// The traceback that begins within a few lines of `from`.
pub(super) fn read(lines: &[Line<'_>], from: usize) -> Option<Trace> {
    let start = find(lines, from, begins)?;
    let mut stack = Stack::new();
    let mut goroutines = 0;
    let mut at = start;
    let end = lines.len().min(start + LONGEST);
    // Blank lines part goroutines, and end the whole when something else comes.
    while at < end {
        let line = text(lines, at);
        if GOROUTINE.is_match(line) {
            goroutines += 1;
            at += 1;
        } else if let Some(frame) = frame(line, text(lines, at + 1)) {
            if goroutines == 1 {
                stack.push(frame);
            }
            at += 2;
        } else if belongs(lines, at) || interrupts(lines, at) {
            at += 1;
        } else {
            break;
        }
    }
    Some(Trace { stack: from_failure(stack), end: at })
}

/// Whether the line `at` is one of a traceback's that is neither a head nor a frame.
fn belongs(lines: &[Line<'_>], at: usize) -> bool {
    let line = text(lines, at);
    OTHER.is_match(line) || FILE.is_match(line) || line.is_empty() && goes_on(lines, at + 1)
}

/// Whether a traceback goes on behind a blank line.
fn goes_on(lines: &[Line<'_>], at: usize) -> bool {
    let line = text(lines, at);
    begins(line) || OTHER.is_match(line) || line.is_empty() && begins(text(lines, at + 1))
}

/// Whether the line `at` is a stranger's within a traceback, which goes on right behind it.
fn interrupts(lines: &[Line<'_>], at: usize) -> bool {
    let frame_at = |at: usize| frame(text(lines, at), text(lines, at + 1)).is_some();
    !text(lines, at).is_empty()
        && (frame_at(at + 1) || FILE.is_match(text(lines, at + 1)) || frame_at(at + 2))
}

/// A frame of two lines: the function with its arguments, and the file.
fn frame(function: &str, file: &str) -> Option<Frame> {
    let file = FILE.captures(file)?;
    let name = function.strip_suffix(')')?;
    if function.starts_with([' ', '\t']) || function.starts_with("created by ") {
        return None;
    }
    Some(Frame::new(Language::Go, &name[..arguments(name)?], &file[1], Some(&file[2])))
}

/// Where the arguments begin, in a name whose closing parenthesis is taken off: behind the last one at the outermost
/// level, as receivers (`main.(*book).total`) and arguments (`{0x1, (0x2)}`) may have parentheses, too.
fn arguments(name: &str) -> Option<usize> {
    let mut depth = 1_usize;
    name.char_indices().rev().find_map(|(at, character)| {
        match character {
            ')' => depth += 1,
            '(' => depth -= 1,
            _ => {}
        }
        (depth == 0).then_some(at)
    })
}

/// The frames from where it failed on. In front of the last call of `panic` stand deferred functions, and what they called.
fn from_failure(stack: Stack) -> Stack {
    const FAILING: [&str; 5] =
        ["panic", "runtime.gopanic", "runtime.panicmem", "runtime.sigpanic", "runtime.throw"];
    let last = stack.iter().rposition(|frame| FAILING.contains(&frame.function.as_str()));
    match last {
        Some(last) if last + 1 < stack.len() => stack.into_iter().skip(last + 1).collect(),
        _ => stack,
    }
}

/// A traceback whose head was cut off, or that a program wrote without dying.
pub(crate) fn headless(lines: &[Line<'_>]) -> Option<Report> {
    if !GOROUTINE.is_match(text(lines, 0)) {
        return None;
    }
    (1..=LOOK_AHEAD).find(|&at| frame(text(lines, at), text(lines, at + 1)).is_some())?;
    let trace = read(lines, 0)?;
    let report = Report::line("go-traceback", "Go: a traceback that does not tell why");
    Some(report.with(vec![trace.stack], trace.end).that_counts(Standing::IfItFailed))
}
