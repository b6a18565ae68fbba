//! How far ahead of an instruction its address is known already: code without branches is executed to its end, and an
//! address is what it will be as soon as its registers are no longer written to.

use iced_x86::{FlowControl, Instruction, InstructionInfo, OpAccess, Register};
use jostle_model::Address;

use super::Operation;

/// How many general-purpose registers there are.
const REGISTERS: usize = 16;

/// The code since the last branch, up to the instruction that is being decoded.
#[derive(Debug)]
pub(super) struct StraightLine {
    start: Address,
    /// For every general-purpose register, where the code begins that finds it as it is now.
    settled: [Address; REGISTERS],
}

impl StraightLine {
    /// A line that begins at `start`.
    pub(super) fn begin(start: Address) -> Self {
        Self { start, settled: [start; REGISTERS] }
    }

    /// The earliest instruction of the line at which the addresses of `operation`, which is next in it, are known.
    pub(super) fn settled(&self, operation: &Operation) -> Address {
        let registers = operation.operands.iter().flatten().flat_map(|operand| [operand.base, operand.index]);
        let counted = registers.chain(operation.repeated.then_some(Register::RCX));
        counted.filter_map(number).map(|register| self.settled[register]).fold(self.start, Address::max)
    }

    /// Goes on behind `instruction`.
    pub(super) fn pass(&mut self, instruction: &Instruction, info: &InstructionInfo) {
        let next = Address(instruction.next_ip());
        if instruction.flow_control() != FlowControl::Next {
            *self = Self::begin(next);
            return;
        }
        let written = info.used_registers().iter().filter(|used| writes(used.access()));
        for register in written.filter_map(|used| number(used.register())) {
            self.settled[register] = next;
        }
    }
}

/// The number of the general-purpose register that a register is, or is a part of.
fn number(register: Register) -> Option<usize> {
    let full = register.full_register();
    full.is_gpr64().then(|| full as usize - Register::RAX as usize)
}

fn writes(access: OpAccess) -> bool {
    matches!(access, OpAccess::Write | OpAccess::CondWrite | OpAccess::ReadWrite | OpAccess::ReadCondWrite)
}

#[cfg(test)]
mod tests {
    use jostle_model::Address;

    use crate::operation::decode;

    /// For each operation of the code, where it stands and from where on its address is known.
    fn settled(code: &[u8]) -> Vec<(u64, u64)> {
        let operations = decode(code, Address(0x1000), &|_| None).expect("valid code");
        operations.iter().map(|operation| (operation.at.0 - 0x1000, operation.settled.0 - 0x1000)).collect()
    }

    #[test]
    fn fields_of_one_object_are_known_together() {
        // mov [rdi], rax; mov [rdi+8], rax; mov rcx, [rdi+16]
        let code = [0x48, 0x89, 0x07, 0x48, 0x89, 0x47, 8, 0x48, 0x8b, 0x4f, 16];
        assert_eq!(settled(&code), [(0, 0), (3, 0), (7, 0)]);
    }

    #[test]
    fn what_a_pointer_leads_to_is_known_when_it_was_loaded() {
        // mov rax, [rdi]; mov rcx, [rax]; mov rdx, [rdi+8]
        let code = [0x48, 0x8b, 0x07, 0x48, 0x8b, 0x08, 0x48, 0x8b, 0x57, 8];
        assert_eq!(settled(&code), [(0, 0), (3, 3), (6, 0)]);
    }

    #[test]
    fn parts_of_a_register_count_as_the_whole() {
        // mov rcx, [rdi]; mov eax, esi; mov rcx, [rax]
        let code = [0x48, 0x8b, 0x0f, 0x89, 0xf0, 0x48, 0x8b, 0x08];
        assert_eq!(settled(&code), [(0, 0), (5, 5)]);
    }

    #[test]
    fn a_branch_ends_the_line_and_so_does_a_call() {
        // mov rax, [rdi]; je +0; mov rcx, [rdi+8]; call next; mov rdx, [rdi+16]
        let code = [0x48, 0x8b, 0x07, 0x74, 0, 0x48, 0x8b, 0x4f, 8, 0xe8, 0, 0, 0, 0, 0x48, 0x8b, 0x57, 16];
        assert_eq!(settled(&code), [(0, 0), (5, 5), (14, 14)]);
    }

    #[test]
    fn a_repeated_move_must_know_its_count() {
        // mov [rdi], rax; mov ecx, 3; rep movsq
        let code = [0x48, 0x89, 0x07, 0xb9, 3, 0, 0, 0, 0xf3, 0x48, 0xa5];
        assert_eq!(settled(&code), [(0, 0), (8, 8)]);
    }
}
