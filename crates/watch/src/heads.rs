use std::collections::BTreeMap;

use fastrand::Rng;
use jostle_model::Address;

use crate::sites::SiteId;

/// Sites in native code of a Go program at the beginning of a block, by the native function that Go has called. They take
/// turns by that: of a library's functions one parses, with a hundred such sites, and one asks what was parsed.
#[derive(Debug, Default)]
pub(crate) struct Heads {
    calls: BTreeMap<Address, Call>,
    /// Where a long hold is waited for.
    waited_for: Vec<SiteId>,
}

#[derive(Debug, Default)]
struct Call {
    sites: Vec<SiteId>,
    holds: u32,
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
        self.waited_for.retain(&mapped);
    }

    /// The site whose turn it is: of the call that had the fewest holds the site that was tried least.
    pub(crate) fn next(&mut self, rng: &mut Rng, tries: impl Fn(SiteId) -> u32) -> Option<SiteId> {
        let fewest = self.calls.values().map(|call| call.holds).min()?;
        let calls = self.calls.values().filter(|call| call.holds == fewest).collect::<Vec<_>>();
        let mut sites = rng.choice(&calls)?.sites.clone();
        rng.shuffle(&mut sites);
        let next = sites.into_iter().min_by_key(|&site| tries(site))?;
        self.waited_for.push(next);
        Some(next)
    }

    /// Whether the hold that begins at a site is one that was waited for.
    pub(crate) fn begins(&mut self, site: SiteId) -> bool {
        let before = self.waited_for.len();
        self.waited_for.retain(|&waited| waited != site);
        if self.waited_for.len() == before {
            return false;
        }
        for call in self.calls.values_mut().filter(|call| call.sites.contains(&site)) {
            call.holds += 1;
        }
        true
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
            let next = heads.next(&mut rng, |_| 0).expect("there are sites");
            assert!(heads.begins(next));
            next == SiteId(99)
        });
        assert_eq!(turns.count(), 10);
        assert!(!heads.begins(SiteId(99)), "nobody waits for it any more");
    }
}
