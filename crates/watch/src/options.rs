use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::{Patterns, Schedule};

/// What to watch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A program to start, with its arguments; it is looked up in `PATH`. It ends with the watch.
    Command(Vec<OsString>),
    /// Processes that run already, and their children. They are left as they were when the watch ends.
    Processes(Vec<i32>),
    /// The same for all processes with this in their name or title; `*` stands for anything.
    Named(String),
    /// A process that has crashed: there is nothing left to watch, only the crash to be seen.
    Core {
        /// Its core file.
        file: PathBuf,
        /// The program, where it is not at the path any more that the core file names.
        program: Option<PathBuf>,
    },
}

impl Target {
    /// Whether it ran before we came, and will when we are gone.
    pub(crate) fn runs_already(&self) -> bool {
        matches!(self, Self::Processes(_) | Self::Named(_))
    }
}

/// What to watch, and how.
#[derive(Clone, Debug)]
pub struct Options {
    /// What to watch.
    pub target: Target,
    /// How long to watch; until the target ends by itself when absent. Afterwards a program that was started is asked to
    /// end.
    pub duration: Option<Duration>,
    /// The share of wall time for which threads may be held, between 0 and 1.
    pub budget: f64,
    /// Whether less of it is spent while nothing new is seen.
    pub backs_off: bool,
    /// Whether nothing at all is written into a process that runs already: then no goroutine of it is parked.
    pub read_only: bool,
    /// What the random choices are drawn from.
    pub seed: u64,
    /// If not empty, only functions with these names are sampled.
    pub include: Patterns,
    /// Functions with these names are not sampled.
    pub exclude: Patterns,
    /// End after so many different findings.
    pub stop_after: Option<u64>,
    /// How a program is started.
    pub launch: Launch,
    /// What is looked for.
    pub look_for: LookFor,
    /// Who is held for that.
    pub holds: Holds,
    /// What becomes of a program that was started and is still there after the `duration`.
    pub time_up: TimeUp,
}

/// How a program is started that is to be watched. By default as if our parent had started it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Launch {
    /// Its environment, where that is not ours.
    pub environment: Option<Arc<BTreeMap<OsString, OsString>>>,
    /// Its working directory, where that is not ours.
    pub directory: Option<PathBuf>,
    /// Whether it has a process group of its own, and nothing to read: the terminal means us, not it.
    pub alone: bool,
    /// How it is scheduled.
    pub schedule: Schedule,
}

/// What is looked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LookFor {
    /// Accesses that collide: threads are stopped and held; and crashes.
    #[default]
    Collisions,
    /// Only how it ends. Nothing is stopped but what goes wrong.
    Endings,
}

/// Who is held where accesses may collide.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Holds {
    /// Threads; in Go code goroutines, mostly.
    #[default]
    All,
    /// Only goroutines, and on their way from native code as often as the budget allows. What is to be seen is what comes of
    /// it, less who came.
    Goroutines,
}

/// What becomes of a program whose time is over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TimeUp {
    /// It is asked to end, and later made to.
    #[default]
    Ask,
    /// It has hung: the stacks of all its threads are taken, and it is killed.
    Kill,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            target: Target::Command(Vec::new()),
            duration: None,
            budget: 0.02,
            backs_off: true,
            read_only: false,
            seed: 0,
            include: Patterns::default(),
            exclude: Patterns::default(),
            stop_after: None,
            launch: Launch::default(),
            look_for: LookFor::default(),
            holds: Holds::default(),
            time_up: TimeUp::default(),
        }
    }
}
