//! Exceptions of JavaScript under Node, and fatal errors of V8.

use crate::frame::{Frame, Language, Stack};
use crate::pattern::pattern;
use crate::report::{Report, Standing, find, run, run_with_strangers, text};
use crate::text::Line;
use crate::varying::slug;

pattern! { SOURCE = r"^(?P<file>(?:node:|/|[A-Za-z]:\\|file:)\S*):(?P<line>\d+)$" }
pattern! { CARET = r"^\s*\^+\s*$" }
pattern! { ERROR = r"^(?:Uncaught )?(?P<class>[A-Z][\w$]*)(?: \[(?P<code>\w+)\])?(?:: (?P<message>.*))?$" }
pattern! { FRAME = r"^ {4}at (?:(?P<function>.+?) \((?P<file>.+?)(?::(?P<line>\d+):\d+)?\)|(?:async )?(?P<bare>\S+?):(?P<bare_line>\d+):\d+)(?: \{)?$" }
pattern! { MATCHING = r"^ {4}\.\.\. \d+ lines matching cause stack trace" }
pattern! { VERSION = r"^Node\.js v\d+" }
pattern! { FATAL = r"^(?:FATAL ERROR|<--- Last few GCs --->|# Fatal error in )(?:: )?(?P<what>.*)$" }
pattern! { NATIVE = r"^(?:----- Native stack trace -----| ?\d+: 0x[0-9a-f]+ )" }

/// An exception that nobody caught: the line of source, the exception, and the version of Node.
pub(crate) fn uncaught(lines: &[Line<'_>]) -> Option<Report> {
    let source = SOURCE.captures(text(lines, 0))?;
    let caret = find(lines, 1, |line| CARET.is_match(line)).filter(|&at| at <= 4)?;
    let at = find(lines, caret + 1, |line| ERROR.is_match(line)).filter(|&at| at <= caret + 4);
    let report = at.and_then(|at| Some((error(&lines[at..])?, at)));
    let (mut report, at) = report.unwrap_or_else(|| thrown_value(&source, lines, caret + 1));
    report.lines += at;
    // The properties of the error, its cause, and the version stand behind it.
    let version = (report.lines..lines.len().min(report.lines + PROPERTIES))
        .find(|&at| VERSION.is_match(text(lines, at)));
    report.lines = version.map_or(report.lines, |at| at + 1);
    Some(report.that_counts(if version.is_some() { Standing::Certain } else { Standing::IfItFailed }))
}

/// How many lines the properties of an error may take.
const PROPERTIES: usize = 200;

/// Something was thrown that is no error, and has no stack.
fn thrown_value(source: &regex::Captures<'_>, lines: &[Line<'_>], at: usize) -> (Report, usize) {
    let frame = Frame::new(Language::JavaScript, "", &source["file"], Some(&source["line"]));
    let report = Report::line("node-thrown-value", format!("JavaScript: uncaught {}", text(lines, at)));
    (report.with(vec![vec![frame]], 1), at)
}

/// An error with its stack, as it is also logged.
pub(crate) fn logged(lines: &[Line<'_>]) -> Option<Report> {
    error(lines).map(|report| report.that_counts(Standing::IfItFailed))
}

fn error(lines: &[Line<'_>]) -> Option<Report> {
    let head = ERROR.captures(text(lines, 0))?;
    let from = find(lines, 1, |line| FRAME.is_match(line))?;
    // Messages may have several lines, but no more than an assertion's comparison has.
    if (1..from).any(|at| ERROR.is_match(text(lines, at)) && text(lines, at).contains(": ")) {
        return None;
    }
    let count = run_with_strangers(
        lines,
        from,
        |line| FRAME.is_match(line) || MATCHING.is_match(line),
        |line| ERROR.is_match(line),
    );
    let stack = stack(&lines[from..from + count]);
    let (class, message) = (&head["class"], head.name("message").map_or("", |message| message.as_str()));
    let words = if message.is_empty() { String::new() } else { format!(": {message}") };
    let report = Report::line(format!("node-{}", slug(class)), format!("JavaScript: {class}{words}"));
    Some(report.with(vec![stack], from + count))
}

fn stack(lines: &[Line<'_>]) -> Stack {
    let frame = |line: &Line<'_>| {
        let found = FRAME.captures(&line.text)?;
        let part = |name: &str| found.name(name).map(|part| part.as_str());
        let function = part("function").unwrap_or("").trim_start_matches("async ").trim_start_matches("new ");
        let file = part("file").or(part("bare")).unwrap_or_default();
        Some(Frame::new(Language::JavaScript, function, file, part("line").or(part("bare_line"))))
    };
    lines.iter().filter_map(frame).collect()
}

/// V8 gave up, most often because its heap was full.
pub(crate) fn fatal(lines: &[Line<'_>]) -> Option<Report> {
    let first = FATAL.captures(text(lines, 0))?;
    let at = find(lines, 0, |line| line.starts_with("FATAL ERROR: "));
    let what = at.map_or(&first["what"], |at| &text(lines, at)["FATAL ERROR: ".len()..]).trim().to_owned();
    let from = at.unwrap_or(0);
    let native = find(lines, from, |line| NATIVE.is_match(line));
    let kind = if what.contains("out of memory") { "node-out-of-memory" } else { "node-fatal-error" };
    let report = Report::line(kind, format!("Node: {what}"));
    let Some(native) = native else {
        return at.map(|at| report.with(Vec::new(), at + 1).that_counts(Standing::IfItFailed));
    };
    let count = run(lines, native, |line| NATIVE.is_match(line) || line.is_empty());
    // V8's native stack says where its collector stood, which differs each time.
    Some(report.with(Vec::new(), native + count))
}
