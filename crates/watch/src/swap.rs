//! A value that did not arrive, before anything has a name.

use jostle_model::{Address, Given, ResultRegister};
use jostle_stacks::CodeAddress;

use crate::case::{CaseKey, Side};

/// A goroutine called a native function and was handed somebody else's value.
#[derive(Clone, Debug)]
pub(crate) struct Swap {
    /// The native function.
    pub(crate) function: Address,
    /// What it returned, and where.
    pub(crate) register: ResultRegister,
    pub(crate) returned: u64,
    /// What was received, and what that had been to whom it belonged.
    pub(crate) received: u64,
    pub(crate) given: Given,
    /// The word through which both went.
    pub(crate) passed_through: Address,
    /// Who called, as it stood when the function returned; and the call that received the value.
    pub(crate) receiver: Side,
    pub(crate) received_at: Address,
    /// Whose value it was, as it stood when it put the value there; and the native function that it called, if it had.
    pub(crate) giver: Side,
    /// How many calls of native functions were followed until then, and in how many of them the goroutine was parked.
    pub(crate) followed: u64,
    pub(crate) parked: u64,
    /// When, in milliseconds after the start.
    pub(crate) at_ms: u64,
}

impl Swap {
    /// The key under which it is counted: the function, and who called it.
    pub(crate) fn key(&self) -> CaseKey {
        CaseKey::of_swap(self.function, self.received_at)
    }
}

/// Puts the native function that has just returned in front of the stack that it returned to.
pub(crate) fn returning_from(function: Address, mut side: Side) -> Side {
    side.trace.addresses.insert(0, CodeAddress::Instruction(function));
    side
}
