//! What is changed around a target to make it fail more often, all from outside, and all drawn from the trial's seed.
//!
//! Each is one thing. Which of them helps is not known beforehand: the hunt tries all that can have an effect on what it
//! found in the target, and gives more trials to those that do.

mod malloc;
mod runtime;
mod scheduling;

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io;
use std::str::FromStr;
use std::sync::Arc;

use fastrand::Rng;
use serde::{Deserialize, Serialize};

use jostle_watch::{Beside, Holds, Launch, LookFor};

use crate::runtimes::{Runtime, Runtimes};
use crate::template::Scratch;

/// Something that is changed around a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Perturbation {
    /// Nothing: the rate that users see.
    None,
    /// All its threads share one processor.
    OneProcessor,
    /// Its threads are moved from processor to processor all the time.
    Wander,
    /// Some of its threads get next to no time for a while.
    Starve,
    /// Others want the processors in bursts.
    Noise,
    /// It runs only when nobody else wants to, and somebody often does.
    Crowd,
    /// Threads are held before accesses to memory, as `watch` does, a fifth of the time.
    Hold,
    /// Goroutines lose their turn before accesses to memory, and on their way back from native code.
    Park,
    /// Go collects garbage all the time (`GOGC=1`).
    GoCollect,
    /// Go runs goroutines on another number of threads (`GOMAXPROCS`).
    GoProcs,
    /// Go overwrites what it frees (`GODEBUG=clobberfree=1`), and frees often.
    GoClobber,
    /// Go stops the world for a whole collection (`GODEBUG=gcstoptheworld=2`), often.
    GoStopWorld,
    /// The C library fills memory with other bytes when it is allocated and freed (`glibc.malloc.perturb`).
    MallocFill,
    /// The C library keeps no freed memory for the thread that freed it (`glibc.malloc.tcache_count=0`).
    MallocNoCache,
    /// All threads share one heap of the C library's (`glibc.malloc.arena_max=1`).
    MallocOneHeap,
    /// Ruby moves its objects at each collection (`GC.auto_compact`).
    RubyCompact,
    /// Ruby collects at every chance (`GC.stress`).
    RubyStress,
    /// Ruby's threads take turns every millisecond (`RUBY_THREAD_TIMESLICE`).
    RubySwitch,
    /// Python's threads take turns a thousand times as often (`sys.setswitchinterval`).
    PythonSwitch,
    /// Python checks its allocations (`PYTHONMALLOC=debug`).
    PythonMalloc,
    /// Node collects its young objects all the time (`--stress-scavenge`).
    NodeScavenge,
    /// Node collects at random intervals (`--gc-interval`).
    NodeCollect,
    /// Java brings all threads to a safepoint every millisecond (`GuaranteedSafepointInterval`).
    JavaSafepoint,
    /// Java has so little memory for young objects that it collects all the time (`-Xmn`).
    JavaCollect,
}

/// All of them.
const ALL: [Perturbation; 24] = [
    Perturbation::None,
    Perturbation::OneProcessor,
    Perturbation::Wander,
    Perturbation::Starve,
    Perturbation::Noise,
    Perturbation::Crowd,
    Perturbation::Hold,
    Perturbation::Park,
    Perturbation::GoCollect,
    Perturbation::GoProcs,
    Perturbation::GoClobber,
    Perturbation::GoStopWorld,
    Perturbation::MallocFill,
    Perturbation::MallocNoCache,
    Perturbation::MallocOneHeap,
    Perturbation::RubyCompact,
    Perturbation::RubyStress,
    Perturbation::RubySwitch,
    Perturbation::PythonSwitch,
    Perturbation::PythonMalloc,
    Perturbation::NodeScavenge,
    Perturbation::NodeCollect,
    Perturbation::JavaSafepoint,
    Perturbation::JavaCollect,
];

impl Perturbation {
    /// Those that can have an effect on a target of these runtimes, the unperturbed one first.
    pub fn fitting(runtimes: &Runtimes) -> Vec<Self> {
        let fits =
            |perturbation: &Self| perturbation.runtime().is_none_or(|runtime| runtimes.contains(&runtime));
        ALL.into_iter().filter(fits).collect()
    }

    /// The name that users give it, and find it under.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::OneProcessor => "one-processor",
            Self::Wander => "wander",
            Self::Starve => "starve",
            Self::Noise => "noise",
            Self::Crowd => "crowd",
            Self::Hold => "hold",
            Self::Park => "park",
            Self::GoCollect => "go-collect",
            Self::GoProcs => "go-procs",
            Self::GoClobber => "go-clobber",
            Self::GoStopWorld => "go-stop-world",
            Self::MallocFill => "malloc-fill",
            Self::MallocNoCache => "malloc-no-cache",
            Self::MallocOneHeap => "malloc-one-heap",
            Self::RubyCompact => "ruby-compact",
            Self::RubyStress => "ruby-stress",
            Self::RubySwitch => "ruby-switch",
            Self::PythonSwitch => "python-switch",
            Self::PythonMalloc => "python-malloc",
            Self::NodeScavenge => "node-scavenge",
            Self::NodeCollect => "node-collect",
            Self::JavaSafepoint => "java-safepoint",
            Self::JavaCollect => "java-collect",
        }
    }

    /// Whose affair it is; nobody's in particular where it changes how the machine treats the target.
    fn runtime(self) -> Option<Runtime> {
        match self {
            Self::None
            | Self::OneProcessor
            | Self::Wander
            | Self::Starve
            | Self::Noise
            | Self::Crowd
            | Self::Hold => None,
            Self::Park | Self::GoCollect | Self::GoProcs | Self::GoClobber | Self::GoStopWorld => {
                Some(Runtime::Go)
            }
            Self::MallocFill | Self::MallocNoCache | Self::MallocOneHeap => Some(Runtime::Glibc),
            Self::RubyCompact | Self::RubyStress | Self::RubySwitch => Some(Runtime::Ruby),
            Self::PythonSwitch | Self::PythonMalloc => Some(Runtime::Python),
            Self::NodeScavenge | Self::NodeCollect => Some(Runtime::Node),
            Self::JavaSafepoint | Self::JavaCollect => Some(Runtime::Java),
        }
    }

    /// Whom it holds, where it is a watch that perturbs.
    pub(crate) fn disturbance(self) -> Option<Holds> {
        match self {
            Self::Hold => Some(Holds::All),
            Self::Park => Some(Holds::Goroutines),
            _ => None,
        }
    }

    /// Whether it can be done to a process that runs already, of which nothing is left when that ends, however it ends.
    pub fn fits_a_service(self) -> bool {
        matches!(self, Self::None | Self::Noise) || self.disturbance().is_some()
    }

    /// Changes the surroundings of one trial.
    pub(crate) fn arrange(self, trial: &mut Arrangement<'_>) -> io::Result<()> {
        if let Some(holds) = self.disturbance() {
            trial.look_for = LookFor::Collisions;
            trial.holds = holds;
            return Ok(());
        }
        match self {
            Self::None => {}
            Self::OneProcessor | Self::Wander | Self::Starve | Self::Noise | Self::Crowd => {
                scheduling::arrange(self, trial)
            }
            Self::MallocFill | Self::MallocNoCache | Self::MallocOneHeap => malloc::arrange(self, trial),
            _ => runtime::arrange(self, trial)?,
        }
        Ok(())
    }
}

impl fmt::Display for Perturbation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Perturbation {
    type Err = UnknownPerturbation;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let named = ALL.into_iter().find(|perturbation| perturbation.name() == name);
        named.ok_or_else(|| UnknownPerturbation(name.to_owned()))
    }
}

/// No perturbation goes by that name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no perturbation {0}; there are: {names}", names = names())]
pub struct UnknownPerturbation(String);

fn names() -> String {
    ALL.map(Perturbation::name).join(", ")
}

/// What happens beside a trial.
pub(crate) type Companion<'a> = Box<dyn FnOnce(&Beside) + Send + 'a>;

/// The surroundings of one trial, as they are being changed.
pub(crate) struct Arrangement<'a> {
    /// Where the choices come from.
    pub(crate) random: Rng,
    /// Shared with all other trials until something is changed.
    pub(crate) environment: Arc<BTreeMap<OsString, OsString>>,
    /// A place for files.
    pub(crate) scratch: &'a Scratch,
    pub(crate) launch: Launch,
    pub(crate) look_for: LookFor,
    pub(crate) holds: Holds,
    pub(crate) companion: Option<Companion<'a>>,
}

impl Arrangement<'_> {
    /// Sets a variable.
    fn set(&mut self, name: &str, value: impl Into<OsString>) {
        Arc::make_mut(&mut self.environment).insert(name.into(), value.into());
    }

    /// Puts a directory in front of those in a list.
    fn put_first(&mut self, name: &str, directory: OsString) {
        let mut list = directory;
        if let Some(old) = self.environment.get(OsStr::new(name)).filter(|old| !old.is_empty()) {
            list.push(":");
            list.push(old);
        }
        self.set(name, list);
    }

    /// Adds to a variable that may have a value already: behind it, where the last word counts.
    fn add(&mut self, name: &str, between: &str, value: impl Into<OsString>) {
        let value = value.into();
        let both = match self.environment.get(OsStr::new(name)) {
            Some(old) if !old.is_empty() => {
                let mut both = old.clone();
                both.push(between);
                both.push(value);
                both
            }
            _ => value,
        };
        self.set(name, both);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_perturbation_is_found_by_its_name() {
        for perturbation in ALL {
            assert_eq!(perturbation.name().parse(), Ok(perturbation));
        }
        let names: BTreeSet<&str> = ALL.map(Perturbation::name).into();
        assert_eq!(names.len(), ALL.len());
        let unknown = "gentle".parse::<Perturbation>().expect_err("unknown").to_string();
        assert!(unknown.contains("gentle") && unknown.contains("one-processor"), "{unknown}");
    }

    #[test]
    fn what_a_target_does_not_have_is_not_perturbed() {
        let fitting = Perturbation::fitting(&[Runtime::Go].into());
        assert!(fitting.contains(&Perturbation::GoProcs) && fitting.contains(&Perturbation::Noise));
        assert!(!fitting.contains(&Perturbation::RubyStress));
        assert_eq!(fitting[0], Perturbation::None);
    }
}
