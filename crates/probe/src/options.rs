use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use jostle_model::{Finding, ProbeSummary};

use crate::mode::Mode;
use crate::place::{AnswerPlace, RequestPlace};
use crate::target::Target;
use crate::template::Ask;

/// What to probe, and how.
#[derive(Clone, Debug)]
pub struct Options {
    /// The server.
    pub target: Target,
    /// What to ask; where there is nothing, the target's own path.
    pub asks: Vec<Ask>,
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
    /// Ends the run when it becomes true.
    pub stop: Arc<AtomicBool>,
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
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The gravest first.
    pub findings: Vec<Finding>,
    /// What closes the run.
    pub summary: ProbeSummary,
}
