use std::collections::{BTreeSet, HashMap};

use jostle_model::{Access, Address};

use crate::sites::SiteId;

/// When the notes outgrow this, in words, they are dropped and taken anew: old addresses have been freed by then. A word
/// takes some 200 bytes; with four times as many, the tracer of a program that allocates all the time grew for an hour.
const CAPACITY: usize = 1 << 14;
/// What a neighbour in the page counts if it is the only one there: the slots of a large ring are seldom visited twice,
/// but its pages are, by the same few sites. Small objects of all kinds share theirs: of several sites, each counts
/// the less.
const NEIGHBOUR: f64 = 0.6;
/// What an element counts of which only another one of the same array was seen.
const ELEMENT: f64 = 0.6;
/// So many different visits of a place are remembered, the latest.
const REMEMBERED: usize = 8;

/// Who was seen at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Visit {
    site: SiteId,
    actor: u64,
    writes: bool,
}

impl Visit {
    fn conflicts_with(&self, other: &Self) -> bool {
        self.actor != other.actor && (self.writes || other.writes)
    }
}

/// What was seen at one place: an 8-byte word, or a page.
#[derive(Debug, Default)]
struct Notes {
    actor: Option<u64>,
    several_actors: bool,
    visits: u32,
    writes: u32,
    latest: Vec<Visit>,
}

impl Notes {
    /// Adds a visit. Returns how likely it is, as far as seen, that another thread's access to this place
    /// conflicts with this one: any does with a store, only stores do with a load. What was written once
    /// and is only read ever since becomes ever less likely.
    fn add(&mut self, visit: Visit) -> f64 {
        self.several_actors |= self.actor.is_some_and(|actor| actor != visit.actor);
        self.actor = Some(visit.actor);
        self.visits += 1;
        self.writes += u32::from(visit.writes);
        if !self.latest.contains(&visit) {
            self.latest.truncate(REMEMBERED - 1);
            self.latest.insert(0, visit);
        }
        match (self.several_actors, visit.writes) {
            (false, _) => 0.0,
            (true, true) => 1.0,
            (true, false) => f64::from(self.writes) / f64::from(self.visits),
        }
    }

    /// Sites at which others conflicted with this visit.
    fn rivals(&self, visit: Visit) -> Vec<SiteId> {
        self.latest.iter().filter(|other| other.conflicts_with(&visit)).map(|other| other.site).collect()
    }

    /// How many other sites were seen here, at least 1.
    fn others(&self, site: SiteId) -> usize {
        let others: BTreeSet<SiteId> =
            self.latest.iter().map(|visit| visit.site).filter(|&other| other != site).collect();
        others.len().max(1)
    }
}

/// What a visit has shown of the memory that a site has just touched.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Contention {
    /// Between 0 (never another thread) and 1 (every other visit there conflicts).
    pub(crate) degree: f64,
    /// Sites that others were seen to use here, in conflict with this visit. They may be the same site.
    pub(crate) rivals: Vec<SiteId>,
}

/// Which places several threads visit: learnt from stops that hold nobody, to spend the holds where two
/// threads can meet at all.
#[derive(Debug, Default)]
pub(crate) struct Sharing {
    words: HashMap<u64, Notes>,
    pages: HashMap<u64, Notes>,
    /// By where they begin.
    arrays: HashMap<Address, Notes>,
}

impl Sharing {
    /// Notes that `actor`, a thread or a goroutine, made `access` at `site`, to an element of an array if the instruction
    /// tells.
    pub(crate) fn note(
        &mut self,
        actor: u64,
        site: SiteId,
        access: &Access,
        array: Option<Address>,
    ) -> Contention {
        if self.words.len() > CAPACITY {
            *self = Self::default();
        }
        let visit = Visit { site, actor, writes: access.direction.writes() };
        let page = self.pages.entry(access.address.0 >> 12).or_default();
        let near = page.add(visit) * NEIGHBOUR / page.others(site) as f64;
        let word = self.words.entry(access.address.0 >> 3).or_default();
        let here = Contention { degree: word.add(visit).max(near), rivals: word.rivals(visit) };
        let Some(array) = array else { return here };
        let array = self.arrays.entry(array).or_default();
        let degree = here.degree.max(array.add(visit) * ELEMENT);
        let rivals: BTreeSet<SiteId> = here.rivals.into_iter().chain(array.rivals(visit)).collect();
        Contention { degree, rivals: rivals.into_iter().collect() }
    }
}

#[cfg(test)]
mod tests {
    use jostle_model::Direction;

    use super::*;

    fn access(address: u64, direction: Direction) -> Access {
        Access { address: Address(address), size: 8, direction }
    }

    #[test]
    fn a_word_that_one_writes_and_another_reads_is_contended() {
        let mut sharing = Sharing::default();
        assert_eq!(sharing.note(1, SiteId(10), &access(0x5000, Direction::Write), None).degree, 0.0);
        let read = sharing.note(2, SiteId(11), &access(0x5000, Direction::Read), None);
        assert_eq!(read, Contention { degree: 0.5, rivals: vec![SiteId(10)] });
        assert_eq!(sharing.note(1, SiteId(10), &access(0x5000, Direction::Write), None).degree, 1.0);
    }

    #[test]
    fn one_thread_alone_contends_with_nobody() {
        let mut sharing = Sharing::default();
        for site in 0..9 {
            assert_eq!(sharing.note(1, SiteId(site), &access(0x5000, Direction::Write), None).degree, 0.0);
        }
    }

    #[test]
    fn what_was_written_once_is_soon_forgotten() {
        let mut sharing = Sharing::default();
        sharing.note(1, SiteId(0), &access(0x5000, Direction::Write), None);
        let degrees = (0..100)
            .map(|thread| sharing.note(thread, SiteId(1), &access(0x5000, Direction::Read), None).degree);
        assert!(degrees.last().expect("a hundred") < 0.02);
    }

    #[test]
    fn neighbours_in_a_page_are_weaker_evidence() {
        let mut sharing = Sharing::default();
        sharing.note(1, SiteId(10), &access(0x5000, Direction::Write), None);
        let degree = sharing.note(2, SiteId(11), &access(0x5800, Direction::Write), None).degree;
        assert_eq!(degree, NEIGHBOUR);
    }

    #[test]
    fn of_many_neighbours_each_counts_less() {
        let mut sharing = Sharing::default();
        for site in 0..4 {
            sharing.note(1, SiteId(site), &access(0x5000 + u64::from(site) * 64, Direction::Write), None);
        }
        let degree = sharing.note(2, SiteId(11), &access(0x5800, Direction::Write), None).degree;
        assert_eq!(degree, NEIGHBOUR / 4.0);
    }

    #[test]
    fn elements_of_one_array_are_contended_and_rivals_however_far_apart() {
        let mut sharing = Sharing::default();
        let array = Some(Address(0x5000));
        sharing.note(1, SiteId(10), &access(0x5000, Direction::Write), array);
        let read = sharing.note(2, SiteId(11), &access(0x9000, Direction::Read), array);
        assert_eq!(read, Contention { degree: ELEMENT / 2.0, rivals: vec![SiteId(10)] });
        let elsewhere = sharing.note(3, SiteId(12), &access(0xd000, Direction::Read), Some(Address(0xd000)));
        assert_eq!(elsewhere.degree, 0.0);
    }

    #[test]
    fn two_readers_are_no_rivals_and_neither_is_oneself() {
        let mut sharing = Sharing::default();
        sharing.note(1, SiteId(10), &access(0x5000, Direction::Read), None);
        assert!(sharing.note(2, SiteId(11), &access(0x5000, Direction::Read), None).rivals.is_empty());
        sharing.note(1, SiteId(12), &access(0x5000, Direction::Write), None);
        assert!(sharing.note(1, SiteId(10), &access(0x5000, Direction::Read), None).rivals.is_empty());
    }

    #[test]
    fn a_site_rivals_itself_in_two_threads() {
        let mut sharing = Sharing::default();
        sharing.note(1, SiteId(10), &access(0x5000, Direction::Write), None);
        assert_eq!(sharing.note(2, SiteId(10), &access(0x5000, Direction::Write), None).rivals, [SiteId(10)]);
    }
}
