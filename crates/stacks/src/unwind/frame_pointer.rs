//! Callers without any table: by the frame pointer, and by what the first instructions have done so far.
use jostle_model::Address;

use super::Stop;
use super::activation::Activation;
use crate::cursor::{CodeAddress, Cursor, Memory};
use crate::space::{AddressSpace, Module};

/// No frame is larger: the default limit for the stack of a main thread.
const LARGEST_FRAME: u64 = 8 << 20;

/// `push rbp` and `mov rbp, rsp`: what makes a frame.
const MAKE_FRAME: &[u8] = &[0x55, 0x48, 0x89, 0xe5];
const RET: u8 = 0xc3;

/// How far into a function its frame may still be made: compilers move early exits before it.
const LONGEST_PROLOGUE: usize = 256;

/// The caller of code that is in a file, but that no unwind entry covers.
pub(crate) fn caller(
    space: &AddressSpace,
    module: Module<'_>,
    callee: &Activation,
    memory: &dyn Memory,
) -> Result<Activation, Stop> {
    if let CodeAddress::Instruction(at) = callee.code
        && let Some(pushed) = pushed_since_call(module, at)
        && let Some(caller) = caller_above(space, callee, pushed, memory)
    {
        return Ok(caller);
    }
    by_frame_pointer(space, callee, memory)
}

/// The caller of code that is in no file: generated code, or none at all after a jump through a bad pointer,
/// which leaves the return address on top.
pub(crate) fn caller_of_unknown_code(
    space: &AddressSpace,
    callee: &Activation,
    memory: &dyn Memory,
) -> Result<Activation, Stop> {
    if let CodeAddress::Instruction(_) = callee.code
        && let Some(caller) = caller_above(space, callee, 0, memory)
    {
        return Ok(caller);
    }
    by_frame_pointer(space, callee, memory)
}

/// How many bytes lie on the stack above the return address, if the function has not made its frame yet, or
/// has given it up. A guess: the function may have pushed something else.
fn pushed_since_call(module: Module<'_>, at: Address) -> Option<u64> {
    let at = module.file_address(at);
    if module.image.code(at, 1) == Some(&[RET]) {
        return Some(0);
    }
    let start = module.image.function_at(at)?.start;
    let code = module.image.code(start, LONGEST_PROLOGUE)?;
    let push = code.windows(MAKE_FRAME.len()).position(|window| window == MAKE_FRAME);
    match usize::try_from(at.0 - start.0).ok()?.checked_sub(push.unwrap_or(usize::MAX)) {
        None | Some(0) => Some(0),
        Some(1) => Some(8),
        Some(_) => None,
    }
}

fn caller_above(
    space: &AddressSpace,
    callee: &Activation,
    pushed: u64,
    memory: &dyn Memory,
) -> Option<Activation> {
    let slot = callee.sp()?.checked_add(pushed)?;
    let address = memory.word(Address(slot)).map(Address).filter(|address| follows_call(space, *address))?;
    Some(callee.caller_at(CodeAddress::Return(address), slot.checked_add(8)?))
}

/// Whether the bytes before `address` are a call: `e8` with a distance, or `ff /2` in any of its lengths.
fn follows_call(space: &AddressSpace, address: Address) -> bool {
    let Some(module) = space.module_at(address - 1) else { return false };
    let before = |bytes: u64| module.image.code(module.file_address(address - bytes), 2);
    let is_indirect = |code: &[u8]| code.len() == 2 && code[0] == 0xff && code[1] >> 3 & 7 == 2;
    before(5).is_some_and(|code| code[0] == 0xe8)
        || [2, 3, 4, 6, 7].into_iter().any(|n| before(n).is_some_and(is_indirect))
}

fn by_frame_pointer(
    space: &AddressSpace,
    callee: &Activation,
    memory: &dyn Memory,
) -> Result<Activation, Stop> {
    let Some((sp, bp)) = callee.sp().zip(callee.bp()) else { return Err(Stop::Lost) };
    if bp == 0 {
        // The ABI has the outermost frame marked by a zero.
        return Err(Stop::Outermost);
    }
    if bp < sp || bp - sp > LARGEST_FRAME || bp > u64::MAX - 16 {
        return Err(Stop::Lost);
    }
    let Some((saved, address)) = memory.word(Address(bp)).zip(memory.word(Address(bp + 8))) else {
        return Err(Stop::Lost);
    };
    if address == 0 {
        return Err(Stop::Outermost);
    }
    if !space.is_code(Address(address) - 1) {
        return Err(Stop::Lost);
    }
    // Nothing tells which other registers this function has changed.
    let cursor = Cursor { code: CodeAddress::Return(Address(address)), sp: bp + 16, bp: saved };
    Ok(Activation::from(&cursor))
}
