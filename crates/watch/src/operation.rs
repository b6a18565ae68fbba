//! What one instruction does to memory, and where: static facts by decoding, addresses by registers.

mod allocation;
mod critical_section;
mod release;
mod straight_line;

use iced_x86::{
    Code, Decoder, DecoderOptions, FlowControl, Instruction, InstructionInfoFactory, Mnemonic, OpAccess,
    OpKind, Register,
};
use jostle_model::{Access, Address, Direction};
use jostle_stacks::Registers;

pub(crate) use allocation::{AllocationSite, allocations};
pub(crate) use critical_section::{LockCall, critical_sections};
pub(crate) use release::{Callee, Release, stub};
use straight_line::StraightLine;

/// The widest access that is looked at: an AVX-512 register. Wider ones save whole register files.
const WIDEST: usize = 64;

/// A memory operand: how its address is computed, and what happens to the bytes there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Operand {
    base: Register,
    index: Register,
    scale: u8,
    displacement: u64,
    /// How many bytes one execution (for string instructions: one element) touches.
    pub(crate) size: u8,
    /// What is done to them.
    pub(crate) direction: Direction,
}

/// An instruction that touches memory other than its own stack frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Operation {
    /// Where the instruction starts, in the address space it was decoded for.
    pub(crate) at: Address,
    /// How many bytes long it is.
    pub(crate) length: u8,
    /// Whoever stands at any instruction from here on is sure to execute it, at the address that the registers give now.
    pub(crate) settled: Address,
    /// Its memory operand; string moves have two.
    pub(crate) operands: [Option<Operand>; 2],
    /// Whether it is locked, or exchanges with memory (which locks by itself).
    pub(crate) locked: bool,
    /// Whether it is a plain move of at most 8 bytes: what a relaxed, acquire or release atomic compiles to.
    pub(crate) simple_move: bool,
    /// Whether it is repeated (`rep movsb`): it then touches `rcx` elements.
    repeated: bool,
    /// Whether it is [one](is_nil_check) in code by Go's compiler.
    pub(crate) checks_for_nil: bool,
    /// Whether it is no access by itself, but a call that gives memory back.
    pub(crate) release: Option<Release>,
}

impl Operation {
    /// The accesses it is about to make with these registers; a repeated one is cut to its first bytes.
    pub(crate) fn accesses(&self, registers: &Registers) -> impl Iterator<Item = Access> {
        let count = if self.repeated { registers.rcx } else { 1 };
        self.operands.into_iter().flatten().filter(move |_| count > 0).filter_map(move |operand| {
            match self.release {
                Some(release) => release.access(registers),
                None => Some(Access {
                    address: operand.address(registers),
                    size: (u64::from(operand.size).saturating_mul(count)).min(32) as u32,
                    direction: operand.direction,
                }),
            }
        })
    }

    /// The array of which one of those accesses touches an element: where its first one lies. Code that finds elements by
    /// moving a pointer does not tell.
    pub(crate) fn array_of(&self, access: &Access, registers: &Registers) -> Option<Address> {
        let operands = self.operands.iter().flatten();
        let mut touching = operands.filter(|operand| operand.address(registers) == access.address);
        touching.find_map(|operand| operand.array(registers))
    }

    /// Whether whoever stands at `earlier` is sure to execute it next but for a few others, and with which address.
    pub(crate) fn is_sure_from(&self, earlier: Address) -> bool {
        (self.settled..self.at).contains(&earlier)
    }

    /// Whether it reads the control block of the running goroutine, whose address Go keeps in `r14`: every
    /// prologue does, to see whether the stack must grow or the goroutine must yield.
    pub(crate) fn reads_goroutine(&self) -> bool {
        self.operands[0]
            .is_some_and(|operand| operand.base == Register::R14 && operand.index == Register::None)
    }

    /// Whether any operand is stored to.
    pub(crate) fn writes(&self) -> bool {
        self.operands.iter().flatten().any(|operand| operand.direction.writes())
    }

    /// What it does to memory, both operands taken together.
    pub(crate) fn direction(&self) -> Direction {
        let mut directions = self.operands.iter().flatten().map(|operand| operand.direction);
        let first = directions.next().unwrap_or(Direction::Read);
        directions.fold(first, |all, one| if all == one { all } else { Direction::ReadWrite })
    }
}

impl Operand {
    /// Where it points with these registers.
    fn address(&self, registers: &Registers) -> Address {
        let index = value(registers, self.index).wrapping_mul(u64::from(self.scale));
        Address(value(registers, self.base).wrapping_add(index).wrapping_add(self.displacement))
    }

    /// Where the array begins that it points into. Of elements of a byte, either register may be the index: the one nearer
    /// to zero is.
    fn array(&self, registers: &Registers) -> Option<Address> {
        let (base, index) = (value(registers, self.base), value(registers, self.index));
        let size = |number: u64| number.cast_signed().unsigned_abs();
        let start = if self.scale == 1 && size(index) > size(base) { index } else { base };
        let is_indexed = self.index != Register::None;
        is_indexed.then(|| Address(start.wrapping_add(self.displacement)))
    }
}

/// A 64-bit register by its name; 0 for "no register" and for what addresses cannot use.
fn value(registers: &Registers, register: Register) -> u64 {
    match register {
        Register::RAX => registers.rax,
        Register::RBX => registers.rbx,
        Register::RCX => registers.rcx,
        Register::RDX => registers.rdx,
        Register::RSI => registers.rsi,
        Register::RDI => registers.rdi,
        Register::RBP => registers.rbp,
        Register::RSP => registers.rsp,
        Register::R8 => registers.r8,
        Register::R9 => registers.r9,
        Register::R10 => registers.r10,
        Register::R11 => registers.r11,
        Register::R12 => registers.r12,
        Register::R13 => registers.r13,
        Register::R14 => registers.r14,
        Register::R15 => registers.r15,
        _ => 0,
    }
}

/// The operations of the code of one function, loaded at `at`. `None` when any of it is not code: data
/// between instructions must not be mistaken for them, a breakpoint there would corrupt it. One-byte instructions
/// are left out: where a thread stands must tell whether it has executed a breakpoint in their place. `leads_to` knows the
/// functions that give memory back.
pub(crate) fn decode(
    code: &[u8],
    at: Address,
    leads_to: &dyn Fn(Callee) -> Option<Release>,
) -> Option<Vec<Operation>> {
    let mut info = InstructionInfoFactory::new();
    let mut operations = Vec::new();
    let mut line = StraightLine::begin(at);
    for instruction in &mut Decoder::with_ip(64, code, at.0, DecoderOptions::NONE) {
        if instruction.is_invalid() || refers_into(&instruction, at, code.len()) {
            return None;
        }
        if let Some(operation) = operation(&instruction, &mut info).filter(|operation| operation.length > 1) {
            operations.push(Operation { settled: line.settled(&operation), ..operation });
        } else if let Some(release) = release::operation(&instruction, leads_to) {
            operations.push(release);
        }
        line.pass(&instruction, info.info(&instruction));
    }
    Some(operations)
}

/// Whether an instruction refers to memory within the function of `size` bytes at `start` that it is part of, beyond its
/// beginning: then there is data, such as the jump tables that V8's built-in functions have at their ends.
fn refers_into(instruction: &Instruction, start: Address, size: usize) -> bool {
    let has_memory = instruction.op_kinds().any(|kind| kind == OpKind::Memory);
    let body = start.0 + 1..start.0 + size as u64;
    has_memory && body.contains(&instruction.memory_displacement64())
}

/// The first instruction of more than one byte that whoever enters a function at `at` is sure to execute.
pub(crate) fn first_of_several_bytes(code: &[u8], at: Address) -> Option<Address> {
    for instruction in &mut Decoder::with_ip(64, code, at.0, DecoderOptions::NONE) {
        if !instruction.is_invalid() && instruction.len() > 1 {
            return Some(Address(instruction.ip()));
        }
        if instruction.flow_control() != FlowControl::Next {
            return None;
        }
    }
    None
}

/// Where the code of one function, loaded at `at`, calls or jumps to beyond its own end, as far as the instructions say.
pub(crate) fn callees(code: &[u8], at: Address) -> impl Iterator<Item = Address> {
    let own = at.0..at.0 + code.len() as u64;
    let instructions = Decoder::with_ip(64, code, at.0, DecoderOptions::NONE).into_iter();
    let branches = instructions.filter(|instruction| {
        matches!(instruction.flow_control(), FlowControl::Call | FlowControl::UnconditionalBranch)
    });
    branches.map(|branch| branch.near_branch_target()).filter(move |to| !own.contains(to)).map(Address)
}

/// Where the instruction that ends at `end` starts, in the code of one function loaded at `at`.
pub(crate) fn instruction_before(code: &[u8], at: Address, end: Address) -> Option<Instruction> {
    Decoder::with_ip(64, code, at.0, DecoderOptions::NONE)
        .into_iter()
        .take_while(|instruction| instruction.ip() < end.0)
        .find(|instruction| instruction.next_ip() == end.0)
}

/// The instruction at `at`, in the code of one function loaded at `start`.
pub(crate) fn instruction_at(code: &[u8], start: Address, at: Address) -> Option<Instruction> {
    let offset = at.0.checked_sub(start.0)? as usize;
    let instruction = Decoder::with_ip(64, code.get(offset..)?, at.0, DecoderOptions::NONE).decode();
    (!instruction.is_invalid()).then_some(instruction)
}

/// Whether an instruction only tries whether an address is one: Go's compiler checks for nil by testing a byte whose value
/// it does not use.
pub(crate) fn is_nil_check(instruction: &Instruction) -> bool {
    instruction.code() == Code::Test_rm8_r8
        && instruction.op0_kind() == OpKind::Memory
        && instruction.op1_register() == Register::AL
}

/// Whether a mask decides which bytes of its memory operand an instruction means: the processor's watchpoints report the
/// others, too. glibc compares short memory that way (`__memcmp_evex_movbe`), which reaches beyond its end then.
pub(crate) fn is_masked(instruction: &Instruction) -> bool {
    let has_vector_mask = matches!(
        instruction.mnemonic(),
        Mnemonic::Maskmovdqu
            | Mnemonic::Maskmovq
            | Mnemonic::Vmaskmovdqu
            | Mnemonic::Vmaskmovpd
            | Mnemonic::Vmaskmovps
            | Mnemonic::Vpmaskmovd
            | Mnemonic::Vpmaskmovq
    );
    has_vector_mask || instruction.has_op_mask() && instruction.op_kinds().any(|kind| kind == OpKind::Memory)
}

/// What a single instruction does to memory, if it does, and where it is known which bytes it means.
pub(crate) fn operation(instruction: &Instruction, info: &mut InstructionInfoFactory) -> Option<Operation> {
    let passes = instruction.flow_control() == FlowControl::Next && !instruction.is_stack_instruction();
    if !passes || is_masked(instruction) {
        return None;
    }
    let mut found =
        info.info(instruction).used_memory().iter().filter_map(|memory| operand(memory, instruction));
    let operands = [found.next(), found.next()];
    operands[0]?;
    Some(Operation {
        at: Address(instruction.ip()),
        length: instruction.len() as u8,
        settled: Address(instruction.ip()),
        operands,
        locked: instruction.has_lock_prefix() || instruction.mnemonic() == Mnemonic::Xchg,
        simple_move: is_simple_move(instruction, operands),
        repeated: instruction.has_rep_prefix() || instruction.has_repne_prefix(),
        checks_for_nil: is_nil_check(instruction),
        release: None,
    })
}

fn operand(memory: &iced_x86::UsedMemory, instruction: &Instruction) -> Option<Operand> {
    let direction = match memory.access() {
        OpAccess::Read | OpAccess::CondRead => Direction::Read,
        OpAccess::Write | OpAccess::CondWrite => Direction::Write,
        OpAccess::ReadWrite | OpAccess::ReadCondWrite => Direction::ReadWrite,
        OpAccess::None | OpAccess::NoMemAccess => return None,
    };
    // Of a repeated string instruction only the size of an element is known beforehand.
    let size = match memory.memory_size().size() {
        0 => instruction.memory_size().size(),
        size => size,
    };
    let thread_local = matches!(memory.segment(), Register::FS | Register::GS);
    let short_address = [memory.base(), memory.index()].iter().any(|register| register.is_gpr32());
    let gathered = memory.index().is_vector_register();
    if size == 0 || size > WIDEST || thread_local || short_address || gathered || is_frame_local(memory) {
        return None;
    }
    Some(Operand {
        base: memory.base(),
        index: memory.index(),
        scale: memory.scale() as u8,
        displacement: memory.displacement(),
        size: size as u8,
        direction,
    })
}

/// Locals and spills, by stack pointer or (below it) by frame pointer. Other threads reach such memory only
/// through a pointer, and that access is a site of its own.
fn is_frame_local(memory: &iced_x86::UsedMemory) -> bool {
    memory.base() == Register::RSP || memory.base() == Register::RBP && (memory.displacement() as i64) < 0
}

fn is_simple_move(instruction: &Instruction, operands: [Option<Operand>; 2]) -> bool {
    let small = operands[1].is_none() && operands[0].is_some_and(|operand| operand.size <= 8);
    // A load may be folded into any instruction that only reads: `cmp [x], 0` tests what a load loaded.
    let stores = operands[0].is_some_and(|operand| operand.direction.writes());
    small
        && match instruction.mnemonic() {
            Mnemonic::Mov | Mnemonic::Movq | Mnemonic::Movd | Mnemonic::Movss | Mnemonic::Movsd => true,
            _ => !stores,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only(code: &[u8]) -> Option<Operation> {
        let operations = decode(code, Address(0x1000), &|_| None).expect("valid code");
        assert!(operations.len() <= 1);
        operations.first().copied()
    }

    fn first_access(code: &[u8], registers: &Registers) -> Access {
        only(code).expect("touches memory").accesses(registers).next().expect("touches memory now")
    }

    #[test]
    fn a_check_for_nil_is_told_from_a_test_of_flags() {
        let is_check =
            |code: &[u8]| is_nil_check(&instruction_at(code, Address(0), Address(0)).expect("valid code"));
        assert!(is_check(&[0x84, 0x03]), "test byte ptr [rbx], al");
        assert!(!is_check(&[0x84, 0xc0]), "test al, al");
        assert!(!is_check(&[0xf6, 0x03, 0x01]), "test byte ptr [rbx], 1");
    }

    #[test]
    fn under_a_mask_it_is_not_known_which_bytes_are_meant() {
        let is_masked_at = |code: &[u8]| {
            let instruction = instruction_at(code, Address(0), Address(0)).expect("valid code");
            assert_eq!(is_masked(&instruction), only(code).is_none());
            is_masked(&instruction)
        };
        assert!(is_masked_at(&[0x62, 0xe1, 0x7f, 0xaa, 0x6f, 0x0e]), "vmovdqu8 ymm17, [rsi] under k2");
        assert!(
            is_masked_at(&[0x62, 0xf3, 0x75, 0x22, 0x3e, 0x0f, 0x04]),
            "vpcmpub k1, ymm17, [rdi] under k2"
        );
        assert!(is_masked_at(&[0xc4, 0xe2, 0x75, 0x8c, 0x16]), "vpmaskmovd ymm2, ymm1, [rsi]");
        assert!(!is_masked_at(&[0x62, 0xe1, 0xfe, 0x28, 0x6f, 0x0e]), "vmovdqu64 ymm17, [rsi]");
    }

    #[test]
    fn callees_are_called_or_jumped_to() {
        // call +0x100; jmp -2 (to itself); jmp +0x20
        let code = [0xe8, 0, 1, 0, 0, 0xeb, 0xfe, 0xe9, 0x20, 0, 0, 0];
        let found: Vec<Address> = callees(&code, Address(0x1000)).collect();
        assert_eq!(found, [Address(0x1105), Address(0x102c)]);
    }

    #[test]
    fn a_function_with_data_in_it_has_no_sites() {
        let decoded = |code: &[u8]| decode(code, Address(0x1000), &|_| None).is_some();
        // mov eax, [rip-6], which is itself; mov [rdi], eax
        assert!(
            decoded(&[0x8b, 0x05, 0xfa, 0xff, 0xff, 0xff, 0x89, 0x07]),
            "its own beginning is a function"
        );
        // mov eax, [rip+2]; mov [rdi], eax; then four bytes that look like code
        assert!(!decoded(&[0x8b, 0x05, 2, 0, 0, 0, 0x89, 0x07, 0x89, 0x07, 0x89, 0x07]));
        // jmp [rax*8+0x1008]; mov [rdi], eax; the table
        assert!(!decoded(&[0xff, 0x24, 0xc5, 8, 0x10, 0, 0, 0x90, 0x89, 0x07, 0x89, 0x07]));
    }

    #[test]
    fn one_byte_instructions_are_no_sites() {
        // stosb; mov byte ptr [rdi], al
        let operations = decode(&[0xaa, 0x88, 0x07], Address(0x1000), &|_| None).expect("valid code");
        assert_eq!(operations.iter().map(|operation| operation.at).collect::<Vec<_>>(), [Address(0x1001)]);
    }

    #[test]
    fn a_function_is_entered_at_its_first_instruction_of_several_bytes() {
        let entered = |code: &[u8]| first_of_several_bytes(code, Address(0x1000));
        // push rbp; mov rbp, rsp; ret
        assert_eq!(entered(&[0x55, 0x48, 0x89, 0xe5, 0xc3]), Some(Address(0x1001)));
        // ret; xor eax, eax
        assert_eq!(entered(&[0xc3, 0x31, 0xc0]), None);
    }

    #[test]
    fn a_store_through_a_register_is_a_write_of_its_width() {
        // mov dword ptr [rax + rbx*4 + 8], ecx
        let registers = Registers { rax: 0x5000, rbx: 2, ..Registers::default() };
        let access = first_access(&[0x89, 0x4c, 0x98, 0x08], &registers);
        assert_eq!(access, Access { address: Address(0x5010), size: 4, direction: Direction::Write });
    }

    #[test]
    fn elements_of_one_array_tell_where_it_begins() {
        let array = |code: &[u8], registers: &Registers| {
            let operation = only(code).expect("touches memory");
            let access = operation.accesses(registers).next().expect("touches memory now");
            operation.array_of(&access, registers)
        };
        let registers = Registers { rax: 0x5000, rbx: 2, ..Registers::default() };
        assert_eq!(array(&[0x89, 0x4c, 0x98, 0x08], &registers), Some(Address(0x5008)), "[rax + rbx*4 + 8]");
        assert_eq!(array(&[0x88, 0x0c, 0x18], &registers), Some(Address(0x5000)), "byte [rax + rbx]");
        assert_eq!(array(&[0x88, 0x0c, 0x03], &registers), Some(Address(0x5000)), "byte [rbx + rax]");
        let backwards = Registers { rbx: 2_u64.wrapping_neg(), ..registers };
        assert_eq!(array(&[0x88, 0x0c, 0x03], &backwards), Some(Address(0x5000)), "byte [rbx + rax]");
        assert_eq!(array(&[0x89, 0x48, 0x08], &registers), None, "[rax + 8]");
    }

    #[test]
    fn a_rip_relative_address_counts_from_the_next_instruction() {
        // add qword ptr [rip + 0x10], 1  (8 bytes long)
        let operation = only(&[0x48, 0x83, 0x05, 0x10, 0, 0, 0, 1]).expect("touches memory");
        let access = operation.accesses(&Registers::default()).next().expect("touches memory now");
        assert_eq!(access, Access { address: Address(0x1018), size: 8, direction: Direction::ReadWrite });
        assert!(!operation.locked && !operation.simple_move);
    }

    #[test]
    fn stack_frames_and_thread_locals_are_left_out() {
        assert_eq!(only(&[0x48, 0x8b, 0x44, 0x24, 0x08]), None, "mov rax, [rsp+8]");
        assert_eq!(only(&[0x48, 0x8b, 0x45, 0xf8]), None, "mov rax, [rbp-8]");
        assert_eq!(only(&[0x64, 0x48, 0x8b, 0x04, 0x25, 0xf8, 0xff, 0xff, 0xff]), None, "mov rax, fs:[-8]");
        assert_eq!(only(&[0x48, 0x8d, 0x43, 0x08]), None, "lea rax, [rbx+8]");
        assert_eq!(only(&[0xff, 0x10]), None, "call [rax]");
    }

    #[test]
    fn exchanges_are_locked_without_the_prefix() {
        assert!(only(&[0x48, 0x87, 0x03]).expect("xchg [rbx], rax").locked);
        assert!(only(&[0xf0, 0x48, 0x0f, 0xc1, 0x03]).expect("lock xadd [rbx], rax").locked);
        assert!(!only(&[0x48, 0x01, 0x03]).expect("add [rbx], rax").locked);
    }

    #[test]
    fn a_load_folded_into_a_comparison_may_still_be_an_atomic_load() {
        assert!(only(&[0x83, 0x38, 0x00]).expect("cmp dword ptr [rax], 0").simple_move);
    }

    #[test]
    fn a_repeated_move_reads_and_writes_as_much_as_rcx_says() {
        let registers = Registers { rcx: 3, rsi: 0x100, rdi: 0x200, ..Registers::default() };
        let operation = only(&[0xf3, 0x48, 0xa5]).expect("rep movsq");
        let mut accesses: Vec<Access> = operation.accesses(&registers).collect();
        accesses.sort_by_key(|access| access.address);
        assert_eq!(accesses[0], Access { address: Address(0x100), size: 24, direction: Direction::Read });
        assert_eq!(accesses[1], Access { address: Address(0x200), size: 24, direction: Direction::Write });
        assert_eq!(operation.accesses(&Registers::default()).count(), 0, "rcx = 0 touches nothing");
    }

    #[test]
    fn data_among_the_code_spoils_the_function() {
        // ret; then bytes that are no instruction
        assert_eq!(decode(&[0xc3, 0x06], Address(0), &|_| None), None);
    }

    #[test]
    fn the_instruction_before_an_address_is_found_by_decoding_from_the_start() {
        let code = [0x90, 0x48, 0x83, 0x05, 0x10, 0, 0, 0, 1, 0xc3];
        let found = instruction_before(&code, Address(0x1000), Address(0x1009)).expect("add ends there");
        assert_eq!(found.ip(), 0x1001);
        assert!(instruction_before(&code, Address(0x1000), Address(0x1004)).is_none());
    }
}
