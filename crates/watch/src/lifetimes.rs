//! Where the blocks were allocated that are given back somewhere. Whoever comes late cannot know it of one block; but other
//! blocks can be followed from their allocation to their end.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use jostle_model::Address;
use jostle_stacks::CodeAddress;

use crate::case::Side;
use crate::operation::AllocationSite;

/// How long somebody is waited for at a few allocation sites until others get their turn.
const PATIENCE: Duration = Duration::from_millis(20);
/// After so many lifetimes the next are followed half as often, after twice as many a third as often, and so on.
const ENOUGH: u32 = 16;
/// So many lifetimes are believed. Of a single one the end may have been missed, and its memory given out again.
const CREDIBLE: u64 = 2;
/// How many callers tell a deallocation from others.
const CALLERS: usize = 3;
/// So many different allocation sites are remembered for one place that gives memory back.
const REMEMBERED: usize = 8;

/// Where blocks that are given back at some place were allocated.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    /// The last one that was allocated where most were.
    pub(crate) allocation: Side,
    /// How many were allocated there.
    pub(crate) times: u64,
    /// Of how many that were followed.
    pub(crate) followed: u64,
}

/// Where a block is given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Deallocation {
    /// By this call.
    Call(Address),
    /// By a jump at the end of functions, which have left nothing on the stack but where their callers go on.
    End([Option<Address>; CALLERS]),
}

impl Deallocation {
    /// By a jump, with these frames left.
    pub(crate) fn end(frames: &[CodeAddress]) -> Self {
        Self::End(std::array::from_fn(|index| frames.get(index).map(|code| code.address())))
    }
}

/// One call that has allocated.
struct Known {
    call: Address,
    last: Side,
    times: u64,
}

/// What is known of lifetimes, and what is waited for.
pub(crate) struct Lifetimes {
    waiting: Vec<AllocationSite>,
    next_choice: Instant,
    followed: u32,
    /// By where the blocks were given back.
    origins: HashMap<Deallocation, Vec<Known>>,
}

impl Lifetimes {
    /// None is known yet.
    pub(crate) fn new(now: Instant) -> Self {
        Self { waiting: Vec::new(), next_choice: now, followed: 0, origins: HashMap::new() }
    }

    /// A block that was allocated by `call` was given back.
    pub(crate) fn note(&mut self, at: Deallocation, call: Address, allocation: Side) {
        self.followed += 1;
        let origins = self.origins.entry(at).or_default();
        let known = origins.iter().position(|origin| origin.call == call);
        let times = known.map_or(0, |index| origins.swap_remove(index).times);
        if origins.len() < REMEMBERED {
            origins.push(Known { call, last: allocation, times: times + 1 });
        }
    }

    /// Where blocks that are given back there come from, as far as was seen.
    pub(crate) fn origin(&self, at: Deallocation) -> Option<Origin> {
        let origins = self.origins.get(&at)?;
        let followed = origins.iter().map(|origin| origin.times).sum();
        let Known { last, times, .. } = origins.iter().max_by_key(|origin| origin.times)?;
        (*times >= CREDIBLE).then(|| Origin { allocation: last.clone(), times: *times, followed })
    }

    /// Whether it is time to wait elsewhere.
    pub(crate) fn is_due(&self, now: Instant) -> bool {
        now >= self.next_choice
    }

    /// Waits elsewhere from now on; returns where that was until now.
    pub(crate) fn wait_at(&mut self, next: Vec<AllocationSite>, now: Instant) -> Vec<AllocationSite> {
        self.next_choice = now + PATIENCE * (1 + self.followed / ENOUGH);
        std::mem::replace(&mut self.waiting, next)
    }
}

#[cfg(test)]
mod tests {
    use jostle_stacks::Trace;

    use super::*;
    use crate::case::Form;

    fn side(tid: i32) -> Side {
        Side {
            tid,
            name: String::new(),
            process: None,
            trace: Trace::default(),
            direction: None,
            form: Form::Other,
        }
    }

    #[test]
    fn most_lives_tell_where_blocks_come_from() {
        let mut lifetimes = Lifetimes::new(Instant::now());
        let (here, there) = (Deallocation::Call(Address(1)), Deallocation::end(&[]));
        for call in [0x10, 0x20, 0x20] {
            lifetimes.note(here, Address(call), side(call as i32));
        }
        let origin = lifetimes.origin(here).expect("three were followed");
        assert_eq!((origin.allocation.tid, origin.times, origin.followed), (0x20, 2, 3));
        assert!(lifetimes.origin(there).is_none());
        lifetimes.note(there, Address(0x10), side(1));
        assert!(lifetimes.origin(there).is_none(), "one may be a mistake");
    }

    #[test]
    fn others_get_their_turn_and_the_known_is_followed_less() {
        let now = Instant::now();
        let mut lifetimes = Lifetimes::new(now);
        let sites = vec![AllocationSite { call: Address(1), after: Address(6) }];
        assert!(lifetimes.is_due(now));
        assert_eq!(lifetimes.wait_at(sites.clone(), now), []);
        assert!(!lifetimes.is_due(now) && lifetimes.is_due(now + PATIENCE));
        assert_eq!(lifetimes.wait_at(sites.clone(), now), sites);
        for _ in 0..ENOUGH {
            lifetimes.note(Deallocation::end(&[]), Address(1), side(1));
        }
        lifetimes.wait_at(sites, now);
        assert!(!lifetimes.is_due(now + PATIENCE) && lifetimes.is_due(now + 2 * PATIENCE));
    }
}
