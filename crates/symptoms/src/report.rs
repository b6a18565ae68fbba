//! What a reader of one kind of report gives.

use crate::frame::{self, Frame, Stack};
use crate::text::Line;
use crate::varying;

/// How far a reader looks for what a report must go on with before it believes in it. It bounds the time that lines cost
/// which only look like the head of a report.
pub(crate) const LOOK_AHEAD: usize = 24;

/// Longer reports go on, but nobody reads on.
pub(crate) const LONGEST: usize = 4000;

/// When a report counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// Only if the program ended badly: exceptions may have been caught and logged, and heads of reports that are cut off
    /// may be words in a log.
    IfItFailed,
    /// However the program ended: a detector says so, or a part of the program has died of it.
    Certain,
}

/// A report that was found at the head of some lines.
#[derive(Clone, Debug)]
pub(crate) struct Report {
    /// The slug that says what happened, without where.
    pub(crate) kind: String,
    /// What happened, as the beginning of a sentence.
    pub(crate) what: String,
    /// The stacks that tell it from others: one, or both sides of a race.
    pub(crate) stacks: Vec<Stack>,
    /// How many lines it takes up, at least one.
    pub(crate) lines: usize,
    /// When it counts.
    pub(crate) standing: Standing,
}

impl Report {
    /// A report of a single line, without a stack.
    pub(crate) fn line(kind: impl Into<String>, what: impl Into<String>) -> Self {
        Self {
            kind: kind.into(),
            what: what.into(),
            stacks: Vec::new(),
            lines: 1,
            standing: Standing::Certain,
        }
    }

    /// The same with this stack, over so many lines.
    pub(crate) fn with(mut self, stacks: Vec<Stack>, lines: usize) -> Self {
        self.stacks = stacks.into_iter().filter(|stack| !stack.is_empty()).collect();
        self.lines = lines;
        self
    }

    /// The same, which counts only `standing`.
    pub(crate) fn that_counts(mut self, standing: Standing) -> Self {
        self.standing = standing;
        self
    }

    /// What makes it the same as another: the kind with the significant frames of its stacks. The sides of a race come in
    /// either order and are sorted. Without any frame the words have to tell.
    pub(crate) fn exact(&self) -> String {
        let labels =
            |frames: Vec<&Frame>| frames.into_iter().map(Frame::label).collect::<Vec<_>>().join(" < ");
        match self.stacks.as_slice() {
            [] => format!("{}: {}", self.kind, varying::message(&self.what)),
            [stack] => format!("{} in {}", self.kind, labels(frame::significant(stack))),
            several => {
                let side = |stack: &Stack| labels(frame::significant(stack).into_iter().take(1).collect());
                let mut sides: Vec<String> = several.iter().map(side).collect();
                sides.sort();
                format!("{} in {}", self.kind, sides.join(" and "))
            }
        }
    }

    /// One sentence.
    pub(crate) fn title(&self) -> String {
        let what =
            self.what[..self.what.floor_char_boundary(LONGEST_TITLE)].trim_end_matches([' ', '.', ':', ',']);
        let innermost = |stack: &Stack| frame::significant(stack).first().map(|frame| frame.label());
        let mut places: Vec<String> = self.stacks.iter().filter_map(innermost).collect();
        places.dedup();
        if places.is_empty() { what.to_owned() } else { format!("{what}, in {}", places.join(" and ")) }
    }
}

/// What an exception says may be a page long.
const LONGEST_TITLE: usize = 300;

/// The text of the line `at`, or nothing beyond the end.
pub(crate) fn text<'a>(lines: &'a [Line<'_>], at: usize) -> &'a str {
    lines.get(at).map_or("", |line| line.text.as_ref())
}

/// The first of the lines `from` and a few more for which `is` holds.
pub(crate) fn find(lines: &[Line<'_>], from: usize, is: impl Fn(&str) -> bool) -> Option<usize> {
    (from..lines.len().min(from + LOOK_AHEAD)).find(|&at| is(&lines[at].text))
}

/// How many lines, counted from `from`, go on while `goes_on` holds.
pub(crate) fn run(lines: &[Line<'_>], from: usize, goes_on: impl Fn(&str) -> bool) -> usize {
    let rest = lines.get(from..).unwrap_or_default();
    rest.iter().take(LONGEST).take_while(|line| goes_on(&line.text)).count()
}

/// The same, where a line of somebody else's may stand between two that go on: another thread's, or standard output's. None
/// of theirs is one that `heads` something.
pub(crate) fn run_with_strangers(
    lines: &[Line<'_>],
    from: usize,
    goes_on: impl Fn(&str) -> bool,
    heads: impl Fn(&str) -> bool,
) -> usize {
    let rest = lines.get(from..).unwrap_or_default();
    let rest = &rest[..rest.len().min(LONGEST)];
    let is_stranger = |at: usize| {
        let line = text(rest, at);
        !line.is_empty() && !heads(line) && at + 1 < rest.len() && goes_on(text(rest, at + 1))
    };
    (0..rest.len()).find(|&at| !goes_on(text(rest, at)) && !is_stranger(at)).unwrap_or(rest.len())
}
