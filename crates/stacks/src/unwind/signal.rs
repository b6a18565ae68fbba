//! The frame that the kernel lays down when it runs a signal handler.
use gimli::{Register, X86_64};
use jostle_model::Address;

use super::activation::Activation;
use crate::cursor::{CodeAddress, Memory};
use crate::space::AddressSpace;

/// What a handler returns to: `mov rax, 15` (`rt_sigreturn`) in the forms that C libraries and Go use, then
/// `syscall`. Debuggers know it by its bytes too, for few of them carry unwind entries.
const RESTORERS: [&[u8]; 2] =
    [&[0x48, 0xc7, 0xc0, 0x0f, 0, 0, 0, 0x0f, 0x05], &[0xb8, 0x0f, 0, 0, 0, 0x0f, 0x05]];

/// How many bytes the `syscall` instruction takes.
const SYSCALL: usize = 2;

/// Where `struct ucontext` (Linux, `arch/x86/include/uapi/asm/sigcontext.h`) keeps each register: 40 bytes of
/// flags, link and stack come first, then the machine context in this order.
const SAVED: [(u64, Register); 16] = [
    (40, X86_64::R8),
    (48, X86_64::R9),
    (56, X86_64::R10),
    (64, X86_64::R11),
    (72, X86_64::R12),
    (80, X86_64::R13),
    (88, X86_64::R14),
    (96, X86_64::R15),
    (104, X86_64::RDI),
    (112, X86_64::RSI),
    (120, X86_64::RBP),
    (128, X86_64::RBX),
    (136, X86_64::RDX),
    (144, X86_64::RAX),
    (152, X86_64::RCX),
    (160, X86_64::RSP),
];
const SAVED_RIP: u64 = 168;

/// What the signal interrupted, if `activation` is about to give up a signal frame.
pub(crate) fn interrupted(
    space: &AddressSpace,
    activation: &Activation,
    memory: &dyn Memory,
) -> Option<Activation> {
    if !is_restorer(space, activation.code, memory) {
        return None;
    }
    // The handler's `ret` has taken the restorer's address off the stack: the context is next.
    let context = activation.sp()?;
    let word = |offset| memory.word(Address(context.wrapping_add(offset)));
    let mut interrupted = activation.clone();
    interrupted.code = CodeAddress::Instruction(Address(word(SAVED_RIP)?));
    for (offset, register) in SAVED {
        interrupted.set(register, Some(word(offset)?));
    }
    Some(interrupted)
}

fn is_restorer(space: &AddressSpace, code: CodeAddress, memory: &dyn Memory) -> bool {
    let at = code.address();
    let starts_with =
        |at, expected: &[u8]| code_bytes(space, at, expected.len(), memory).is_some_and(|b| b == expected);
    RESTORERS.iter().any(|restorer| {
        let before_syscall = (restorer.len() - SYSCALL) as u64;
        let is_standing = matches!(code, CodeAddress::Instruction(_));
        starts_with(at, restorer) || (is_standing && starts_with(at - before_syscall, restorer))
    })
}

/// Code as the file has it, which no breakpoint of ours has changed; from memory where there is no file.
fn code_bytes(space: &AddressSpace, at: Address, len: usize, memory: &dyn Memory) -> Option<Vec<u8>> {
    if let Some(module) = space.module_at(at) {
        return module.image.code(module.file_address(at), len).map(<[u8]>::to_vec);
    }
    let mut bytes = vec![0; len];
    memory.read(at, &mut bytes).then_some(bytes)
}
