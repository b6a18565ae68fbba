use serde::{Deserialize, Serialize};

use crate::{Rate, Seed, UpperBound, Verdict};

/// What calling a native library from many threads has told.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CallSummary {
    /// The verb that ran.
    pub verb: &'static str,
    /// Whether the library went wrong.
    pub verdict: Verdict,
    /// The library, as the plan names it.
    pub library: String,
    /// What the tokens begin with; it repeats what was passed, not the timing.
    pub seed: Seed,
    /// How many threads called.
    pub threads: u32,
    /// How it ended.
    pub end: CallEnd,
    /// How long the threads called, in milliseconds of wall time.
    pub elapsed_ms: u64,
    /// How many calls of steps were made. Where the serial run was wrong already, and no threads were started: its calls.
    pub calls: u64,
    /// How many of them had something expected of them.
    pub judged: u64,
    /// How many of those came back wrong.
    pub wrong: u64,
    /// How often a judged call comes back wrong.
    pub rate: Rate,
    /// How rare a crash, or a call that never returns, must be, per call, to have been missed. Absent where there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crash_bound: Option<UpperBound>,
    /// What calls from a single thread gave.
    pub serial: SerialRun,
    /// The same numbers for each step, in the plan's order.
    pub steps: Vec<StepCount>,
    /// Some of what came back wrong, the first ones.
    pub examples: Vec<WrongAnswer>,
    /// What a reader should know before trusting the verdict, a sentence each.
    pub warnings: Vec<String>,
}

/// How a series of calls ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "how")]
pub enum CallEnd {
    /// All that was planned was done.
    Whole,
    /// The serial run was wrong already; no threads were started.
    Serial,
    /// A signal ended the process that made the calls.
    Crashed {
        /// Its number on Linux.
        signal: i32,
        /// What was being done.
        during: CallPhase,
        /// Where the threads stood.
        standing: Vec<Whereabouts>,
    },
    /// The process ended itself in the middle.
    Exited {
        /// Its exit code.
        code: i32,
        /// What was being done.
        during: CallPhase,
        /// Where the threads stood.
        standing: Vec<Whereabouts>,
    },
    /// Calls did not return.
    Hung {
        /// What was being done.
        during: CallPhase,
        /// Where the threads stood.
        standing: Vec<Whereabouts>,
    },
    /// Somebody wanted it to end.
    Interrupted {
        /// By this signal.
        signal: i32,
        /// What was being done.
        during: CallPhase,
    },
}

/// A part of such a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CallPhase {
    /// The library is loaded, and what it needs.
    Loading,
    /// The calls of the set-up.
    SetUp,
    /// Steps from one thread, to know what is right.
    Serial,
    /// Steps from many threads.
    Concurrent,
    /// The calls of the tear-down.
    TearDown,
    /// All calls are done, and the process ends.
    Ending,
}

/// Threads that stood at the same place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Whereabouts {
    /// The call.
    pub step: String,
    /// `calling`, `reading` what came back, or `freeing` it.
    pub doing: &'static str,
    /// How many.
    pub threads: u64,
}

/// What calls from a single thread gave.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SerialRun {
    /// How many there were.
    pub calls: u64,
    /// How many of them came back wrong.
    pub wrong: u64,
    /// Whether it was the only measure, as the plan has none.
    pub is_measure: bool,
    /// What was not compared with it, as it differs already there.
    pub left_out: Vec<String>,
}

/// A step's own numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StepCount {
    /// The function; `#2` when it is the second step with it.
    pub step: String,
    /// How often it was called.
    pub calls: u64,
    /// How often it came back wrong.
    pub wrong: u64,
    /// Whether anything was expected of it.
    pub judged: bool,
}

/// A call that came back wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrongAnswer {
    /// The step, and what of it where that is not its result.
    pub step: String,
    /// The thread that called, counted from 0.
    pub thread: u32,
    /// Its iteration, counted from 0.
    pub iteration: u64,
    /// Whether nobody else was calling.
    pub serial: bool,
    /// What should have come back, in words.
    pub expected: String,
    /// What did come back; shortened when it is long.
    pub got: String,
    /// Whose answer it is, where that can be told.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub owner: Option<Caller>,
}

/// Somebody who calls: a thread, in one of its iterations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caller {
    /// The thread, counted from 0.
    pub thread: u32,
    /// Its iteration, counted from 0.
    pub iteration: u64,
}
