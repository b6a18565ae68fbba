//! What looking at a site has taught, and what one more look or hold there is worth.

use std::collections::BTreeMap;

use crate::sites::SiteId;

/// How fast interest in a site fades with holds that bring nothing new. With 0, memory that is handed over from
/// thread to thread, and so looks contended, took a third of all holds on half-atomics; it never brings any.
const BOREDOM: f64 = 1.6;
/// After so many prospects it is known well enough whether anyone comes.
const ENOUGH_PROSPECTS: u32 = 3;
/// What a hold may still bring at a site whose rivals are all caught, or are not known, against one whose rivals
/// are all open. Rivals are known from samples only: there may always be more.
const NONE_OPEN: f64 = 0.1;
const NONE_KNOWN: f64 = 0.5;
/// What contended memory alone is worth, against somebody who came: most of it was handed over, or is another
/// object at an address used before.
const UNTRIED: f64 = 0.05;
/// So many rivals are remembered; a site with more has plenty to offer anyway.
const MOST_RIVALS: usize = 16;

/// The record of one site.
#[derive(Clone, Debug, Default)]
pub(crate) struct Experience {
    /// How often a thread was seen arriving here.
    visits: u32,
    /// How often it was trapped to be looked at, whether anyone came or not.
    asked: u32,
    /// How contended the memory was, added up over all visits.
    contention: f64,
    /// How often it was watched for a moment, with nobody held, who comes to the same bytes next.
    prospects: u32,
    /// How often somebody came.
    meetings: u32,
    /// The same, each time weighed by how likely the visitor's site itself is to be visited.
    credit: f64,
    /// Whether it has come to where others had been, before it was asked itself.
    sought: bool,
    /// How often a thread was held here.
    holds: u32,
    /// How often nobody came meanwhile.
    lonely: u32,
    /// Holds since the last one that brought a pair of accesses not caught before.
    barren: u32,
    /// How often it was to be held and was not: nobody arrived, or there was nothing to watch.
    misses: u32,
    /// Sites that others were seen to use on the same memory, in conflict with this one, and whether the two were
    /// caught together.
    rivals: BTreeMap<SiteId, bool>,
}

impl Experience {
    /// A thread has arrived; returns whether it was the first.
    pub(crate) fn note_visit(&mut self) -> bool {
        self.visits += 1;
        self.visits == 1
    }

    /// Whether any thread was seen here.
    pub(crate) fn is_seen(&self) -> bool {
        self.visits > 0
    }

    /// It is trapped to be looked at.
    pub(crate) fn note_asked(&mut self) {
        self.asked += 1;
    }

    /// A visit has shown memory that is contended to this degree, between 0 and 1.
    pub(crate) fn note_contention(&mut self, degree: f64) {
        self.contention += degree;
    }

    /// Somebody else used `rival` on the same memory.
    pub(crate) fn note_rival(&mut self, rival: SiteId) {
        if self.rivals.len() < MOST_RIVALS {
            self.rivals.entry(rival).or_insert(false);
        }
    }

    /// The two were caught together.
    pub(crate) fn note_caught(&mut self, rival: SiteId) {
        self.rivals.insert(rival, true);
    }

    /// A prospect is over; if somebody came, with the [`credibility`](Self::credibility) of that visitor.
    pub(crate) fn note_prospect(&mut self, visitor: Option<f64>) {
        self.prospects += 1;
        self.meetings += u32::from(visitor.is_some());
        self.credit += visitor.unwrap_or(0.0);
    }

    /// It came to where somebody else had been. Whether others come to where it has been is the next question:
    /// only then can the two race.
    pub(crate) fn note_meeting(&mut self) {
        self.sought |= self.prospects < ENOUGH_PROSPECTS;
    }

    /// A hold is over: whether anybody came, and whether that was a pair not caught before.
    pub(crate) fn note_hold(&mut self, lonely: bool, news: bool) {
        self.holds += 1;
        self.lonely += u32::from(lonely);
        self.barren = if news { 0 } else { self.barren + 1 };
    }

    /// It was to be held and could not be.
    pub(crate) fn note_miss(&mut self) {
        self.misses += 1;
    }

    /// Whether coming after somebody else here means that one could have come before as well, between 0 and 1.
    ///
    /// Two accesses that race come in either order. What is written, published and then read comes in one
    /// only: prospects at the reader see no writer. Until one was made there is some doubt, after it little.
    pub(crate) fn credibility(&self) -> f64 {
        (2.0 * (f64::from(self.meetings) + 0.1) / (f64::from(self.prospects) + 0.5)).min(1.0)
    }

    /// How contended the memory is that it touches, between 0 and 1. Never quite 0: what was seen of it may
    /// not have been typical.
    fn contention(&self) -> f64 {
        ((self.contention + 0.05) / f64::from(self.visits + 1)).min(1.0)
    }

    /// How likely it is that somebody comes who was not caught here before: mostly by how often somebody came
    /// during prospects and holds, and before any was made by how contended the memory looks.
    pub(crate) fn promise(&self) -> f64 {
        let came = self.credit + f64::from(self.holds - self.lonely);
        let tried = f64::from(self.prospects + self.holds);
        (came + UNTRIED * self.contention()) / (tried + 1.0) * self.novelty()
    }

    /// How much of what may come is still to be caught.
    fn novelty(&self) -> f64 {
        if self.rivals.is_empty() {
            return NONE_KNOWN;
        }
        let open = self.rivals.values().filter(|caught| !**caught).count() as f64;
        NONE_OPEN + (1.0 - NONE_OPEN) * open / self.rivals.len() as f64
    }

    /// How much attention it has had already, for what it promises: the site with the least is next.
    pub(crate) fn attention(&self) -> f64 {
        let had = f64::from(1 + self.holds) + f64::from(self.misses) / 2.0;
        had * (1.0 + f64::from(self.barren) / 2.0).powf(BOREDOM) / self.promise()
    }

    /// How much another look would teach: little where many were taken, where nobody comes any more, or where
    /// all visits were private.
    pub(crate) fn curiosity(&self) -> f64 {
        let sought = if self.sought && self.prospects < ENOUGH_PROSPECTS { 10.0 } else { 1.0 };
        sought * (self.contention() + 0.3) / f64::from(1 + self.asked + 2 * self.prospects)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_at_which_nobody_comes_lower_the_promise() {
        let mut site = Experience::default();
        site.note_visit();
        site.note_contention(1.0);
        let before = site.promise();
        site.note_hold(true, false);
        assert!(site.promise() <= before / 2.0);
    }

    #[test]
    fn a_site_whose_rivals_are_caught_comes_after_one_with_an_open_rival() {
        let mut open = Experience::default();
        open.note_visit();
        open.note_rival(SiteId(7));
        let mut caught = open.clone();
        caught.note_caught(SiteId(7));
        assert!(open.attention() < caught.attention());
    }

    #[test]
    fn a_visitor_that_nobody_ever_comes_to_lends_little_credit() {
        let mut reader = Experience::default();
        for _ in 0..5 {
            reader.note_prospect(None);
        }
        let mut racer = Experience::default();
        racer.note_prospect(Some(1.0));
        assert!(reader.credibility() < 0.05 && racer.credibility() > 0.9);
    }
}
