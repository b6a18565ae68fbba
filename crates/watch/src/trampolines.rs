//! Where native code returns to Go, in programs that call it without cgo.
//!
//! purego, and what was made after its example, calls native functions from a few lines of assembly. Those load the
//! function and its arguments from a *record*, call it, and store what it returned back into the record, from which Go
//! code reads it later. Where the record lies, which words of it become the result and which one is the function is read off
//! the instructions around the call, so that it holds for every version, in stripped programs too.

use iced_x86::{Code, Decoder, DecoderOptions, FlowControl, Instruction, Mnemonic, OpKind, Register};
use jostle_model::{Address, ResultRegister};
use jostle_stacks::{Memory, Registers};

use crate::modules::Loaded;

/// How many instructions behind the call an integer must have been stored, and how many a floating-point number: a second
/// integer may come in between.
const INTEGER_STORED_WITHIN: usize = 3;
const FLOAT_STORED_WITHIN: usize = 6;
/// Longer functions are no trampolines.
const LONGEST: u64 = 4096;

/// The place behind the call of a native function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Trampoline {
    /// The instruction to which the native function returns: nothing is stored yet.
    pub(crate) returns_to: Address,
    /// Where the pointer to the record lies: relative to this register.
    record: (Register, u64),
    /// Which word of the record the function stands in.
    function: u64,
    /// Where an integer and, perhaps, a floating-point number is stored.
    integer: Store,
    float: Option<Store>,
}

/// An instruction that stores what was returned in a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Store {
    /// Behind it.
    done_at: Address,
    /// Which word of the record becomes the result.
    word: u64,
}

impl Trampoline {
    /// The record of the call from which a thread has just returned.
    pub(crate) fn record(&self, registers: &Registers, memory: &dyn Memory) -> Option<Address> {
        let (base, displacement) = self.record;
        let base = if base == Register::RBP { registers.rbp } else { registers.rsp };
        memory.word(Address(base.wrapping_add(displacement))).map(Address)
    }

    /// The native function that was called by way of a record.
    pub(crate) fn function(&self, record: Address, memory: &dyn Memory) -> Option<Address> {
        memory.word(record + self.function).map(Address)
    }

    /// The word of a record that becomes what was returned in a register.
    pub(crate) fn result(&self, record: Address, register: ResultRegister) -> Option<Address> {
        self.store_of(register).map(|store| record + store.word)
    }

    /// Whether a thread that a watchpoint has stopped at `at` has just stored what a native function returned there.
    pub(crate) fn has_stored_result(&self, at: Address, register: ResultRegister) -> bool {
        self.store_of(register).is_some_and(|store| store.done_at == at)
    }

    fn store_of(&self, register: ResultRegister) -> Option<Store> {
        match register {
            ResultRegister::Rax => Some(self.integer),
            ResultRegister::Xmm0 => self.float,
        }
    }
}

/// The trampolines of a module.
pub(crate) fn trampolines(loaded: &Loaded) -> Vec<Trampoline> {
    let named = loaded.image.go_functions_named(is_name);
    let code = |start, size| loaded.image.code(start, size as usize);
    let found = named.into_iter().filter(|function| function.size <= LONGEST).filter_map(|function| {
        in_code(code(function.start, function.size)?, function.start.load(loaded.bias))
    });
    found.collect()
}

/// Where in the descriptor of a thread (the runtime's `m`) Go counts what happens between it and native code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Counters {
    /// Its calls of native code, 64 bits: `m.ncgocall`, which `runtime.cgocall` counts up before each.
    pub(crate) calls: Option<u64>,
    /// How often the runtime has locked it to its goroutine for a call from native code, 32 bits: `m.lockedInt`, which
    /// `runtime.cgocallbackg` counts up before each.
    pub(crate) callbacks: Option<u64>,
}

/// Reads them off the code that counts.
pub(crate) fn counters(loaded: &Loaded) -> Counters {
    let counted_up_by = |name: &str, by| {
        let counting = loaded.image.go_functions_named(|other| other == name).first().copied()?;
        counter_in(loaded.image.code(counting.start, counting.size as usize)?, by)
    };
    Counters {
        calls: counted_up_by("runtime.cgocall", Code::Inc_rm64),
        callbacks: counted_up_by("runtime.cgocallbackg", Code::Inc_rm32),
    }
}

/// What the first such instruction counts up, relative to a register.
fn counter_in(code: &[u8], by: Code) -> Option<u64> {
    let counts = |instruction: &Instruction| {
        instruction.code() == by
            && instruction.op0_kind() == OpKind::Memory
            && instruction.memory_index() == Register::None
            && !is_on_stack(instruction)
    };
    let mut instructions = Decoder::with_ip(64, code, 0, DecoderOptions::NONE).into_iter();
    instructions.find(counts).map(|instruction| instruction.memory_displacement64())
}

/// `syscall15X`, `syscall9X` and the like, in whatever package.
fn is_name(name: &str) -> bool {
    let name = name.rsplit('.').next().unwrap_or(name);
    let digits = name.strip_prefix("syscall").and_then(|rest| rest.strip_suffix('X'));
    digits.is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The trampoline in the code of one function, which is loaded at `at`.
fn in_code(code: &[u8], at: Address) -> Option<Trampoline> {
    let instructions: Vec<Instruction> =
        Decoder::with_ip(64, code, at.0, DecoderOptions::NONE).into_iter().collect();
    let is_call = |instruction: &Instruction| instruction.flow_control() == FlowControl::IndirectCall;
    let call = instructions.iter().position(is_call)?;
    let (before, after) = (&instructions[..call], &instructions[call + 1..]);
    let load = before
        .last()
        .filter(|load| is_load(load) && load.op0_register() == instructions[call].op0_register())?;
    let pointer =
        after.first().filter(|pointer| is_load(pointer) && is_on_stack(pointer) && pointer.len() > 1)?;
    let stored = |register, soon| {
        let mut behind = after.iter().take(soon);
        behind
            .find(|store| stores(store, register, pointer.op0_register()))
            .map(|store| Store { done_at: Address(store.next_ip()), word: store.memory_displacement64() })
    };
    Some(Trampoline {
        returns_to: Address(pointer.ip()),
        record: (pointer.memory_base(), pointer.memory_displacement64()),
        function: load.memory_displacement64(),
        integer: stored(Register::RAX, INTEGER_STORED_WITHIN)?,
        float: stored(Register::XMM0, FLOAT_STORED_WITHIN),
    })
}

/// Whether it stores the 64 bits of a register at a fixed distance from where another one points.
fn stores(instruction: &Instruction, register: Register, base: Register) -> bool {
    matches!(instruction.mnemonic(), Mnemonic::Mov | Mnemonic::Movq | Mnemonic::Movsd)
        && instruction.op0_kind() == OpKind::Memory
        && instruction.op1_kind() == OpKind::Register
        && instruction.op1_register() == register
        && instruction.memory_base() == base
        && instruction.memory_index() == Register::None
}

/// Whether it loads a register from memory at a fixed distance from another.
fn is_load(instruction: &Instruction) -> bool {
    instruction.mnemonic() == Mnemonic::Mov
        && instruction.op0_kind() == OpKind::Register
        && instruction.op1_kind() == OpKind::Memory
        && instruction.memory_index() == Register::None
}

fn is_on_stack(instruction: &Instruction) -> bool {
    matches!(instruction.memory_base(), Register::RBP | Register::RSP)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The middle of `syscall15X` of purego v0.9.1, from the load of the function on.
    const PUREGO: [u8; 29] = [
        0x4d, 0x8b, 0x13, // mov r10, [r11]
        0x41, 0xff, 0xd2, // call r10
        0x48, 0x8b, 0x7d, 0x48, // mov rdi, [rbp+0x48]
        0x48, 0x89, 0x47, 0x08, // mov [rdi+8], rax
        0x48, 0x89, 0x57, 0x10, // mov [rdi+0x10], rdx
        0x66, 0x0f, 0xd6, 0x87, 0x80, 0, 0, 0, // movq [rdi+0x80], xmm0
        0x31, 0xc0, // xor eax, eax
        0xc3, // ret
    ];

    struct Words;

    impl Memory for Words {
        fn read(&self, at: Address, bytes: &mut [u8]) -> bool {
            bytes.copy_from_slice(&(at.0 << 8).to_le_bytes()[..bytes.len()]);
            true
        }
    }

    #[test]
    fn the_record_is_read_off_the_instructions_around_the_call() {
        let trampoline = in_code(&PUREGO, Address(0x1000)).expect("it is one");
        assert_eq!(trampoline.returns_to, Address(0x1006));
        assert!(trampoline.has_stored_result(Address(0x100e), ResultRegister::Rax));
        assert!(trampoline.has_stored_result(Address(0x101a), ResultRegister::Xmm0));
        assert!(!trampoline.has_stored_result(Address(0x101a), ResultRegister::Rax));
        let registers = Registers { rbp: 0x10, ..Registers::default() };
        let record = trampoline.record(&registers, &Words).expect("there is memory everywhere");
        assert_eq!(record, Address(0x5800));
        assert_eq!(trampoline.function(record, &Words), Some(Address(0x58_0000)));
        assert_eq!(trampoline.result(record, ResultRegister::Rax), Some(Address(0x5808)));
        assert_eq!(trampoline.result(record, ResultRegister::Xmm0), Some(Address(0x5880)));
    }

    #[test]
    fn a_trampoline_may_leave_floating_point_numbers_alone() {
        let without = [&PUREGO[..14], &PUREGO[26..]].concat();
        let trampoline = in_code(&without, Address(0x1000)).expect("it is one");
        assert_eq!(trampoline.result(Address(0x5800), ResultRegister::Xmm0), None);
    }

    #[test]
    fn code_that_does_not_store_what_was_returned_is_no_trampoline() {
        assert_eq!(in_code(&PUREGO[..10], Address(0x1000)), None);
        assert_eq!(in_code(&PUREGO[6..], Address(0x1000)), None);
        assert_eq!(in_code(&[], Address(0x1000)), None);
    }

    #[test]
    fn the_counter_is_read_off_the_code_that_counts() {
        // mov rax, [r14+0x30]; inc qword [rax+0x140]; inc dword [rax+0x148]
        let code = [0x49, 0x8b, 0x46, 0x30, 0x48, 0xff, 0x80, 0x40, 1, 0, 0, 0xff, 0x80, 0x48, 1, 0, 0];
        assert_eq!(counter_in(&code, Code::Inc_rm64), Some(0x140));
        assert_eq!(counter_in(&code, Code::Inc_rm32), Some(0x148));
        assert_eq!(counter_in(&code[..4], Code::Inc_rm64), None);
    }

    #[test]
    fn trampolines_go_by_their_name_in_whatever_package() {
        assert!(is_name("syscall15X"));
        assert!(is_name("github.com/somebody/binding.syscall9X"));
        assert!(!is_name("syscall.syscall6"));
        assert!(!is_name("syscallX"));
    }
}
