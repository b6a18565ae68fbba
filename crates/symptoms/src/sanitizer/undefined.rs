//! Reports of UndefinedBehaviorSanitizer.

use super::stack;
use crate::frame::{Frame, Language};
use crate::pattern::pattern;
use crate::report::{Report, find, text};
use crate::text::Line;

pattern! { HEAD = r"^(?P<file>[^\s:]+):(?P<line>\d+):(?P<column>\d+): runtime error: (?P<what>.*)$" }
pattern! { SUMMARY = r"^SUMMARY: UndefinedBehaviorSanitizer: " }

/// How many lines show the bytes at an address, between the head and the stack.
const NOTE: usize = 4;

/// Something that the language gives no meaning to. Without options the program goes on.
pub(crate) fn undefined(lines: &[Line<'_>]) -> Option<Report> {
    let head = HEAD.captures(text(lines, 0))?;
    let what = &head["what"];
    let starts = find(lines, 1, stack::is_frame).filter(|&at| at <= NOTE && !is_next(lines, at));
    let (stack, end) = match starts {
        Some(at) => {
            let (stack, count) = stack::first(&lines[at..]);
            (stack, at + count)
        }
        None => (vec![Frame::new(Language::Native, "", &head["file"], Some(&head["line"]))], 1),
    };
    let end = if SUMMARY.is_match(text(lines, end)) { end + 1 } else { end };
    let report = Report::line(kind(what), format!("UndefinedBehaviorSanitizer: {what}"));
    Some(report.with(vec![stack], end))
}

/// Whether another report begins before line `at`.
fn is_next(lines: &[Line<'_>], at: usize) -> bool {
    (1..at).any(|between| HEAD.is_match(text(lines, between)))
}

/// The kind of undefined behaviour, by the words of the report (`ubsan_handlers.cpp` of compiler-rt).
fn kind(what: &str) -> &'static str {
    const KINDS: [(&str, &str); 18] = [
        ("signed integer overflow", "ubsan-signed-integer-overflow"),
        ("negation of ", "ubsan-signed-integer-overflow"),
        ("unsigned integer overflow", "ubsan-unsigned-integer-overflow"),
        ("shift exponent", "ubsan-shift"),
        ("left shift of", "ubsan-shift"),
        ("division by zero", "ubsan-division-by-zero"),
        ("out of bounds for type", "ubsan-index-out-of-bounds"),
        ("insufficient space", "ubsan-insufficient-space"),
        ("misaligned address", "ubsan-misaligned-address"),
        ("null pointer", "ubsan-null-pointer"),
        ("not a valid value for type", "ubsan-invalid-value"),
        ("unreachable program point", "ubsan-unreachable"),
        ("without returning a value", "ubsan-missing-return"),
        ("does not point to an object of type", "ubsan-wrong-type"),
        ("through pointer to incorrect function type", "ubsan-wrong-function-type"),
        ("outside the range of representable values", "ubsan-float-cast-overflow"),
        ("pointer index expression", "ubsan-pointer-overflow"),
        ("applying ", "ubsan-pointer-overflow"),
    ];
    KINDS.iter().find(|(words, _)| what.contains(words)).map_or("ubsan-undefined-behaviour", |(_, kind)| kind)
}
