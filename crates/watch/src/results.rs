//! Whether code makes use of what a call returned, and in which register, read off its instructions.
//!
//! In Go nothing survives a call in a register, so code that reads the first result's register behind a call, and has not
//! written it before, reads a result of that call (`abi-internal` of the Go sources: integer results begin at RAX, those in
//! floating point at X0, and there are no callee-saved registers). Of a function without a result, the register holds whatever
//! was left there.

use iced_x86::{
    Decoder, DecoderOptions, FlowControl, Instruction, InstructionInfoFactory, Mnemonic, OpAccess, Register,
};
use jostle_model::{Address, ResultRegister};
use jostle_stacks::AddressSpace;

use crate::modules::function_code;

/// How many instructions of each function are looked at.
const SOON: usize = 24;
/// How many functions hand a result on to their callers, as far as is looked.
const HANDED_ON: usize = 4;

/// What code does with the register in which it finds a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Use {
    /// It reads it.
    Read,
    /// It returns with it untouched: its own caller may read it.
    HandedOn,
    /// It overwrites it, or it cannot be told.
    Unknown,
}

/// Whether a result in this register is read for certain by the code that a call returns to, at the first of these return
/// addresses, or by whoever gets it handed on: the further ones.
pub(crate) fn is_read(
    space: &AddressSpace,
    register: ResultRegister,
    returns_to: impl Iterator<Item = Address>,
) -> bool {
    let mut uses = returns_to.take(HANDED_ON).map(|at| use_behind(space, register, at));
    uses.find(|found| *found != Use::HandedOn) == Some(Use::Read)
}

/// Where the value is that such code gets of a call: in the floating-point register, if that is what it reads.
pub(crate) fn register_read(
    space: &AddressSpace,
    returns_to: impl Iterator<Item = Address> + Clone,
) -> ResultRegister {
    use ResultRegister::{Rax, Xmm0};
    let is_float = is_read(space, Xmm0, returns_to.clone()) && !is_read(space, Rax, returns_to);
    if is_float { Xmm0 } else { Rax }
}

fn use_behind(space: &AddressSpace, register: ResultRegister, at: Address) -> Use {
    let Some((start, code)) = function_code(space, at - 1) else { return Use::Unknown };
    code.get((at.0 - start.0) as usize..).map_or(Use::Unknown, |code| use_in(code, register, at))
}

fn use_in(code: &[u8], register: ResultRegister, at: Address) -> Use {
    let result = match register {
        ResultRegister::Rax => Register::RAX,
        ResultRegister::Xmm0 => Register::XMM0,
    };
    let mut info = InstructionInfoFactory::new();
    for instruction in Decoder::with_ip(64, code, at.0, DecoderOptions::NONE).into_iter().take(SOON) {
        let accesses = info.info(&instruction).used_registers().iter();
        let of_result = accesses.filter(|used| used.register().full_register() == result.full_register());
        let accesses: Vec<OpAccess> = of_result.map(|used| used.access()).collect();
        if accesses.iter().any(|access| reads(&instruction, register, *access)) {
            return Use::Read;
        }
        if !accesses.is_empty() {
            return Use::Unknown;
        }
        match instruction.flow_control() {
            FlowControl::Next => {}
            FlowControl::Return => return Use::HandedOn,
            _ => return Use::Unknown,
        }
    }
    Use::Unknown
}

/// Whether an instruction that accesses a register makes use of the number in it. Nearly all that write a floating-point number
/// leave what stands above it as it was, and are said to read the register.
fn reads(instruction: &Instruction, register: ResultRegister, access: OpAccess) -> bool {
    match access {
        OpAccess::Read => true,
        OpAccess::ReadWrite | OpAccess::ReadCondWrite => {
            register == ResultRegister::Rax || is_arithmetic(instruction.mnemonic())
        }
        _ => false,
    }
}

/// Whether its first operand goes into its result, as a floating-point number.
fn is_arithmetic(mnemonic: Mnemonic) -> bool {
    use Mnemonic::{Addsd, Addss, Divsd, Divss, Mulsd, Mulss, Subsd, Subss};
    matches!(mnemonic, Addsd | Addss | Divsd | Divss | Mulsd | Mulss | Subsd | Subss)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn behind(code: &[u8]) -> Use {
        use_in(code, ResultRegister::Rax, Address(0x1000))
    }

    fn float_behind(code: &[u8]) -> Use {
        use_in(code, ResultRegister::Xmm0, Address(0x1000))
    }

    #[test]
    fn a_floating_point_number_is_read_by_what_stores_copies_or_adds_it() {
        // movsd [rsp+0x20], xmm0
        assert_eq!(float_behind(&[0xf2, 0x0f, 0x11, 0x44, 0x24, 0x20]), Use::Read);
        // movups xmm1, xmm0
        assert_eq!(float_behind(&[0x0f, 0x10, 0xc8]), Use::Read);
        // addsd xmm0, [rsp+0x20]
        assert_eq!(float_behind(&[0xf2, 0x0f, 0x58, 0x44, 0x24, 0x20]), Use::Read);
        // mov rax, [rsp]; ret
        assert_eq!(float_behind(&[0x48, 0x8b, 0x04, 0x24, 0xc3]), Use::HandedOn);
    }

    #[test]
    fn a_floating_point_register_that_is_written_was_not_read() {
        // movsd xmm0, [rsp+0x20]
        assert_eq!(float_behind(&[0xf2, 0x0f, 0x10, 0x44, 0x24, 0x20]), Use::Unknown);
        // sqrtsd xmm0, [rsp+0x20]
        assert_eq!(float_behind(&[0xf2, 0x0f, 0x51, 0x44, 0x24, 0x20]), Use::Unknown);
        // xorps xmm0, xmm0
        assert_eq!(float_behind(&[0x0f, 0x57, 0xc0]), Use::Unknown);
        // cvtsi2sd xmm0, rcx
        assert_eq!(float_behind(&[0xf2, 0x48, 0x0f, 0x2a, 0xc1]), Use::Unknown);
    }

    #[test]
    fn what_is_stored_or_compared_is_read() {
        // mov [rsp+0x20], rax
        assert_eq!(behind(&[0x48, 0x89, 0x44, 0x24, 0x20]), Use::Read);
        // mov rcx, [rsp]; test rax, rax
        assert_eq!(behind(&[0x48, 0x8b, 0x0c, 0x24, 0x48, 0x85, 0xc0]), Use::Read);
    }

    #[test]
    fn what_is_overwritten_was_no_result() {
        // mov rax, [rsp]
        assert_eq!(behind(&[0x48, 0x8b, 0x04, 0x24]), Use::Unknown);
        // xor eax, eax
        assert_eq!(behind(&[0x31, 0xc0]), Use::Unknown);
    }

    #[test]
    fn what_is_returned_untouched_is_handed_on() {
        // add rsp, 0x20; pop rbp; ret
        assert_eq!(behind(&[0x48, 0x83, 0xc4, 0x20, 0x5d, 0xc3]), Use::HandedOn);
    }

    #[test]
    fn behind_another_call_nothing_is_known() {
        // call +0
        assert_eq!(behind(&[0xe8, 0, 0, 0, 0]), Use::Unknown);
        assert_eq!(behind(&[]), Use::Unknown);
    }
}
