use std::time::{Duration, Instant};

use jostle_model::Address;

use crate::case::{Case, Side};
use crate::process::catch::Watched;
use crate::sites::SiteId;

/// After so many different visitors it is enough: more are left for later.
const MOST_VISITORS: usize = 4;
/// After so many stops it is too, even if they were all the same visitor's: each costs that one about 40 µs.
const MOST_HITS: u32 = 24;

/// Somebody who is kept before an access, a thread or a goroutine, and who has come to the same bytes meanwhile.
#[derive(Debug)]
pub(in crate::process) struct Encounter {
    pub(in crate::process) held: Side,
    pub(super) site: SiteId,
    pub(super) watched: Watched,
    old: Option<u64>,
    since: Instant,
    /// Each different instruction that came, with the first thread that executed it.
    visitors: Vec<(Address, Side)>,
    hits: u32,
}

impl Encounter {
    /// Nobody has come since `since` to the bytes that are `old`.
    pub(super) fn new(held: Side, site: SiteId, watched: Watched, old: Option<u64>, since: Instant) -> Self {
        Self { held, site, watched, old, since, visitors: Vec::new(), hits: 0 }
    }

    /// Counts a hit by the instruction at `at`; returns whether that one has not come before.
    pub(super) fn note_hit(&mut self, at: Address) -> bool {
        self.hits += 1;
        self.visitors.iter().all(|(known, _)| *known != at)
    }

    /// The first to come by the instruction at `at`.
    pub(super) fn note_visitor(&mut self, at: Address, side: Side) {
        self.visitors.push((at, side));
    }

    /// Whether more of the same would teach nothing.
    pub(super) fn is_enough(&self) -> bool {
        self.hits >= MOST_HITS || self.visitors.len() >= MOST_VISITORS
    }

    /// Whether nobody was seen to come.
    pub(super) fn is_alone(&self) -> bool {
        self.visitors.is_empty()
    }

    /// Those who came, each with its instruction.
    pub(super) fn visitors(&self) -> &[(Address, Side)] {
        &self.visitors
    }

    /// How long it has lasted.
    pub(super) fn lasted(&self) -> Duration {
        self.since.elapsed()
    }

    /// Whether the bytes are others now than they were.
    pub(super) fn has_changed(&self, new: Option<u64>) -> bool {
        new.is_some() && new != self.old
    }

    /// What each visitor and the one who was held have done to each other; `at_ms` since the start, when it was over and the
    /// bytes were `new`.
    pub(super) fn cases(&self, new: Option<u64>, lasted: Duration, at_ms: u64) -> Vec<Case> {
        let sides = self.visitors.iter().map(|(_, side)| Some(side.clone()));
        sides.map(|other| self.case(other, new, lasted, at_ms)).collect()
    }

    /// The bytes have changed, and nobody was seen.
    pub(super) fn case_alone(&self, new: Option<u64>, lasted: Duration, at_ms: u64) -> Case {
        self.case(None, new, lasted, at_ms)
    }

    fn case(&self, other: Option<Side>, new: Option<u64>, lasted: Duration, at_ms: u64) -> Case {
        let (held, access, old) = (self.held.clone(), self.watched.access, self.old);
        Case { held, other, access, old, new, held_us: lasted.as_micros() as u64, at_ms }
    }
}
