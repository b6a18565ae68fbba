use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use fastrand::Rng;
use jostle_model::Address;

use crate::sites::SiteId;

/// At how many sites somebody is waited for at a time. Some are hardly ever reached.
const AT_A_TIME: usize = 8;
/// How long they are waited for.
const PATIENCE: Duration = Duration::from_millis(300);

/// Sites in native code of a Go program at the beginning of a block, by the native function that Go has called. They take
/// turns by that: of a library's functions one parses, with a hundred such sites, and one asks what was parsed.
#[derive(Debug, Default)]
pub(crate) struct Heads {
    calls: BTreeMap<Address, Call>,
    /// Where a long hold is waited for.
    waited_for: Vec<(Instant, SiteId)>,
}

#[derive(Debug, Default)]
struct Call {
    sites: Vec<SiteId>,
    turns: u32,
}

impl Heads {
    /// Adds a site that was reached through a call of the function at `entry`.
    pub(crate) fn add(&mut self, entry: Address, site: SiteId) {
        self.calls.entry(entry).or_default().sites.push(site);
    }

    /// Forgets sites whose code is gone.
    pub(crate) fn retain(&mut self, mapped: impl Fn(&SiteId) -> bool) {
        for call in self.calls.values_mut() {
            call.sites.retain(&mapped);
        }
        self.calls.retain(|_, call| !call.sites.is_empty());
        self.waited_for.retain(|(_, site)| mapped(site));
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }

    /// Whether there are any, and more of them can be waited for.
    pub(crate) fn have_room(&self) -> bool {
        !self.calls.is_empty() && self.waited_for.len() < AT_A_TIME
    }

    /// The site whose turn it is: of the call that had the fewest turns the site that was tried least. A turn counts whether
    /// anybody comes or not: some calls are made once.
    pub(crate) fn next(
        &mut self,
        rng: &mut Rng,
        now: Instant,
        tries: impl Fn(SiteId) -> u32,
    ) -> Option<SiteId> {
        let fewest = self.calls.values().map(|call| call.turns).min()?;
        let calls = self.calls.values_mut().filter(|call| call.turns == fewest).collect::<Vec<_>>();
        let index = rng.usize(..calls.len());
        let call = calls.into_iter().nth(index)?;
        call.turns += 1;
        rng.shuffle(&mut call.sites);
        let is_free = |site: &&SiteId| self.waited_for.iter().all(|(_, waited)| waited != *site);
        let next = *call.sites.iter().filter(is_free).min_by_key(|&&site| tries(site))?;
        self.waited_for.push((now, next));
        Some(next)
    }

    /// Nobody is waited for at a site any more; returns whether somebody was.
    pub(crate) fn stop_waiting(&mut self, site: SiteId) -> bool {
        let before = self.waited_for.len();
        self.waited_for.retain(|&(_, waited)| waited != site);
        self.waited_for.len() < before
    }

    /// Nobody is waited for anywhere.
    pub(crate) fn forget_traps(&mut self) {
        self.waited_for.clear();
    }

    /// The site that has been waited for in vain for too long.
    pub(crate) fn give_up(&mut self, now: Instant) -> Option<SiteId> {
        let index = self.waited_for.iter().position(|&(since, _)| now - since > PATIENCE)?;
        Some(self.waited_for.remove(index).1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_with_one_site_has_its_turn_as_often_as_one_with_many() {
        let (mut heads, mut rng) = (Heads::default(), Rng::with_seed(1));
        for site in 0..50 {
            heads.add(Address(0x1000), SiteId(site));
        }
        heads.add(Address(0x2000), SiteId(99));
        let turns = (0..20).filter(|_| {
            let next = heads.next(&mut rng, Instant::now(), |_| 0).expect("there are sites");
            assert!(heads.stop_waiting(next));
            next == SiteId(99)
        });
        assert_eq!(turns.count(), 10);
        assert!(!heads.stop_waiting(SiteId(99)), "nobody waits for it any more");
    }
}
