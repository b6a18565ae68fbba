use serde::Serialize;

use crate::Address;

/// What a value had been to the one whose it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Given {
    /// What a native function returned to it.
    Return,
    /// What it was about to pass to a native function.
    Argument,
}

/// The register in which a function returns its result: native code (System V ABI for x86-64, 3.2.3) and Go (`abi-internal` of
/// its sources) use the same ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ResultRegister {
    /// An integer, or a pointer.
    Rax,
    /// A floating-point number: all 64 bits, or the lower 32 of them.
    Xmm0,
}

/// The evidence of a value that did not arrive: what a native function returned, and what its caller got instead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Boundary {
    /// The native function, as far as it has a name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub function: Option<String>,
    /// Where it returned a value.
    pub register: ResultRegister,
    /// What it returned (hexadecimal).
    pub returned: String,
    /// What its caller received (hexadecimal).
    pub received: String,
    /// What that had been to the one whose it was.
    pub given: Given,
    /// The word of memory in which both had been put.
    pub passed_through: Address,
    /// How many calls of native functions had been followed to their end until then.
    pub followed: u64,
    /// In how many of those the caller's goroutine had been parked on the way.
    pub parked: u64,
    /// When it was first seen, in milliseconds after the start.
    pub at_ms: u64,
    /// How often it has been seen so far.
    pub times: u64,
}
