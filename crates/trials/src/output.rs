//! What a trial writes: its beginning and its end are kept, and its lines are read as they come.

use regex::bytes::Regex;

/// How much of the beginning is kept, and of the end: reports stand at the end, and what led there at the beginning.
const HEAD: usize = 32 << 10;
const TAIL: usize = 256 << 10;
/// Longer lines are read in pieces.
const LINE: usize = 16 << 10;
/// How much of a line is shown.
const SHOWN: usize = 200;

/// Reads the output of one trial.
#[derive(Debug)]
pub(crate) struct Output<'a> {
    fail_on: Option<&'a Regex>,
    operations: &'a Regex,
    head: Vec<u8>,
    /// The last bytes, and sometimes twice as many.
    tail: Vec<u8>,
    is_cut: bool,
    /// What has come of the line that is not finished.
    line: Vec<u8>,
    /// The first line that says that the trial has failed.
    pub(crate) failing_line: Option<String>,
    /// The last number of operations.
    pub(crate) done: Option<u64>,
}

impl<'a> Output<'a> {
    /// Nothing yet.
    pub(crate) fn new(fail_on: Option<&'a Regex>, operations: &'a Regex) -> Self {
        Self {
            fail_on,
            operations,
            head: Vec::new(),
            tail: Vec::new(),
            is_cut: false,
            line: Vec::new(),
            failing_line: None,
            done: None,
        }
    }

    /// Takes what was written next.
    pub(crate) fn take(&mut self, bytes: &[u8]) {
        self.keep(bytes);
        let mut rest = bytes;
        while let Some(end) = memchr::memchr(b'\n', rest) {
            self.line.extend_from_slice(&rest[..end]);
            self.finish_line();
            rest = &rest[end + 1..];
        }
        self.line.extend_from_slice(rest);
        if self.line.len() > LINE {
            self.finish_line();
        }
    }

    /// There will be no more: returns what was kept, in one piece.
    pub(crate) fn finish(&mut self) -> Vec<u8> {
        self.finish_line();
        let from = self.tail.len().saturating_sub(TAIL);
        let mut kept = std::mem::take(&mut self.head);
        if self.is_cut || from > 0 {
            kept.extend_from_slice(b"\n[...]\n");
        }
        kept.extend_from_slice(&self.tail[from..]);
        kept
    }

    fn keep(&mut self, bytes: &[u8]) {
        let (first, rest) = bytes.split_at(bytes.len().min(HEAD - self.head.len()));
        self.head.extend_from_slice(first);
        self.tail.extend_from_slice(rest);
        if self.tail.len() > 2 * TAIL {
            self.tail.drain(..self.tail.len() - TAIL);
            self.is_cut = true;
        }
    }

    fn finish_line(&mut self) {
        let line = self.line.as_slice();
        if self.failing_line.is_none() && self.fail_on.is_some_and(|fail_on| fail_on.is_match(line)) {
            let shown = &line[..line.len().min(SHOWN)];
            self.failing_line = Some(String::from_utf8_lossy(shown).trim().to_owned());
        }
        let number = |found: regex::bytes::Captures<'_>| {
            let digits = found.get(1).or_else(|| found.get(0))?.as_bytes();
            std::str::from_utf8(digits).ok()?.replace([',', '_'], "").parse().ok()
        };
        if let Some(done) = self.operations.captures(line).and_then(number) {
            self.done = Some(done);
        }
        self.line.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Plan;

    fn read(fail_on: &str, pieces: &[&[u8]]) -> (Option<String>, Option<u64>, Vec<u8>) {
        let (fail_on, operations) =
            (Regex::new(fail_on).expect("valid"), Regex::new(Plan::OPERATIONS).expect("valid"));
        let mut output = Output::new(Some(&fail_on), &operations);
        pieces.iter().for_each(|piece| output.take(piece));
        let kept = output.finish();
        (output.failing_line.take(), output.done, kept)
    }

    #[test]
    fn a_line_is_read_however_it_arrives() {
        let (failing, done, _) = read("wrong [1-9]", &[b"ops 5\nop", b"s 48000000, wr", b"ong 3\n", b"bye"]);
        assert_eq!(failing.as_deref(), Some("ops 48000000, wrong 3"));
        assert_eq!(done, Some(48_000_000));
    }

    #[test]
    fn a_last_line_without_an_end_counts() {
        assert_eq!(read("wrong", &[b"ops 7"]).1, Some(7));
    }

    #[test]
    fn bytes_that_are_no_text_are_no_obstacle() {
        let (failing, done, kept) = read("bad", &[b"\xff\xfe bad \x80\nops 3\xff\n"]);
        assert!(failing.is_some_and(|line| line.contains("bad")));
        assert_eq!(done, Some(3));
        assert!(kept.starts_with(b"\xff\xfe"));
    }

    #[test]
    fn of_gigabytes_the_beginning_and_the_end_are_kept() {
        let operations = Regex::new(Plan::OPERATIONS).expect("valid");
        let mut output = Output::new(None, &operations);
        output.take(b"first\n");
        (0..3_000).for_each(|_| output.take(&[b'x'; 4096]));
        output.take(b"\nlast");
        let kept = output.finish();
        assert!(kept.starts_with(b"first") && kept.ends_with(b"last"));
        assert!(kept.len() <= HEAD + TAIL + 10 && output.tail.len() <= 2 * TAIL);
    }
}
