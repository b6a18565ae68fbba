//! A crash as it was seen, before anything has a name.

use iced_x86::InstructionInfoFactory;
use jostle_model::{Access, Address, Register};
use jostle_stacks::{AddressSpace, Registers};

use crate::case::Side;
use crate::mappings::{self, Mapping};
use crate::{modules, operation};

/// Signals that say that a thread has gone wrong, not that somebody asked for something.
pub(crate) const FAULTS: [i32; 6] =
    [libc::SIGILL, libc::SIGABRT, libc::SIGBUS, libc::SIGFPE, libc::SIGSEGV, libc::SIGSYS];

/// The last address of the lower half: beyond it a pointer is not canonical, or the kernel's (48-bit addresses).
const LAST_OF_USER: Address = Address(0x7fff_ffff_ffff);
/// Nothing is ever mapped below (`vm.mmap_min_addr` is 64 KiB by default); a null pointer with an offset points there.
const NULL_OBJECT: Address = Address(0x1_0000);

/// A thread that is about to be killed by a signal, and all others in that moment.
#[derive(Clone, Debug)]
pub(crate) struct Crash {
    /// The signal.
    pub(crate) signal: i32,
    /// The address that it is about.
    pub(crate) address: Option<Address>,
    /// What lies there.
    pub(crate) lies_there: Option<String>,
    /// What the instruction was about to do there.
    pub(crate) access: Option<Access>,
    /// The registers of the thread that crashed.
    pub(crate) registers: Vec<Register>,
    /// That thread.
    pub(crate) crashed: Side,
    /// The others, as far as they could be stopped in time.
    pub(crate) others: Vec<Side>,
    /// When, in milliseconds after the start, if it was watched.
    pub(crate) at_ms: Option<u64>,
}

/// All threads of a process that should have ended by then.
#[derive(Clone, Debug)]
pub(crate) struct Hang {
    /// Where they stood.
    pub(crate) sides: Vec<Side>,
    /// When, in milliseconds after the start.
    pub(crate) at_ms: u64,
}

impl Crash {
    /// A crash by `signal` of the thread `crashed`, which stood at these registers. Of an address that is no canonical one
    /// the processor does not say which it was; the `access` that the instruction was about to make does.
    pub(crate) fn new(
        signal: i32,
        told: Option<Address>,
        access: Option<Access>,
        mappings: &[Mapping],
        registers: &Registers,
        crashed: Side,
        others: Vec<Side>,
    ) -> Self {
        let is_about_memory = matches!(signal, libc::SIGSEGV | libc::SIGBUS);
        let access = access.filter(|_| is_about_memory);
        let address = told.or_else(|| access.map(|access| access.address));
        Self {
            signal,
            address,
            lies_there: address.map(|at| what_lies_at(at, mappings)),
            access: access.filter(|access| address.is_some_and(|at| access.contains(at))),
            registers: named(registers),
            crashed,
            others,
            at_ms: None,
        }
    }
}

/// What the instruction that a thread stands at is about to do in memory.
pub(crate) fn access_at(space: &AddressSpace, registers: &Registers) -> Option<Access> {
    let at = Address(registers.rip);
    let (start, code) = modules::function_code(space, at)?;
    let instruction = operation::instruction_at(code, start, at)?;
    let operation = operation::operation(&instruction, &mut InstructionInfoFactory::new())?;
    operation.accesses(registers).next()
}

/// What lies at an address, in words.
fn what_lies_at(at: Address, mappings: &[Mapping]) -> String {
    if at < NULL_OBJECT {
        return "a null pointer, or a field of a null object".to_owned();
    }
    if at > LAST_OF_USER {
        return "no address of a program: not a pointer, or a corrupted one".to_owned();
    }
    let Some(mapping) = mappings::find(mappings, at) else { return "nothing is mapped there".to_owned() };
    let name = if mapping.path.is_empty() { "memory without a file" } else { &mapping.path };
    let rights = match (mapping.writable, mapping.executable) {
        (true, true) => "writable and executable",
        (true, false) => "writable",
        (false, true) => "code, not writable",
        (false, false) => "not writable",
    };
    format!("{name}, {rights}")
}

/// All registers, in the order in which debuggers print them.
fn named(registers: &Registers) -> Vec<Register> {
    let named = [
        ("rip", registers.rip),
        ("rsp", registers.rsp),
        ("rbp", registers.rbp),
        ("rax", registers.rax),
        ("rbx", registers.rbx),
        ("rcx", registers.rcx),
        ("rdx", registers.rdx),
        ("rsi", registers.rsi),
        ("rdi", registers.rdi),
        ("r8", registers.r8),
        ("r9", registers.r9),
        ("r10", registers.r10),
        ("r11", registers.r11),
        ("r12", registers.r12),
        ("r13", registers.r13),
        ("r14", registers.r14),
        ("r15", registers.r15),
    ];
    named.map(|(name, value)| Register { name, value: Address(value) }).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_pointer_is_told_from_what_is_not_mapped() {
        assert!(what_lies_at(Address(0x10), &[]).contains("null"));
        assert!(what_lies_at(Address(0xdead_beef_0000_0000), &[]).contains("corrupted"));
        assert_eq!(what_lies_at(Address(0x7f00_0000_0000), &[]), "nothing is mapped there");
    }
}
