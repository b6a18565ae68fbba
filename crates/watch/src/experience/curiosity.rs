//! How much another look at a site would teach.

use super::{ENOUGH_PROSPECTS, Experience};

/// How much more a look teaches than it does elsewhere: where somebody had been when this site came; where a store
/// replaces something, since every race has such a store, and of the sites of half-atomics only one in fifteen is one;
/// where a store was seen only to overwrite zero, a few times, or anything only once, since first visits show a program
/// that is only starting; and where no prospect was made yet, or few at a store in use.
const SOUGHT: f64 = 10.0;
const IN_USE: f64 = 20.0;
const STARTING: f64 = 8.0;
const EARLY_STORES: u32 = 3;
const UNKNOWN: f64 = 4.0;

impl Experience {
    /// How much another look would teach: little where many were taken, where nobody comes any more, or where
    /// all visits were private.
    pub(crate) fn curiosity(&self) -> f64 {
        let (interest, prospects) = match self.prospects {
            ..ENOUGH_PROSPECTS if self.sought => (SOUGHT, 0),
            ..ENOUGH_PROSPECTS if self.is_in_use() => (IN_USE, 0),
            _ if self.visits <= EARLY_STORES && self.initialised > 0 => (STARTING, 0),
            _ if self.visits == 1 && self.elsewhere > 0 => (UNKNOWN, 0),
            0 if self.contention > 0.0 => (UNKNOWN, 0),
            _ if self.is_in_use() && !self.is_well_known() => (UNKNOWN, 0),
            prospects => (1.0, prospects),
        };
        interest * (self.contention() + 0.3) / f64::from(1 + self.asked + 2 * prospects)
    }
}
