//! Which of the sites that run to look at next, where to hold, and for how long.
//!
//! Holds go mostly to sites where somebody was seen to come soon after (a *prospect*: a watchpoint for a moment, with
//! nobody held, which costs the target almost nothing); the rest is spread over all live sites, since what was learnt
//! about sharing is never complete.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use fastrand::Rng;

use crate::budget::Budget;
use crate::sites::{Catalogue, SiteId};
use crate::traps::{Purpose, Step};

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

/// The plan of where to look and to hold.
pub(crate) struct Sampler {
    rng: Rng,
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

    /// A thread arrived at a site for the first time.
    pub(crate) fn came_alive(&mut self, catalogue: &Catalogue, site: SiteId) {
        if catalogue.site(site).may_hold() { self.live.push(site) } else { self.locked.push(site) }
    }

    /// Forgets sites whose code is gone.
    pub(crate) fn retain_mapped(&mut self, catalogue: &Catalogue) {
        let mapped = |site: &SiteId| catalogue.site(*site).mapped;
        self.live.retain(mapped);
        self.locked.retain(mapped);
        self.candidates.retain(mapped);
        self.patient.retain(mapped);
    }

    /// Whether to hold the thread that arrives at a site for the first time: what is in hand is spread over
    /// the first visits still to come, since for cold code the first visit may be the only one.
    pub(crate) fn hold_first_visit(&mut self, unseen_sites: usize, now: Instant) -> bool {
        let affordable = self.holding.balance(now) / self.duration(now).as_secs_f64();
        self.rng.f64() < affordable / unseen_sites.max(1) as f64
    }

    /// Whether a look can be paid for now.
    pub(crate) fn may_look(&mut self, now: Instant) -> bool {
        self.looking.balance(now) > 0.0
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
        if self.may_look(now) {
            self.scout(catalogue, &mut steps);
        }
        if !holding && self.may_hold(now) {
            self.wait_for_candidates(catalogue, now, &mut steps);
        }
        steps
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
