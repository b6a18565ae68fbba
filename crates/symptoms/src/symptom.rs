//! All reports in an output.

use std::collections::BTreeSet;
use std::ops::Range;

use jostle_model::{Failure, Signature};

use crate::report::{Report, Standing};
use crate::text::{self, Line};
use crate::{assertion, cpp, glibc, go, java, node, python, ruby, rust, sanitizer, valgrind};

/// A report in what a program wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Symptom {
    /// What it tells. The details are the report's own text, of at most 64 KiB.
    pub failure: Failure,
    /// When it counts.
    pub standing: Standing,
    /// From its first line to the one behind its last, counted from 0. Other lines may stand between.
    pub lines: Range<usize>,
}

/// Tries to read one kind of report at the head of some lines.
type Reader = fn(&[Line<'_>]) -> Option<Report>;

/// Whoever comes first is believed: what starts alike is ordered by how sure it is.
const READERS: [Reader; 26] = [
    go::panic,
    go::served_panic,
    go::fatal,
    go::signal,
    go::race,
    go::headless,
    sanitizer::report,
    sanitizer::summary,
    sanitizer::undefined,
    valgrind::report,
    glibc::abort,
    cpp::abort,
    assertion::assertion,
    rust::panic,
    rust::fatal,
    java::uncaught,
    java::crash,
    java::logged,
    python::traceback,
    python::group,
    python::fatal,
    ruby::exception,
    ruby::bug,
    node::uncaught,
    node::fatal,
    node::logged,
];

/// As much of a report as its details hold, in bytes.
const LONGEST_DETAILS: usize = 64 << 10;

/// How far behind a message about an abort the stack of that abort may begin, in lines.
const NEAR: usize = 4;

/// All reports in `output`, in order of appearance.
///
/// Lines that have a prefix in common (times, names of containers) are read without it, also where several writers take
/// turns.
pub fn read(output: &[u8]) -> Vec<Symptom> {
    let output = String::from_utf8_lossy(output);
    let lines = text::lines(&output);
    // Of two that take in the same lines the one without prefixes is kept.
    let mut found: Vec<Found> = text::streams(&lines).iter().flat_map(|stream| reports(stream)).collect();
    found.extend(reports(&lines));
    let mut symptoms: Vec<Symptom> = without_doubles(found).into_iter().map(Found::into_symptom).collect();
    symptoms.sort_by_key(|symptom| symptom.lines.start);
    symptoms
}

/// A report with the lines that it is made of.
struct Found {
    report: Report,
    numbers: Vec<usize>,
    text: String,
}

/// The reports in one stream of lines.
fn reports(lines: &[Line<'_>]) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        let rest = &lines[at..];
        if rest[0].text.is_empty() {
            at += 1;
            continue;
        }
        let Some(report) = READERS.iter().find_map(|read| read(rest)) else {
            at += 1;
            continue;
        };
        let count = report.lines.clamp(1, rest.len());
        let next = Found::new(report, &rest[..count]);
        at += count;
        match found.last_mut() {
            Some(message) if next.is_abort_of(message) => message.take_stack(next),
            _ => found.push(next),
        }
    }
    found
}

impl Found {
    fn new(report: Report, lines: &[Line<'_>]) -> Self {
        let mut text = String::new();
        for line in lines {
            text.push_str(&line.text);
            text.push('\n');
            if text.len() > LONGEST_DETAILS {
                text.truncate(text.floor_char_boundary(LONGEST_DETAILS));
                break;
            }
        }
        Self { report, numbers: lines.iter().map(|line| line.number).collect(), text }
    }

    /// Whether this is the stack of an abort, whose reason `message` gave right before.
    fn is_abort_of(&self, message: &Self) -> bool {
        let ends = message.numbers.last().copied().unwrap_or_default();
        let begins = self.numbers.first().copied().unwrap_or_default();
        let is_abort = ["sigabrt", "python-fatal-aborted", "jvm-sigabrt", "ruby-bug-aborted"];
        is_abort.contains(&self.report.kind.as_str())
            && ["glibc-", "cpp-", "rust-fatal-", "rust-out-of-"]
                .iter()
                .any(|kind| message.report.kind.starts_with(kind))
            && message.report.stacks.is_empty()
            && begins.saturating_sub(ends) <= NEAR
    }

    /// Takes over the stack, and the text, of the abort that this message announced.
    fn take_stack(&mut self, abort: Self) {
        self.report.stacks = abort.report.stacks;
        self.report.standing = Standing::Certain;
        self.numbers.extend(abort.numbers);
        self.text.push_str(&abort.text);
        self.text.truncate(self.text.floor_char_boundary(LONGEST_DETAILS));
    }

    fn into_symptom(self) -> Symptom {
        let start = self.numbers.first().copied().unwrap_or_default();
        let end = self.numbers.last().map_or(start, |last| last + 1);
        Symptom {
            failure: Failure {
                signature: Signature { exact: self.report.exact(), kind: self.report.kind.clone() },
                title: self.report.title(),
                details: self.text,
            },
            standing: self.report.standing,
            lines: start..end,
        }
    }
}

/// Each line may be in several streams: what takes in the most lines is kept.
fn without_doubles(mut found: Vec<Found>) -> Vec<Found> {
    found.sort_by_key(|found| std::cmp::Reverse(found.numbers.len()));
    let mut taken = BTreeSet::new();
    found.retain(|found| {
        let is_new = found.numbers.first().is_some_and(|first| !taken.contains(first));
        if is_new {
            taken.extend(found.numbers.iter().copied());
        }
        is_new
    });
    found
}
