//! The stack of one side.

use std::ops::Range;
use std::sync::Arc;

use jostle_model::{Finding, Frame, Place, Role, Rule, Thread};

use super::paint::Paint;
use crate::{paths, printable, wording};

/// More frames than this are folded; the whole stack is in JSON.
const MOST: usize = 12;

/// Frames kept on each side of a shown frame that lies deeper than [`MOST`].
const AROUND: usize = 3;

/// Columns before the name: mark, number, space.
const MARGIN: usize = 7;

/// What stands between name and position.
const GAP: usize = 2;

/// Names longer than this lose their middle.
const LONGEST_NAME: usize = 120;

/// Who stood at side `index`, how it got there, and who started it. Empty for a side that was not seen.
pub(super) fn write(finding: &Finding, index: usize, place: &Place, paint: Paint, width: usize) -> String {
    let Some(thread) = &place.thread else { return String::new() };
    let mut lines = vec![String::new(), header(finding, index, thread, paint)];
    lines.extend(frames(place, paint, width));
    lines.extend(created_by(thread, paint, width));
    lines.join("\n") + "\n"
}

fn header(finding: &Finding, index: usize, thread: &Thread, paint: Paint) -> String {
    let deed = match (finding.rule, index) {
        (Rule::Crash, 0) => "crashed here",
        (Rule::Crash | Rule::Hang, _) => "stood here then",
        (Rule::Boundary, 0) => "the native function had just returned",
        (Rule::Boundary, _) => "when it put its value there",
        _ if finding.places.len() == 1 => "stood here",
        (_, 0) => "held here",
        _ if finding.places[index].role == Role::Allocate => "had allocated such a block here",
        _ => "came meanwhile",
    };
    format!("  {}, {deed}:", paint.bold(&wording::identity(thread)))
}

fn frames(place: &Place, paint: Paint, width: usize) -> Vec<String> {
    let ranges = visible(place.stack.len(), place.shown);
    let layout = Layout::new(place, &ranges, width);
    let mut lines = Vec::new();
    let (mut next, mut previous) = (0, None);
    for range in ranges {
        lines.extend(folded(next..range.start, paint));
        next = range.end;
        for index in range {
            lines.extend(border(&place.stack, previous, index, paint));
            lines.extend(layout.frame(&place.stack[index], index, index == place.shown, paint));
            previous = Some(index);
        }
    }
    lines.extend(folded(next..place.stack.len(), paint));
    lines
}

/// Which frames to show: the first ones, and the shown one with its neighbours. Either may be all there is.
fn visible(length: usize, shown: usize) -> [Range<usize>; 2] {
    if length <= MOST + 1 {
        return [0..length, length..length];
    }
    if shown >= length || shown + AROUND < MOST {
        return [0..MOST, length..length];
    }
    [0..AROUND, shown - AROUND..(shown + AROUND + 1).min(length)]
}

fn folded(hidden: Range<usize>, paint: Paint) -> Option<String> {
    let count = hidden.len();
    (count > 0).then(|| paint.dim(&format!("     … {count} more in JSON")))
}

/// The line that says whose code follows: before the first frame of a stack through several modules, and
/// wherever the module differs from that of the frame above, which is where the language may change too.
fn border(stack: &[Frame], above: Option<usize>, index: usize, paint: Paint) -> Option<String> {
    let module = stack[index].module.as_ref();
    let several = stack.iter().any(|frame| frame.module.as_ref() != module);
    let changes = above.map_or(several, |above| stack[above].module.as_ref() != module);
    changes.then(|| paint.dim(&format!("    ── in {} ──", module_name(module))))
}

fn module_name(module: Option<&Arc<str>>) -> String {
    module.map_or_else(|| "code outside any file".to_owned(), |module| paths::module_name(module))
}

fn created_by(thread: &Thread, paint: Paint, width: usize) -> Option<String> {
    let frame = thread.goroutine.as_ref()?.created_by.as_ref()?;
    let name = name(frame);
    let used = "    created by  at ".len() + name.chars().count();
    let position = paths::position(frame, width.saturating_sub(used).max(24));
    let at = if frame.file.is_some() { paint.dim(&format!(" at {position}")) } else { String::new() };
    Some(format!("    created by {name}{at}"))
}

/// The columns of one stack.
struct Layout {
    name: usize,
    position: usize,
}

impl Layout {
    /// The name column is as wide as the longest name that leaves half of the width to the positions.
    fn new(place: &Place, ranges: &[Range<usize>], width: usize) -> Self {
        let room = width.saturating_sub(MARGIN + GAP);
        let shown = ranges.iter().flat_map(|range| &place.stack[range.clone()]);
        let widths = shown.map(|frame| full_name(frame).chars().count());
        let name = widths.filter(|name| *name <= room / 2).max().unwrap_or(0);
        Self { name, position: room - name }
    }

    /// One frame, its position beside the name or, where the name is too long for that, below it.
    fn frame(&self, frame: &Frame, index: usize, shown: bool, paint: Paint) -> Vec<String> {
        let name = full_name(frame);
        let mark = if shown { "▸" } else { " " };
        let numbered = format!("  {mark}{index:>3} ");
        let painted = if shown { paint.bold(&name) } else { name.clone() };
        if frame.file.is_none() {
            return vec![format!("{numbered}{painted}")];
        }
        let position = paint.dim(&paths::position(frame, self.position));
        match self.name.checked_sub(name.chars().count()) {
            Some(pad) => vec![format!("{numbered}{painted}{:pad$}  {position}", "")],
            None => vec![format!("{numbered}{painted}"), format!("{:MARGIN$}  {position}", "")],
        }
    }
}

fn full_name(frame: &Frame) -> String {
    let inlined = if frame.inlined { " (inlined)" } else { "" };
    name(frame) + inlined
}

/// The function's name, or where its code lies.
fn name(frame: &Frame) -> String {
    match &frame.function {
        Some(function) => printable::shortened(function, LONGEST_NAME),
        None => paths::position(&Frame { file: None, line: None, ..frame.clone() }, LONGEST_NAME),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_stack_is_shown_whole() {
        assert_eq!(visible(13, 2), [0..13, 13..13]);
    }

    #[test]
    fn a_long_stack_is_folded_behind_its_first_frames() {
        assert_eq!(visible(40, 2), [0..12, 40..40]);
    }

    #[test]
    fn the_shown_frame_is_never_folded_away() {
        assert_eq!(visible(40, 30), [0..3, 27..34]);
        assert_eq!(visible(40, 39), [0..3, 36..40]);
    }

    #[test]
    fn a_shown_frame_that_does_not_exist_is_survived() {
        assert_eq!(visible(40, usize::MAX), [0..12, 40..40]);
    }
}
