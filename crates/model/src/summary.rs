use serde::Serialize;

use crate::UpperBound;

/// The answer a run ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Something was found.
    Found,
    /// Enough was looked at, and nothing was found: see the bound.
    NothingFound,
    /// Too little was looked at to say either.
    Inconclusive,
}

/// How the target ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExitStatus {
    /// It exited with this code.
    Code(i32),
    /// This signal ended it.
    Signal(i32),
    /// It was still running when we let go of it.
    Running,
}

/// What `watch` looked at: the denominators of its verdict.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct WatchCounts {
    /// How long the target was watched, in milliseconds of wall time.
    pub watched_ms: u64,
    /// The share of wall time for which a thread was held, all holds added up.
    pub held_share: f64,
    /// The part of it that went into first visits of the program's own code, which have a budget of their own.
    pub explored_share: f64,
    /// The share that was allowed.
    pub budget: f64,
    /// For how long less than that was spent, since nothing new was seen, in milliseconds.
    pub backed_off_ms: u64,
    /// Accesses looked at, held or not.
    pub samples: u64,
    /// Accesses held back while the address was watched.
    pub holds: u64,
    /// Sites that were sampled at least once.
    pub sites_seen: u64,
    /// Sites that the decoded functions contain.
    pub sites_known: u64,
    /// Accesses by another thread during a hold, benign ones included.
    pub hits: u64,
    /// Holds after which the value had changed.
    pub value_changes: u64,
    /// Calls of native functions by Go code that were followed until their caller had what they returned.
    pub calls_followed: u64,
    /// Those among them whose goroutine was parked on the way.
    pub calls_parked: u64,
    /// Collisions in which nothing tells a plain access from an atomic one; not reported as findings.
    pub undecided: u64,
}

/// The last line of a run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// The verb that ran.
    pub verb: &'static str,
    /// Its answer.
    pub verdict: Verdict,
    /// How many distinct findings.
    pub findings: u64,
    /// How rare a collision must be, per hold, to have been missed.
    pub bound: UpperBound,
    /// The seed that repeats this run's choices.
    pub seed: u64,
    /// How the target ended.
    pub target: ExitStatus,
    /// The denominators.
    pub counts: WatchCounts,
    /// What a reader should know before trusting the verdict, a sentence each.
    pub warnings: Vec<String>,
}
