//! Where a walk up the stack goes on when the runtime, or a library that imitates it, has left one stack for
//! another. The layouts are those of Go's `runtime/asm_amd64.s` and `runtime/cgo/asm_amd64.s`, releases 1.20 to
//! 1.26, and of purego's `sys_amd64.s`.
use jostle_model::{Address, FileAddress};

use super::layout::G_STACK_HI;
use super::step::Activation;
use crate::cursor::{CodeAddress, Cursor};

/// Where `asmcgocall`, above its stack pointer, keeps how deep the goroutine's stack was, and the `g` itself:
/// since Go 1.22, and before it.
const SAVED_BY_ASMCGOCALL: [(u64, u64); 2] = [(0, 8), (40, 48)];

/// How far below its argument the frame of `crosscall2` is looked for. The argument lies in the frame of the
/// very function that calls it.
const CROSSCALL_WORDS: u64 = 512;

/// What purego's `callbackasm1` keeps between its frame pointer and its caller's frame: the frame pointer and
/// the return address, then copies of fourteen argument registers and the slot that the call itself used.
const CALLBACK_FRAME: u64 = 16 + 14 * 8 + 8;

/// A frame of `systemstack`'s caller larger than this is not searched for its return address.
const LARGEST_CALLER_FRAME: u64 = 16 * 1024;

/// How many return addresses behind calls of this function may be left over from earlier calls.
const MOST_LEFT_OVER: usize = 16;

/// The caller of a function that switches stacks or ends them; the outer None when this is no such function.
pub(super) fn across(activation: &Activation<'_>) -> Option<Option<Cursor>> {
    let after_call = matches!(activation.cursor.code, CodeAddress::Return(_));
    match activation.function.name()? {
        // The kernel calls the handler, and the table is right about where it returns to.
        "runtime.sigtramp" => Some(activation.caller_by_table()),
        // These were not called: whatever they interrupted goes on at the "return" address itself.
        "runtime.asyncPreempt" | "runtime.sigpanic" => Some(activation.caller_by_table().map(at_instruction)),
        // On the thread's stack they forget where they came from: the goroutine may run elsewhere by now.
        "runtime.mcall" | "runtime.morestack" | "runtime.switchToCrashStack0" if after_call => Some(None),
        "runtime.asmcgocall" => from_thread_stack(activation).map(Some),
        "runtime.systemstack" if after_call => Some(from_system_stack(activation)),
        "runtime.cgocallback" if after_call => into_c(activation).map(Some),
        "callbackasm1" if after_call => Some(from_purego_callback(activation)),
        _ => activation.function.is_top_frame().then_some(None),
    }
}

fn at_instruction(caller: Cursor) -> Cursor {
    let (CodeAddress::Instruction(at) | CodeAddress::Return(at)) = caller.code;
    Cursor { code: CodeAddress::Instruction(at), ..caller }
}

/// From C code on the thread's stack to the goroutine that called it. The depth is kept rather than the stack
/// pointer, because the goroutine's stack may have been moved by a callback meanwhile.
fn from_thread_stack(activation: &Activation<'_>) -> Option<Cursor> {
    SAVED_BY_ASMCGOCALL.into_iter().find_map(|(depth, g)| {
        let (depth, g) = (activation.stack_word(depth)?, activation.stack_word(g)?);
        let sp = match g {
            // It was on a thread's stack already, and kept the stack pointer itself.
            0 => depth,
            _ => activation.word(g.checked_add(G_STACK_HI)?)?.checked_sub(depth)?,
        };
        let caller = activation.moved_to(sp).caller_by_table()?;
        activation.follows_a_call(&caller).then_some(caller)
    })
}

/// From the runtime's work on the thread's stack to the goroutine that asked for it. The frame pointer still
/// points into the goroutine's stack: at this function's own frame, or before Go 1.21 at its caller's.
fn from_system_stack(activation: &Activation<'_>) -> Option<Cursor> {
    let own = activation.caller_by_frame_pointer().filter(|caller| activation.is_called_from(caller));
    own.or_else(|| caller_with_frame_at(activation, activation.cursor.bp))
}

/// The caller whose own frame ends at `bp`: the return address lies below it by exactly that frame's size.
fn caller_with_frame_at(activation: &Activation<'_>, bp: u64) -> Option<Cursor> {
    let candidates = (1..LARGEST_CALLER_FRAME / 8).filter_map(|words| {
        let slot = bp.checked_sub(8 * words)?;
        let address = Address(activation.word(slot)?);
        let caller = Cursor { code: CodeAddress::Return(address), sp: slot + 8, bp };
        activation.is_called_from(&caller).then_some((slot, address, caller))
    });
    let fits = |(slot, address, _): &_| frame_size(activation, *address) == Some(bp - slot);
    candidates.take(MOST_LEFT_OVER).find(fits).map(|(_, _, caller)| caller)
}

fn frame_size(activation: &Activation<'_>, return_address: Address) -> Option<u64> {
    let at = CodeAddress::Return(return_address).for_lookup().unload(activation.bias);
    activation.image.find(at)?.stack_depth(at.0)
}

/// From Go code that C called, on the goroutine's stack, to `crosscall2` on the thread's. Its caller's argument
/// block lies on that stack, above the three arguments that it passed on: those are known here as well.
fn into_c(activation: &Activation<'_>) -> Option<Cursor> {
    let arguments = [0, 8, 16].map(|offset| activation.stack_word(offset));
    let [Some(function), Some(block), Some(context)] = arguments else {
        return None;
    };
    (1..CROSSCALL_WORDS).find_map(|words| {
        let slot = block.checked_sub(8 * words)?;
        let is_there = |index: u64, word| activation.word(slot.wrapping_add(8 * index)) == Some(word);
        let return_address = activation.word(slot)?;
        let fits = is_there(1, function) && is_there(2, block) && is_there(3, context);
        (fits && is_in_crosscall(activation, return_address)).then_some(Cursor {
            code: CodeAddress::Return(Address(return_address)),
            sp: slot + 8,
            bp: activation.cursor.bp,
        })
    })
}

fn is_in_crosscall(activation: &Activation<'_>, return_address: u64) -> bool {
    let at = FileAddress(return_address.wrapping_sub(activation.bias).wrapping_sub(1));
    activation.image.function_name(at).is_some_and(|name| name.ends_with("crosscall2"))
}

fn from_purego_callback(activation: &Activation<'_>) -> Option<Cursor> {
    let caller = activation.caller_by_frame_pointer()?;
    Some(Cursor { sp: activation.cursor.bp.checked_add(CALLBACK_FRAME)?, ..caller })
}
