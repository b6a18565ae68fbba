//! Tracebacks of Python, and what its interpreter writes when it dies.

use crate::frame::{Frame, Language, Stack};
use crate::pattern::pattern;
use crate::report::{LONGEST, Report, Standing, find, run, run_with_strangers, text};
use crate::text::Line;
use crate::varying::slug;

const HEAD: &str = "Traceback (most recent call last):";
const DIRECT: &str = "The above exception was the direct cause of the following exception:";
const DURING: &str = "During handling of the above exception, another exception occurred:";

pattern! { FRAME = r#"^  File "(?P<file>[^"]+)", line (?P<line>\d+)(?:,? in (?P<function>.+))?$"# }
pattern! { EXCEPTION = r"^(?P<class>[A-Za-z_][\w.]*)(?:: (?P<message>.*))?$" }
pattern! { IN_THREAD = r"^(?:Exception in thread .*:|Exception ignored in: .*|Exception ignored in .*:|Task exception was never retrieved|Future exception was never retrieved|Exception in callback .*)$" }
pattern! { FATAL = r"^Fatal Python error: (?P<what>[^:]+)(?::.*)?$" }
pattern! { THREAD = r"^(?:Current thread|Thread) 0x[0-9a-f]+.* \(most recent call first\):$" }
pattern! { TIMEOUT = r"^Timeout \(\d+:\d\d:\d\d(?:\.\d+)?\)!$" }
pattern! { GROUP = r"^  \+ Exception Group Traceback \(most recent call last\):$" }

/// One of the tracebacks of a chain.
struct Link {
    class: String,
    message: String,
    stack: Stack,
    end: usize,
}

/// A traceback, or a chain of them. Nothing tells whether it was caught and logged, unless Python says that it ended a
/// thread or a task.
pub(crate) fn traceback(lines: &[Line<'_>]) -> Option<Report> {
    let first = text(lines, 0);
    if first == HEAD {
        return chain(lines, 0);
    }
    if !IN_THREAD.is_match(first) {
        return None;
    }
    let at = find(lines, 1, |line| line == HEAD).filter(|&at| at <= 3)?;
    chain(lines, at).map(|report| report.that_counts(Standing::Certain))
}

fn chain(lines: &[Line<'_>], start: usize) -> Option<Report> {
    let mut links = vec![(link(lines, start)?, false)];
    let mut at = links[0].0.end;
    while let Some((is_cause, start)) = joint(lines, at)
        && let Some(next) = link(lines, start)
    {
        at = next.end;
        links.push((next, is_cause));
    }
    // What another was raised from is the cause; what came up while another was handled is a failure of its own.
    let root = links.iter().rposition(|(_, is_caused)| !is_caused).unwrap_or(0);
    let Link { class, message, stack, .. } = links.swap_remove(root).0;
    let report = Report::line(kind(&class), what(&class, &message));
    Some(report.with(vec![stack], at).that_counts(Standing::IfItFailed))
}

/// What joins two tracebacks: whether the first is told to be the cause of the second, and where the second begins. The
/// words stand between two blank lines; one of somebody else's may stand among them.
fn joint(lines: &[Line<'_>], at: usize) -> Option<(bool, usize)> {
    let words = (at..at + 3).find(|&at| [DIRECT, DURING].contains(&text(lines, at)))?;
    let next = (words + 1..words + 4).find(|&at| text(lines, at) == HEAD)?;
    Some((text(lines, words) == DIRECT, next))
}

fn link(lines: &[Line<'_>], start: usize) -> Option<Link> {
    let first = find(lines, start + 1, |line| FRAME.is_match(line)).filter(|&at| at <= start + 2)?;
    let is_head = text(lines, start) == HEAD;
    let mut end = first + run(lines, first, |line| line.starts_with("  "));
    // A line of somebody else's, in the middle of it.
    while end > start + 1 && !EXCEPTION.is_match(text(lines, end)) && text(lines, end + 1).starts_with("  ") {
        end += 1 + run(lines, end + 1, |line| line.starts_with("  "));
    }
    let exception = EXCEPTION.captures(text(lines, end)).filter(|_| is_head);
    let stack = || stack(&lines[start..end], true);
    match exception {
        Some(found) => {
            let message = found.name("message").map_or("", |message| message.as_str()).to_owned();
            Some(Link { class: found["class"].to_owned(), message, stack: stack(), end: end + 1 })
        }
        // The end was cut off, and with it what kind it was.
        None if is_head && end >= lines.len().saturating_sub(1) => {
            Some(Link { class: String::new(), message: String::new(), stack: stack(), end })
        }
        None => None,
    }
}

/// The frames in these lines. In tracebacks the innermost stands last; in the interpreter's own dumps first.
fn stack(lines: &[Line<'_>], innermost_last: bool) -> Stack {
    let found = lines.iter().filter_map(|line| FRAME.captures(line.text.trim_end()));
    let frame = |found: regex::Captures<'_>| {
        let function = found.name("function").map_or("", |function| function.as_str());
        Frame::new(Language::Python, function, &found["file"], Some(&found["line"]))
    };
    let mut stack: Stack = found.map(frame).collect();
    if innermost_last {
        stack.reverse();
    }
    stack
}

fn kind(class: &str) -> String {
    let name = class.rsplit('.').next().unwrap_or(class);
    if name.is_empty() { "python-traceback".to_owned() } else { format!("python-{}", slug(name)) }
}

fn what(class: &str, message: &str) -> String {
    match (class, message) {
        ("", _) => "Python: a traceback that was cut off".to_owned(),
        (_, "") => format!("Python: {class}"),
        _ => format!("Python: {class}: {message}"),
    }
}

/// Several exceptions at once (`ExceptionGroup`). The kind is that of the group, the stack that of its first member.
pub(crate) fn group(lines: &[Line<'_>]) -> Option<Report> {
    if !GROUP.is_match(text(lines, 0)) {
        return None;
    }
    let goes_on = |line: &str| ["  | ", "  +-", "    "].iter().any(|beginning| line.starts_with(beginning));
    let end = 1 + run_with_strangers(lines, 1, goes_on, |line| line == HEAD);
    let inner = |line: &Line<'_>| line.text.trim_start().strip_prefix("| ").map(str::to_owned);
    let texts: Vec<String> = lines[1..end].iter().take(LONGEST).filter_map(inner).collect();
    let group = texts.iter().find_map(|line| EXCEPTION.captures(line))?;
    let member = texts.iter().position(|line| line == HEAD).map_or(&texts[..0], |at| &texts[at..]);
    let last = member.iter().position(|line| EXCEPTION.is_match(line)).unwrap_or(member.len());
    let frames: Vec<Line<'_>> =
        member[..last].iter().map(|line| Line { text: line.into(), number: 0 }).collect();
    let message = group.name("message").map_or("", |message| message.as_str());
    let report = Report::line(kind(&group["class"]), what(&group["class"], message));
    Some(report.with(vec![stack(&frames, true)], end).that_counts(Standing::IfItFailed))
}

/// The interpreter died, or faulthandler says where it stands.
pub(crate) fn fatal(lines: &[Line<'_>]) -> Option<Report> {
    let first = text(lines, 0);
    let report = if let Some(fatal) = FATAL.captures(first) {
        let what = &fatal["what"];
        Report::line(format!("python-fatal-{}", slug(what)), format!("Python died: {what}"))
    } else if TIMEOUT.is_match(first) {
        Report::line("python-timeout", "Python: faulthandler's time was up").that_counts(Standing::IfItFailed)
    } else {
        return None;
    };
    let Some(at) = find(lines, 1, |line| THREAD.is_match(line)).filter(|&at| at <= 4) else {
        return Some(report);
    };
    let count = run(lines, at + 1, |line| FRAME.is_match(line));
    let stack = stack(&lines[at + 1..at + 1 + count], false);
    let rest =
        run(lines, at + 1 + count, |line| line.is_empty() || THREAD.is_match(line) || FRAME.is_match(line));
    Some(report.with(vec![stack], at + 1 + count + rest))
}
