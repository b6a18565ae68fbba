use serde::Serialize;

use crate::{Address, Fingerprint};

/// One register of a thread, by the name that the machine's manual gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Register {
    /// Such as `rip`.
    pub name: &'static str,
    /// What it held.
    pub value: Address,
}

/// The evidence of a crash: the machine's state in the moment before the signal was delivered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Crash {
    /// The signal's number on Linux.
    pub signal: i32,
    /// The address that could not be accessed, or the instruction that could not be executed, where the signal is about
    /// one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<Address>,
    /// What lies at that address, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lies_there: Option<String>,
    /// The registers of the thread that crashed.
    pub registers: Vec<Register>,
    /// When, in milliseconds after the start of the watch; absent where it was not watched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_ms: Option<u64>,
    /// What crashes of one bug have in common that come up in different lines: the signal, and the functions on the
    /// stack that are the user's own. The finding's own identity is the exact place.
    pub family: Fingerprint,
}

/// The evidence of a hang: the program had not ended when its time was up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Hang {
    /// When that was, in milliseconds after its start.
    pub at_ms: u64,
}
