//! One process of the target: stop its threads, look, let them go.
//!
//! Whatever is known of it stands here, and nothing of it outlives it but the findings. Its parts are what it does:
//! [`events`] serves stopped threads, [`catch`] looks and holds, [`ahead`] plans, [`patrol`] does the same by debug
//! registers, [`boundary`] follows what native code returns to Go, and [`park`]s goroutines on the way, [`autopsy`] looks at
//! a thread that is about to die, [`borrower`] sees to children in borrowed memory, and [`leave`] lets go.

mod ahead;
mod autopsy;
mod borrower;
mod boundary;
mod catch;
mod events;
mod leave;
mod park;
mod patrol;
mod profiles;
mod utilization;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::rc::Rc;
use std::time::{Duration, Instant};

use jostle_model::{Address, ExitStatus, Process as Name};

use crate::backoff::Backoff;
use crate::case::CaseKey;
use crate::exploration::Exploration;
use crate::files::Files;
use crate::judge::{Clerk, Judgement};
use crate::lifetimes::Lifetimes;
use crate::memory::TargetMemory;
use crate::modules::Modules;
use crate::sampler::Sampler;
use crate::sharing::Sharing;
use crate::sites::{Catalogue, SiteId};
use crate::sys::attach;
use crate::sys::ptrace::Event;
use crate::tracepoints::Tracepoints;
use crate::traps::Traps;
use crate::watchpoints::Watchpoints;
use crate::{LookFor, Options, WatchError, preflight};
use autopsy::{LastFault, Looks};
use boundary::Boundary;
pub(crate) use boundary::NotParked;
use catch::{Hold, Lifetime, Observations, ParkedHold, Postponed, Prospect};
use leave::Leaving;
use patrol::Breakpoint;
use profiles::Profiles;
use utilization::Utilization;

/// With more threads than that per processor, many may want to run at a time.
const CROWD: usize = 16;

/// How far we are with a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// It has not begun to run its program.
    Starting,
    /// Being watched.
    Watching,
    /// No longer watched, on its way out (or left to end by itself).
    Ending,
    /// Being let go, thread by thread.
    Leaving,
    /// Gone, or no longer ours.
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
    /// Holds during which some thread had no free debug register.
    pub(crate) blind_holds: u64,
    /// Holds during which no file descriptor was left for some thread.
    pub(crate) poor_holds: u64,
}

/// What is known about one collision of two places.
#[derive(Clone, Copy, Debug)]
enum Known {
    /// With the judge; caught so often since it was handed in.
    Pending(u64),
    /// A finding, by its index.
    Finding(usize),
    /// Undecided.
    Undecided,
    /// Not a bug.
    Innocent,
}

/// What all processes of a target have in common.
pub(crate) struct Common<'a> {
    pub(crate) options: &'a Options,
    /// When the target began to run.
    pub(crate) started: Instant,
    /// Whether those whom we trace may gain privileges.
    pub(crate) is_trusted: bool,
    /// How many threads can run at a time.
    pub(crate) processors: usize,
    pub(crate) files: Rc<Files>,
}

/// A process that we trace.
pub(crate) struct Process {
    pub(crate) pid: i32,
    pub(crate) phase: Phase,
    pub(crate) status: ExitStatus,
    /// Why the machine did not let us look; nothing of it has run then.
    pub(crate) refusal: Option<WatchError>,
    /// Why it is to be given up, and why it was.
    trouble: Option<WatchError>,
    pub(crate) error: Option<WatchError>,
    /// Whether it is the child of another: then it is looked at only when there is something to see.
    is_kin: bool,
    /// Whether those whom we trace may gain privileges.
    is_trusted: bool,
    /// What it is called, where there are several.
    name: Option<Name>,
    /// Whether it ran before we came.
    is_attached: bool,
    /// Whether we set no traps in its code: in none that we did not start, nor in one that needs SIGTRAP itself.
    is_trapless: bool,
    /// Whether nothing else may be written into it either, if it ran before we came.
    is_read_only: bool,
    /// Whether it is only looked at how it ends.
    is_left_alone: bool,
    /// When the target began to run, and this process's program.
    started: Instant,
    began: Instant,
    /// What tasks reported that are not of this process, while it waited for others.
    pub(crate) strangers: Vec<(i32, Event)>,
    /// Findings that were seen again, by their index.
    pub(crate) seen_again: Vec<usize>,
    /// Whether plans should be made at once.
    pub(crate) is_in_haste: bool,
    memory: Option<TargetMemory>,
    modules: Modules,
    modules_read: Instant,
    catalogue: Catalogue,
    exploration: Exploration,
    sampler: Sampler,
    /// How much of the budget it is worth, if that is not always the same.
    backoff: Option<Backoff>,
    /// What of its time it runs.
    utilization: Utilization,
    sharing: Sharing,
    traps: Traps,
    /// Instead of traps, where there are to be none.
    breakpoint: Option<Breakpoint>,
    watchpoints: Watchpoints,
    tracepoints: Tracepoints,
    observations: Observations,
    profiles: Profiles,
    threads: BTreeMap<i32, Thread>,
    /// Children that borrow the memory until they run a program of their own.
    borrowers: BTreeSet<i32>,
    hold: Option<Hold>,
    /// A goroutine that stands before its access while its thread goes on; and how often that was tried since it was last
    /// seen to work.
    parked: Option<ParkedHold>,
    parks_in_vain: u32,
    /// Oldest first.
    prospects: Vec<Prospect>,
    /// The block that is being followed from its allocation to its end, and what is known of others.
    lifetime: Option<Lifetime>,
    lifetimes: Lifetimes,
    postponed: Vec<Postponed>,
    /// The calls of native functions by Go code.
    pub(crate) boundary: Boundary,
    /// Threads that were let go for a single instruction, and have not reported since.
    stepping: BTreeSet<i32>,
    /// Where to wait again for somebody to hold, and when.
    later: Vec<(Instant, SiteId)>,
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
    leaving: Option<Leaving>,
    clerk: Clerk,
    pub(crate) tally: Tally,
    most_threads: usize,
    most_deaf: usize,
    /// Since when all threads were seen to block SIGTRAP, at every look.
    all_deaf_since: Option<Instant>,
}

/// A thread of the process.
#[derive(Clone, Copy, Debug)]
struct Thread {
    /// When it was last seen to do anything, as the number of that event.
    seen: u64,
    /// At how many looks in a row it blocked SIGTRAP: watchpoints cannot reach it then.
    deaf_looks: u32,
    /// What it blocked at the last of them.
    deaf_mask: u64,
}

impl Process {
    /// Process `pid`, which stands in its exec stop or is to be [taken over](Self::take_over).
    pub(crate) fn new(pid: i32, common: &Common<'_>, clerk: Clerk, is_kin: bool) -> Self {
        let now = Instant::now();
        let options = common.options;
        let is_attached = options.target.runs_already();
        // Two processes that run the same program are not to look at the same places in the same order.
        let seed = options.seed.wrapping_add(clerk.number());
        let sampler = Sampler::new(seed, options.budget, options.holds, now);
        Self {
            pid,
            phase: Phase::Starting,
            status: ExitStatus::Running,
            refusal: None,
            trouble: None,
            error: None,
            is_kin,
            is_trusted: common.is_trusted,
            name: None,
            is_attached,
            is_trapless: is_attached,
            is_read_only: options.read_only,
            is_left_alone: options.look_for == LookFor::Endings,
            started: common.started,
            began: now,
            strangers: Vec::new(),
            seen_again: Vec::new(),
            is_in_haste: false,
            memory: None,
            modules: Modules::new(Rc::clone(&common.files)),
            modules_read: now,
            catalogue: Catalogue::new(options.include.clone(), options.exclude.clone()),
            exploration: Exploration::new(seed, is_attached),
            sampler: if is_kin || is_attached { sampler.without_credit() } else { sampler },
            backoff: options.backs_off.then(|| Backoff::new(now)),
            utilization: Utilization::new(now),
            sharing: Sharing::default(),
            traps: Traps::default(),
            breakpoint: None,
            watchpoints: Watchpoints::new(false),
            tracepoints: Tracepoints::default(),
            observations: Observations::default(),
            profiles: Profiles::default(),
            threads: BTreeMap::new(),
            borrowers: BTreeSet::new(),
            hold: None,
            parked: None,
            parks_in_vain: 0,
            prospects: Vec::new(),
            lifetime: None,
            lifetimes: Lifetimes::new(now),
            postponed: Vec::new(),
            boundary: Boundary::default(),
            stepping: BTreeSet::new(),
            later: Vec::new(),
            cookies: 0,
            processors: common.processors,
            events: 0,
            known: HashMap::new(),
            seen_alone: HashMap::new(),
            met: HashSet::new(),
            last_fault: None,
            looks_at_faults: Looks::default(),
            leaving: None,
            clerk,
            tally: Tally::default(),
            most_threads: 0,
            most_deaf: 0,
            all_deaf_since: None,
        }
    }

    /// Becomes the tracer of a process that runs.
    ///
    /// # Errors
    /// When the machine does not let us look; the process is as it was then.
    pub(crate) fn take_over(&mut self) -> Result<(), WatchError> {
        // Of one that is about to end the kernel says many things: that it may not be traced, for example.
        self.seize().map_err(|error| preflight::check_process(self.pid).err().unwrap_or(error))
    }

    fn seize(&mut self) -> Result<(), WatchError> {
        // What may fail is tried before anything is done to the target.
        self.begin_program()?;
        let threads = attach::seize_all(self.pid).map_err(WatchError::Trace)?;
        for tid in threads {
            self.add_thread(tid);
        }
        Ok(())
    }

    /// When something has to be done for it, if at any time. Prospects end by the way: to wake up for each would cost more
    /// than it is worth.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        let again = self.later.iter().map(|&(at, _)| at);
        self.hold
            .iter()
            .map(|hold| hold.until)
            .chain(self.parked.iter().map(|parked| parked.until))
            .chain(again)
            .chain(self.calls_due())
            .min()
    }

    /// Ends what has lasted for long enough.
    pub(crate) fn end_what_is_due(&mut self) {
        self.see_who_passed();
        self.end_observation_if_due();
        self.end_hold_if_due();
        self.end_prospects_if_due();
        self.end_lifetime_if_due();
        self.hand_in_postponed(false);
        self.end_following_if_due();
        self.end_parked_hold_if_due();
        self.wait_for_call_if_due();
        if !self.later.is_empty() {
            self.wait_again_if_due();
        }
    }

    /// Whether a thread of it stands still for us, beyond the moment of a stop.
    pub(crate) fn holds_a_thread(&self) -> bool {
        self.hold.is_some()
    }

    /// Whether it may keep the processors from us for long, whoever has stopped.
    pub(crate) fn is_crowded(&self) -> bool {
        self.threads.len() > CROWD * self.processors
    }

    /// Whether its own signals wake us so often that plans can be made by the way: Go preempts by one whoever has run for 10 ms.
    /// Where breakpoints are set in debug registers, each has its time.
    pub(crate) fn is_woken_often(&self) -> bool {
        self.modules.has_go() && !self.is_trapless
    }

    /// Whether there is anything in it that can collide.
    pub(crate) fn is_at_risk(&self) -> bool {
        self.phase == Phase::Watching && self.threads.len() > 1
    }

    /// The number of the clerk who brings its cases to court.
    pub(crate) fn clerk(&self) -> u64 {
        self.clerk.number()
    }

    /// Shares the budget out anew: less of it while nothing new is seen; of a process without traps, a share of the time that
    /// it runs.
    pub(crate) fn set_budget(&mut self, budget: f64) {
        let now = Instant::now();
        let is_known_now = self.utilization.measure(self.pid, now);
        let running = self.utilization.share();
        if let Some(backoff) = &mut self.backoff {
            backoff.go_on(now, running);
        }
        let attention = self.attention();
        if !self.is_trapless {
            return self.sampler.set_budget(budget * attention);
        }
        self.sampler.set_budget(budget * running * attention);
        self.sampler.arming.keep_to(budget, running, self.utilization.is_mostly_idle(), attention);
        // The bound rests on these holds; without them it would never be reached where threads share nothing.
        self.sampler.set_blind_budget(budget * running, running);
        if is_known_now && self.is_attached && !self.is_kin {
            self.sampler.grant_credit();
        }
    }

    /// The share of its budget that is spent at the moment.
    pub(crate) fn attention(&self) -> f64 {
        self.backoff.as_ref().map_or(1.0, Backoff::share)
    }

    /// Something new was seen of it.
    fn note_news(&mut self) {
        if let Some(backoff) = &mut self.backoff {
            backoff.note_news();
        }
    }

    /// Time since the target began to run.
    fn watched(&self) -> Duration {
        self.started.elapsed()
    }

    /// Time that threads stood still for us.
    pub(crate) fn time_held(&self) -> Duration {
        self.sampler.spent()
    }

    /// The part of it that went into first visits of the program's own code.
    pub(crate) fn time_explored(&self) -> Duration {
        self.sampler.exploring.spent()
    }

    /// Sites seen to run, and sites known.
    pub(crate) fn sites(&self) -> (u64, u64) {
        self.catalogue.seen_and_known()
    }

    /// Files with code that could not be looked into.
    pub(crate) fn refused_files(&self) -> &[String] {
        &self.modules.refused
    }

    /// At how many places no trap could be set, since its file's code does not lie there any more.
    pub(crate) fn replaced_code(&self) -> u64 {
        self.traps.replaced()
    }

    /// The most threads it had at any one time.
    pub(crate) fn most_threads(&self) -> usize {
        self.most_threads
    }

    /// Whether we started it, and may set no traps in it all the same: it needs SIGTRAP itself.
    pub(crate) fn has_own_traps(&self) -> bool {
        self.is_trapless && !self.is_attached && self.most_threads > 1
    }

    /// The most threads that watchpoints could not reach at any one time.
    pub(crate) fn deaf_threads(&self) -> usize {
        self.most_deaf
    }

    /// What the judge has said of a case, and the finding that it is now.
    pub(crate) fn learn(&mut self, key: CaseKey, judgement: &Judgement, finding: Option<usize>) {
        let again = match self.known.get(&key) {
            Some(&Known::Pending(again)) => again,
            _ => 0,
        };
        let known = match (judgement, finding) {
            (Judgement::Guilty(_), Some(index)) => {
                if !self.known.values().any(|known| matches!(known, Known::Finding(other) if *other == index))
                {
                    self.note_news();
                }
                self.seen_again.extend(std::iter::repeat_n(index, again as usize));
                Known::Finding(index)
            }
            (Judgement::Undecided, _) => {
                self.tally.undecided += 1 + again;
                Known::Undecided
            }
            _ => Known::Innocent,
        };
        self.known.insert(key, known);
    }

    /// It needs SIGTRAP itself: from here on it is looked at as one that we did not start, through debug registers. Should a
    /// trap have been set already, it is taken away.
    fn stop_trapping(&mut self) {
        self.is_trapless = true;
        self.exploration.keep_to_what_runs();
        self.sampler.forget_traps();
        self.watchpoints.leave_one();
        if let Some(memory) = &self.memory {
            self.traps.disarm_all(memory);
        }
    }

    /// Takes every trap and watchpoint away. It runs on as if we had never been there.
    pub(crate) fn stop_watching(&mut self) {
        if self.phase != Phase::Watching {
            return;
        }
        self.end_hold();
        self.stop_following();
        self.end_parked_hold();
        self.hand_in_postponed(true);
        self.prospects.clear();
        self.lifetime = None;
        self.later.clear();
        self.breakpoint = None;
        if let Some(memory) = &self.memory {
            self.traps.disarm_all(memory);
        }
        self.watchpoints.clear();
        self.tracepoints.clear();
        self.observations = Observations::default();
        self.profiles.clear();
        self.phase = Phase::Ending;
    }
}
