//! The JSON lines of `docs/json.md`.
//!
//! The views here fix the order and the shape of the keys, and take in what the model's own serialization
//! would refuse: a path need not be UTF-8.

use std::collections::BTreeMap;
use std::io;

use jostle_model::{
    Atomicity, Evidence, ExitStatus, Finding, Fingerprint, Frame, Place, Process, Role, Rule, SCHEMA,
    Snippet, Summary, Thread, UpperBound, Verdict, WatchCounts,
};
use serde::Serialize;
use serde_json::ser::Formatter;

use crate::{Run, printable};

/// One finding as one line of JSON, without a newline; for a caller that streams findings as they are made.
///
/// A reader may meet the same `id` again; the last line of a run says how often each was caught in the end.
pub fn finding(finding: &Finding) -> String {
    to_line(&FindingLine {
        schema: SCHEMA,
        kind: "finding",
        rule: finding.rule,
        id: finding.id,
        title: &finding.title,
        places: finding.places.iter().map(PlaceView::new).collect(),
        evidence: &finding.evidence,
    })
}

/// The last line of a run as JSON, without a newline.
pub fn summary(summary: &Summary, findings: &[Finding]) -> String {
    to_line(&SummaryLine {
        schema: SCHEMA,
        kind: "summary",
        verb: summary.verb,
        verdict: summary.verdict,
        findings: summary.findings,
        times: findings.iter().map(|finding| (finding.id.to_string(), finding.times())).collect(),
        bound: summary.bound,
        seed: summary.seed,
        target: summary.target,
        counts: &summary.counts,
        warnings: &summary.warnings,
    })
}

/// All lines of a run.
pub(crate) fn render(run: &Run<'_>) -> String {
    let mut lines: Vec<String> = run.findings.iter().map(finding).collect();
    lines.push(summary(run.summary, run.findings));
    lines.join("\n") + "\n"
}

/// A line of this kind: the keys of `value` after those that every line begins with.
pub(crate) fn line(kind: &'static str, value: &impl Serialize) -> String {
    to_line(&Line { schema: SCHEMA, kind, value })
}

#[derive(Serialize)]
struct Line<'a, T: Serialize> {
    schema: u32,
    kind: &'static str,
    #[serde(flatten)]
    value: &'a T,
}

/// `value` as JSON on one line, in which nothing but printable characters stand unescaped.
pub(crate) fn to_line(value: &impl Serialize) -> String {
    let mut bytes = Vec::new();
    let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, Unarmed);
    value.serialize(&mut serializer).expect("views hold only strings, numbers and lists of them");
    String::from_utf8(bytes).expect("serde_json writes UTF-8")
}

#[derive(Serialize)]
struct FindingLine<'a> {
    schema: u32,
    kind: &'static str,
    rule: Rule,
    id: Fingerprint,
    title: &'a str,
    places: Vec<PlaceView<'a>>,
    evidence: &'a Evidence,
}

#[derive(Serialize)]
struct PlaceView<'a> {
    role: Role,
    #[serde(skip_serializing_if = "Option::is_none")]
    atomicity: Option<Atomicity>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thread: Option<ThreadView<'a>>,
    stack: Vec<FrameView<'a>>,
    shown: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    snippet: Option<SnippetView<'a>>,
}

impl<'a> PlaceView<'a> {
    fn new(place: &'a Place) -> Self {
        Self {
            role: place.role,
            atomicity: place.atomicity,
            thread: place.thread.as_ref().map(ThreadView::new),
            stack: place.stack.iter().map(FrameView::new).collect(),
            shown: place.shown,
            snippet: place.snippet.as_ref().map(SnippetView::new),
        }
    }
}

#[derive(Serialize)]
struct ThreadView<'a> {
    tid: i32,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    process: Option<&'a Process>,
    #[serde(skip_serializing_if = "Option::is_none")]
    goroutine: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    goroutine_created_by: Option<FrameView<'a>>,
}

impl<'a> ThreadView<'a> {
    fn new(thread: &'a Thread) -> Self {
        let goroutine = thread.goroutine.as_ref();
        Self {
            tid: thread.tid,
            name: &thread.name,
            process: thread.process.as_ref(),
            goroutine: goroutine.map(|goroutine| goroutine.id),
            goroutine_created_by: goroutine.and_then(|it| it.created_by.as_ref()).map(FrameView::new),
        }
    }
}

#[derive(Serialize)]
struct FrameView<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    function: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    module: Option<&'a str>,
    address: String,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    inlined: bool,
}

impl<'a> FrameView<'a> {
    fn new(frame: &'a Frame) -> Self {
        Self {
            function: frame.function.as_deref(),
            file: frame.file.as_ref().map(|path| path.to_string_lossy().into_owned()),
            line: frame.line,
            module: frame.module.as_deref(),
            address: frame.address.to_string(),
            inlined: frame.inlined,
        }
    }
}

#[derive(Serialize)]
struct SnippetView<'a> {
    file: String,
    line: u32,
    first_line: u32,
    text: &'a str,
}

impl<'a> SnippetView<'a> {
    fn new(snippet: &'a Snippet) -> Self {
        Self {
            file: snippet.file.to_string_lossy().into_owned(),
            line: snippet.line,
            first_line: snippet.first_line,
            text: &snippet.text,
        }
    }
}

#[derive(Serialize)]
struct SummaryLine<'a> {
    schema: u32,
    kind: &'static str,
    verb: &'a str,
    verdict: Verdict,
    findings: u64,
    times: BTreeMap<String, u64>,
    bound: UpperBound,
    seed: u64,
    target: ExitStatus,
    counts: &'a WatchCounts,
    warnings: &'a [String],
}

/// Compact JSON whose strings are safe to show: what [`printable::acts`] is written as `\uXXXX`, which says the
/// same to a parser. The C0 controls are escaped by serde_json itself.
struct Unarmed;

impl Formatter for Unarmed {
    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, out: &mut W, text: &str) -> io::Result<()> {
        let mut rest = text;
        while let Some(at) = rest.find(printable::acts) {
            out.write_all(&rest.as_bytes()[..at])?;
            let mut after = rest[at..].chars();
            after.next().into_iter().try_for_each(|c| write_escaped(out, c))?;
            rest = after.as_str();
        }
        out.write_all(rest.as_bytes())
    }
}

fn write_escaped<W: ?Sized + io::Write>(out: &mut W, c: char) -> io::Result<()> {
    c.encode_utf16(&mut [0; 2]).iter().try_for_each(|unit| write!(out, "\\u{unit:04x}"))
}
