use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use jostle_model::{Finding, ProbeSummary};
use serde::{Deserialize, Serialize};

use crate::mode::Mode;
use crate::place::{AnswerPlace, RequestPlace};
use crate::replay::Pair;
use crate::target::Target;
use crate::template::Ask;
use crate::timeline::Timeline;

/// What to probe, and how.
#[derive(Clone, Debug)]
pub struct Options {
    /// The server.
    pub target: Target,
    /// What to ask; where there is nothing, the target's own path.
    pub asks: Vec<Ask>,
    /// Whether they are steps that every client takes one after the other, with cookies of its own.
    pub steps: bool,
    /// Where requests carry tokens; chosen where there is nothing.
    pub tokens: Vec<RequestPlace>,
    /// Where the server issues ids; cookies that look so where there is nothing.
    pub sessions: Vec<AnswerPlace>,
    /// Places of answers that may differ under concurrency.
    pub ignore: Vec<AnswerPlace>,
    /// How long to send concurrently.
    pub duration: Duration,
    /// How many requests to send concurrently, at most.
    pub requests: Option<u64>,
    /// How many clients there are.
    pub concurrency: usize,
    /// How many requests may be sent in a second, all clients together.
    pub rate: Option<f64>,
    /// How they are sent; all ways where there is nothing.
    pub modes: Vec<Mode>,
    /// Whether to speak HTTP/2, several clients on one connection.
    pub http2: bool,
    /// How long one answer may take.
    pub patience: Duration,
    /// Certificates to trust, in PEM, instead of this machine's.
    pub tls_ca: Option<PathBuf>,
    /// Whether the server may be on another machine.
    pub elsewhere: bool,
    /// What choices are drawn from.
    pub seed: u64,
    /// How many threads send.
    pub threads: usize,
    /// Whether somebody will ask which requests were under way at a moment: more of them are then remembered.
    pub remember: bool,
    /// Ends the run when it becomes true.
    pub stop: Arc<AtomicBool>,
}

/// What a probe asks whom, in a form that can be kept: all that decides what is sent, and nothing of how much of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// The server's URL.
    pub url: String,
    /// What to ask.
    pub asks: Vec<Ask>,
    /// Whether they are steps of one client.
    pub steps: bool,
    /// Where requests carry tokens, by name.
    pub tokens: Vec<String>,
    /// Where the server issues ids, by name.
    pub sessions: Vec<String>,
    /// Whether to speak HTTP/2.
    pub http2: bool,
    /// Certificates to trust.
    pub tls_ca: Option<PathBuf>,
    /// Whether the server may be on another machine.
    pub elsewhere: bool,
}

impl Order {
    /// As text, always the same for the same.
    pub fn to_text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads what [`Self::to_text`] has written.
    pub fn from_text(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }
}

impl Pair {
    /// As text.
    pub fn to_text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads what [`Self::to_text`] has written.
    pub fn from_text(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }
}

/// How far a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Since the start.
    pub elapsed: Duration,
    /// Requests sent concurrently.
    pub requests: u64,
    /// Different findings.
    pub findings: u64,
    /// Whether requests are sent one after the other just now.
    pub in_turn: bool,
}

/// Is told what happens.
pub trait Observer {
    /// A finding, when it is made; its count still grows.
    fn found(&mut self, finding: &Finding);
    /// A few times a second.
    fn progress(&mut self, progress: &Progress);
    /// Something that the user should know now.
    fn notice(&mut self, notice: &str);
}

/// What came of a run.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The gravest first.
    pub findings: Vec<Finding>,
    /// What was sent when each of them was seen first, for [`crate::replay`].
    pub pairs: Vec<Pair>,
    /// What closes the run.
    pub summary: ProbeSummary,
    /// Which requests were under way when.
    pub timeline: Timeline,
}
