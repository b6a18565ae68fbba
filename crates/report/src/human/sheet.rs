//! The lines of one source file that a picture shows, with the sides that stand on them.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;

use jostle_model::Snippet;

use crate::printable;

/// A side of the finding, on its line.
pub(super) struct Mark {
    pub(super) line: u32,
    pub(super) label: String,
}

/// Consecutive lines of a file, each fit to be shown.
pub(super) struct Sheet {
    /// The file's name, as it is shown; two files may be shown alike.
    pub(super) file: String,
    path: PathBuf,
    lines: BTreeMap<u32, String>,
    pub(super) marks: Vec<Mark>,
}

/// How many lines are shown before and after a marked one.
const CONTEXT: u32 = 2;

impl Sheet {
    /// The lines around the one in question; none when the snippet does not contain it.
    pub(super) fn new(file: String, snippet: &Snippet, label: String) -> Option<Self> {
        let near = snippet.line.saturating_sub(CONTEXT)..=snippet.line.saturating_add(CONTEXT);
        let numbered = (snippet.first_line..).zip(snippet.text.lines());
        let lines: BTreeMap<u32, String> = numbered
            .filter(|(number, _)| near.contains(number))
            .map(|(number, text)| (number, printable::source_line(text)))
            .collect();
        let marked = lines.get(&snippet.line).is_some_and(|text| !text.trim().is_empty());
        marked.then(|| {
            Self { file, path: snippet.file.clone(), lines, marks: vec![Mark { line: snippet.line, label }] }
                .trimmed()
        })
    }

    /// Whether the two show one passage: the same file, with no line missing between them.
    pub(super) fn adjoins(&self, other: &Self) -> bool {
        let first = self.first_line().max(other.first_line());
        let last = self.last_line().min(other.last_line());
        self.path == other.path && first <= last.saturating_add(1)
    }

    pub(super) fn absorb(&mut self, other: Self) {
        self.lines.extend(other.lines);
        self.marks.extend(other.marks);
    }

    /// The number of the first line shown.
    pub(super) fn first_line(&self) -> u32 {
        self.lines.keys().next().copied().unwrap_or(1)
    }

    /// The number of the last line shown.
    pub(super) fn last_line(&self) -> u32 {
        self.lines.keys().next_back().copied().unwrap_or(1)
    }

    /// The lines as one text, each ended by a newline.
    pub(super) fn text(&self) -> String {
        self.lines.values().map(|line| format!("{line}\n")).collect()
    }

    /// Where, in bytes of [`Self::text`], the statement on a marked line stands, as far as it fits into the
    /// first `room` columns; the renderer cuts a line only where nothing is marked.
    pub(super) fn span(&self, mark: &Mark, room: usize) -> Range<usize> {
        let before: usize = self.lines.range(..mark.line).map(|(_, line)| line.len() + 1).sum();
        let line = self.line(mark).trim_end();
        let indent = line.len() - line.trim_start().len();
        let end = line.char_indices().nth(room).map_or(line.len(), |(cut, _)| cut);
        before + indent..before + end.max(indent)
    }

    /// The first character of that statement.
    pub(super) fn first_character(&self, mark: &Mark) -> Range<usize> {
        let start = self.span(mark, usize::MAX).start;
        start..start + self.line(mark).trim().chars().next().map_or(0, char::len_utf8)
    }

    /// How many columns the marked line takes with its label beside the statement.
    pub(super) fn columns(&self, mark: &Mark) -> usize {
        self.line(mark).trim_end().chars().count() + 1 + mark.label.chars().count()
    }

    fn line(&self, mark: &Mark) -> &str {
        self.lines.get(&mark.line).map_or("", String::as_str)
    }

    /// Empty lines at either end show nothing.
    fn trimmed(mut self) -> Self {
        let blank = |line: &String| line.trim().is_empty();
        while self.lines.first_entry().is_some_and(|entry| blank(entry.get())) {
            self.lines.pop_first();
        }
        while self.lines.last_entry().is_some_and(|entry| blank(entry.get())) {
            self.lines.pop_last();
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet(line: u32, first_line: u32, text: &str) -> Option<Sheet> {
        let snippet = Snippet { file: "a.go".into(), line, first_line, text: text.into() };
        Sheet::new("a.go".into(), &snippet, "here".into())
    }

    #[test]
    fn a_snippet_without_its_line_shows_nothing() {
        assert!(sheet(9, 1, "one\ntwo\n").is_none());
        assert!(sheet(2, 1, "one\n\n").is_none());
    }

    #[test]
    fn passages_that_touch_become_one() {
        let mut first = sheet(3, 1, "a\nb\nc\nd\ne\n").expect("line 3 is there");
        let second = sheet(6, 6, "f\ng\n").expect("line 6 is there");
        assert!(first.adjoins(&second) && second.adjoins(&first));
        first.absorb(second);
        assert_eq!((first.first_line(), first.text().as_str()), (1, "a\nb\nc\nd\ne\nf\ng\n"));
        assert!(!first.adjoins(&sheet(40, 40, "z\n").expect("line 40 is there")));
    }

    #[test]
    fn empty_lines_around_the_statement_are_left_out() {
        let sheet = sheet(3, 1, "\n\nx++\n\t\n\n").expect("line 3 is there");
        assert_eq!((sheet.first_line(), sheet.text().as_str()), (3, "x++\n"));
    }

    #[test]
    fn the_span_is_the_statement_without_its_indent() {
        let sheet = sheet(2, 1, "func f() {\n\tcount += 1\n}\n").expect("line 2 is there");
        let marked = |room| sheet.text()[sheet.span(&sheet.marks[0], room)].to_owned();
        assert_eq!((marked(80).as_str(), marked(9).as_str()), ("count += 1", "count"));
        assert_eq!(sheet.columns(&sheet.marks[0]), "    count += 1 here".len());
    }
}
