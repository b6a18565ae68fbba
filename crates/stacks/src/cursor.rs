use jostle_model::Address;

/// Reads the memory of the process whose stack is walked.
pub trait Memory {
    /// Fills `bytes` from `at`; false when any of it cannot be read (`bytes` is then unspecified).
    fn read(&self, at: Address, bytes: &mut [u8]) -> bool;

    /// The little-endian 64-bit word at `at`.
    fn word(&self, at: Address) -> Option<u64> {
        let mut bytes = [0; 8];
        self.read(at, &mut bytes).then(|| u64::from_le_bytes(bytes))
    }
}

/// The general registers of a stopped x86-64 thread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the architecture's")]
pub struct Registers {
    pub rax: u64,
    pub rbx: u64,
    pub rcx: u64,
    pub rdx: u64,
    pub rsi: u64,
    pub rdi: u64,
    pub rbp: u64,
    pub rsp: u64,
    pub r8: u64,
    pub r9: u64,
    pub r10: u64,
    pub r11: u64,
    pub r12: u64,
    pub r13: u64,
    pub r14: u64,
    pub r15: u64,
    pub rip: u64,
    /// The base that `fs:` accesses add: the thread's control block.
    pub fs_base: u64,
}

/// An address of code on a stack. The two kinds are looked up differently, so they are two variants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CodeAddress {
    /// The instruction a thread stands at (or was interrupted at).
    Instruction(Address),
    /// Where a call returns to: the call itself lies before it.
    Return(Address),
}

impl CodeAddress {
    /// The address itself: of the instruction, or of the one that the call returns to.
    pub fn address(self) -> Address {
        match self {
            Self::Instruction(address) | Self::Return(address) => address,
        }
    }

    /// Whether it is no address at all, as above the outermost frame of many stacks.
    pub(crate) fn is_null(self) -> bool {
        self.address() == Address(0)
    }

    /// An address inside the instruction that is meant: for a return address one byte before it.
    pub fn for_lookup(self) -> Address {
        match self {
            Self::Instruction(address) => address,
            Self::Return(address) => address - 1,
        }
    }
}

/// A position in a walk up the stack: the only registers that unwinding needs on x86-64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// Where this activation is executing.
    pub code: CodeAddress,
    /// Its stack pointer there.
    pub sp: u64,
    /// Its frame pointer register there, whatever it holds.
    pub bp: u64,
}
