//! Bytes that a program wrote, as lines that can be read.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::log_prefix;
use crate::pattern::pattern;

/// Longer lines are cut: no report needs more of one, and what a program dumps into a line may be megabytes.
const LONGEST_LINE: usize = 4096;

/// More writers than this are not told apart.
const MOST_STREAMS: usize = 32;

pattern! {
    /// Control sequences of terminals (ECMA-48): colours, and titles ended by BEL or ST.
    ESCAPES = r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\^_])"
}

/// One line.
#[derive(Clone, Debug)]
pub(crate) struct Line<'a> {
    /// Without its ending, colours, and the prefix that its stream has in common.
    pub(crate) text: Cow<'a, str>,
    /// Which line of the whole output it is, from 0.
    pub(crate) number: usize,
}

/// The lines of `text`, without what ends them and without colours.
pub(crate) fn lines(text: &str) -> Vec<Line<'_>> {
    text.split('\n').enumerate().map(|(number, raw)| Line { text: readable(raw), number }).collect()
}

fn readable(line: &str) -> Cow<'_, str> {
    let line = line.trim_end_matches('\r');
    let line = &line[..line.floor_char_boundary(LONGEST_LINE)];
    if line.contains('\x1b') { ESCAPES.replace_all(line, "") } else { Cow::Borrowed(line) }
}

/// The lines of each writer that puts something in front of its lines, such as a time or the name of a container,
/// without what it puts there. Several writers' lines may stand between each other, and each may be wrapped by another:
/// a line is in as many streams as it has layers.
pub(crate) fn streams<'a>(lines: &'a [Line<'a>]) -> Vec<Vec<Line<'a>>> {
    let mut streams: BTreeMap<String, Vec<Line<'a>>> = BTreeMap::new();
    for line in lines {
        for layer in log_prefix::layers(&line.text) {
            if streams.len() < MOST_STREAMS || streams.contains_key(&layer.writer) {
                let rest = Line { text: Cow::Borrowed(layer.rest), number: line.number };
                streams.entry(layer.writer).or_default().push(rest);
            }
        }
    }
    streams.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(output: &str) -> Vec<String> {
        lines(output).iter().map(|line| line.text.to_string()).collect()
    }

    #[test]
    fn colours_and_line_endings_of_other_systems_are_taken_off() {
        assert_eq!(texts("\x1b[1;31mpanic\x1b[0m: no\r\nnext"), ["panic: no", "next"]);
        assert_eq!(texts("\x1b]0;title\x07shown"), ["shown"]);
    }

    #[test]
    fn a_line_is_cut_between_characters() {
        let long = "ä".repeat(LONGEST_LINE);
        assert_eq!(texts(&long)[0].len(), LONGEST_LINE);
    }

    #[test]
    fn writers_that_take_turns_are_told_apart() {
        let lines = lines("web-1  | one\ndb-1   | two\nweb-1  | three\n");
        let streams = streams(&lines);
        let of = |at: usize| streams[at].iter().map(|line| line.text.as_ref()).collect::<Vec<_>>();
        assert_eq!([of(0), of(1)], [vec!["two"], vec!["one", "three"]]);
    }
}
