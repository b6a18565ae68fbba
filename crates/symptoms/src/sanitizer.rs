//! Reports of the sanitizers that GCC and Clang build in.

mod stack;
mod undefined;

pub(crate) use undefined::undefined;

use crate::pattern::pattern;
use crate::report::{LONGEST, Report, find, text};
use crate::text::Line;
use crate::varying::slug;

pattern! {
    HEAD = r"^(?:==\d+==(?:ERROR|WARNING): |WARNING: )(?P<tool>Address|HWAddress|Leak|Memory|Thread)Sanitizer: (?P<what>.*)$"
}
pattern! { SUMMARY = r"^SUMMARY: (?P<tool>Address|HWAddress|Leak|Memory|Thread)Sanitizer: (?P<what>.*)$" }
pattern! { LAST = r"^==\d+==ABORTING$" }
pattern! {
    /// What happened, in front of where.
    WHAT = r"^(?:attempting )?(?P<what>[A-Za-z][A-Za-z-]*(?: [A-Za-z-]+)*?)(?: on | in thread | in \S+ at |: | \(|\.| /| \S+/|$)"
}

/// How far behind its summary a report of AddressSanitizer's ends: the shadow bytes and their legend.
const SHADOW: usize = 40;

/// A report with its stacks.
pub(crate) fn report(lines: &[Line<'_>]) -> Option<Report> {
    let head = HEAD.captures(text(lines, 0))?;
    let (tool, what) = (&head["tool"], &head["what"]);
    // A line in a log has no stack, and no summary either.
    find(lines, 1, |line| stack::is_frame(line) || SUMMARY.is_match(line) || line.starts_with("  "))?;
    let end = end(lines);
    let frames = stack::stacks(&lines[..end]);
    let sides = if is_conflict(tool, what) { 2 } else { 1 };
    Some(told(tool, what).with(frames.into_iter().take(sides).collect(), end))
}

/// The last line of a report whose head was cut off.
pub(crate) fn summary(lines: &[Line<'_>]) -> Option<Report> {
    let summary = SUMMARY.captures(text(lines, 0))?;
    let (tool, what) = (&summary["tool"], &summary["what"]);
    let report = told(tool, what);
    Some(report.with(stack::of_summary(what).into_iter().collect(), 1))
}

/// Whether a report tells two sides, both of which make it what it is. Of the block's history in AddressSanitizer's reports
/// the access alone is significant.
fn is_conflict(tool: &str, what: &str) -> bool {
    tool == "Thread" && !what.starts_with("thread leak") && !what.starts_with("unlock of")
}

fn told(tool: &str, what: &str) -> Report {
    let short = match tool {
        "Address" => "asan",
        "HWAddress" => "hwasan",
        "Leak" => "lsan",
        "Memory" => "msan",
        _ => "tsan",
    };
    let class = class(what);
    let kind = match class.as_str() {
        _ if what.contains("memory leaks") || what.contains("byte(s) leaked") => {
            "lsan-memory-leak".to_owned()
        }
        "SEGV" => format!("{short}-segv{}", address_class(what)),
        "free on address which was not malloc" => format!("{short}-bad-free"),
        _ => format!("{short}-{}", slug(&class)),
    };
    let class = match kind.as_str() {
        "lsan-memory-leak" => "memory leak",
        "asan-bad-free" => "free of something that was not allocated",
        _ => &class,
    };
    Report::line(kind, format!("{tool}Sanitizer: {class}"))
}

/// What a report is about, without addresses and places.
fn class(what: &str) -> String {
    if what.starts_with("attempting free on address") {
        return "free on address which was not malloc".to_owned();
    }
    let class =
        WHAT.captures(what).map_or(what, |found| found.name("what").map_or(what, |class| class.as_str()));
    class.split(" on ").next().unwrap_or(class).to_owned()
}

/// Of a SEGV: where the address points.
fn address_class(what: &str) -> &'static str {
    let address = what.split("unknown address ").nth(1).and_then(|rest| rest.split(' ').next());
    let value = address.and_then(|address| u64::from_str_radix(address.trim_start_matches("0x"), 16).ok());
    match value.map(crate::signal::Fault::at) {
        Some(crate::signal::Fault::Null) => "-null",
        Some(crate::signal::Fault::Wild) => "-wild",
        // Of an address that is not canonical the processor does not tell which it was.
        None if what.contains("unknown address (") => "-wild",
        _ => "",
    }
}

/// The line behind the report.
fn end(lines: &[Line<'_>]) -> usize {
    let next = |at: usize| HEAD.is_match(text(lines, at));
    let limit = lines.len().min(LONGEST);
    let limit = (1..limit).find(|&at| next(at)).unwrap_or(limit);
    let Some(summary) = (1..limit).find(|&at| SUMMARY.is_match(text(lines, at))) else {
        return cut_off(lines, limit);
    };
    let aborting = (summary..limit.min(summary + SHADOW)).find(|&at| LAST.is_match(text(lines, at)));
    aborting.unwrap_or(summary) + 1
}

/// The end of a report without a summary: behind its last frame.
fn cut_off(lines: &[Line<'_>], limit: usize) -> usize {
    (0..limit).rev().find(|&at| stack::is_frame(text(lines, at))).map_or(1, |at| at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happened_is_cut_out_of_the_head() {
        let cases = [
            ("heap-use-after-free on address 0x6 at pc 0x5 bp 0x7 sp 0x7", "heap-use-after-free"),
            ("attempting double-free on 0x61d000000080 in thread T0:", "double-free"),
            ("data race (pid=3215)", "data race"),
            ("data race on vptr (ctor/dtor vs virtual call) (pid=1)", "data race"),
            ("data race /src/threads.c:15 in worker", "data race"),
            ("unlock of an unlocked mutex (or by a wrong thread) (pid=3)", "unlock of an unlocked mutex"),
            ("memcpy-param-overlap: memory ranges [0x1,0x2) and", "memcpy-param-overlap"),
            ("stack-overflow on address 0x7ff (pc 0x5", "stack-overflow"),
            ("use-of-uninitialized-value", "use-of-uninitialized-value"),
        ];
        for (what, expected) in cases {
            assert_eq!(class(what), expected, "{what}");
        }
    }

    #[test]
    fn a_fault_is_told_by_its_address() {
        assert_eq!(told("Address", "SEGV on unknown address 0x000000000008 (pc 0x5").kind, "asan-segv-null");
        assert_eq!(told("Address", "SEGV on unknown address (pc 0x5").kind, "asan-segv-wild");
        assert_eq!(told("Address", "SEGV on unknown address 0x7f0000000000 (pc 0x5").kind, "asan-segv");
    }
}
