use jostle_model::{Access, Address, Direction, Process};
use jostle_stacks::{CodeAddress, Registers, Trace};

use crate::operation::Operation;

/// What kind of instruction made an access: all that the machine code tells about atomicity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Form {
    /// Locked, or an exchange.
    Locked,
    /// A plain move of an aligned word: possibly an atomic of the weaker kinds.
    Move,
    /// Anything else: no language compiles an atomic to it.
    Other,
    /// A call that gives the memory back.
    Release,
    /// The kernel, on behalf of a system call.
    Kernel,
    /// The instruction could not be told.
    Unknown,
}

/// One side of a collision, as caught: addresses only, names come later.
#[derive(Clone, Debug)]
pub(crate) struct Side {
    /// The thread.
    pub(crate) tid: i32,
    /// Its name.
    pub(crate) name: String,
    /// The process that it belongs to, where that is not the one that was named.
    pub(crate) process: Option<Process>,
    /// Its stack; the first address is the instruction that accesses.
    pub(crate) trace: Trace,
    /// What it did; `None` when that could not be told.
    pub(crate) direction: Option<Direction>,
    /// How.
    pub(crate) form: Form,
}

/// A collision before it is judged.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    /// The thread that was held, and what it was about to do.
    pub(crate) held: Side,
    /// The one that came meanwhile; `None` when only the value shows that somebody came.
    pub(crate) other: Option<Side>,
    /// The range the held thread was about to touch.
    pub(crate) access: Access,
    /// Its first bytes (at most 8) before the hold.
    pub(crate) old: Option<u64>,
    /// The same at its end.
    pub(crate) new: Option<u64>,
    /// How long it was held, in microseconds.
    pub(crate) held_us: u64,
    /// When, in milliseconds after the start.
    pub(crate) at_ms: u64,
}

/// What makes two cases the same for counting: where both stood, and who called them. Four frames tell apart
/// the callers of `memcpy`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct CaseKey([Option<Address>; 8]);

impl CaseKey {
    /// The key of a crash, which is that of no collision.
    pub(crate) fn of_crash(crashed: &Side) -> Self {
        let mut found = crashed.trace.addresses.iter();
        let mut address = || found.next().map(|code| code.for_lookup());
        Self(std::array::from_fn(|index| if index < 4 { None } else { address() }))
    }

    /// The key of a hang: a process has one at most.
    pub(crate) fn of_hang() -> Self {
        Self([None; 8])
    }
}

impl CaseKey {
    /// The key of a value that did not arrive, which is that of no collision either.
    pub(crate) fn of_swap(function: Address, received_at: Address) -> Self {
        let mut addresses = [None; 8];
        addresses[1..3].copy_from_slice(&[Some(function), Some(received_at)]);
        Self(addresses)
    }
}

impl Case {
    /// The key under which it is counted.
    pub(crate) fn key(&self) -> CaseKey {
        let addresses = |side: Option<&Side>| {
            let mut found = side.map(|side| side.trace.addresses.as_slice()).unwrap_or_default().iter();
            std::array::from_fn::<_, 4, _>(|_| found.next().map(|code| code.for_lookup()))
        };
        let (held, other) = (addresses(Some(&self.held)), addresses(self.other.as_ref()));
        CaseKey(std::array::from_fn(|index| if index < 4 { held[index] } else { other[index - 4] }))
    }
}

/// How an operation looks from outside, for the access it makes.
pub(crate) fn form(operation: &Operation, access: &Access) -> Form {
    // No compiler makes an atomic of a misaligned word.
    let aligned = access.address.0.is_multiple_of(u64::from(access.size.max(1)));
    match operation {
        Operation { release: Some(_), .. } => Form::Release,
        Operation { locked: true, .. } => Form::Locked,
        Operation { simple_move: true, .. } if aligned => Form::Move,
        _ => Form::Other,
    }
}

/// Puts the instruction that accessed in the place of the one the thread stands at now.
pub(crate) fn standing_at(mut trace: Trace, at: Address) -> Trace {
    if let Some(innermost) = trace.addresses.first_mut() {
        *innermost = CodeAddress::Instruction(at);
    }
    trace
}

/// The registers in the words of the stack walker.
pub(crate) fn registers(from: &libc::user_regs_struct) -> Registers {
    Registers {
        rax: from.rax,
        rbx: from.rbx,
        rcx: from.rcx,
        rdx: from.rdx,
        rsi: from.rsi,
        rdi: from.rdi,
        rbp: from.rbp,
        rsp: from.rsp,
        r8: from.r8,
        r9: from.r9,
        r10: from.r10,
        r11: from.r11,
        r12: from.r12,
        r13: from.r13,
        r14: from.r14,
        r15: from.r15,
        rip: from.rip,
        fs_base: from.fs_base,
    }
}
