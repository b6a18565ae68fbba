//! Calls that give memory back. The call stands for what the allocator is about to do: whoever touches the memory while a
//! thread stands before it uses memory that may be gone by then.

use iced_x86::{Decoder, DecoderOptions, FlowControl, Instruction, Register};
use jostle_model::{Access, Address, Direction};
use jostle_stacks::Registers;

use super::{Operand, Operation};

/// How much of a block is watched at most: what fits into four debug registers.
const MOST: u64 = 32;
/// Every allocator gives out at least so many bytes, aligned to as many.
const LEAST: u64 = 8;
/// Nothing is ever allocated in the first page; null may be freed.
const FIRST: u64 = 4096;

/// What a function that gives memory back is told of it. The address is its first argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Release {
    /// Nothing more.
    Block,
    /// The size, as its second argument.
    Sized,
}

/// Where a call or jump leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Callee {
    /// To this instruction.
    Code(Address),
    /// To where the eight bytes at this address point.
    Slot(Address),
}

impl Release {
    /// The part of the block that is watched, when it is about to be given back with these registers.
    pub(super) fn access(self, registers: &Registers) -> Option<Access> {
        let size = match self {
            Self::Block => LEAST,
            Self::Sized => (registers.rsi & !(LEAST - 1)).clamp(LEAST, MOST),
        };
        let access =
            Access { address: Address(registers.rdi), size: size as u32, direction: Direction::Write };
        (registers.rdi >= FIRST && registers.rdi.is_multiple_of(LEAST)).then_some(access)
    }
}

/// The operation of a call or of a jump at a function's end, if it leads to where memory is given back.
pub(super) fn operation(
    instruction: &Instruction,
    leads_to: &dyn Fn(Callee) -> Option<Release>,
) -> Option<Operation> {
    let release = leads_to(callee(instruction)?)?;
    let block = Operand {
        base: Register::RDI,
        index: Register::None,
        scale: 1,
        displacement: 0,
        size: LEAST as u8,
        direction: Direction::Write,
    };
    let at = Address(instruction.ip());
    Some(Operation {
        at,
        length: instruction.len() as u8,
        settled: at,
        operands: [Some(block), None],
        locked: false,
        simple_move: false,
        repeated: false,
        checks_for_nil: false,
        release: Some(release),
    })
}

/// Where an instruction leads that calls, or ends its function by a jump to another.
pub(super) fn callee(instruction: &Instruction) -> Option<Callee> {
    match instruction.flow_control() {
        FlowControl::Call | FlowControl::UnconditionalBranch => {
            Some(Callee::Code(Address(instruction.near_branch_target())))
        }
        FlowControl::IndirectCall | FlowControl::IndirectBranch if instruction.is_ip_rel_memory_operand() => {
            Some(Callee::Slot(Address(instruction.ip_rel_memory_address())))
        }
        _ => None,
    }
}

/// Where the stub of an imported function leads, if that is what the code at `at` is: the linker makes one for each, of a
/// mark for indirect branches and a jump.
pub(crate) fn stub(code: &[u8], at: Address) -> Option<Callee> {
    const LONGEST: usize = 2;
    let instructions = Decoder::with_ip(64, code, at.0, DecoderOptions::NONE).into_iter().take(LONGEST);
    instructions
        .filter_map(|instruction| callee(&instruction))
        .find(|callee| matches!(callee, Callee::Slot(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_through_the_import_table_gives_the_block_back() {
        // call [rip + 0x10]
        let code = [0xff, 0x15, 0x10, 0, 0, 0];
        let free = |callee| (callee == Callee::Slot(Address(0x1016))).then_some(Release::Block);
        let operations = super::super::decode(&code, Address(0x1000), &free).expect("valid code");
        let registers = Registers { rdi: 0x5000, ..Registers::default() };
        let accesses: Vec<Access> = operations[0].accesses(&registers).collect();
        assert_eq!(accesses, [Access { address: Address(0x5000), size: 8, direction: Direction::Write }]);
        assert_eq!(operations[0].accesses(&Registers::default()).count(), 0, "free(NULL) does nothing");
    }

    #[test]
    fn a_size_that_is_told_is_watched_as_far_as_registers_reach() {
        let watched = |size| {
            let registers = Registers { rdi: 0x5000, rsi: size, ..Registers::default() };
            Release::Sized.access(&registers).expect("a block").size
        };
        assert_eq!([watched(0), watched(5), watched(20), watched(1000)], [8, 8, 16, 32]);
    }

    #[test]
    fn the_stub_of_an_import_is_looked_through() {
        // endbr64; jmp [rip + 0x2f0]
        let code = [0xf3, 0x0f, 0x1e, 0xfa, 0xff, 0x25, 0xf0, 0x02, 0, 0];
        assert_eq!(stub(&code, Address(0x1000)), Some(Callee::Slot(Address(0x12fa))));
        assert_eq!(stub(&[0xc3, 0x90], Address(0x1000)), None);
    }
}
