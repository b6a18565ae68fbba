//! One step up a stack of Go frames.
//!
//! The table of stack depths says where a return address lies, and Go code keeps its caller's frame pointer
//! right below it. That holds for all that the compiler made. Assembly that moves its stack pointer by hand is
//! marked in the table, and there a return address counts only when the instruction before it is a call.
use jostle_model::{Address, FileAddress};

use super::GoImage;
use super::pclntab::Function;
use super::switches;
use super::text::Call;
use crate::cursor::{CodeAddress, Cursor, Memory};

/// How far above the stack pointer a hand-made frame may end: larger ones are never written by hand.
const LARGEST_HAND_MADE_FRAME: u64 = 4096;

/// An activation of a Go function, and the process that it stands in.
pub(super) struct Activation<'a> {
    pub(super) image: &'a GoImage,
    pub(super) bias: u64,
    pub(super) cursor: Cursor,
    pub(super) memory: &'a dyn Memory,
    pub(super) function: Function<'a>,
    /// How many bytes the table says it has pushed.
    pub(super) depth: u64,
}

/// The caller of the activation at `cursor`. (What a signal interrupted is not a caller: that frame is the
/// kernel's, and alike in all languages.)
pub(super) fn caller(image: &GoImage, bias: u64, cursor: &Cursor, memory: &dyn Memory) -> Option<Cursor> {
    let at = cursor.code.for_lookup().unload(bias);
    let function = image.find(at)?;
    let depth = function.stack_depth(at.0)?;
    Activation { image, bias, cursor: *cursor, memory, function, depth }.caller()
}

impl Activation<'_> {
    fn caller(&self) -> Option<Cursor> {
        switches::across(self).unwrap_or_else(|| {
            if self.function.writes_sp() { self.caller_of_hand_made() } else { self.caller_by_table() }
        })
    }

    /// The caller as the table has it.
    pub(super) fn caller_by_table(&self) -> Option<Cursor> {
        let slot = self.return_slot()?;
        let return_address = self.word(slot).filter(|&address| address != 0)?;
        let (sp, bp) = (slot.checked_add(8)?, self.callers_frame_pointer(slot));
        Some(Cursor { code: CodeAddress::Return(Address(return_address)), sp, bp })
    }

    /// The caller by the frame pointer, as if this function had set one up. (Some do so by hand and have the
    /// assembler do it too: then the one points at the other, right above it.)
    pub(super) fn caller_by_frame_pointer(&self) -> Option<Cursor> {
        let by_hand = self.cursor.bp;
        let own =
            by_hand.checked_add(8).filter(|&above| self.word(by_hand) == Some(above)).unwrap_or(by_hand);
        let slot = own.checked_add(8)?;
        let (bp, return_address) = (self.word(own)?, self.word(slot)?);
        let code = CodeAddress::Return(Address(return_address));
        Some(Cursor { code, sp: slot.checked_add(8)?, bp })
    }

    /// A return address behind a call of this very function is certain, wherever it lies. One behind another
    /// call may be left over from an earlier use of the stack: the place must be likely, and the function not
    /// one of the runtime's, which are all called directly.
    fn caller_of_hand_made(&self) -> Option<Cursor> {
        let (by_table, by_pointer) = (self.caller_by_table(), self.caller_by_frame_pointer());
        let certain = [by_pointer, by_table].into_iter().flatten().find(|caller| self.is_called_from(caller));
        if certain.is_some() || self.is_of_runtime() {
            return certain;
        }
        let by_pointer = by_pointer.filter(|_| self.is_own_frame_pointer());
        let likely = if self.depth == 0 { [by_table, by_pointer] } else { [by_pointer, by_table] };
        likely.into_iter().flatten().find(|caller| self.follows_a_call(caller))
    }

    fn is_of_runtime(&self) -> bool {
        self.function.name().is_some_and(|name| name.starts_with("runtime."))
    }

    fn is_own_frame_pointer(&self) -> bool {
        let above = self.cursor.bp.wrapping_sub(self.cursor.sp);
        self.cursor.bp.is_multiple_of(8) && above < LARGEST_HAND_MADE_FRAME
    }

    /// The caller stands right after a direct call of this function, or of one that only jumps here
    /// (`morestack_noctxt` to `morestack`).
    pub(super) fn is_called_from(&self, caller: &Cursor) -> bool {
        let Some(Call::To(target)) = self.call_of(caller) else {
            return false;
        };
        let names = || self.image.function_name(FileAddress(target)).zip(self.function.name());
        target == self.function.start || names().is_some_and(|(called, own)| called.starts_with(own))
    }

    /// The caller stands right after some call, in Go code.
    pub(super) fn follows_a_call(&self, caller: &Cursor) -> bool {
        self.call_of(caller).is_some()
    }

    fn call_of(&self, caller: &Cursor) -> Option<Call> {
        let CodeAddress::Return(address) = caller.code else {
            return None;
        };
        let at = address.unload(self.bias);
        self.image.find(FileAddress(at.0.checked_sub(1)?))?;
        self.image.call_before(at)
    }

    /// Where the table says that the return address lies.
    fn return_slot(&self) -> Option<u64> {
        self.cursor.sp.checked_add(self.depth)
    }

    /// A function that made a call has saved its caller's frame pointer right below its return address. One
    /// that stands elsewhere may not have done so yet, or have restored it already: it has saved it when the
    /// register points into its frame.
    fn callers_frame_pointer(&self, slot: u64) -> u64 {
        let made_a_call = matches!(self.cursor.code, CodeAddress::Return(_));
        let points_into_frame = (self.cursor.sp..slot).contains(&self.cursor.bp);
        let saved = self.depth >= 8 && (made_a_call || points_into_frame);
        saved.then(|| self.word(slot.wrapping_sub(8))).flatten().unwrap_or(self.cursor.bp)
    }

    /// The same activation with its stack pointer elsewhere.
    pub(super) fn moved_to(&self, sp: u64) -> Self {
        let cursor = Cursor { sp, ..self.cursor };
        Activation { cursor, ..*self }
    }

    pub(super) fn word(&self, at: u64) -> Option<u64> {
        self.memory.word(Address(at))
    }

    /// The word `offset` bytes above the stack pointer.
    pub(super) fn stack_word(&self, offset: u64) -> Option<u64> {
        self.word(self.cursor.sp.checked_add(offset)?)
    }
}
