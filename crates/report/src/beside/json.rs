//! Lines in, lines out.

use std::time::{Duration, UNIX_EPOCH};

use jostle_model::{Exchange, Verdict};
use serde::{Deserialize, Serialize};

use super::{Caught, Moment, WatchEnd, WatchLine};
use crate::json::to_line;

/// Reads a line that `jostle watch` wrote; nothing, where it says nothing that is wanted here.
pub fn read_watch_line(text: &str) -> Option<WatchLine> {
    let line: Line = serde_json::from_str(text).ok()?;
    match line.kind.as_str() {
        "began" => Some(WatchLine::Began(UNIX_EPOCH + Duration::from_micros(line.unix_us?))),
        "finding" => Some(WatchLine::Caught(Box::new(line.caught(text)))),
        "summary" => Some(WatchLine::Ended(Box::new(line.end(text)?))),
        _ => None,
    }
}

/// The finding of a watch as one line of JSON, with the requests that were under way.
pub fn json_beside(moment: &Moment) -> String {
    with(&moment.caught.line, "during", &to_line(&during(moment)))
}

/// What was under way then.
pub(crate) fn during(moment: &Moment) -> During<'_> {
    During {
        at_us: moment.at_us,
        sent: moment.sent,
        forgotten: moment.forgotten,
        under_way: moment.under_way,
        requests: &moment.requests,
    }
}

/// `line`, an object, with one more key at its end.
pub(crate) fn with(line: &str, key: &str, value: &str) -> String {
    match line.trim_end().strip_suffix('}') {
        Some(open) => format!("{open},\"{key}\":{value}}}"),
        None => line.to_owned(),
    }
}

#[derive(Serialize)]
pub(crate) struct During<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    at_us: Option<u64>,
    sent: u64,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    forgotten: bool,
    under_way: u64,
    requests: &'a [Exchange],
}

/// What is read of a line; all else is handed on as it is.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Line {
    kind: String,
    unix_us: Option<u64>,
    rule: String,
    id: String,
    title: String,
    places: Vec<Side>,
    evidence: Evidence,
    verdict: String,
    bound: Bound,
    counts: Counts,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Side {
    role: String,
    atomicity: Option<String>,
    stack: Vec<Frame>,
    shown: usize,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Frame {
    function: Option<String>,
    file: Option<String>,
    line: Option<u32>,
    address: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Evidence {
    at_ms: u64,
    held_us: u64,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Bound {
    rate: f64,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Counts {
    holds: u64,
}

/// Of a crash many threads are told; two sides are what a collision has.
const MOST_SIDES: usize = 2;

impl Line {
    fn caught(self, text: &str) -> Caught {
        Caught {
            sides: self.places.iter().take(MOST_SIDES).map(Side::told).collect(),
            at: Duration::from_millis(self.evidence.at_ms),
            held: Duration::from_micros(self.evidence.held_us),
            rule: self.rule,
            id: self.id,
            title: self.title,
            line: text.trim_end().to_owned(),
        }
    }

    fn end(self, text: &str) -> Option<WatchEnd> {
        let verdict = match self.verdict.as_str() {
            "found" => Verdict::Found,
            "nothing-found" => Verdict::NothingFound,
            "inconclusive" => Verdict::Inconclusive,
            _ => return None,
        };
        let (holds, rate) = (self.counts.holds, self.bound.rate);
        Some(WatchEnd { verdict, holds, rate, line: text.trim_end().to_owned() })
    }
}

impl Side {
    /// `write (plain) in main.(*Metrics).Roll, metrics.go:51`.
    fn told(&self) -> String {
        let atomicity =
            self.atomicity.as_ref().map(|atomicity| format!(" ({atomicity})")).unwrap_or_default();
        let Some(frame) = self.stack.get(self.shown).or_else(|| self.stack.first()) else {
            return format!("{}{atomicity}: nobody was seen", self.role);
        };
        let function = frame.function.as_deref().unwrap_or(&frame.address);
        let position = match (&frame.file, frame.line) {
            (Some(file), Some(line)) => format!(", {file}:{line}"),
            _ => String::new(),
        };
        format!("{}{atomicity} in {function}{position}", self.role)
    }
}
