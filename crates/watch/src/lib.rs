//! Watches an unmodified, already built program and catches two of its threads at the same memory.
//!
//! The way is DataCollider's (Erickson, Musuvathi, Burckhardt and Olynyk, "Effective data-race detection for
//! the kernel", OSDI 2010), taken out of the kernel: stop a thread right *before* a memory access, watch the
//! bytes it is about to touch in all other threads by means of the CPU's debug registers, hold it for about a
//! millisecond, and see who comes. Whoever comes is unordered with the held access by construction, whatever
//! language either was written in.
//!
//! It works on x86-64 Linux, for ELF programs. It sees only what meets during a hold, so that finding nothing
//! is a statement with a bound, never a proof; see [`Summary::bound`](jostle_model::Summary).
//!
//! ```no_run
//! use jostle_watch::{Observer, Options};
//!
//! struct Quiet;
//! impl Observer for Quiet {}
//!
//! let options = Options { command: vec!["./service".into()], ..Options::default() };
//! let outcome = jostle_watch::watch(&options, &mut Quiet)?;
//! for finding in &outcome.findings {
//!     assert!(!finding.title.is_empty());
//! }
//! # Ok::<(), jostle_watch::WatchError>(())
//! ```

mod budget;
mod case;
mod error;
mod experience;
mod exploration;
mod judge;
mod mappings;
mod memory;
mod modules;
mod operation;
mod patterns;
mod preflight;
mod sampler;
mod scope;
mod sharing;
mod sites;
mod source;
mod summary;
mod sys;
mod tracer;
mod traps;
mod watchpoints;

use std::ffi::OsString;
use std::time::Duration;

use jostle_model::{Finding, Summary};

pub use error::WatchError;
pub use patterns::Patterns;

/// What to watch, and how.
#[derive(Clone, Debug)]
pub struct Options {
    /// The program and its arguments; the program is looked up in `PATH`.
    pub command: Vec<OsString>,
    /// How long to watch; until the target ends by itself when absent. Afterwards the target is asked to end.
    pub duration: Option<Duration>,
    /// The share of wall time for which threads may be held, between 0 and 1.
    pub budget: f64,
    /// What the random choices are drawn from.
    pub seed: u64,
    /// If not empty, only functions with these names are sampled.
    pub include: Patterns,
    /// Functions with these names are not sampled.
    pub exclude: Patterns,
    /// End after so many different findings.
    pub stop_after: Option<u64>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            command: Vec::new(),
            duration: None,
            budget: 0.02,
            seed: 0,
            include: Patterns::default(),
            exclude: Patterns::default(),
            stop_after: None,
        }
    }
}

/// How far a watch is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Time since the target began to run.
    pub elapsed: Duration,
    /// Accesses looked at.
    pub samples: u64,
    /// Threads held.
    pub holds: u64,
    /// Different findings.
    pub findings: u64,
    /// Whether the watch is over and the target is being waited for.
    pub ending: bool,
}

/// Hears what happens during a watch. Calls come while no thread of the target stands still for long; an
/// observer that blocks makes the target wait.
pub trait Observer {
    /// Something was found that was not known before.
    fn found(&mut self, finding: &Finding) {
        let _ = finding;
    }

    /// Some time has passed; called many times a second.
    fn progress(&mut self, progress: &Progress) {
        let _ = progress;
    }

    /// Something that the user should know before the target runs.
    fn notice(&mut self, notice: &str) {
        let _ = notice;
    }
}

/// What a watch has brought.
#[derive(Debug)]
pub struct Outcome {
    /// What was found, in the order in which it was found.
    pub findings: Vec<Finding>,
    /// The verdict with its denominators.
    pub summary: Summary,
    /// Why the watch ended before its time, if it did. The target went on unwatched.
    pub error: Option<WatchError>,
}

/// Starts the target, watches it until it ends (or is ended, see [`Options`]) and returns what was seen.
///
/// The target inherits our stdio, environment, working directory, process group and signal dispositions.
/// While this runs, SIGINT, SIGTERM, SIGHUP and SIGQUIT end the watch instead of us; a second one kills the
/// target.
///
/// # Errors
/// When the target cannot be started or the machine does not let us look. Nothing of it has run then.
pub fn watch(options: &Options, observer: &mut dyn Observer) -> Result<Outcome, WatchError> {
    let Some(program) = options.command.first() else {
        return Err(WatchError::NotFound("".into()));
    };
    if let preflight::Program::Script { interpreter } = preflight::check(program)? {
        observer
            .notice(&format!("{} is a script: watching its interpreter, {interpreter}", program.display()));
    }
    let blocked = sys::signals::Blocked::new();
    let pid = sys::launch::launch(&options.command, blocked.before()).map_err(|error| match error {
        sys::launch::LaunchError::Start(source) => WatchError::Start { program: program.into(), source },
        sys::launch::LaunchError::Seize(source) => WatchError::Trace(source),
    })?;
    let mut tracer = tracer::Tracer::new(options, observer, blocked, pid);
    tracer.run()?;
    summary::outcome(tracer)
}
