//! Exceptions of the Java virtual machine's languages, and the reports of its crashes.

use crate::frame::{Frame, Language, Stack};
use crate::pattern::pattern;
use crate::report::{Report, Standing, find, run, run_with_strangers, text};
use crate::signal::{self, Fault};
use crate::text::Line;
use crate::varying::slug;

pattern! { UNCAUGHT = r#"^Exception in thread "[^"]*" (?P<class>[\w$.]+)(?:: (?P<message>.*))?$"# }
pattern! { BARE = r"^(?P<class>(?:[a-z_]\w*\.)+[A-Z][\w$]*)(?:: (?P<message>.*))?$" }
pattern! { CAUSE = r"^Caused by: (?P<class>[\w$.]+)(?:: (?P<message>.*))?$" }
pattern! { FRAME = r"^\tat (?P<function>[^\s(]+)\((?:(?P<file>[^():]+):(?P<line>\d+)|[^()]*)\)(?: ~?\[.*\])?$" }
pattern! { MORE = r"^\t(?:\.\.\. \d+ (?:more|common frames omitted)$|Suppressed: |at )" }
pattern! { BANNER = r"^# A fatal error has been detected by the Java Runtime Environment:$" }
pattern! { VM_SIGNAL = r"^#  (SIG[A-Z]+) \(0x[0-9a-f]+\) at pc=" }
pattern! { VM_FRAME = r"^# [CVJvjA] +(?:\[(?P<module>[^\]+]+)\+0x[0-9a-f]+\])?(?: *\d+ c\d)? *(?P<function>[^\s(+]+)?.*$" }

/// An exception that nobody caught, and that ended its thread.
pub(crate) fn uncaught(lines: &[Line<'_>]) -> Option<Report> {
    let head = UNCAUGHT.captures(text(lines, 0))?;
    Some(exception(lines, &head["class"], head.name("message").map(|message| message.as_str())))
}

/// A stack trace as it is logged, with the exception in front of it. Somebody caught it.
pub(crate) fn logged(lines: &[Line<'_>]) -> Option<Report> {
    let head = BARE.captures(text(lines, 0)).or_else(|| CAUSE.captures(text(lines, 0)))?;
    // Messages may have several lines.
    find(lines, 1, |line| FRAME.is_match(line)).filter(|&at| at <= 3)?;
    let message = head.name("message").map(|message| message.as_str());
    Some(exception(lines, &head["class"], message).that_counts(Standing::IfItFailed))
}

/// The whole report. Its kind is that of the root cause: what wraps it (`ExecutionException`) says nothing.
fn exception(lines: &[Line<'_>], class: &str, message: Option<&str>) -> Report {
    let goes_on = |line: &str| FRAME.is_match(line) || MORE.is_match(line);
    let heads = |line: &str| UNCAUGHT.is_match(line) || BARE.is_match(line) || CAUSE.is_match(line);
    let first = find(lines, 1, |line| FRAME.is_match(line)).filter(|&at| at <= 3).unwrap_or(1);
    let mut root = (class.to_owned(), message.unwrap_or_default().to_owned(), 1);
    let mut end = first + run_with_strangers(lines, first, goes_on, heads);
    // A line of somebody else's may stand in front of a cause.
    while let Some(at) = (end..end + 2).find(|&at| CAUSE.is_match(text(lines, at)))
        && let Some(cause) = CAUSE.captures(text(lines, at))
    {
        let message = cause.name("message").map_or("", |message| message.as_str());
        root = (cause["class"].to_owned(), message.to_owned(), at + 1);
        end = at + 1 + run_with_strangers(lines, at + 1, goes_on, heads);
    }
    let (class, message, at) = root;
    let name = class.rsplit(['.', '$']).next().unwrap_or(&class);
    let words = if message.is_empty() { String::new() } else { format!(": {message}") };
    let report = Report::line(format!("java-{}", slug(name)), format!("Java: {class}{words}"));
    report.with(vec![stack(lines, at.max(first.min(at + 2)), end)], end)
}

fn stack(lines: &[Line<'_>], from: usize, end: usize) -> Stack {
    let frames = (from..end).filter_map(|at| FRAME.captures(text(lines, at)));
    let part =
        |found: &regex::Captures<'_>, name| found.name(name).map_or("", |part| part.as_str()).to_owned();
    let frame = |found: regex::Captures<'_>| {
        let line = found.name("line").map(|line| line.as_str());
        Frame::new(Language::Java, &found["function"], &part(&found, "file"), line)
    };
    frames.map(frame).collect()
}

/// The machine itself crashed: what it writes to its output of it, not the file `hs_err_pid….log`.
pub(crate) fn crash(lines: &[Line<'_>]) -> Option<Report> {
    let banner = find(lines, 0, |line| BANNER.is_match(line))
        .filter(|&at| at <= 1 && text(lines, 0).starts_with('#'))?;
    let told = find(lines, banner, |line| VM_SIGNAL.is_match(line));
    let name = told.and_then(|at| VM_SIGNAL.captures(text(lines, at))).map(|found| found[1].to_owned());
    let kind = name.as_deref().and_then(signal::number).map(|number| signal::kind(number, Fault::Unknown));
    let what = name.unwrap_or_else(|| "an internal error".to_owned());
    let problem = find(lines, banner, |line| line == "# Problematic frame:");
    let frame = problem.and_then(|at| vm_frame(text(lines, at + 1)));
    let report = Report::line(
        format!("jvm-{}", kind.unwrap_or_else(|| "internal-error".to_owned())),
        format!("the Java virtual machine crashed by {what}"),
    );
    Some(report.with(vec![frame.into_iter().collect()], run(lines, 0, |line| line.starts_with('#'))))
}

fn vm_frame(line: &str) -> Option<Frame> {
    let found = VM_FRAME.captures(line)?;
    let part = |name: &str| found.name(name).map_or("", |part| part.as_str());
    let function = if part("function").is_empty() { part("module") } else { part("function") };
    (!function.is_empty()).then(|| Frame::new(Language::Native, function, part("module"), None))
}
