//! Where to look next: which sites to trap, which of the arrivals to hold, and for how long.
//!
//! Sites that have never been seen come first, least seen first after that (LiteRace: Marino, Musuvathi and
//! Narayanasamy, PLDI 2009, found races in cold code because hot code has been tested). Holds go mostly to
//! sites where somebody was seen to come soon after (a *prospect*: a watchpoint for a moment, with nobody held,
//! which costs the target almost nothing); the rest is spread over all live sites, since what was learnt about
//! sharing is never complete.

use std::collections::VecDeque;
use std::ops::Range;
use std::time::{Duration, Instant};

use fastrand::Rng;

use crate::budget::Budget;
use crate::scope::Part;
use crate::sites::{Catalogue, FunctionId, SiteId};
use crate::traps::Purpose;

/// How many never-seen sites of the program are trapped at a time. A trap that nobody reaches costs nothing, but
/// setting one costs a few microseconds and, once per page, a private copy of it.
const WAVE: usize = 8192;
/// How many of them are set per turn, so that a large program is not kept waiting for its first hold.
const SET_PER_TURN: usize = 256;
/// How many of those in libraries are set per turn.
const LIBRARY_SITES_PER_TURN: usize = 2;
/// How many make room for others per turn when there are more sites than fit.
const TURNED_OVER: usize = 4;
/// Of so many functions of the program all sites are known at once. In a larger one the others wait until they are
/// seen to run: there may be a hundred thousand, with ten sites each.
const DECODED_AT_ONCE: usize = 4096;
/// How many of those are trapped at their entry at a time.
const OWN_WAVE: usize = 16_384;
/// How many functions of libraries are.
const LIBRARY_WAVE: usize = 128;
/// How long a trap stays at least before it makes room for another.
const WAVE_AGE: Duration = Duration::from_millis(200);
/// How many live sites are trapped for a hold at a time: with 16, nearly all holds went to whatever each run
/// reaches first; with 3 they were spread.
const CANDIDATES: usize = 3;
/// How long those may stay before others get their turn.
const CANDIDATE_AGE: Duration = Duration::from_millis(15);
/// How many sites that run rarely are waited for at a time, beside the candidates.
const PATIENCE: usize = 128;
/// The share of looks at locked sites: nobody is held there, but they tell where others write.
const LOCKED_SHARE: f64 = 0.1;
/// How many live sites are drawn for a look, of which the one is taken that it would teach most about.
const DRAWN: usize = 32;
/// Functions whose name is looked at per turn.
const CLASSIFIED_PER_TURN: usize = 4000;
/// The share of holds that go anywhere, whatever was learnt: what looks private may be shared later.
const BLIND_SHARE: f64 = 0.1;
/// Sites with less [attention](Catalogue::attention) than this are held as soon as there is anything to spend: prospects
/// have shown that somebody comes.
const WORTHY: f64 = 30.0;
/// At first, no others are: the credit of the start is better spent once a few prospects were made.
const SETTLING: Duration = Duration::from_millis(1000);
/// Afterwards others are held while more than so many seconds of holding are in hand: what is found next to be worthy
/// shall not have to wait.
const RESERVE: f64 = 0.010;
/// The part of the budget that may go into looking without holding.
const LOOKING_SHARE: f64 = 0.4;

/// A trap to set or to take away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Set a trap.
    Arm(Purpose),
    /// Take it away.
    Disarm(Purpose),
}

/// The plan of what to look at.
pub(crate) struct Sampler {
    rng: Rng,
    /// Functions nobody has asked the name of yet.
    unclassified: Vec<FunctionId>,
    /// How many functions of the program were decoded without having been seen to run.
    decoded: usize,
    /// The program's other functions, not seen to run yet, not trapped.
    dormant_own: VecDeque<FunctionId>,
    /// Functions of libraries that were not seen to run yet, not trapped.
    dormant: VecDeque<FunctionId>,
    /// The program's own sites that were not seen to run yet, not trapped.
    fresh: VecDeque<SiteId>,
    /// The same in libraries: they are many, and every first visit is a stop.
    fresh_in_libraries: VecDeque<SiteId>,
    /// The same, trapped, oldest first.
    wave: VecDeque<(Instant, SiteId)>,
    own_wave: VecDeque<(Instant, FunctionId)>,
    library_wave: VecDeque<(Instant, FunctionId)>,
    /// Sites seen to run at which a thread may be held.
    live: Vec<SiteId>,
    /// Sites seen to run at which a thread may only be looked at.
    locked: Vec<SiteId>,
    candidates: Vec<SiteId>,
    candidates_since: Instant,
    started: Instant,
    patient: VecDeque<SiteId>,
    /// What may be spent on holding.
    pub(crate) holding: Budget,
    /// What may be spent on looking.
    pub(crate) looking: Budget,
}

impl Sampler {
    /// A plan that keeps to `budget` (a share of wall time) and makes the choices that `seed` gives.
    pub(crate) fn new(seed: u64, budget: f64, now: Instant) -> Self {
        Self {
            rng: Rng::with_seed(seed),
            unclassified: Vec::new(),
            decoded: 0,
            dormant_own: VecDeque::new(),
            dormant: VecDeque::new(),
            fresh: VecDeque::new(),
            fresh_in_libraries: VecDeque::new(),
            wave: VecDeque::new(),
            own_wave: VecDeque::new(),
            library_wave: VecDeque::new(),
            live: Vec::new(),
            locked: Vec::new(),
            candidates: Vec::new(),
            candidates_since: now,
            started: now,
            patient: VecDeque::new(),
            holding: Budget::new(budget * (1.0 - LOOKING_SHARE), now),
            looking: Budget::new(budget * LOOKING_SHARE, now),
        }
    }

    /// Takes in functions that were found.
    pub(crate) fn add_functions(&mut self, functions: Range<u32>) {
        self.unclassified.extend(functions.map(FunctionId));
        self.rng.shuffle(&mut self.unclassified);
    }

    /// Takes in a function that is known to act for others.
    pub(crate) fn add_helper(&mut self, function: FunctionId) {
        self.dormant.push_front(function);
    }

    /// Whether it would help to know where threads run: there is more of the program than was decoded.
    pub(crate) fn is_curious(&self) -> bool {
        !self.dormant_own.is_empty() || !self.own_wave.is_empty()
    }

    /// A thread was seen to run in a function, wherever in it.
    pub(crate) fn seen_running(&mut self, catalogue: &mut Catalogue, function: FunctionId) {
        if !catalogue.is_decoded(function) && catalogue.classify(function).is_some() {
            self.discovered(catalogue, function);
        }
    }

    /// A function was seen to run: its sites are worth a look from now on.
    pub(crate) fn discovered(&mut self, catalogue: &mut Catalogue, function: FunctionId) {
        if catalogue.is_decoded(function) {
            return;
        }
        let is_library = catalogue.part(function) == Some(Part::Library);
        let sites = catalogue.decode(function);
        let waiting = if is_library { &mut self.fresh_in_libraries } else { &mut self.fresh };
        mix_in(&mut self.rng, waiting, sites);
    }

    /// A thread arrived at a site for the first time.
    pub(crate) fn came_alive(&mut self, catalogue: &Catalogue, site: SiteId) {
        self.wave.retain(|&(_, waiting)| waiting != site);
        if catalogue.site(site).may_hold() { self.live.push(site) } else { self.locked.push(site) }
    }

    /// Forgets sites whose code is gone.
    pub(crate) fn retain_mapped(&mut self, catalogue: &Catalogue) {
        let mapped = |site: &SiteId| catalogue.site(*site).mapped;
        self.fresh.retain(mapped);
        self.fresh_in_libraries.retain(mapped);
        self.wave.retain(|(_, site)| mapped(site));
        self.live.retain(mapped);
        self.locked.retain(mapped);
        self.candidates.retain(mapped);
        self.patient.retain(mapped);
    }

    /// Whether to hold the thread that arrives at a site for the first time: what is in hand is spread over
    /// the first visits still to come, since for cold code the first visit may be the only one.
    pub(crate) fn hold_first_visit(&mut self, now: Instant) -> bool {
        let affordable = self.holding.balance(now) / self.duration(now).as_secs_f64();
        let waiting = (self.fresh.len() + self.fresh_in_libraries.len() + self.wave.len()).max(1);
        self.rng.f64() < affordable / waiting as f64
    }

    /// Whether a hold can be paid for now.
    pub(crate) fn may_hold(&mut self, now: Instant) -> bool {
        self.holding.balance(now) > 0.0
    }

    /// How long the next hold lasts: long while much is in hand, short and frequent later. Random, so that it
    /// does not fall into step with the target. Near 1 ms, because a thread that stands still keeps a Go
    /// processor, or a lock, from the others.
    pub(crate) fn duration(&mut self, now: Instant) -> Duration {
        let typical = (self.holding.balance(now) / 20.0).clamp(0.0005, 0.0025);
        Duration::from_secs_f64(typical * (0.5 + self.rng.f64()))
    }

    /// One of several accesses of a site, at random.
    pub(crate) fn choose<T: Copy>(&mut self, among: &[T]) -> Option<T> {
        self.rng.choice(among).copied()
    }

    /// What to trap from now on.
    pub(crate) fn plan(&mut self, catalogue: &mut Catalogue, holding: bool, now: Instant) -> Vec<Step> {
        let mut steps = Vec::new();
        self.classify_some(catalogue);
        self.explore(now, &mut steps);
        self.explore_own(catalogue, now, &mut steps);
        if self.looking.balance(now) > 0.0 {
            self.set_wave(LIBRARY_SITES_PER_TURN, now, |sampler| &mut sampler.fresh_in_libraries, &mut steps);
            self.explore_libraries(now, &mut steps);
            self.scout(catalogue, &mut steps);
        }
        if !holding && self.may_hold(now) {
            self.wait_for_candidates(catalogue, now, &mut steps);
        }
        steps
    }

    fn classify_some(&mut self, catalogue: &mut Catalogue) {
        for _ in 0..CLASSIFIED_PER_TURN {
            let Some(function) = self.unclassified.pop() else { return };
            match catalogue.classify(function) {
                Some(Part::User) if self.decoded < DECODED_AT_ONCE => {
                    self.decoded += 1;
                    self.discovered(catalogue, function);
                }
                Some(Part::User) => self.dormant_own.push_back(function),
                Some(_) => self.dormant.push_back(function),
                None => {}
            }
        }
    }

    /// Keeps a wave of never-seen sites trapped.
    fn explore(&mut self, now: Instant, steps: &mut Vec<Step>) {
        if self.wave.len() >= WAVE && !self.fresh.is_empty() {
            for site in outdated(&mut self.wave, now) {
                steps.push(Step::Disarm(Purpose::Scout(site)));
                self.fresh.push_back(site);
            }
        }
        self.set_wave(SET_PER_TURN, now, |sampler| &mut sampler.fresh, steps);
    }

    /// Traps at most so many never-seen sites of one kind.
    fn set_wave(
        &mut self,
        most: usize,
        now: Instant,
        kind: impl Fn(&mut Self) -> &mut VecDeque<SiteId>,
        steps: &mut Vec<Step>,
    ) {
        let room = WAVE.saturating_sub(self.wave.len()).min(most).min(kind(self).len());
        let sites: Vec<SiteId> = kind(self).drain(..room).collect();
        for site in sites {
            steps.push(Step::Arm(Purpose::Scout(site)));
            self.wave.push_back((now, site));
        }
    }

    /// Keeps many of the program's functions that were not decoded trapped at their entry.
    fn explore_own(&mut self, catalogue: &Catalogue, now: Instant, steps: &mut Vec<Step>) {
        while self.dormant_own.front().is_some_and(|&function| catalogue.is_decoded(function)) {
            self.dormant_own.pop_front();
        }
        explore_functions(&mut self.own_wave, &mut self.dormant_own, OWN_WAVE, now, steps);
    }

    /// Keeps some functions of libraries trapped at their entry.
    fn explore_libraries(&mut self, now: Instant, steps: &mut Vec<Step>) {
        explore_functions(&mut self.library_wave, &mut self.dormant, LIBRARY_WAVE, now, steps);
    }

    /// A function has been discovered at its entry: it leaves the wave.
    pub(crate) fn left_wave(&mut self, function: FunctionId) {
        self.own_wave.retain(|&(_, waiting)| waiting != function);
        self.library_wave.retain(|&(_, waiting)| waiting != function);
    }

    /// Looks again at a site that runs, to learn which memory is shared. One at a time: only one look in turn
    /// can be followed by a prospect.
    fn scout(&mut self, catalogue: &mut Catalogue, steps: &mut Vec<Step>) {
        let pool = if self.rng.f64() < LOCKED_SHARE { &self.locked } else { &self.live };
        if let Some(site) = least(&mut self.rng, pool, DRAWN, |site| -catalogue.site(site).curiosity()) {
            catalogue.site_mut(site).experience.note_asked();
            steps.push(Step::Arm(Purpose::Scout(site)));
        }
    }

    /// Chooses the sites of the next holds.
    fn wait_for_candidates(&mut self, catalogue: &mut Catalogue, now: Instant, steps: &mut Vec<Step>) {
        if now - self.candidates_since > CANDIDATE_AGE {
            self.give_up_candidates(catalogue, steps);
            self.candidates_since = now;
        }
        while self.candidates.len() < CANDIDATES {
            let Some(site) = self.next_candidate(catalogue, now) else { return };
            self.candidates.push(site);
            steps.push(Step::Disarm(Purpose::Scout(site)));
            steps.push(Step::Arm(Purpose::Hold(site)));
        }
    }

    /// Nobody came: rare sites are waited for with more patience, as many at a time as room allows.
    fn give_up_candidates(&mut self, catalogue: &mut Catalogue, steps: &mut Vec<Step>) {
        for site in self.candidates.drain(..) {
            catalogue.site_mut(site).experience.note_miss();
            self.patient.push_back(site);
            if self.patient.len() > PATIENCE
                && let Some(old) = self.patient.pop_front()
            {
                steps.push(Step::Disarm(Purpose::Hold(old)));
            }
        }
    }

    /// A site trapped for a hold was reached: it is no longer waited for.
    pub(crate) fn arrived(&mut self, site: SiteId) {
        self.candidates.retain(|&waiting| waiting != site);
        self.patient.retain(|&waiting| waiting != site);
    }

    fn next_candidate(&mut self, catalogue: &Catalogue, now: Instant) -> Option<SiteId> {
        let waited_for = |site: &SiteId| self.candidates.contains(site) || self.patient.contains(site);
        let eligible: Vec<SiteId> = self.live.iter().copied().filter(|site| !waited_for(site)).collect();
        let only_worthy = now - self.started < SETTLING || self.holding.balance(now) < RESERVE;
        if !only_worthy && self.rng.f64() < BLIND_SHARE {
            return self.rng.choice(eligible);
        }
        least(&mut self.rng, &eligible, eligible.len(), |site| catalogue.attention(site))
            .filter(|&site| !only_worthy || catalogue.attention(site) <= WORTHY)
    }
}

/// Adds sites in random order, without shuffling all that is there already.
fn mix_in(rng: &mut Rng, waiting: &mut VecDeque<SiteId>, sites: Range<u32>) {
    for site in sites.map(SiteId) {
        let at = rng.usize(0..=waiting.len());
        waiting.push_back(site);
        let last = waiting.len() - 1;
        waiting.swap(at.min(last), last);
    }
}

/// Keeps up to `most` functions trapped at their entry, in turns if there are more.
fn explore_functions(
    wave: &mut VecDeque<(Instant, FunctionId)>,
    dormant: &mut VecDeque<FunctionId>,
    most: usize,
    now: Instant,
    steps: &mut Vec<Step>,
) {
    if wave.len() >= most && !dormant.is_empty() {
        for function in outdated(wave, now) {
            steps.push(Step::Disarm(Purpose::Discover(function)));
            dormant.push_back(function);
        }
    }
    let room = most.saturating_sub(wave.len()).min(SET_PER_TURN).min(dormant.len());
    for function in dormant.drain(..room) {
        steps.push(Step::Arm(Purpose::Discover(function)));
        wave.push_back((now, function));
    }
}

/// Takes out the oldest few that have been waiting for long enough.
fn outdated<T>(wave: &mut VecDeque<(Instant, T)>, now: Instant) -> Vec<T> {
    let old = wave.iter().take(TURNED_OVER).take_while(|(since, _)| now - *since > WAVE_AGE).count();
    wave.drain(..old).map(|(_, waiting)| waiting).collect()
}

/// The one with the least `weight` of up to `tries` sites drawn at random.
fn least(rng: &mut Rng, among: &[SiteId], tries: usize, weight: impl Fn(SiteId) -> f64) -> Option<SiteId> {
    if among.is_empty() {
        return None;
    }
    let start = rng.usize(0..among.len());
    // A random starting point breaks ties; a random stride would draw no better.
    let drawn = (0..tries.min(among.len())).map(|step| among[(start + step) % among.len()]);
    drawn.min_by(|&one, &other| weight(one).total_cmp(&weight(other)))
}
