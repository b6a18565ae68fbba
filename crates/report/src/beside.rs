//! What a watch told that ran beside a probe: its JSON lines read back, and each finding with the requests under way then.

mod human;
mod json;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jostle_model::{Exchange, Verdict};

pub(crate) use human::{timeline, told, watch_row};
pub(crate) use json::{during, with};
pub use json::{json_beside, read_watch_line};

use crate::json::to_line;

/// A line that a watch wrote for us.
#[derive(Clone, Debug, PartialEq)]
pub enum WatchLine {
    /// When the watch began, on the clock of this machine.
    Began(SystemTime),
    /// A finding.
    Caught(Box<Caught>),
    /// The end.
    Ended(Box<WatchEnd>),
}

/// A finding of the watch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caught {
    /// Its rule, by name.
    pub rule: String,
    /// Its fingerprint.
    pub id: String,
    /// One sentence.
    pub title: String,
    /// Who did what where, a line for each side.
    pub sides: Vec<String>,
    /// When its hold ended, after the watch began.
    pub at: Duration,
    /// For how long somebody was held.
    pub held: Duration,
    /// The line as it came.
    pub line: String,
}

/// How the watch ended.
#[derive(Clone, Debug, PartialEq)]
pub struct WatchEnd {
    /// Its verdict.
    pub verdict: Verdict,
    /// How many accesses were held back.
    pub holds: u64,
    /// Which share of holds a collision that was missed strikes at most.
    pub rate: f64,
    /// The line as it came.
    pub line: String,
}

/// A finding of the watch, on the clock of the probe.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Moment {
    /// What was caught.
    pub caught: Caught,
    /// When, in microseconds after the start of the probe; nothing where that was before it.
    pub at_us: Option<u64>,
    /// How many requests had been sent until then.
    pub sent: u64,
    /// Whether the requests of that moment are no longer remembered: nothing is known of them then.
    pub forgotten: bool,
    /// How many were under way while somebody was held.
    pub under_way: u64,
    /// The latest of these.
    pub requests: Vec<Exchange>,
}

/// All of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Beside {
    /// The process that was watched.
    pub pid: i32,
    /// What was caught, in the order of time.
    pub moments: Vec<Moment>,
    /// How it ended; absent where the watch broke off.
    pub end: Option<WatchEnd>,
}

/// The line by which a watch says when it began, without a newline: `elapsed` ago, at `now`.
pub fn json_began(elapsed: Duration, now: SystemTime) -> String {
    let began = (now - elapsed).duration_since(UNIX_EPOCH).unwrap_or_default();
    to_line(
        &serde_json::json!({ "schema": jostle_model::SCHEMA, "kind": "began", "unix_us": began.as_micros() as u64 }),
    )
}
