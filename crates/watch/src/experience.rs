//! What looking at a site has taught, and what one more look or hold there is worth.

use std::collections::BTreeMap;

use crate::sites::SiteId;

/// After so many prospects it is known well enough whether anyone comes.
const ENOUGH_PROSPECTS: u32 = 3;
/// The least [`credibility`](Experience::credibility).
const DOUBT: f64 = 0.25;
/// What contended memory alone is worth, against somebody who came: most of it was handed over, or is another
/// object at an address used before.
const UNTRIED: f64 = 0.05;
/// What a rival is worth that was seen at the same memory, but did not come during a prospect yet.
const SEEN_ONLY: f64 = 0.1;
/// How many holds what prospects have shown weighs as much as, for a rival that is fully credible and for one that is
/// not. Where one hold in five meets somebody, many more must fail until it is given up; where memory is handed over,
/// one should do.
const FAITH: f64 = 2.5;
const LITTLE_FAITH: f64 = 0.8;
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
    /// How often it was the kernel, for a system call.
    kernel_meetings: u32,
    /// Whether it has come to where others had been, before it was asked itself.
    sought: bool,
    /// Holds since the last one that brought a pair of accesses not caught before.
    barren: u32,
    /// How often it was to be held and was not: nobody arrived, or there was nothing to watch.
    misses: u32,
    /// Sites that others were seen to use on the same memory, in conflict with this one.
    rivals: BTreeMap<SiteId, Rival>,
}

/// What is known of two sites that conflict.
#[derive(Clone, Copy, Debug, Default)]
struct Rival {
    /// During how many prospects here it came.
    came: u32,
    /// Whether the two were caught together.
    caught: bool,
}

/// Who came during a prospect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Visitor {
    /// A thread at this site.
    Site(SiteId),
    /// The kernel, for a system call.
    Kernel,
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
            self.rivals.entry(rival).or_default();
        }
    }

    /// The two were caught together.
    pub(crate) fn note_caught(&mut self, rival: SiteId) {
        self.rivals.entry(rival).or_default().caught = true;
    }

    /// A prospect is over, with whoever came.
    pub(crate) fn note_prospect(&mut self, visitor: Option<Visitor>) {
        self.prospects += 1;
        self.meetings += u32::from(visitor.is_some());
        match visitor {
            Some(Visitor::Site(site)) => self.rivals.entry(site).or_default().came += 1,
            Some(Visitor::Kernel) => self.kernel_meetings += 1,
            None => {}
        }
    }

    /// It came to where somebody else had been. Whether others come to where it has been is the next question:
    /// only then can the two race.
    pub(crate) fn note_meeting(&mut self) {
        self.sought |= self.prospects < ENOUGH_PROSPECTS;
    }

    /// A hold is over: whether it brought a pair not caught before.
    pub(crate) fn note_hold(&mut self, news: bool) {
        self.barren = if news { 0 } else { self.barren + 1 };
    }

    /// It was to be held and could not be.
    pub(crate) fn note_miss(&mut self) {
        self.misses += 1;
    }

    /// Whether coming after somebody else here means that one could have come before as well, between 0 and 1.
    ///
    /// Two accesses that race come in either order. What is written, published and then read comes in one
    /// only: prospects at the reader see no writer. But neither do most where a slot of a ring is read, so some
    /// doubt remains for a few holds to settle.
    pub(crate) fn credibility(&self) -> f64 {
        (2.0 * f64::from(self.meetings) / (f64::from(self.prospects) + 0.5)).clamp(DOUBT, 1.0)
    }

    /// How contended the memory is that it touches, between 0 and 1. Never quite 0: what was seen of it may
    /// not have been typical.
    fn contention(&self) -> f64 {
        ((self.contention + 0.05) / f64::from(self.visits + 1)).min(1.0)
    }

    /// How likely it is that a hold here brings a pair not caught before: by the rivals not caught yet, how often they
    /// came during prospects, how credible each is, and how many holds have failed since.
    fn promise(&self, credibility: impl Fn(SiteId) -> f64) -> f64 {
        let prospects = f64::from(self.prospects + 1);
        // A prospect ends with whoever comes first, so only those at which nobody came speak against a rival.
        let lonely = f64::from(self.prospects - self.meetings + 1);
        let barren = f64::from(self.barren);
        let from_rival = |(&site, rival): (&SiteId, &Rival)| {
            let credibility = credibility(site);
            let (came, trust) = match rival.came {
                0 => (SEEN_ONLY / lonely, credibility / lonely),
                came => (f64::from(came) / prospects, credibility),
            };
            let faith = LITTLE_FAITH + FAITH * trust * trust;
            came * credibility * faith / (faith + barren)
        };
        let open = self.rivals.iter().filter(|(_, rival)| !rival.caught).map(from_rival).sum::<f64>();
        let others = (f64::from(self.kernel_meetings) + UNTRIED * self.contention()) / prospects;
        open + others / (1.0 + barren)
    }

    /// How much attention it has had already, for what it promises: the site with the least is next. The other
    /// sites' [`credibility`](Self::credibility) is asked for.
    pub(crate) fn attention(&self, credibility: impl Fn(SiteId) -> f64) -> f64 {
        (1.0 + f64::from(self.misses) / 2.0) / self.promise(credibility)
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

    /// A site at contended memory with one rival.
    fn contended() -> Experience {
        let mut site = Experience::default();
        site.note_visit();
        site.note_contention(1.0);
        site.note_rival(SiteId(7));
        site
    }

    fn credible(_: SiteId) -> f64 {
        1.0
    }

    #[test]
    fn holds_at_which_nobody_comes_lower_the_promise() {
        let mut site = contended();
        let before = site.promise(|_| DOUBT);
        site.note_hold(false);
        site.note_hold(false);
        assert!(site.promise(|_| DOUBT) <= before / 2.0);
    }

    #[test]
    fn a_site_whose_rivals_are_caught_comes_after_one_with_an_open_rival() {
        let open = contended();
        let mut caught = open.clone();
        caught.note_caught(SiteId(7));
        assert!(open.attention(credible) < caught.attention(credible));
    }

    #[test]
    fn a_credible_rival_is_waited_for_longer_than_a_doubtful_one() {
        let mut site = contended();
        site.note_prospect(Some(Visitor::Site(SiteId(7))));
        let fresh = (site.promise(credible), site.promise(|_| DOUBT));
        for _ in 0..3 {
            site.note_hold(false);
        }
        assert!(site.promise(credible) > fresh.0 / 2.0);
        assert!(site.promise(|_| DOUBT) < fresh.1 / 3.0);
    }

    #[test]
    fn a_visitor_that_nobody_ever_comes_to_lends_little_credit() {
        let mut reader = Experience::default();
        for _ in 0..5 {
            reader.note_prospect(None);
        }
        let mut racer = Experience::default();
        racer.note_prospect(Some(Visitor::Site(SiteId(7))));
        assert!(reader.credibility() <= DOUBT && racer.credibility() > 0.9);
        let mut site = contended();
        site.note_prospect(Some(Visitor::Site(SiteId(7))));
        assert!(site.promise(|_| racer.credibility()) > 2.0 * site.promise(|_| reader.credibility()));
    }
}
