//! A line of a stack, whatever the language.

use crate::{owner, varying};

/// One function on a stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    /// The function, without arguments and without what differs from run to run; where only a file is told, nothing.
    pub(crate) function: String,
    /// The file's name without its folders, and the line: `book.go:41`.
    pub(crate) position: Option<String>,
    /// Whether it is the user's own, not the language's.
    pub(crate) is_users: bool,
}

/// The innermost function comes first.
pub(crate) type Stack = Vec<Frame>;

/// The language that a frame is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    Go,
    /// C, C++ and Rust, which share stacks.
    Native,
    Java,
    Python,
    Ruby,
    JavaScript,
}

impl Frame {
    /// A frame of `language`. `file` is as long as the report has it: it tells whose code it is.
    pub(crate) fn new(language: Language, function: &str, file: &str, line: Option<&str>) -> Self {
        let function = varying::name(function.trim());
        let is_users = !owner::is_runtimes(language, &function, file);
        Self { function, position: position(file, line), is_users }
    }

    /// As it stands in signatures and titles.
    pub(crate) fn label(&self) -> String {
        match (&self.function, &self.position) {
            (function, None) => function.clone(),
            (function, Some(position)) if function.is_empty() => position.clone(),
            (function, Some(position)) => format!("{function} ({position})"),
        }
    }
}

fn position(file: &str, line: Option<&str>) -> Option<String> {
    let file = file.rsplit(['/', '\\']).next().unwrap_or(file);
    let line = line?;
    (!file.is_empty()).then(|| format!("{file}:{line}"))
}

/// How many frames make an exact signature. Fewer would take two paths to one function for the same failure, more would
/// tell apart what differs in its callers only.
const SIGNIFICANT: usize = 3;

/// The frames of `stack` that tell one failure from another: the innermost of the user's own or, where none is, the
/// innermost.
pub(crate) fn significant(stack: &[Frame]) -> Vec<&Frame> {
    let has_own = stack.iter().any(|frame| frame.is_users);
    let mut frames: Vec<&Frame> = Vec::new();
    for frame in stack.iter().filter(|frame| frame.is_users == has_own) {
        // How deep a recursion was says little, and differs.
        if frames.last().is_none_or(|last| last.function != frame.function || frame.function.is_empty()) {
            frames.push(frame);
        }
        if frames.len() == SIGNIFICANT {
            break;
        }
    }
    frames
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(function: &str, is_users: bool) -> Frame {
        Frame { function: function.to_owned(), position: None, is_users }
    }

    #[test]
    fn frames_of_the_language_are_passed_over() {
        let stack = [frame("runtime.memmove", false), frame("main.read", true), frame("main.main", true)];
        let labels: Vec<String> = significant(&stack).into_iter().map(Frame::label).collect();
        assert_eq!(labels, ["main.read", "main.main"]);
    }

    #[test]
    fn a_recursion_counts_once() {
        let stack = [frame("deep", true), frame("deep", true), frame("main", true)];
        assert_eq!(significant(&stack).len(), 2);
    }

    #[test]
    fn a_stack_of_the_languages_own_is_told_as_it_is() {
        let stack = [frame("runtime.gcDrain", false)];
        assert_eq!(significant(&stack).len(), 1);
    }

    #[test]
    fn folders_are_no_part_of_a_position() {
        let frame = Frame::new(Language::Go, "main.f", "/build/17/main.go", Some("41"));
        assert_eq!(frame.label(), "main.f (main.go:41)");
    }
}
