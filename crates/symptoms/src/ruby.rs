//! Exceptions of Ruby, and the reports of its interpreter's bugs.

use crate::frame::{Frame, Language, Stack};
use crate::pattern::pattern;
use crate::report::{LONGEST, Report, Standing, find, run, run_with_strangers, text};
use crate::text::Line;
use crate::varying::slug;

pattern! { HEAD = r"^(?P<file>[^\s:][^:]*):(?P<line>\d+):in [`'](?P<function>.+?)': (?P<message>.*)$" }
pattern! { CLASS = r"^(?P<message>.*?) ?\((?P<class>[A-Z]\w*(?:::\w+)*|fatal)\)$" }
pattern! { FROM = r"^\tfrom (?P<file>[^:]+):(?P<line>\d+)(?::in [`'](?P<function>.+)')?$" }
pattern! { LEVELS = r"^\t ?\.\.\. \d+ levels\.\.\.$" }
pattern! { THREAD = r"^#<Thread:0x[0-9a-f]+.*> terminated with exception \(report_on_exception is true\):$" }
pattern! { BUG = r"^(?:(?P<file>[^\s:][^:]*):(?P<line>\d+): )?\[BUG\] (?P<what>.*)$" }
pattern! { BUG_FRAME = r"^(?P<file>[^\s:][^:]*):(?P<line>\d+):in [`'](?P<function>.+)'$" }

/// An exception, written as Ruby does when nobody caught it. One that ends a thread says so in front.
pub(crate) fn exception(lines: &[Line<'_>]) -> Option<Report> {
    if THREAD.is_match(text(lines, 0)) {
        let mut report = told(&lines[1..])?;
        report.lines += 1;
        return Some(report);
    }
    told(lines).map(|report| report.that_counts(Standing::IfItFailed))
}

fn told(lines: &[Line<'_>]) -> Option<Report> {
    let head = HEAD.captures(text(lines, 0))?;
    let class = CLASS.captures(&head["message"])?;
    let class = (class["message"].to_owned(), class["class"].to_owned());
    let innermost = Frame::new(Language::Ruby, &head["function"], &head["file"], Some(&head["line"]));
    // Between the head and the callers stand further lines of the message, and the source.
    let from = find(lines, 1, |line| FROM.is_match(line) || HEAD.is_match(line))
        .filter(|&at| FROM.is_match(text(lines, at)));
    let (callers, end) = from.map_or((Stack::new(), 1), |at| {
        let count = run_with_strangers(
            lines,
            at,
            |line| FROM.is_match(line) || LEVELS.is_match(line),
            |line| HEAD.is_match(line),
        );
        (callers(&lines[at..at + count]), at + count)
    });
    let (message, class) = class;
    let is_deadlock = class == "fatal" && message.contains("No live threads left");
    let kind = if is_deadlock { "ruby-deadlock".to_owned() } else { format!("ruby-{}", slug(&class)) };
    let report = Report::line(kind, format!("Ruby: {message} ({class})"));
    Some(report.with(vec![[innermost].into_iter().chain(callers).collect()], end))
}

fn callers(lines: &[Line<'_>]) -> Stack {
    let frame = |line: &Line<'_>| {
        let found = FROM.captures(&line.text)?;
        let function = found.name("function").map_or("", |function| function.as_str());
        Some(Frame::new(Language::Ruby, function, &found["file"], Some(&found["line"])))
    };
    lines.iter().filter_map(frame).collect()
}

/// The interpreter crashed; most often in a native extension.
pub(crate) fn bug(lines: &[Line<'_>]) -> Option<Report> {
    let head = BUG.captures(text(lines, 0))?;
    let what = head["what"].split(" at 0x").next().unwrap_or_default().to_owned();
    let is_whole = find(lines, 1, |line| line.starts_with("ruby ") || line.starts_with("-- ")).is_some();
    let backtrace = find(lines, 1, |line| line.starts_with("-- Ruby level backtrace"));
    let mut stack = backtrace.map_or(Stack::new(), |at| ruby_level(lines, at + 1));
    if let (true, Some(file)) = (stack.is_empty(), head.name("file")) {
        stack.push(Frame::new(
            Language::Ruby,
            "",
            file.as_str(),
            head.name("line").map(|line| line.as_str()),
        ));
    }
    let report = Report::line(format!("ruby-bug-{}", slug(&what)), format!("Ruby crashed: {what}"));
    let limit = if is_whole { lines.len().min(LONGEST) } else { 1 };
    let last = (1..limit).find(|&at| text(lines, at).starts_with("[NOTE]"));
    let end = last.map_or(if is_whole { limit } else { 1 }, |at| at + 1);
    let standing = if is_whole { Standing::Certain } else { Standing::IfItFailed };
    Some(report.with(vec![stack], end).that_counts(standing))
}

/// The frames of a bug report, which has the innermost last.
fn ruby_level(lines: &[Line<'_>], at: usize) -> Stack {
    let count = run(lines, at, |line| BUG_FRAME.is_match(line));
    let frame = |line: &Line<'_>| {
        let found = BUG_FRAME.captures(&line.text)?;
        Some(Frame::new(Language::Ruby, &found["function"], &found["file"], Some(&found["line"])))
    };
    lines[at..at + count].iter().filter_map(frame).rev().collect()
}
