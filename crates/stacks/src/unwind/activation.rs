use gimli::{Register, X86_64};
use jostle_model::Address;

use crate::cursor::{CodeAddress, Cursor, Registers};

/// The registers that a call preserves: rbx, rbp, r12 to r15 (System V ABI for AMD64, 3.2.1).
const PRESERVED: [Register; 6] =
    [X86_64::RBX, X86_64::RBP, X86_64::R12, X86_64::R13, X86_64::R14, X86_64::R15];

/// One function activation on the stack, with the registers it had as far as they are known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Activation {
    pub(crate) code: CodeAddress,
    /// By DWARF number (System V ABI for AMD64, figure 3.36).
    registers: [Option<u64>; 16],
}

impl From<&Registers> for Activation {
    fn from(r: &Registers) -> Self {
        let by_number = [
            r.rax, r.rdx, r.rcx, r.rbx, r.rsi, r.rdi, r.rbp, r.rsp, r.r8, r.r9, r.r10, r.r11, r.r12, r.r13,
            r.r14, r.r15,
        ];
        Self { code: CodeAddress::Instruction(Address(r.rip)), registers: by_number.map(Some) }
    }
}

impl From<&Cursor> for Activation {
    fn from(cursor: &Cursor) -> Self {
        let mut activation = Self { code: cursor.code, registers: [None; 16] };
        activation.set(X86_64::RSP, Some(cursor.sp));
        activation.set(X86_64::RBP, Some(cursor.bp));
        activation
    }
}

impl Activation {
    /// The caller of `self` before anything is restored: only what calls preserve is known.
    pub(crate) fn caller_at(&self, code: CodeAddress, sp: u64) -> Self {
        let mut caller = Self { code, registers: [None; 16] };
        for register in PRESERVED {
            caller.set(register, self.get(register));
        }
        caller.set(X86_64::RSP, Some(sp));
        caller
    }

    /// The value of a register; that of the return address column is where the code stands, which the entries
    /// of linkage tables compute with.
    pub(crate) fn get(&self, register: Register) -> Option<u64> {
        if register == X86_64::RA {
            return Some(self.code.address().0);
        }
        *self.registers.get(usize::from(register.0))?
    }

    pub(crate) fn set(&mut self, register: Register, value: Option<u64>) {
        if let Some(slot) = self.registers.get_mut(usize::from(register.0)) {
            *slot = value;
        }
    }

    pub(crate) fn sp(&self) -> Option<u64> {
        self.get(X86_64::RSP)
    }

    pub(crate) fn bp(&self) -> Option<u64> {
        self.get(X86_64::RBP)
    }

    pub(crate) fn cursor(&self) -> Cursor {
        Cursor { code: self.code, sp: self.sp().unwrap_or(0), bp: self.bp().unwrap_or(0) }
    }

    /// Whether walking on from here would walk in place.
    pub(crate) fn is_same_place(&self, other: &Self) -> bool {
        self.sp() == other.sp() && self.code.address() == other.code.address()
    }
}
