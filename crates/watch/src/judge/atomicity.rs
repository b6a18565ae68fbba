//! Whether a plain-looking move is an atomic operation of the source language.
//!
//! On x86-64 a relaxed, acquire or release access is the same instruction as a plain one. What tells them
//! apart is, in this order: a wrapper inlined around it (`std::atomic`, `core::sync::atomic`, Go's typed
//! atomics), the language (Go's atomic stores always exchange; Rust has no atomics without the wrapper), and
//! the source line (built-in functions, C11 `_Atomic`). Where none of them is at hand, we do not know.

use std::path::Path;

use jostle_model::{Access, Atomicity, Direction, Frame};

use super::view::View;
use crate::case::Side;
use crate::scope;

/// What the words of a source line say about atomics in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Words {
    /// It has an atomic load.
    load: bool,
    /// It has an atomic store.
    store: bool,
    /// It has an atomic operation of a kind we do not know, or an atomic variable used as any other.
    any: bool,
}

/// Whether a frame is the inside of an atomic operation. Debug information with line tables only has the bare names of
/// inlined functions: then the file tells.
fn is_atomic_wrapper(frame: &Frame) -> bool {
    const FILES: [&str; 4] = [
        "core/src/sync/atomic.rs",
        "bits/atomic_base.h",
        "bits/shared_ptr_atomic.h",
        "include/c++/v1/__atomic",
    ];
    let by_name = frame.function.as_deref().is_some_and(scope::is_atomic_wrapper);
    let file = frame.file.as_deref().unwrap_or(Path::new("")).to_string_lossy();
    let is_cpp_header = file.ends_with("/atomic") && file.contains("include/c++/");
    by_name || is_cpp_header || FILES.iter().any(|known| file.contains(known))
}

impl View {
    /// Judges a move by the frames at its instruction, innermost first.
    pub(super) fn atomicity_of_move(&self, side: &Side, frames: &[Frame], access: &Access) -> Atomicity {
        if access.size > 8 {
            return Atomicity::Plain;
        }
        if frames.iter().any(is_atomic_wrapper) {
            return Atomicity::Atomic;
        }
        let Some(frame) = frames.first() else { return Atomicity::Undecided };
        let Some((file, line)) = frame.file.as_deref().zip(frame.line) else { return Atomicity::Undecided };
        let reads = side.direction == Some(Direction::Read);
        match file.extension().and_then(|extension| extension.to_str()) {
            Some("go") if !reads => Atomicity::Plain,
            Some("go") => self.go_load(file, line),
            Some("rs") => self.rust_move(file, line),
            _ => self.c_move(frame, (file, line), reads, access),
        }
    }

    /// Go compiles `atomic.LoadX(&v)` to a move and leaves no other trace than the source. The arguments of
    /// such a call may be loads of their own on the same line: then it cannot be told which one this is.
    fn go_load(&self, file: &Path, line: u32) -> Atomicity {
        let Some(text) = self.sources.line(file, line) else { return Atomicity::Undecided };
        let calls = ["atomic.Load", ".Load("].iter().map(|call| text.matches(call).count()).max();
        match calls.unwrap_or(0) {
            0 => Atomicity::Plain,
            _ if loads_in_argument(&text) => Atomicity::Undecided,
            _ => Atomicity::Atomic,
        }
    }

    /// Rust has no atomics without a wrapper, but an optimizer that moves the access may lose what it was inlined
    /// from: a line that names a memory ordering is an atomic operation.
    fn rust_move(&self, file: &Path, line: u32) -> Atomicity {
        const ORDERINGS: [&str; 5] = ["Relaxed", "Acquire", "Release", "AcqRel", "SeqCst"];
        let text = self.statement(file, line).unwrap_or_default();
        let ordered = ORDERINGS.iter().any(|ordering| text.contains(ordering));
        if ordered { Atomicity::Atomic } else { Atomicity::Plain }
    }

    fn c_move(&self, frame: &Frame, (file, line): (&Path, u32), reads: bool, access: &Access) -> Atomicity {
        let Some(text) = self.statement(file, line) else { return Atomicity::Undecided };
        let words = words_of(&text);
        let here = if reads { words.load } else { words.store };
        if here || words.any || self.means_atomic_variable(frame, &text, access) {
            return Atomicity::Atomic;
        }
        Atomicity::Plain
    }

    /// The line with up to two before it that do not end a statement: calls are often broken across lines.
    fn statement(&self, file: &Path, line: u32) -> Option<String> {
        let mut text = self.sources.line(file, line)?;
        for above in (line.saturating_sub(2)..line).rev() {
            let Some(before) = self.sources.line(file, above) else { break };
            if before.trim_end().ends_with([';', '{', '}', ':']) || before.trim().is_empty() {
                break;
            }
            text = format!("{before}\n{text}");
        }
        Some(text)
    }

    /// Whether the access is to a variable or member that the debug information declares `_Atomic`. Where it is to a variable
    /// that the text names, that one is meant; else any may be that the text names.
    fn means_atomic_variable(&self, frame: &Frame, text: &str, access: &Access) -> bool {
        let image = self.images.iter().find(|(path, _, _)| frame.module.as_deref() == Some(path));
        let variable = self.whole_variable(access).filter(|name| is_used_whole(text, name));
        image.is_some_and(|(_, _, image)| match variable {
            Some(name) => image.source_is_atomic(&name),
            None => words(text).any(|word| image.source_is_atomic(word)),
        })
    }

    /// The variable of which an access touches all bytes.
    fn whole_variable(&self, access: &Access) -> Option<String> {
        self.images.iter().find_map(|(_, bias, image)| {
            image.variable_spanning(access.address.unload(*bias), u64::from(access.size))
        })
    }
}

/// Whether a text names a variable, and none of its members or elements: one that has a single member is as large as that.
fn is_used_whole(text: &str, name: &str) -> bool {
    let uses = text.match_indices(name).map(|(at, _)| (&text[..at], &text[at + name.len()..]));
    let whole_words =
        uses.filter(|(before, behind)| !before.ends_with(is_in_word) && !behind.starts_with(is_in_word));
    let behind: Vec<&str> = whole_words.map(|(_, behind)| behind.trim_start()).collect();
    let names_part = |rest: &&str| rest.starts_with(['.', '[']) || rest.starts_with("->");
    !behind.is_empty() && !behind.iter().any(names_part)
}

/// The names and keywords in a text.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|character| !is_in_word(character)).filter(|word| !word.is_empty())
}

fn is_in_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// Whether the argument of an atomic load reads memory itself: it indexes, or goes through more than one dot.
fn loads_in_argument(text: &str) -> bool {
    let Some(argument) = text.split("atomic.Load").nth(1).and_then(|rest| rest.split_once('(')) else {
        return false;
    };
    let argument = argument.1.split(')').next().unwrap_or("");
    argument.contains('[') || argument.matches('.').count() > 1
}

fn words_of(text: &str) -> Words {
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    Words {
        load: has(&["atomic_load", ".load(", "->load("]),
        store: has(&["atomic_store", ".store(", "->store(", "atomic_init", "atomic_clear"]),
        any: has(&["READ_ONCE", "WRITE_ONCE", "__sync_", "std::atomic", "atomic_ref", "_Atomic"]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn with_line_tables_only_the_file_tells_a_wrapper() {
        let frame = |function: &str, file: &str| Frame {
            function: Some(function.to_owned()),
            file: Some(file.into()),
            ..Frame::default()
        };
        let rust = "/rustc/59807616e/library/core/src/sync/atomic.rs";
        assert!(is_atomic_wrapper(&frame("atomic_load<u32>", rust)));
        assert!(is_atomic_wrapper(&frame("load", "/usr/include/c++/12/atomic")));
        assert!(is_atomic_wrapper(&frame("core::sync::atomic::AtomicU64::load", "")));
        assert!(
            !is_atomic_wrapper(&frame("load", "/src/atomic"))
                && !is_atomic_wrapper(&frame("load", "/src/lib.rs"))
        );
    }

    #[test]
    fn an_atomic_load_of_a_field_is_the_only_load_of_its_line() {
        assert!(!loads_in_argument("n := atomic.LoadUint64(&c.requestCount)"));
        assert!(loads_in_argument("n += atomic.LoadUint64(&c.recent[i])"));
        assert!(!loads_in_argument("return c.index"));
    }

    #[test]
    fn a_variable_is_used_whole_where_no_part_of_it_is_named() {
        assert!(is_used_whole("latest = value; notes++;", "latest"));
        assert!(is_used_whole("return latest + notes;", "latest"));
        assert!(!is_used_whole("return latest.value;", "latest"));
        assert!(!is_used_whole("if (latest) return latest [0];", "latest"));
        assert!(!is_used_whole("the_latest = latest_of(it);", "latest"));
    }

    #[test]
    fn built_in_loads_and_stores_are_told_apart() {
        assert_eq!(
            words_of("__atomic_store_n(&c->x, 1, __ATOMIC_RELEASE);"),
            Words { store: true, ..Words::default() }
        );
        assert_eq!(words_of("v = atomic_load(&x);"), Words { load: true, ..Words::default() });
        assert_eq!(words_of("c->x++;"), Words::default());
    }
}
