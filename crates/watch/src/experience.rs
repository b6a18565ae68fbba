//! What looking at a site has taught: its record, what one more look there is worth ([`curiosity`]), and what a hold
//! ([`promise`]).

mod curiosity;
mod promise;

use std::collections::BTreeMap;
use std::time::Duration;

use jostle_model::Address;

use crate::sites::SiteId;

/// After so many prospects it is known well enough whether anyone comes.
const ENOUGH_PROSPECTS: u32 = 4;
/// After so many goroutines that were not parked where they should have been, it is known that Go never does it there. One may
/// have held a lock of the runtime's.
const ENOUGH_UNPARKED: u32 = 2;
/// So many rivals are remembered; a site with more has plenty to offer anyway.
const MOST_RIVALS: usize = 16;

/// The record of one site.
#[derive(Clone, Debug, Default)]
pub(crate) struct Experience {
    /// How often a thread was seen arriving here.
    visits: u32,
    /// How often it was trapped to be looked at, whether anyone came or not.
    asked: u32,
    /// How often the memory was another than the thread's own stack.
    elsewhere: u32,
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
    /// How many of those were spent on visitors known already.
    masked: u32,
    /// How often it was to be held and was not: nobody arrived, or there was nothing to watch.
    misses: u32,
    /// How often a goroutine was to be parked here, and Go did not do it.
    unparked: u32,
    /// How often it was about to store over something, and over zero.
    replaced: u32,
    initialised: u32,
    /// Where it stored when it was last seen in passing, if that was not zero then.
    left_behind: Option<Address>,
    /// Whether the memory was the beginning of a block that an allocator has given out.
    at_head: bool,
    /// How much memory was given back here at most, if any is.
    largest_block: u64,
    /// Sites that others were seen to use on the same memory, in conflict with this one.
    rivals: BTreeMap<SiteId, Rival>,
}

/// What is known of two sites that conflict.
#[derive(Clone, Copy, Debug, Default)]
struct Rival {
    /// During how many prospects here it came.
    came: u32,
    /// How long it took to come, added up.
    took: Duration,
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

    /// A visit has shown memory, other than the thread's own stack, that is contended to this degree, between 0 and 1.
    pub(crate) fn note_contention(&mut self, degree: f64) {
        self.elsewhere += 1;
        self.contention += degree;
    }

    /// Whether more prospects would teach little.
    pub(crate) fn is_well_known(&self) -> bool {
        self.prospects >= 2 * ENOUGH_PROSPECTS
    }

    /// Whether it was seen to store over something: the object was in use already, perhaps by others as well.
    pub(crate) fn is_in_use(&self) -> bool {
        self.replaced > 0
    }

    /// Whether it is still open what it usually stores over.
    pub(crate) fn asks_what_it_replaces(&self) -> bool {
        self.replaced < promise::ENOUGH_STORES
    }

    /// It is about to store over bytes that are all zero, or not.
    pub(crate) fn note_store(&mut self, over_zero: bool) {
        self.initialised += u32::from(over_zero);
        self.replaced += u32::from(!over_zero);
    }

    /// It was seen when it had stored already, too late to tell over what; it, or somebody else since, has left zero there, or
    /// not. When it comes to the same bytes again, it stores over what was left there.
    pub(crate) fn note_left_behind(&mut self, at: Address, zero: bool) {
        self.replaced += u32::from(self.left_behind == Some(at));
        self.left_behind = (!zero).then_some(at);
    }

    /// The memory is the beginning of a block.
    pub(crate) fn note_head(&mut self) {
        self.at_head = true;
    }

    /// Whether it was seen to be.
    pub(crate) fn is_at_head(&self) -> bool {
        self.at_head
    }

    /// How often a thread was held here, or was to be, since anything new came of it.
    pub(crate) fn tries(&self) -> u32 {
        self.barren + self.misses
    }

    /// So many bytes are about to be given back.
    pub(crate) fn note_block(&mut self, size: u64) {
        self.largest_block = self.largest_block.max(size);
    }

    /// How much attention a place has had where memory is given back, for what it promises. The larger what is given back,
    /// the likelier somebody is at it: whoever ends a structure gives back its largest part once and its elements often.
    pub(crate) fn release_attention(&self) -> f64 {
        let promise = (self.largest_block as f64 / 32.0).max(2.0).log2();
        f64::from(self.visits + self.misses) / (promise * promise)
    }

    /// Somebody else used `rival` on the same memory.
    pub(crate) fn note_rival(&mut self, rival: SiteId) {
        if self.rivals.len() < MOST_RIVALS {
            self.rivals.entry(rival).or_default();
        }
    }

    /// Sites that others use in conflict with this one.
    pub(crate) fn rivals(&self) -> impl Iterator<Item = SiteId> {
        self.rivals.keys().copied()
    }

    /// The two were caught together.
    pub(crate) fn note_caught(&mut self, rival: SiteId) {
        self.rivals.entry(rival).or_default().caught = true;
    }

    /// A prospect is over, after some time, with whoever came.
    pub(crate) fn note_prospect(&mut self, visitor: Option<Visitor>, after: Duration) {
        self.prospects += 1;
        self.meetings += u32::from(visitor.is_some());
        match visitor {
            Some(Visitor::Site(site)) => {
                let rival = self.rivals.entry(site).or_default();
                rival.came += 1;
                rival.took += after;
            }
            Some(Visitor::Kernel) => self.kernel_meetings += 1,
            None => {}
        }
    }

    /// It came to where somebody else had been. Whether others come to where it has been is the next question:
    /// only then can the two race.
    pub(crate) fn note_meeting(&mut self) {
        self.sought |= self.prospects < ENOUGH_PROSPECTS;
    }

    /// A hold is over: whether anybody came, and whether that brought a pair not caught before.
    pub(crate) fn note_hold(&mut self, came: bool, news: bool) {
        self.barren = if news { 0 } else { self.barren + 1 };
        self.masked = if news { 0 } else { self.masked + u32::from(came) };
    }

    /// It was to be held and could not be.
    pub(crate) fn note_miss(&mut self) {
        self.misses += 1;
    }

    /// A goroutine was to be parked here, and Go did not do it.
    pub(crate) fn note_unparked(&mut self) {
        self.unparked += 1;
    }

    /// Whether a goroutine can be parked here, by all that is known.
    pub(crate) fn is_parkable(&self) -> bool {
        self.unparked < ENOUGH_UNPARKED
    }

    /// How contended the memory is that it touches, between 0 and 1. Never quite 0: what was seen of it may
    /// not have been typical.
    fn contention(&self) -> f64 {
        ((self.contention + 0.05) / f64::from(self.visits + 1)).min(1.0)
    }
}
