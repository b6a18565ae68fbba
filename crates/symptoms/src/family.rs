//! Families: kinds of failures that one bug may cause.

use std::fmt;

use crate::kinds;

/// What failures have in common that may come of one bug. Rates are told by families.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// Memory was written, given back or followed that ought not to be. It surfaces wherever that memory is used next.
    MemoryCorruption,
    /// A null pointer, or a field of a null object, was followed. Memory that was overwritten with zeros looks the same.
    NullDereference,
    /// Accesses that nothing orders, at least one of which writes.
    DataRace,
    /// Nothing goes on.
    Deadlock,
    /// Locks are taken in orders that can deadlock. Nothing has, yet.
    LockOrder,
    /// A lock was given back that was not held, and the like.
    LockMisuse,
    /// The language gives no meaning to what the program did.
    UndefinedBehaviour,
    /// Something was never given back.
    Leak,
    /// There was no memory left.
    OutOfMemory,
    /// Calls were nested too deeply.
    StackOverflow,
    /// The program itself found that something did not hold.
    Assertion,
    /// Somebody from outside ended it: a person, a supervisor, the kernel for want of memory.
    Killed,
    /// Every other kind is a family of its own, such as an exception of one type.
    Kind(String),
}

impl Family {
    /// As it stands in reports and in `docs/symptoms.md`.
    pub fn name(&self) -> &str {
        match self {
            Self::MemoryCorruption => "memory-corruption",
            Self::NullDereference => "null-dereference",
            Self::DataRace => "data-race",
            Self::Deadlock => "deadlock",
            Self::LockOrder => "lock-order",
            Self::LockMisuse => "lock-misuse",
            Self::UndefinedBehaviour => "undefined-behaviour",
            Self::Leak => "leak",
            Self::OutOfMemory => "out-of-memory",
            Self::StackOverflow => "stack-overflow",
            Self::Assertion => "assertion",
            Self::Killed => "killed",
            Self::Kind(kind) => kind,
        }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The family of a kind that stands alone. Beside other failures of the same hunt it may be another: see
/// [`families`](crate::families).
pub fn family_of(kind: &str) -> Family {
    match kinds::row(kind) {
        Some((_, Some(family), _)) => family.clone(),
        _ => Family::Kind(kind.to_owned()),
    }
}
