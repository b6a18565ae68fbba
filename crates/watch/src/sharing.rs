use std::collections::HashMap;

use jostle_model::Access;

use crate::sites::SiteId;

/// When the notes outgrow this they are dropped and taken anew: old addresses have been freed by then.
const CAPACITY: usize = 1 << 16;
/// How many sites are remembered per place; more would only confirm what four already show.
const SITES_KEPT: usize = 4;

/// How surely a site touches memory that other threads touch too. More is surer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Evidence {
    /// Nothing seen yet.
    #[default]
    None,
    /// Another thread wrote in the same page, as the slots of a large ring are.
    Page,
    /// Another thread touched the same bytes, and one of the two writes.
    Exact,
}

/// What was seen at one place: an 8-byte word, or a page.
#[derive(Debug, Default)]
struct Notes {
    thread: i32,
    several_threads: bool,
    written: bool,
    sites: Vec<SiteId>,
}

impl Notes {
    /// Adds one visit; returns whether the place is known to be shared now.
    fn visit(&mut self, thread: i32, site: SiteId, writes: bool) -> bool {
        if self.sites.is_empty() {
            self.thread = thread;
        }
        self.several_threads |= self.thread != thread;
        self.written |= writes;
        if self.sites.len() < SITES_KEPT && !self.sites.contains(&site) {
            self.sites.push(site);
        }
        self.several_threads && self.written
    }
}

/// Which places several threads visit: learnt from stops that hold nobody, to spend the holds where two
/// threads can meet at all.
#[derive(Debug, Default)]
pub(crate) struct Sharing {
    words: HashMap<u64, Notes>,
    pages: HashMap<u64, Notes>,
}

impl Sharing {
    /// Notes that `thread` made `access` at `site`; returns the sites that now have better evidence.
    pub(crate) fn note(&mut self, thread: i32, site: SiteId, access: &Access) -> Vec<(SiteId, Evidence)> {
        if self.words.len() > CAPACITY {
            self.words.clear();
            self.pages.clear();
        }
        let writes = access.direction.writes();
        let mut learnt = Vec::new();
        let places = [
            (&mut self.words, access.address.0 >> 3, Evidence::Exact),
            (&mut self.pages, access.address.0 >> 12, Evidence::Page),
        ];
        for (notes, place, evidence) in places {
            let notes = notes.entry(place).or_default();
            if notes.visit(thread, site, writes) {
                learnt.extend(notes.sites.iter().map(|&site| (site, evidence)));
                learnt.push((site, evidence));
            }
        }
        learnt
    }
}

#[cfg(test)]
mod tests {
    use jostle_model::{Address, Direction};

    use super::*;

    fn access(address: u64, direction: Direction) -> Access {
        Access { address: Address(address), size: 8, direction }
    }

    #[test]
    fn a_word_that_one_writes_and_another_reads_is_shared() {
        let mut sharing = Sharing::default();
        assert!(sharing.note(1, SiteId(10), &access(0x5000, Direction::Write)).is_empty());
        let learnt = sharing.note(2, SiteId(11), &access(0x5000, Direction::Read));
        assert!(learnt.contains(&(SiteId(10), Evidence::Exact)));
        assert!(learnt.contains(&(SiteId(11), Evidence::Exact)));
    }

    #[test]
    fn one_thread_alone_shares_nothing() {
        let mut sharing = Sharing::default();
        for site in 0..9 {
            assert!(sharing.note(1, SiteId(site), &access(0x5000, Direction::Write)).is_empty());
        }
    }

    #[test]
    fn what_nobody_writes_is_not_contended() {
        let mut sharing = Sharing::default();
        for thread in 0..9 {
            assert!(sharing.note(thread, SiteId(1), &access(0x5000, Direction::Read)).is_empty());
        }
    }

    #[test]
    fn neighbours_in_a_page_are_weaker_evidence() {
        let mut sharing = Sharing::default();
        sharing.note(1, SiteId(10), &access(0x5000, Direction::Write));
        let learnt = sharing.note(2, SiteId(11), &access(0x5800, Direction::Read));
        assert!(learnt.iter().all(|&(_, evidence)| evidence == Evidence::Page) && !learnt.is_empty());
    }
}
