//! Which of the sites that run to look at next, where to hold, and for how long.
//!
//! Holds go mostly to sites where somebody was seen to come soon after (a *prospect*: a watchpoint for a moment, with
//! nobody held); the rest is spread over all live sites, since what was learnt about sharing is never complete.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use fastrand::Rng;

use crate::Holds;
use crate::arming::Arming;
use crate::budget::Budget;
use crate::heads::Heads;
use crate::scope::Part;
use crate::sites::{Catalogue, Site, SiteId};
use crate::traps::{Purpose, Step};

/// How many live sites are trapped for a hold at a time: with 16, nearly all holds went to whatever each run
/// reaches first; with 3 they were spread.
const CANDIDATES: usize = 3;
/// How long those may stay before others get their turn.
const CANDIDATE_AGE: Duration = Duration::from_millis(15);
/// How many sites that run rarely are waited for at a time, beside the candidates.
const PATIENCE: usize = 128;
/// How many sites are chosen from, how many of them are compared for each choice, and how long until all are rated again.
const SHORT_LIST: usize = 2 * PATIENCE;
const COMPARED: usize = 16;
const SHORT_LIST_AGE: Duration = Duration::from_millis(25);
/// The share of looks at locked sites: nobody is held there, but they tell where others write.
const LOCKED_SHARE: f64 = 0.1;
/// How many live sites are drawn for a look, of which the one is taken that it would teach most about.
const DRAWN: usize = 128;
/// The share of holds and prospects that go anywhere, whatever was learnt: what looks private may be shared later.
const BLIND_SHARE: f64 = 0.1;
/// The share of holds and looks that go to where memory is given back, in programs that do so by hand.
const RELEASE_SHARE: f64 = 0.2;
/// The part of the budget that goes, in Go programs, into holds of native code where a finalizer may give the memory back,
/// and how long those last. Such a thread has given its Go processor away, so that the collector can go on meanwhile. In a
/// service that parses and matches rules in C++, the object was gone afterwards in 0 of 44 holds of 1.5 ms, and in 9 of 44
/// of 10 ms.
const LASTING_SHARE: f64 = 0.4;
/// The part of the budget that goes, where Go calls native functions through trampolines, into following those calls; and
/// where nobody but goroutines is held.
const FOLLOWING_SHARE: f64 = 0.3;
const FOLLOWING_ALONE: f64 = 0.5;
const LONG_IN_CGO: Duration = Duration::from_millis(12);
/// How long a thread that gives memory back may go on before it is held: large structures take milliseconds.
const SHORTEST_MOMENT: Duration = Duration::from_micros(50);
const LONGEST_MOMENT: Duration = Duration::from_millis(3);
/// How contended memory must be for a prospect in library code: neighbours in a page are not enough.
const LIBRARY_CONTENTION: f64 = 0.3;
/// Sites with less [attention](Catalogue::attention) than this are held as soon as there is anything to spend: prospects
/// have shown that somebody comes.
const WORTHY: f64 = 30.0;
/// At first no others are: the credit of the start is better spent once a few prospects were made.
const SETTLING: Duration = Duration::from_millis(1000);
/// How long threads are held where nobody was ever seen to come.
const SHORTEST_BLIND: Duration = Duration::from_micros(500);
const LONGEST_BLIND: Duration = Duration::from_micros(1500);
/// How long anywhere, typically: a thread that stands still keeps a Go processor, or a lock, from the others.
const LONGEST: Duration = Duration::from_micros(1800);
/// The part of the budget that may go into looking without holding.
const LOOKING_SHARE: f64 = 0.25;
/// How much may go into first visits of the program's own code, as a share of the budget, which is not spent by it; and how
/// much more of it at the start than of the others. A language's virtual machine has tens of thousands of sites: all at once,
/// they took half of the first ten seconds.
const EXPLORING_SHARE: f64 = 1.0;
const EXPLORING_AHEAD: Duration = Duration::from_millis(115);
/// How much processor time may go into prospects, as a share of the budget, which is not spent by it.
const PROSPECTING_SHARE: f64 = 0.2;
/// How much of the budget may go, in a process that has little to do, into holds where nothing promises that anybody comes. In a
/// service where threads share next to nothing, these are all. At 2,000 requests a second, each delays a handful: with four a
/// second, whatever the promise, the slowest hundredth took half as long again.
const BLIND_BUDGET: f64 = 0.3;

/// The plan of where to look and to hold.
pub(crate) struct Sampler {
    rng: Rng,
    /// Sites seen to run at which a thread may be held.
    live: Vec<SiteId>,
    /// Those among them where memory is given back.
    releases: Vec<SiteId>,
    /// Sites in native code of Go programs at the beginning of a block.
    pub(crate) heads: Heads,
    /// Sites seen to run at which a thread may only be looked at.
    locked: Vec<SiteId>,
    /// Who is held.
    pub(crate) holds: Holds,
    /// Whether calls of native functions are followed.
    follows: bool,
    /// Whether something may be spent ahead at the start.
    has_credit: bool,
    budget: f64,
    candidates: Vec<SiteId>,
    candidates_since: Instant,
    /// The sites that are to be held next, the best first.
    short_list: Vec<SiteId>,
    short_list_since: Instant,
    started: Instant,
    patient: VecDeque<SiteId>,
    /// What may be spent on holding.
    pub(crate) holding: Budget,
    /// What may be spent on long holds, where there are any.
    pub(crate) lasting: Budget,
    /// What may be spent on following calls of native functions, where there are any.
    pub(crate) following: Budget,
    /// What may be spent on looking.
    pub(crate) looking: Budget,
    /// What may be spent on first visits.
    pub(crate) exploring: Budget,
    /// The processor time that may be spent on prospects. It is the tracer's own: nobody is held for it.
    pub(crate) prospecting: Budget,
    /// What may be spent on debug registers, where breakpoints in them take the place of traps.
    pub(crate) arming: Arming,
    /// What part of that which may be spent on holding may go where nothing promises that anybody comes, where that is limited.
    blind: Budget,
}

impl Sampler {
    /// A plan that keeps to `budget` (a share of wall time) and makes the choices that `seed` gives.
    pub(crate) fn new(seed: u64, budget: f64, holds: Holds, now: Instant) -> Self {
        Self {
            rng: Rng::with_seed(seed),
            live: Vec::new(),
            releases: Vec::new(),
            heads: Heads::default(),
            locked: Vec::new(),
            holds,
            follows: false,
            has_credit: true,
            budget,
            candidates: Vec::new(),
            candidates_since: now,
            short_list: Vec::new(),
            short_list_since: now,
            started: now,
            patient: VecDeque::new(),
            holding: Budget::new(budget * (1.0 - LOOKING_SHARE), now),
            lasting: Budget::new(0.0, now),
            following: Budget::new(0.0, now),
            looking: Budget::new(budget * LOOKING_SHARE, now),
            exploring: exploring(budget, now),
            prospecting: Budget::new(budget * PROSPECTING_SHARE, now),
            arming: Arming::new(budget, now),
            blind: Budget::new(budget * BLIND_BUDGET, now).without_credit(),
        }
    }

    /// The same for one process of several, which all start at once: nothing may be spent ahead.
    pub(crate) fn without_credit(self) -> Self {
        Self {
            has_credit: false,
            holding: self.holding.without_credit(),
            lasting: self.lasting.without_credit(),
            following: self.following.without_credit(),
            looking: self.looking.without_credit(),
            exploring: self.exploring.without_credit(),
            prospecting: self.prospecting.without_credit(),
            arming: self.arming.without_credit(),
            ..self
        }
    }

    /// Allows all of it the credit of the start.
    pub(crate) fn grant_credit(&mut self) {
        self.has_credit = true;
        let Self { holding, following, looking, exploring, prospecting, arming, .. } = self;
        for budget in [holding, following, looking, exploring, prospecting] {
            budget.grant_credit();
        }
        arming.grant_credit();
    }

    /// Keeps to another budget from now on. Where there are long holds, they share with the others.
    pub(crate) fn set_budget(&mut self, budget: f64) {
        let lasting =
            if self.heads.is_empty() || self.holds == Holds::Goroutines { 0.0 } else { LASTING_SHARE };
        let following = self.following_share();
        self.budget = budget;
        self.lasting.set_share(budget * lasting);
        self.following.set_share(budget * following);
        self.holding.set_share(budget * (1.0 - LOOKING_SHARE - lasting - following));
        self.looking.set_share(budget * LOOKING_SHARE);
        self.exploring.set_share(budget * EXPLORING_SHARE);
        self.prospecting.set_share(budget * PROSPECTING_SHARE);
    }

    /// Keeps to a share of another budget where nothing promises that anybody comes, in a process that is `running` for such a
    /// share of the time: whoever is always busy lets nobody wait for less.
    pub(crate) fn set_blind_budget(&mut self, budget: f64, running: f64) {
        self.blind.set_share(budget * running.max(BLIND_BUDGET));
    }

    /// A thread arrived at a site for the first time.
    pub(crate) fn came_alive(&mut self, catalogue: &Catalogue, site: SiteId) {
        let site_there = catalogue.site(site);
        let pool = match site_there.may_hold() {
            true if site_there.is_release() => &mut self.releases,
            true => &mut self.live,
            false => &mut self.locked,
        };
        pool.push(site);
    }

    /// How long a thread is held in native code of a Go program, to see whether its memory is given back by a finalizer: about
    /// as long as a collection takes.
    pub(crate) fn long_duration(&mut self) -> Duration {
        LONG_IN_CGO.mul_f64(0.6 + 0.8 * self.rng.f64())
    }

    /// Forgets sites whose code is gone.
    pub(crate) fn retain_mapped(&mut self, catalogue: &Catalogue) {
        let mapped = |site: &SiteId| catalogue.site(*site).mapped;
        self.live.retain(mapped);
        self.releases.retain(mapped);
        self.heads.retain(mapped);
        self.locked.retain(mapped);
        self.candidates.retain(mapped);
        self.short_list.retain(mapped);
        self.patient.retain(mapped);
    }

    /// Whether to hold the thread that arrives at a site for the first time: what is in hand is spread over
    /// the first visits still to come, since for cold code the first visit may be the only one.
    pub(crate) fn hold_first_visit(&mut self, unseen_sites: usize, now: Instant) -> bool {
        let affordable = self.holding.balance(now) / self.duration(None, now).as_secs_f64();
        self.rng.f64() < affordable / unseen_sites.max(1) as f64
    }

    /// Whether a first visit to the program's own code can be paid for now.
    pub(crate) fn may_explore(&mut self, now: Instant) -> bool {
        self.exploring.balance(now) > 0.0
    }

    /// Whether a look can be paid for now.
    pub(crate) fn may_look(&mut self, now: Instant) -> bool {
        self.looking.balance(now) > 0.0
    }

    /// Whether to watch who comes next to memory that is contended to this degree, or in use. That costs several times
    /// as much as the look which has shown it.
    pub(crate) fn may_prospect(&mut self, contention: f64, site: &Site, now: Instant) -> bool {
        if site.is_release() || self.prospecting.balance(now) <= 0.0 {
            return false;
        }
        let least = if site.part == Part::Library { LIBRARY_CONTENTION } else { 0.0 };
        let promises = contention > least || site.experience.is_in_use();
        promises && !site.experience.is_well_known() || self.rng.f64() < BLIND_SHARE
    }

    /// Whether a lifetime can be followed now. Like a prospect it holds nobody.
    pub(crate) fn may_follow_lifetimes(&mut self, now: Instant) -> bool {
        self.prospecting.balance(now) > 0.0
    }

    /// Where somebody was seen to give memory back.
    pub(crate) fn releases(&self) -> &[SiteId] {
        &self.releases
    }

    /// Whether a hold can be paid for now where nothing promises that anybody comes.
    pub(crate) fn may_hold_blindly(&mut self, now: Instant) -> bool {
        self.blind.balance(now) > 0.0
    }

    /// There is to be one.
    pub(crate) fn pay_for_blind_hold(&mut self) {
        self.blind.spend(LONGEST_BLIND);
    }

    /// Whether a hold can be paid for now.
    pub(crate) fn may_hold(&mut self, now: Instant) -> bool {
        self.holding.balance(now) > 0.0
    }

    /// There are calls to be followed: from now on they have a share of the budget.
    pub(crate) fn begin_following(&mut self, now: Instant) {
        if !self.follows {
            self.follows = true;
            let following = Budget::new(self.budget * self.following_share(), now);
            self.following = if self.has_credit { following } else { following.without_credit() };
            self.set_budget(self.budget);
        }
    }

    fn following_share(&self) -> f64 {
        match self.holds {
            _ if !self.follows => 0.0,
            Holds::All => FOLLOWING_SHARE,
            Holds::Goroutines => FOLLOWING_ALONE,
        }
    }

    /// Whether following a call can be paid for now.
    pub(crate) fn may_follow(&mut self, now: Instant) -> bool {
        self.following.balance(now) > 0.0
    }

    /// Whether a long hold can be.
    pub(crate) fn may_hold_long(&mut self, now: Instant) -> bool {
        self.lasting.balance(now) > 0.0
    }

    /// How long threads stood still so far.
    pub(crate) fn spent(&self) -> Duration {
        let budgets = [&self.holding, &self.lasting, &self.following, &self.looking, &self.exploring];
        budgets.iter().map(|budget| budget.spent()).sum()
    }

    /// How long the next hold lasts: about as long as its visitors are expected to take; where nobody was ever seen to
    /// come, long while much is in hand, short and frequent later. Random, so that it does not fall into step with
    /// the target.
    pub(crate) fn duration(&mut self, patience: Option<Duration>, now: Instant) -> Duration {
        let blind = Duration::from_secs_f64(self.holding.balance(now).max(0.0) / 20.0);
        let typical = patience.unwrap_or(blind.clamp(SHORTEST_BLIND, LONGEST_BLIND));
        typical.min(LONGEST).mul_f64(0.6 + 0.8 * self.rng.f64())
    }

    /// True in this share of cases.
    pub(crate) fn chance(&mut self, share: f64) -> bool {
        self.rng.f64() < share
    }

    /// A while that is as likely to be some tens of microseconds as a few milliseconds.
    pub(crate) fn moment(&mut self) -> Duration {
        SHORTEST_MOMENT
            .mul_f64((LONGEST_MOMENT.as_secs_f64() / SHORTEST_MOMENT.as_secs_f64()).powf(self.rng.f64()))
    }

    /// One of several accesses of a site, at random.
    pub(crate) fn choose<T: Copy>(&mut self, among: &[T]) -> Option<T> {
        self.rng.choice(among).copied()
    }

    /// What to trap from now on.
    pub(crate) fn plan(&mut self, catalogue: &mut Catalogue, holding: bool, now: Instant) -> Vec<Step> {
        let mut steps = Vec::new();
        if self.may_look(now) {
            self.scout(catalogue, &mut steps);
        }
        if !holding && self.may_hold(now) {
            self.wait_for_candidates(catalogue, now, &mut steps);
        }
        if let Some(site) = self.heads.give_up(now) {
            catalogue.site_mut(site).experience.note_miss();
            steps.push(Step::Disarm(Purpose::Hold(site)));
        }
        if !holding && let Some(site) = self.next_head(catalogue, now) {
            steps.extend(Step::to_hold(site));
        }
        steps
    }

    /// Where somebody is to be held for long.
    pub(crate) fn next_head(&mut self, catalogue: &Catalogue, now: Instant) -> Option<SiteId> {
        if !self.heads.have_room() || self.lasting.balance(now) <= 0.0 {
            return None;
        }
        self.heads.next(&mut self.rng, now, |site| catalogue.site(site).experience.tries())
    }

    /// Looks again at a site that runs, to learn which memory is shared. One at a time: what it teaches may make another
    /// the best for the next.
    fn scout(&mut self, catalogue: &mut Catalogue, steps: &mut Vec<Step>) {
        let Some(site) = self.next_look(catalogue) else { return };
        catalogue.site_mut(site).experience.note_asked();
        steps.push(Step::Arm(Purpose::Scout(site)));
    }

    /// The place where memory is given back that had the least attention.
    fn next_release(&mut self, catalogue: &Catalogue) -> Option<SiteId> {
        let attention = |site| catalogue.site(site).experience.release_attention();
        least(&mut self.rng, &self.releases, DRAWN, attention)
    }

    /// The site at which another look would teach most.
    pub(crate) fn next_look(&mut self, catalogue: &Catalogue) -> Option<SiteId> {
        if !self.releases.is_empty() && self.rng.f64() < RELEASE_SHARE {
            return self.next_release(catalogue);
        }
        let pool = if self.rng.f64() < LOCKED_SHARE { &self.locked } else { &self.live };
        least(&mut self.rng, pool, DRAWN, |site| -catalogue.site(site).curiosity())
    }

    /// Chooses the sites of the next holds.
    fn wait_for_candidates(&mut self, catalogue: &mut Catalogue, now: Instant, steps: &mut Vec<Step>) {
        if now - self.candidates_since > CANDIDATE_AGE {
            self.give_up_candidates(catalogue, steps);
            self.candidates_since = now;
        }
        while self.candidates.len() < CANDIDATES {
            let only_worthy = now - self.started < SETTLING;
            let Some(site) = self.next_hold(catalogue, only_worthy, now) else { return };
            self.candidates.push(site);
            steps.extend(Step::to_hold(site));
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

    /// The traps at which somebody was waited for are gone.
    pub(crate) fn forget_traps(&mut self) {
        self.candidates.clear();
        self.patient.clear();
        self.heads.forget_traps();
    }

    /// A site trapped for a hold was reached: it is no longer waited for.
    pub(crate) fn arrived(&mut self, site: SiteId) {
        self.candidates.retain(|&waiting| waiting != site);
        self.patient.retain(|&waiting| waiting != site);
    }

    /// The site at which a hold promises most; now and then any, unless `only_worthy` ones are asked for.
    pub(crate) fn next_hold(
        &mut self,
        catalogue: &Catalogue,
        only_worthy: bool,
        now: Instant,
    ) -> Option<SiteId> {
        if !self.releases.is_empty() && self.rng.f64() < RELEASE_SHARE {
            return self.next_release(catalogue).filter(|&site| !self.is_waited_for(site));
        }
        if !only_worthy && self.rng.f64() < BLIND_SHARE {
            return self.rng.choice(&self.live).copied().filter(|&site| !self.is_waited_for(site));
        }
        if now - self.short_list_since > SHORT_LIST_AGE {
            self.make_short_list(catalogue);
            self.short_list_since = now;
        }
        let next = self.short_list.iter().copied().filter(|&site| !self.is_waited_for(site)).take(COMPARED);
        let rated = next.map(|site| (catalogue.attention(site), site));
        let (attention, site) = rated.min_by(|(one, _), (other, _)| one.total_cmp(other))?;
        (!only_worthy || attention <= WORTHY).then_some(site)
    }

    fn is_waited_for(&self, site: SiteId) -> bool {
        self.candidates.contains(&site) || self.patient.contains(&site)
    }

    /// Rates all live sites: among as many as there may be, that is too much to do for every candidate.
    fn make_short_list(&mut self, catalogue: &Catalogue) {
        let mut rated: Vec<(f64, SiteId)> =
            self.live.iter().map(|&site| (catalogue.attention(site), site)).collect();
        // A random order breaks ties.
        self.rng.shuffle(&mut rated);
        if rated.len() > SHORT_LIST {
            rated.select_nth_unstable_by(SHORT_LIST, |(one, _), (other, _)| one.total_cmp(other));
            rated.truncate(SHORT_LIST);
        }
        rated.sort_by(|(one, _), (other, _)| one.total_cmp(other));
        self.short_list = rated.into_iter().map(|(_, site)| site).collect();
    }
}

/// What may be spent on first visits within a `budget`.
fn exploring(budget: f64, now: Instant) -> Budget {
    let mut exploring = Budget::new(budget * EXPLORING_SHARE, now);
    exploring.grant(EXPLORING_AHEAD);
    exploring
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
