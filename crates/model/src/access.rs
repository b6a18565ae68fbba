use serde::Serialize;

use crate::Address;

/// What an instruction does to the memory it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// Loads only.
    Read,
    /// Stores only.
    Write,
    /// Loads and stores, as `add [rax], 1` does.
    ReadWrite,
}

impl Direction {
    /// Whether the access stores.
    pub fn writes(self) -> bool {
        self != Self::Read
    }
}

/// Whether an access synchronizes, as far as instruction, inlined frames and source can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Atomicity {
    /// Certainly no atomic access of the source language.
    Plain,
    /// Locked, exchanged, or written in the source as an atomic operation.
    Atomic,
    /// A plain move on x86-64, which a relaxed atomic also compiles to, and nothing at hand tells which.
    Undecided,
}

/// A range of memory touched by one execution of one instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Access {
    /// The first byte touched.
    pub address: Address,
    /// How many bytes are touched; never 0.
    pub size: u32,
    /// What is done to them.
    pub direction: Direction,
}

impl Access {
    /// Whether the two touch a common byte and at least one of them writes.
    pub fn conflicts_with(&self, other: &Self) -> bool {
        self.overlaps(other) && (self.direction.writes() || other.direction.writes())
    }

    /// Whether it touches the byte at `at`.
    pub fn contains(&self, at: Address) -> bool {
        at.0.checked_sub(self.address.0).is_some_and(|offset| offset < u64::from(self.size))
    }

    /// Whether the two touch a common byte.
    pub fn overlaps(&self, other: &Self) -> bool {
        let end = |access: &Self| access.address.0.saturating_add(u64::from(access.size));
        self.address.0 < end(other) && other.address.0 < end(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access(address: u64, size: u32, direction: Direction) -> Access {
        Access { address: Address(address), size, direction }
    }

    #[test]
    fn adjacent_ranges_do_not_overlap() {
        let low = access(0x1000, 8, Direction::Write);
        assert!(!low.overlaps(&access(0x1008, 8, Direction::Write)));
        assert!(low.overlaps(&access(0x1007, 1, Direction::Write)));
    }

    #[test]
    fn two_reads_never_conflict() {
        let read = access(0x1000, 8, Direction::Read);
        assert!(!read.conflicts_with(&read));
        assert!(read.conflicts_with(&access(0x1004, 4, Direction::ReadWrite)));
    }
}
