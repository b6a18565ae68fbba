//! Which code has not been seen to run yet, and where traps wait for it.
//!
//! Sites that have never been seen come first, since races hide in cold code that was never tested (LiteRace: Marino,
//! Musuvathi and Narayanasamy, PLDI 2009); the program's own before those of libraries, which are many.

use std::collections::{HashSet, VecDeque};
use std::iter;
use std::ops::Range;
use std::time::{Duration, Instant};

use fastrand::Rng;
use jostle_model::Address;

use crate::scope::Part;
use crate::sites::{Catalogue, FunctionId, SiteId};
use crate::traps::{Purpose, Step};

/// Of so many sites of the program none has to be seen first. In a larger one the other functions wait until they are
/// seen to run: there may be a hundred thousand, with ten sites each. A trap that nobody reaches costs nothing, but
/// setting one costs a few microseconds and, once per page, a private copy of it.
const OWN_SITES: usize = 16_384;
/// How many never-seen sites of libraries are trapped at a time.
const LIBRARY_SITES: usize = 2048;
/// How many functions of the program, and of libraries, are trapped at their entry at a time.
const OWN_FUNCTIONS: usize = 65_536;
const LIBRARY_FUNCTIONS: usize = 128;
/// How many traps are set per turn, so that a large program is not kept waiting for its first hold.
const SET: usize = 256;
/// After how many turns one trap is set at a site in a library. Every first visit is a stop: set as fast as the program's
/// own, they took two thirds of all that may be spent on looking; and what is learnt of them draws holds away from the
/// program. (All nine pairs of half-atomics: with one in every turn in 63 of 85 runs, with none at all in 10 of 11.)
const LIBRARY_SITE_EVERY: u32 = 8;
/// For how long functions may be sorted and decoded per turn: whoever stops meanwhile waits.
const SORTING: Duration = Duration::from_millis(2);
/// How many traps make room for others per turn when there are more than fit.
const TURNED_OVER: usize = 4;
/// How much may be overdrawn by first visits, in seconds, until the traps that wait for others are taken away; so many at a time,
/// since whoever stops meanwhile waits.
const OVERDRAFT: f64 = 0.03;
const TAKEN_AWAY: usize = 2048;
/// How many of them wait at a time from then on, and how long it takes until twice as many may.
const TIGHT: usize = 2048;
const DOUBLED_AFTER: Duration = Duration::from_secs(10);
/// How many of the sites behind one that was reached are likely to be reached soon, and how many of such are kept.
const REACHED_SOON: usize = 12;
const SOON: usize = 64;
/// How long a trap stays at least before it makes room for another.
const SHORTEST_WAIT: Duration = Duration::from_millis(200);

/// Code that was not seen to run: some of it trapped, the rest in line.
#[derive(Debug)]
struct Wave<T> {
    in_line: VecDeque<T>,
    /// Oldest first.
    trapped: VecDeque<(Instant, T)>,
}

impl<T> Default for Wave<T> {
    fn default() -> Self {
        Self { in_line: VecDeque::new(), trapped: VecDeque::new() }
    }
}

impl<T: Copy + PartialEq> Wave<T> {
    /// Adds to the line in random order, without shuffling all that is there already.
    fn mix_in(&mut self, rng: &mut Rng, newcomers: impl Iterator<Item = T>) {
        for newcomer in newcomers {
            let at = rng.usize(0..=self.in_line.len());
            self.in_line.push_back(newcomer);
            let last = self.in_line.len() - 1;
            self.in_line.swap(at, last);
        }
    }

    /// It was seen to run: no trap waits for it any more.
    fn seen(&mut self, one: T) {
        self.trapped.retain(|&(_, waiting)| waiting != one);
    }

    /// How many were not seen to run.
    fn len(&self) -> usize {
        self.in_line.len() + self.trapped.len()
    }

    /// Traps the next `set` in line of which nothing is known yet, up to `most` at a time; where that is too few for
    /// all, they take turns.
    fn advance(
        &mut self,
        most: usize,
        set: usize,
        now: Instant,
        is_known: impl Fn(T) -> bool,
        purpose: impl Fn(T) -> Purpose,
    ) -> Vec<Step> {
        let mut steps = Vec::new();
        if self.trapped.len() >= most && !self.in_line.is_empty() {
            let old = self.trapped.iter().take(TURNED_OVER);
            let old = old.take_while(|(since, _)| now - *since > SHORTEST_WAIT).count();
            for (_, waited) in self.trapped.drain(..old) {
                steps.push(Step::Disarm(purpose(waited)));
                self.in_line.push_back(waited);
            }
        }
        for _ in 0..most.saturating_sub(self.trapped.len()).min(set) {
            let Some(next) = self.next_in_line(&is_known) else { break };
            steps.push(Step::Arm(purpose(next)));
            self.trapped.push_back((now, next));
        }
        steps
    }

    /// Takes up to `most` traps away; they come first when there are to be some again.
    fn retreat(&mut self, most: usize, purpose: impl Fn(T) -> Purpose) -> Vec<Step> {
        let some = self.trapped.len().min(most);
        let waited: Vec<T> = self.trapped.drain(..some).map(|(_, waited)| waited).collect();
        waited.iter().rev().for_each(|&waited| self.in_line.push_front(waited));
        waited.into_iter().map(|waited| Step::Disarm(purpose(waited))).collect()
    }

    /// All traps are gone.
    fn forget_traps(&mut self) {
        self.in_line.extend(self.trapped.drain(..).map(|(_, waited)| waited));
    }

    /// The next of which nothing is known yet. Should nobody come there this time, all others have their turn first.
    fn take_turn(&mut self, is_known: impl Fn(T) -> bool) -> Option<T> {
        let next = self.next_in_line(is_known)?;
        self.in_line.push_back(next);
        Some(next)
    }

    /// The next of which nothing is known yet.
    fn next_in_line(&mut self, is_known: impl Fn(T) -> bool) -> Option<T> {
        iter::from_fn(|| self.in_line.pop_front()).find(|&next| !is_known(next))
    }
}

/// The code that was not seen to run.
#[derive(Debug)]
pub(crate) struct Exploration {
    rng: Rng,
    /// Sites near to where threads were seen, the latest last. Only of use where they are few enough to be asked for
    /// one by one.
    soon: VecDeque<SiteId>,
    /// Whether code waits until it is seen to run, however little there is of it.
    only_running: bool,
    /// Functions nobody has asked the name of yet.
    unclassified: Vec<FunctionId>,
    /// Functions seen to run whose callees were put in line.
    expanded: HashSet<FunctionId>,
    /// How often plans were made.
    turns: u32,
    /// How many traps for first visits may wait, since more came at once than could be paid for; and when that was last changed.
    room: Option<(usize, Instant)>,
    own_functions: Wave<FunctionId>,
    library_functions: Wave<FunctionId>,
    own_sites: Wave<SiteId>,
    library_sites: Wave<SiteId>,
}

impl Exploration {
    /// Nothing to explore yet; the order is drawn from `seed`.
    /// Where only a few traps can be set at a time, `only_running` code is explored.
    pub(crate) fn new(seed: u64, only_running: bool) -> Self {
        Self {
            rng: Rng::with_seed(seed),
            only_running,
            soon: VecDeque::new(),
            unclassified: Vec::new(),
            expanded: HashSet::new(),
            turns: 0,
            room: None,
            own_functions: Wave::default(),
            library_functions: Wave::default(),
            own_sites: Wave::default(),
            library_sites: Wave::default(),
        }
    }

    /// Another program begins.
    pub(crate) fn begin_program(&mut self, only_running: bool) {
        (self.only_running, self.room) = (only_running, None);
        self.forget_traps();
    }

    /// Only a few traps can be set at a time from now on, and those that were set are gone.
    pub(crate) fn keep_to_what_runs(&mut self) {
        self.only_running = true;
        self.forget_traps();
    }

    fn forget_traps(&mut self) {
        self.own_sites.forget_traps();
        self.library_sites.forget_traps();
        self.own_functions.forget_traps();
        self.library_functions.forget_traps();
    }

    /// Takes in functions that were found.
    pub(crate) fn add_functions(&mut self, functions: Range<u32>) {
        self.unclassified.extend(functions.map(FunctionId));
        self.rng.shuffle(&mut self.unclassified);
    }

    /// Takes in a function that is known to act for others.
    pub(crate) fn add_helper(&mut self, function: FunctionId) {
        self.library_functions.in_line.push_front(function);
    }

    /// Whether it would help to know where threads run: there is more of the program than was decoded.
    pub(crate) fn is_curious(&self) -> bool {
        self.own_functions.len() > 0 || self.only_running && self.own_sites.len() > 0
    }

    /// How many known sites were not seen to run.
    pub(crate) fn unseen_sites(&self) -> usize {
        self.own_sites.len() + self.library_sites.len()
    }

    /// A thread was seen to run in a function, at `at`.
    pub(crate) fn seen_running(&mut self, catalogue: &mut Catalogue, function: FunctionId, at: Address) {
        if catalogue.classify(function).is_none() {
            return;
        }
        self.decode(catalogue, function);
        self.expect_callees(catalogue, function);
        self.expect(catalogue, catalogue.site_soon_after(at).into_iter());
    }

    /// These sites are likely to be reached soon. Those of libraries are so many that the program's own would never have
    /// their turn.
    fn expect(&mut self, catalogue: &Catalogue, sites: impl Iterator<Item = SiteId>) {
        if self.only_running {
            let is_own = |site: &SiteId| catalogue.knows(*site) && catalogue.site(*site).part == Part::User;
            self.soon.extend(sites.filter(is_own));
            let too_many = self.soon.len().saturating_sub(SOON);
            self.soon.drain(..too_many);
        }
    }

    /// A thread has entered a function.
    pub(crate) fn entered(&mut self, catalogue: &mut Catalogue, function: FunctionId) {
        self.own_functions.seen(function);
        self.library_functions.seen(function);
        let sites = self.decode(catalogue, function);
        self.expect(catalogue, sites.take(REACHED_SOON).map(SiteId));
        self.expect_callees(catalogue, function);
    }

    /// What a function that runs calls will run soon: it goes to the head of the line.
    fn expect_callees(&mut self, catalogue: &mut Catalogue, function: FunctionId) {
        if !self.is_curious() || !self.expanded.insert(function) {
            return;
        }
        for callee in catalogue.callees(function) {
            if !catalogue.is_decoded(callee) && catalogue.classify(callee) == Some(Part::User) {
                self.own_functions.in_line.push_front(callee);
            }
        }
    }

    /// A thread has arrived at a site for the first time.
    pub(crate) fn reached(&mut self, catalogue: &Catalogue, site: SiteId) {
        self.own_sites.seen(site);
        self.library_sites.seen(site);
        self.expect(catalogue, (site.0 + 1..).take(REACHED_SOON).map(SiteId));
    }

    /// The sites of a function are worth a look from now on; returns those that were not before.
    fn decode(&mut self, catalogue: &mut Catalogue, function: FunctionId) -> Range<u32> {
        if catalogue.is_decoded(function) {
            return 0..0;
        }
        let sites = catalogue.decode(function);
        let is_library = catalogue.part(function) == Some(Part::Library);
        let wave = if is_library { &mut self.library_sites } else { &mut self.own_sites };
        wave.mix_in(&mut self.rng, sites.clone().map(SiteId));
        sites
    }

    /// Forgets sites whose code is gone.
    pub(crate) fn retain_mapped(&mut self, catalogue: &Catalogue) {
        for wave in [&mut self.own_sites, &mut self.library_sites] {
            wave.in_line.retain(|&site| catalogue.site(site).mapped);
            wave.trapped.retain(|&(_, site)| catalogue.site(site).mapped);
        }
    }

    /// What to trap from now on: for first visits to the program's own code while there is something `in_hand` for them, in
    /// seconds; for those to libraries while looks can be paid for.
    pub(crate) fn plan(
        &mut self,
        catalogue: &mut Catalogue,
        in_hand: f64,
        may_look: bool,
        now: Instant,
    ) -> Vec<Step> {
        self.classify_some(catalogue);
        let mut steps = self.plan_own(catalogue, in_hand, now);
        let is_seen = |site| catalogue.site(site).experience.is_seen();
        let is_decoded = |function| catalogue.is_decoded(function);
        if may_look {
            self.turns = self.turns.wrapping_add(1);
            let set = usize::from(self.turns.is_multiple_of(LIBRARY_SITE_EVERY));
            steps.extend(self.library_sites.advance(LIBRARY_SITES, set, now, is_seen, Purpose::Scout));
            let functions = &mut self.library_functions;
            steps.extend(functions.advance(LIBRARY_FUNCTIONS, SET, now, is_decoded, Purpose::Discover));
        }
        steps
    }

    /// A trap that waits costs nothing, but nobody knows when they will all be hit.
    fn plan_own(&mut self, catalogue: &Catalogue, in_hand: f64, now: Instant) -> Vec<Step> {
        if in_hand < -OVERDRAFT {
            self.room = Some((TIGHT, now));
            let mut steps = self.own_sites.retreat(TAKEN_AWAY, Purpose::Scout);
            steps.extend(self.own_functions.retreat(TAKEN_AWAY, Purpose::Discover));
            return steps;
        }
        if in_hand <= 0.0 {
            return Vec::new();
        }
        // Beyond those known at once there are only sites of functions that run.
        let sites = self.room(now);
        let functions = sites.min(OWN_FUNCTIONS);
        let is_seen = |site| catalogue.site(site).experience.is_seen();
        let mut steps = self.own_sites.advance(sites, SET, now, is_seen, Purpose::Scout);
        let is_decoded = |function| catalogue.is_decoded(function);
        steps.extend(self.own_functions.advance(functions, SET, now, is_decoded, Purpose::Discover));
        steps
    }

    /// How many traps for first visits may wait.
    fn room(&mut self, now: Instant) -> usize {
        let Some((room, since)) = &mut self.room else { return usize::MAX };
        if now - *since > DOUBLED_AFTER {
            (*room, *since) = (room.saturating_mul(2), now);
        }
        *room
    }

    /// The next site that was not seen to run; the program's own first.
    pub(crate) fn next_site(&mut self, catalogue: &Catalogue) -> Option<SiteId> {
        let is_seen = |site| catalogue.site(site).experience.is_seen();
        // The latest first: where a thread was a moment ago, one may be again.
        let soon =
            iter::from_fn(|| self.soon.pop_back()).find(|&site| catalogue.knows(site) && !is_seen(site));
        if soon.is_some() {
            return soon;
        }
        self.own_sites.take_turn(is_seen).or_else(|| self.library_sites.take_turn(is_seen))
    }

    /// The next function of the program that was not seen to run.
    pub(crate) fn next_function(&mut self, catalogue: &Catalogue) -> Option<FunctionId> {
        self.own_functions.take_turn(|function| catalogue.is_decoded(function))
    }

    /// Goes on to find out whose code functions are.
    pub(crate) fn classify_some(&mut self, catalogue: &mut Catalogue) {
        let begun = Instant::now();
        while begun.elapsed() < SORTING {
            let Some(function) = self.unclassified.pop() else { return };
            match catalogue.classify(function) {
                Some(Part::User) if !self.only_running && self.own_sites.len() < OWN_SITES => {
                    self.decode(catalogue, function);
                }
                Some(Part::User) => self.own_functions.in_line.push_back(function),
                Some(_) => self.library_functions.in_line.push_back(function),
                None => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nobody(_: SiteId) -> bool {
        false
    }

    fn wave(of: u32) -> Wave<SiteId> {
        let mut wave = Wave::default();
        wave.mix_in(&mut Rng::with_seed(1), (0..of).map(SiteId));
        wave
    }

    #[test]
    fn after_an_overdraft_the_room_grows_again() {
        let (mut exploration, now) = (Exploration::new(1, false), Instant::now());
        assert_eq!(exploration.room(now), usize::MAX);
        exploration.plan_own(&Catalogue::default(), -2.0 * OVERDRAFT, now);
        assert_eq!(exploration.room(now), TIGHT);
        assert_eq!(exploration.room(now + 2 * DOUBLED_AFTER), 2 * TIGHT);
    }

    #[test]
    fn traps_stay_while_all_fit() {
        let (mut wave, now) = (wave(10), Instant::now());
        assert_eq!(wave.advance(16, 256, now, nobody, Purpose::Scout).len(), 10);
        assert!(wave.advance(16, 256, now + 10 * SHORTEST_WAIT, nobody, Purpose::Scout).is_empty());
    }

    #[test]
    fn what_does_not_fit_takes_turns() {
        let (mut wave, now) = (wave(20), Instant::now());
        assert_eq!(wave.advance(16, 256, now, nobody, Purpose::Scout).len(), 16);
        assert!(wave.advance(16, 256, now, nobody, Purpose::Scout).is_empty(), "too soon");
        let steps = wave.advance(16, 256, now + 2 * SHORTEST_WAIT, nobody, Purpose::Scout);
        let armed = steps.iter().filter(|step| matches!(step, Step::Arm(_))).count();
        assert_eq!((armed, steps.len() - armed), (TURNED_OVER, TURNED_OVER));
        assert_eq!(wave.len(), 20);
    }

    #[test]
    fn who_retreats_comes_back_first() {
        let (mut wave, now) = (wave(20), Instant::now());
        let armed = wave.advance(8, 256, now, nobody, Purpose::Scout);
        let disarmed = wave.retreat(5, Purpose::Scout).len() + wave.retreat(5, Purpose::Scout).len();
        assert_eq!((disarmed, wave.len()), (armed.len(), 20));
        let again = wave.advance(8, 256, now, nobody, Purpose::Scout);
        assert!(again.len() == armed.len() && armed.iter().all(|step| again.contains(step)));
    }

    #[test]
    fn what_is_known_when_its_turn_comes_is_passed_over() {
        let (mut wave, now) = (wave(3), Instant::now());
        let steps = wave.advance(16, 1, now, |site| site != SiteId(2), Purpose::Scout);
        assert_eq!(steps, [Step::Arm(Purpose::Scout(SiteId(2)))]);
    }

    #[test]
    fn what_was_seen_is_no_longer_waited_for() {
        let (mut wave, now) = (wave(3), Instant::now());
        wave.advance(16, 256, now, nobody, Purpose::Scout);
        wave.seen(SiteId(1));
        assert_eq!(wave.len(), 2);
    }
}
