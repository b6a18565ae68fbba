//! The loop that watches: wait for a thread to stop, look, let it go.
//!
//! One thread does it all, because ptrace obeys only the thread that attached. Every turn of the loop first
//! serves stopped threads, since each of them stands still until we are done, and only then plans ahead.

mod autopsy;
mod catch;
mod events;
mod leave;
mod patrol;
mod turn;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::thread;
use std::time::{Duration, Instant};

use jostle_model::{Address, ExitStatus, Finding};

use crate::case::CaseKey;
use crate::exploration::Exploration;
use crate::judge::Court;
use crate::memory::TargetMemory;
use crate::modules::Modules;
use crate::sampler::Sampler;
use crate::sharing::Sharing;
use crate::sites::{Catalogue, SiteId};
use crate::sys::profile::Profile;
use crate::sys::signals::{self, Arrival, Blocked};
use crate::sys::{attach, front, haste};
use crate::traps::Traps;
use crate::watchpoints::Watchpoints;
use crate::{Observer, Options, Target, WatchError};
use autopsy::{LastFault, Looks};
use catch::{Hold, Prospect};
use patrol::Breakpoint;

/// How often plans are made at most: by the way, when something happens; after twice as long without. Waking up takes
/// more than planning does.
const TURN: Duration = Duration::from_millis(5);

/// How far we are with the target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// It has not begun to run its program.
    Starting,
    /// Being watched.
    Watching,
    /// No longer watched, on its way out (or left to end by itself).
    Ending,
    /// Gone.
    Gone,
}

/// How often something happened.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) samples: u64,
    pub(crate) holds: u64,
    pub(crate) hits: u64,
    pub(crate) value_changes: u64,
    pub(crate) undecided: u64,
    /// Child processes that were let go unwatched.
    pub(crate) children: u64,
    /// Holds during which some thread had no free debug register.
    pub(crate) blind_holds: u64,
}

/// What is known about one collision of two places.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Known {
    /// With the judge; caught so often since it was handed in.
    Pending(u64),
    /// A finding, by its index.
    Finding(usize),
    /// Undecided.
    Undecided,
    /// Not a bug.
    Innocent,
}

pub(crate) struct Tracer<'a> {
    pub(crate) options: &'a Options,
    pub(crate) observer: &'a mut dyn Observer,
    pub(crate) blocked: Blocked,
    pub(crate) pid: i32,
    pub(crate) phase: Phase,
    pub(crate) status: ExitStatus,
    /// Why the machine did not let us look; nothing of the target has run then.
    pub(crate) refusal: Option<WatchError>,
    /// Why the watch was given up.
    pub(crate) error: Option<WatchError>,
    pub(crate) started: Instant,
    pub(crate) watch_ended: Option<Instant>,
    next_turn: Instant,
    /// When to use force on a target that was asked to end.
    pub(crate) force_at: Option<Instant>,
    pub(crate) asked_to_end: u32,
    memory: Option<TargetMemory>,
    modules: Modules,
    modules_read: Instant,
    catalogue: Catalogue,
    exploration: Exploration,
    sampler: Sampler,
    sharing: Sharing,
    traps: Traps,
    /// In a process that we did not start, instead of traps.
    breakpoint: Option<Breakpoint>,
    watchpoints: Watchpoints,
    /// Where threads run; nothing for those that may not be sampled.
    profiles: BTreeMap<i32, Option<Profile>>,
    threads: BTreeMap<i32, Thread>,
    /// Children that borrow the target's memory until they run a program of their own.
    borrowers: BTreeSet<i32>,
    hold: Option<Hold>,
    /// Oldest first.
    prospects: Vec<Prospect>,
    cookies: u64,
    /// How many threads can run at a time.
    processors: usize,
    /// How many events were seen.
    events: u64,
    known: HashMap<CaseKey, Known>,
    /// How often a value changed with nobody seen, by place.
    seen_alone: HashMap<CaseKey, u32>,
    /// Which instruction has come to which held site.
    met: HashSet<(SiteId, Address)>,
    last_fault: Option<LastFault>,
    looks_at_faults: Looks,
    pub(crate) court: Court,
    pub(crate) findings: Vec<Finding>,
    pub(crate) tally: Tally,
    most_threads: usize,
    most_deaf: usize,
    /// Since when all threads were seen to block SIGTRAP, at every look.
    all_deaf_since: Option<Instant>,
    /// Whether the target was seen to handle SIGTRAP itself, or to ignore it.
    trap_is_taken: bool,
}

/// A thread of the target.
#[derive(Clone, Copy, Debug)]
struct Thread {
    /// When it was last seen to do anything, as the number of that event.
    seen: u64,
    /// At how many looks in a row it blocked SIGTRAP: watchpoints cannot reach it then.
    deaf_looks: u32,
    /// What it blocked at the last of them.
    deaf_mask: u64,
}

impl<'a> Tracer<'a> {
    /// The tracer of process `pid`, which stands in its exec stop or is to be [taken over](Self::take_over).
    pub(crate) fn new(
        options: &'a Options,
        observer: &'a mut dyn Observer,
        blocked: Blocked,
        pid: i32,
    ) -> Self {
        let now = Instant::now();
        Self {
            options,
            observer,
            blocked,
            pid,
            phase: Phase::Starting,
            status: ExitStatus::Running,
            refusal: None,
            error: None,
            started: now,
            watch_ended: None,
            next_turn: now,
            force_at: None,
            asked_to_end: 0,
            memory: None,
            modules: Modules::default(),
            modules_read: now,
            catalogue: Catalogue::new(options.include.clone(), options.exclude.clone()),
            exploration: Exploration::new(options.seed, is_attached(options)),
            sampler: Sampler::new(options.seed, options.budget, now),
            sharing: Sharing::default(),
            traps: Traps::default(),
            breakpoint: None,
            watchpoints: Watchpoints::new(false),
            profiles: BTreeMap::new(),
            threads: BTreeMap::new(),
            borrowers: BTreeSet::new(),
            hold: None,
            prospects: Vec::new(),
            cookies: 0,
            processors: thread::available_parallelism().map_or(1, usize::from),
            events: 0,
            known: HashMap::new(),
            seen_alone: HashMap::new(),
            met: HashSet::new(),
            last_fault: None,
            looks_at_faults: Looks::default(),
            court: Court::open(),
            findings: Vec::new(),
            tally: Tally::default(),
            most_threads: 0,
            most_deaf: 0,
            all_deaf_since: None,
            trap_is_taken: false,
        }
    }

    /// Becomes the tracer of a process that runs.
    ///
    /// # Errors
    /// When the machine does not let us look; the process is as it was then.
    pub(crate) fn take_over(&mut self) -> Result<(), WatchError> {
        // What may fail is tried before anything is done to the target.
        self.begin_program()?;
        let threads = attach::seize_all(self.pid).map_err(|error| match error.raw_os_error() {
            Some(libc::ESRCH) => WatchError::NoProcess(self.pid),
            _ => WatchError::Trace(error),
        })?;
        for tid in threads {
            self.add_thread(tid);
        }
        Ok(())
    }

    /// Whether the target ran before we came, and will when we are gone.
    fn is_attached(&self) -> bool {
        is_attached(self.options)
    }

    /// Watches until the target is gone, or left.
    pub(crate) fn run(&mut self) -> Result<(), WatchError> {
        haste::hasten();
        while self.phase != Phase::Gone {
            match self.blocked.wait(self.patience()) {
                Arrival::End { signal, from_terminal } => self.asked_to_end(signal, from_terminal),
                Arrival::Child | Arrival::Nothing => {}
            }
            self.serve_events()?;
            self.end_hold_if_due();
            self.end_prospects_if_due();
            if Instant::now() + TURN >= self.next_turn && self.phase != Phase::Gone {
                self.turn();
                self.next_turn = Instant::now() + 2 * TURN;
            }
        }
        let judged = self.court.close();
        self.take_judgements(judged);
        Ok(())
    }

    /// How long nothing needs to be done unless something happens. Prospects end by the way: to wake up for each would
    /// cost more than it is worth.
    fn patience(&self) -> Duration {
        let next = self.hold.iter().map(|hold| hold.until).fold(self.next_turn, Instant::min);
        next.saturating_duration_since(Instant::now())
    }

    /// Time spent watching so far.
    pub(crate) fn watched(&self) -> Duration {
        self.watch_ended.unwrap_or_else(Instant::now) - self.started
    }

    /// Time that threads of the target stood still for us.
    pub(crate) fn time_held(&self) -> Duration {
        self.sampler.spent()
    }

    /// Sites seen to run, and sites known.
    pub(crate) fn sites(&self) -> (u64, u64) {
        self.catalogue.seen_and_known()
    }

    /// Files with code that could not be looked into.
    pub(crate) fn refused_files(&self) -> &[String] {
        &self.modules.refused
    }

    /// Whether there was never more than one thread.
    pub(crate) fn ran_alone(&self) -> bool {
        self.most_threads < 2
    }

    /// The most threads that watchpoints could not reach at any one time.
    pub(crate) fn deaf_threads(&self) -> usize {
        self.most_deaf
    }

    /// Somebody wants us to end. A target that we started hears of it if it has not already, and gets the time it needs;
    /// asked again, it gets none. Where the front was killed, the target was not meant.
    fn asked_to_end(&mut self, signal: i32, from_terminal: bool) {
        if self.is_attached() || front::is_gone() {
            self.leave();
            return;
        }
        self.asked_to_end += 1;
        self.stop_watching();
        let signal = if self.asked_to_end > 1 { libc::SIGKILL } else { signal };
        if !from_terminal || signal == libc::SIGKILL {
            // It may have ended meanwhile.
            let _ = signals::send(self.pid, signal);
        }
    }

    /// Takes every trap and watchpoint away. The target runs on as if we had never been there.
    pub(crate) fn stop_watching(&mut self) {
        if self.phase != Phase::Watching {
            return;
        }
        self.end_hold();
        self.prospects.clear();
        self.breakpoint = None;
        if let Some(memory) = &self.memory {
            self.traps.disarm_all(memory);
        }
        self.watchpoints.clear();
        self.profiles.clear();
        self.watch_ended = Some(Instant::now());
        self.phase = Phase::Ending;
    }
}

fn is_attached(options: &Options) -> bool {
    matches!(options.target, Target::Process(_))
}
