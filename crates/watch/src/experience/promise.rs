//! How likely a hold at a site brings a pair not caught before, and how long it should last.

use std::time::Duration;

use super::{Experience, Rival};
use crate::sites::SiteId;

/// The least [`credibility`](Experience::credibility).
const DOUBT: f64 = 0.25;
/// What contended memory alone is worth, against somebody who came: most of it was handed over, or is another
/// object at an address used before.
const UNTRIED: f64 = 0.05;
/// How likely it is that two sites race of which one came during a prospect at the other, when both orders were seen;
/// else they may be kept apart by a lock, which prospects do not show, but holds do.
const BELIEF: f64 = 0.5;
/// The same where they were only seen at the same memory, and how often one may be expected to come then.
const SEEN_BELIEF: f64 = 0.3;
const SEEN_RATE: f64 = 0.3;
/// How likely a hold meets a rival, if the two race at all. In half-atomics, whose timers stand still with the thread
/// that is held, 0.2 to 0.25; those that come [quickly](QUICK) wait for nothing but a lock.
const MEETING: f64 = 0.25;
const QUICK_MEETING: f64 = 0.6;
const QUICK: Duration = Duration::from_micros(100);
/// How credible a rival is at least at a site that was caught with another one: no lock keeps others from coming there.
const PROVEN: f64 = 0.6;
/// After so many stores it is believed that they always, or never, overwrite zero.
pub(super) const ENOUGH_STORES: u32 = 2;
/// How much longer than the visitors of prospects took, on average, a hold waits for them, and what it adds for the time
/// that a thread takes to stop.
const PATIENCE: f64 = 1.2;
const STOPPING: Duration = Duration::from_micros(200);

impl Rival {
    /// How likely a hold meets it, if it races.
    fn meeting(&self) -> f64 {
        let took = self.took.as_secs_f64() / f64::from(self.came.max(1));
        (QUICK_MEETING * QUICK.as_secs_f64() / took.max(1e-6)).clamp(MEETING, QUICK_MEETING)
    }
}

impl Experience {
    /// Whether coming after somebody else here means that one could have come before as well, between 0 and 1.
    ///
    /// Two accesses that race come in either order. What is written, published and then read comes in one
    /// only: prospects at the reader see no writer. But neither do most where a slot of a ring is read, so some
    /// doubt remains for a few holds to settle.
    pub(crate) fn credibility(&self) -> f64 {
        (2.0 * f64::from(self.meetings) / (f64::from(self.prospects) + 0.5)).clamp(DOUBT, 1.0)
    }

    /// How likely it is that a hold here brings a pair not caught before: by the rivals not caught yet, how often they
    /// came during prospects, how credible each is, and how many holds have failed since.
    fn promise(&self, credibility: impl Fn(SiteId) -> f64) -> f64 {
        let prospects = f64::from(self.prospects + 1);
        // A prospect ends with whoever comes first, so only those at which nobody came speak against a rival.
        let lonely = f64::from(self.prospects - self.meetings + 1);
        let least = if self.rivals.values().any(|rival| rival.caught) { PROVEN } else { 0.0 };
        let from_rival = |(&site, rival): (&SiteId, &Rival)| {
            let credibility = credibility(site).max(least);
            match rival.came {
                0 => {
                    let belief = self.belief(SEEN_BELIEF * credibility / lonely, MEETING);
                    SEEN_RATE / f64::from(1 + self.masked) * belief
                }
                came => {
                    let belief = self.belief(BELIEF * self.order(credibility), rival.meeting());
                    f64::from(came) / prospects * belief
                }
            }
        };
        let open = self.rivals.iter().filter(|(_, rival)| !rival.caught).map(from_rival).sum::<f64>();
        let others = (f64::from(self.kernel_meetings) + UNTRIED * self.contention()) / prospects;
        open + others / f64::from(1 + self.barren)
    }

    /// What is left of a belief that two sites race after the holds that have failed (Bayes' rule): if they do not, all
    /// fail, and if they do, all but this share.
    fn belief(&self, before: f64, meeting: f64) -> f64 {
        let failed = before * (1.0 - meeting).powi(self.barren.min(1000) as i32);
        failed / (failed + 1.0 - before)
    }

    /// Whether a visitor of this credibility could come before this site as well as after it. Stores tell by what they
    /// overwrite: something, and the object was in use; always zero, and it is probably new, since allocators hand out
    /// zeroed memory and nobody else comes to a new object before it is published.
    fn order(&self, credibility: f64) -> f64 {
        match (self.initialised, self.replaced) {
            (_, replaced) if replaced >= ENOUGH_STORES => 1.0,
            (initialised, 0) if initialised >= ENOUGH_STORES => credibility / f64::from(1 + initialised),
            _ => credibility,
        }
    }

    /// How long a hold should wait for the visitors not caught yet, if any were ever seen to come: a little longer than
    /// they took.
    pub(crate) fn patience(&self) -> Option<Duration> {
        let open = || self.rivals.values().filter(|rival| !rival.caught);
        let came: u32 = open().map(|rival| rival.came).sum();
        let took: Duration = open().map(|rival| rival.took).sum();
        (came > 0).then(|| STOPPING + (took / came).mul_f64(PATIENCE))
    }

    /// How much attention it has had already, for what it promises: the site with the least is next. The other
    /// sites' [`credibility`](Self::credibility) is asked for.
    pub(crate) fn attention(&self, credibility: impl Fn(SiteId) -> f64) -> f64 {
        (1.0 + f64::from(self.misses) / 2.0) / self.promise(credibility)
    }
}

#[cfg(test)]
mod tests {
    use jostle_model::Address;

    use super::*;
    use crate::experience::Visitor;

    /// A site at contended memory with one rival.
    fn contended() -> Experience {
        let mut site = Experience::default();
        site.note_visit();
        site.note_contention(1.0);
        site.note_rival(SiteId(7));
        site
    }

    /// How long a prospect lasts at which nobody comes.
    const WHOLE: Duration = Duration::from_millis(2);

    fn credible(_: SiteId) -> f64 {
        1.0
    }

    #[test]
    fn who_comes_back_to_what_was_left_behind_stores_over_something() {
        let mut site = Experience::default();
        site.note_left_behind(Address(0x5000), false);
        assert!(!site.is_in_use(), "it may have been new");
        site.note_left_behind(Address(0x6000), false);
        assert!(!site.is_in_use(), "that is another object");
        site.note_left_behind(Address(0x6000), true);
        assert!(site.is_in_use());
        let mut cleared = Experience::default();
        cleared.note_left_behind(Address(0x5000), true);
        cleared.note_left_behind(Address(0x5000), true);
        assert!(!cleared.is_in_use(), "there was nothing to be stored over");
    }

    #[test]
    fn holds_at_which_nobody_comes_lower_the_promise() {
        let mut site = contended();
        let before = site.promise(|_| DOUBT);
        site.note_hold(false, false);
        site.note_hold(false, false);
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
        site.note_prospect(Some(Visitor::Site(SiteId(7))), Duration::from_micros(300));
        let fresh = (site.promise(credible), site.promise(|_| DOUBT));
        for _ in 0..3 {
            site.note_hold(false, false);
        }
        let (credible, doubtful) = (site.promise(credible) / fresh.0, site.promise(|_| DOUBT) / fresh.1);
        assert!(credible > 1.3 * doubtful, "{credible} and {doubtful} are left");
    }

    #[test]
    fn what_a_lock_keeps_apart_is_given_up_after_a_few_dozen_holds() {
        let mut site = contended();
        site.note_prospect(Some(Visitor::Site(SiteId(7))), Duration::from_micros(300));
        let before = site.promise(credible);
        for _ in 0..24 {
            site.note_hold(false, false);
        }
        assert!(site.promise(credible) < before / 20.0);
    }

    #[test]
    fn a_rival_that_others_keep_from_being_seen_is_looked_for_elsewhere() {
        let mut site = contended();
        site.note_rival(SiteId(8));
        site.note_caught(SiteId(7));
        let mut masked = site.clone();
        site.note_hold(false, false);
        masked.note_hold(true, false);
        assert!(masked.promise(credible) < site.promise(credible));
    }

    #[test]
    fn a_store_that_always_overwrites_zero_is_doubted_and_one_that_replaces_something_is_not() {
        let mut fresh = contended();
        fresh.note_prospect(Some(Visitor::Site(SiteId(7))), Duration::from_micros(300));
        let mut used = fresh.clone();
        for _ in 0..ENOUGH_STORES {
            fresh.note_store(true);
            used.note_store(false);
        }
        assert!(used.promise(|_| DOUBT) > 5.0 * fresh.promise(|_| DOUBT));
    }

    #[test]
    fn a_hold_waits_longer_for_a_visitor_that_took_longer() {
        let came_after = |micros| {
            let mut site = contended();
            site.note_prospect(Some(Visitor::Site(SiteId(7))), Duration::from_micros(micros));
            site
        };
        let (quick, mut slow) = (came_after(50), came_after(1500));
        assert!(quick.patience() < slow.patience());
        assert_eq!(contended().patience(), None);
        slow.note_caught(SiteId(7));
        assert_eq!(slow.patience(), None);
    }

    #[test]
    fn a_visitor_that_nobody_ever_comes_to_lends_little_credit() {
        let mut reader = Experience::default();
        for _ in 0..5 {
            reader.note_prospect(None, WHOLE);
        }
        let mut racer = Experience::default();
        racer.note_prospect(Some(Visitor::Site(SiteId(7))), Duration::from_micros(300));
        assert!(reader.credibility() <= DOUBT && racer.credibility() > 0.9);
        let mut site = contended();
        site.note_prospect(Some(Visitor::Site(SiteId(7))), Duration::from_micros(300));
        assert!(site.promise(|_| racer.credibility()) > 2.0 * site.promise(|_| reader.credibility()));
    }
}
