//! What was done in the processes of a target, added up.

use std::time::Duration;

use crate::WatchError;
use crate::process::{NotParked, Process, Tally};

/// How many processes that could not be watched are named.
const NAMED: usize = 5;

/// The sums over all processes that are gone, or were left.
#[derive(Debug, Default)]
pub(crate) struct Books {
    pub(crate) tally: Tally,
    /// Time that threads stood still for us.
    pub(crate) held: Duration,
    /// The part of it that went into first visits.
    pub(crate) explored: Duration,
    /// For how long less than the budget was spent, as nothing new came.
    pub(crate) backed_off: Duration,
    /// Sites seen to run, and sites known.
    pub(crate) sites: (u64, u64),
    /// Files with code that could not be looked into.
    pub(crate) refused: Vec<String>,
    /// Places where something else lies than their file's code.
    pub(crate) replaced: u64,
    /// The most threads that any process had at any one time.
    pub(crate) most_threads: usize,
    /// The most threads that watchpoints could not reach.
    pub(crate) deaf: usize,
    /// Whether one that we started needs SIGTRAP itself, so that it had no traps.
    pub(crate) has_own_traps: bool,
    /// Processes that had anything to collide.
    pub(crate) processes: u64,
    /// Calls of native functions that were followed, and how many of them were parked.
    pub(crate) calls: (u64, u64),
    /// Why goroutines could not be parked.
    pub(crate) not_parked: Option<NotParked>,
    /// Processes that could not be watched, with the reason.
    pub(crate) unwatched: Vec<String>,
}

impl Books {
    /// Adds what was done in a process.
    pub(crate) fn add(&mut self, process: &Process) {
        let tally = process.tally;
        self.tally.samples += tally.samples;
        self.tally.holds += tally.holds;
        self.tally.hits += tally.hits;
        self.tally.value_changes += tally.value_changes;
        self.tally.undecided += tally.undecided;
        self.tally.blind_holds += tally.blind_holds;
        self.tally.poor_holds += tally.poor_holds;
        self.held += process.time_held();
        self.explored += process.time_explored();
        let (seen, known) = process.sites();
        self.sites = (self.sites.0 + seen, self.sites.1 + known);
        let (followed, parked) = process.boundary.counts();
        self.calls = (self.calls.0 + followed, self.calls.1 + parked);
        self.not_parked = self.not_parked.take().or_else(|| process.boundary.not_parked().cloned());
        self.replaced += process.replaced_code();
        self.most_threads = self.most_threads.max(process.most_threads());
        self.deaf = self.deaf.max(process.deaf_threads());
        self.has_own_traps |= process.has_own_traps();
        self.processes += u64::from(process.most_threads() > 1);
        for refused in process.refused_files() {
            if !self.refused.contains(refused) {
                self.refused.push(refused.clone());
            }
        }
    }

    /// A process could not be watched.
    pub(crate) fn note_unwatched(&mut self, pid: i32, why: &WatchError) {
        if self.unwatched.len() < NAMED {
            self.unwatched.push(format!("process {pid} was not watched: failed to {why}"));
        }
    }
}
