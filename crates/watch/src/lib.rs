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
//! use jostle_watch::{Observer, Options, Target};
//!
//! struct Quiet;
//! impl Observer for Quiet {}
//!
//! let options = Options { target: Target::Command(vec!["./service".into()]), ..Options::default() };
//! let outcome = jostle_watch::watch(&options, &mut Quiet)?;
//! for finding in &outcome.findings {
//!     assert!(!finding.title.is_empty());
//! }
//! # Ok::<(), jostle_watch::WatchError>(())
//! ```

mod arming;
mod attend;
mod backoff;
mod books;
mod budget;
mod calls;
mod case;
mod crash;
mod crossing;
mod doctor;
mod error;
mod experience;
mod exploration;
mod files;
mod foreign_text;
mod heads;
mod judge;
mod lifetimes;
mod mappings;
mod memory;
mod modules;
mod operation;
mod options;
mod patterns;
mod post_mortem;
mod preflight;
mod process;
mod results;
mod sampler;
mod scope;
mod sharing;
mod sites;
mod source;
mod status;
mod summary;
mod swap;
mod sys;
mod title;
mod tracepoints;
mod tracer;
mod trampolines;
mod traps;
mod watchpoints;

use std::ffi::{OsStr, OsString};
use std::time::Duration;

use jostle_model::{Finding, Summary};

pub use attend::{Attendant, Beside, Ended};
pub use doctor::{Check, Health, examine};
pub use error::WatchError;
#[doc(hidden)]
pub use foreign_text::read_foreign_text;
pub use options::{Holds, Launch, LookFor, Options, Target, TimeUp};
pub use patterns::Patterns;
pub use preflight::{Program, find as find_program};
pub use sys::attach::threads;
pub use sys::crew::{Crew, CrewEvent};
pub use sys::descendants::descendants;
pub use sys::front::{TracerEnd, stand_apart};
pub use sys::running::Running;
pub use sys::schedule::{Policy, Schedule, processors, set_policy};
pub use sys::signals::ask_to_end;

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

/// Starts the target or attaches to it, watches it until it ends (or is ended, see [`Options`]) and returns what was
/// seen.
///
/// A target that is started inherits our stdio, environment, working directory, process group and signal dispositions.
/// While this runs, SIGINT, SIGTERM, SIGHUP and SIGQUIT end the watch instead of us; a second one kills a target that we
/// started. One that we attached to never hears of it.
///
/// # Errors
/// When the target cannot be started or attached to, or the machine does not let us look. Nothing of a target that we
/// start has run then.
pub fn watch(options: &Options, observer: &mut dyn Observer) -> Result<Outcome, WatchError> {
    match &options.target {
        Target::Command(command) => launch(command, options, observer),
        Target::Processes(pids) => attach(pids, options, observer),
        Target::Named(name) => attach(&preflight::processes_named(name)?, options, observer),
        Target::Core { file, program } => {
            let outcome = post_mortem::examine(file, program.as_deref(), options.seed)?;
            outcome.findings.iter().for_each(|finding| observer.found(finding));
            Ok(outcome)
        }
    }
}

fn launch(
    command: &[OsString],
    options: &Options,
    observer: &mut dyn Observer,
) -> Result<Outcome, WatchError> {
    let Some(program) = command.first() else {
        return Err(WatchError::NotFound("".into()));
    };
    let found = preflight::find(program)?;
    if let Some(interpreter) = &found.interpreter {
        observer
            .notice(&format!("{} is a script: watching its interpreter, {interpreter}", program.display()));
    }
    let mut blocked = sys::signals::Blocked::to_work();
    let pid = sys::launch::launch(&found.path, command, blocked.before(), &options.launch, None)
        .map_err(|error| start_error(program, error))?;
    let mut tracer = tracer::Tracer::new(options, observer, &mut blocked);
    tracer.begin(pid);
    tracer.run()?;
    summary::outcome(tracer)
}

/// Watches all of `pids`, or none.
fn attach(pids: &[i32], options: &Options, observer: &mut dyn Observer) -> Result<Outcome, WatchError> {
    pids.iter().try_for_each(|&pid| preflight::check_process(pid))?;
    let mut blocked = sys::signals::Blocked::to_work();
    let mut tracer = tracer::Tracer::new(options, observer, &mut blocked);
    for &pid in pids {
        if let Err(error) = tracer.join(pid) {
            tracer.abandon()?;
            return Err(error);
        }
    }
    tracer.run()?;
    summary::outcome(tracer)
}

fn start_error(program: &OsStr, error: sys::launch::LaunchError) -> WatchError {
    match error {
        sys::launch::LaunchError::Start(source) => WatchError::Start { program: program.into(), source },
        sys::launch::LaunchError::Seize(source) => WatchError::Trace(source),
    }
}
