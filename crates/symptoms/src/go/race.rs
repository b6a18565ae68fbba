//! Reports of Go's race detector (`-race`).

use crate::frame::{Frame, Language, Stack};
use crate::pattern::pattern;
use crate::report::{LONGEST, Report, text};
use crate::text::Line;

const HEAD: &str = "WARNING: DATA RACE";
const FENCE: &str = "==================";

pattern! { SIDE = r"^(?:Previous )?(?:[Aa]tomic )?(?:[Rr]ead|[Ww]rite|atomic read|atomic write) (?:at|of size) .*by (?:goroutine \d+|main goroutine|.*):$" }
pattern! { FILE = r"^      (.*):(\d+)(?: \+0x[0-9a-f]+)?$" }

/// Two accesses that no synchronization orders.
pub(crate) fn race(lines: &[Line<'_>]) -> Option<Report> {
    if text(lines, 0) != HEAD || !SIDE.is_match(text(lines, 1)) {
        return None;
    }
    let end = (1..lines.len().min(LONGEST)).find(|&at| text(lines, at) == FENCE);
    let end = end.map_or_else(|| cut_off(lines), |fence| fence + 1);
    let sides: Vec<usize> = (1..end).filter(|&at| SIDE.is_match(text(lines, at))).take(2).collect();
    let stacks = sides.into_iter().map(|at| stack(lines, at + 1)).collect();
    Some(Report::line("go-data-race", "Go's race detector: a data race").with(stacks, end))
}

/// The end of a report without its closing fence: where nothing is indented any more.
fn cut_off(lines: &[Line<'_>]) -> usize {
    let goes_on = |line: &str| {
        line.is_empty() || line.starts_with("  ") || SIDE.is_match(line) || line.starts_with("Goroutine ")
    };
    1 + crate::report::run(lines, 1, goes_on)
}

/// The frames from line `at` on: a function, and its file below.
fn stack(lines: &[Line<'_>], at: usize) -> Stack {
    let pairs = (at..lines.len().min(at + LONGEST)).step_by(2);
    let frame = |at: usize| {
        let file = FILE.captures(text(lines, at + 1))?;
        let function = text(lines, at).strip_prefix("  ")?.strip_suffix("()")?;
        Some(Frame::new(Language::Go, function, &file[1], Some(&file[2])))
    };
    pairs.map_while(frame).collect()
}
