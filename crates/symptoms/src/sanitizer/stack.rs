//! The stacks in reports of sanitizers.

use crate::frame::{Frame, Language, Stack};
use crate::pattern::pattern;
use crate::report::text;
use crate::text::Line;

pattern! {
    FRAME = r"^ +#(?P<number>\d+) (?:0x[0-9a-f]+ +)?(?:in )?(?P<function>.+?)(?: (?P<file>\S+?):(?P<line>\d+)(?::\d+)?| <null>| (?P<module>\(\S+\+0x[0-9a-f]+\)))?(?: \(\S+\+0x[0-9a-f]+\))?(?: \(BuildId: [0-9a-f]+\))?$"
}
pattern! { PLACE = r"(?P<file>\S+?):(?P<line>\d+)(?::\d+)? in (?P<function>.+)$" }

/// Whether a line is a frame.
pub(super) fn is_frame(line: &str) -> bool {
    line.starts_with("    #") && FRAME.is_match(line)
}

/// All stacks in the order in which they stand; each begins with frame 0.
pub(super) fn stacks(lines: &[Line<'_>]) -> Vec<Stack> {
    let mut stacks: Vec<Stack> = Vec::new();
    for line in lines {
        let Some((number, frame)) = frame(&line.text) else { continue };
        match stacks.last_mut() {
            Some(stack) if number != "0" => stack.push(frame),
            _ => stacks.push(vec![frame]),
        }
    }
    stacks
}

/// The stack at the head of `lines`, and how many lines it takes.
pub(super) fn first(lines: &[Line<'_>]) -> (Stack, usize) {
    let count = crate::report::run(lines, 0, is_frame);
    let stack = (0..count).filter_map(|at| frame(text(lines, at))).map(|(_, frame)| frame).collect();
    (stack, count)
}

/// The place that a summary names, as a stack of one.
pub(super) fn of_summary(what: &str) -> Option<Stack> {
    let place = PLACE.captures(what)?;
    Some(vec![Frame::new(
        Language::Native,
        function(&place["function"]),
        &place["file"],
        Some(&place["line"]),
    )])
}

fn frame(line: &str) -> Option<(String, Frame)> {
    if !line.trim_start().starts_with('#') {
        return None;
    }
    let found = FRAME.captures(line)?;
    let part = |name: &str| found.name(name).map(|part| part.as_str());
    let file = part("file").or(part("module")).unwrap_or_default();
    let frame = Frame::new(Language::Native, function(&found["function"]), file, part("line"));
    Some((found["number"].to_owned(), frame))
}

/// The name of a function without its arguments, which C++ has behind it.
fn function(name: &str) -> &str {
    let is_operator = name.contains("operator(") || name.starts_with('(');
    let end = if is_operator { None } else { name.find('(').filter(|&at| at > 0) };
    name[..end.unwrap_or(name.len())].trim_end()
}
