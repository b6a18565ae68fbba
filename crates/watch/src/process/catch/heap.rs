//! What glibc's allocator writes down beside the blocks that it gives out (malloc/malloc.c, `struct malloc_chunk`).

use jostle_model::Address;
use jostle_stacks::Memory;

use crate::process::Process;

/// Blocks are aligned to so many bytes, and as many stand before each: the size of the one before, and its own.
const HEADER: u64 = 16;
/// The lowest bits of a size are flags: the block before is in use, this one was mapped by itself, and it is of another
/// arena.
const FLAGS: u64 = 7;
const BEFORE_IN_USE: u64 = 1;
const MAPPED: u64 = 2;
/// Larger blocks are not believed in.
const LARGEST: u64 = 1 << 40;

impl Process {
    /// How many bytes the block at `start` has, if the heap is glibc's.
    pub(super) fn heap_block(&self, start: Address) -> Option<u64> {
        let size = self.modules.heap_is_glibc.then(|| self.size_before(start))??;
        (size & !FLAGS).checked_sub(HEADER)
    }

    /// Whether an access goes to the first 16 bytes of a block. The sizes of this block and the next one have to fit.
    pub(super) fn is_block_head(&self, at: Address) -> bool {
        let start = Address(at.0 & !(HEADER - 1));
        let Some(size) = self.size_before(start) else { return false };
        let length = size & !FLAGS;
        let is_plausible = (2 * HEADER..LARGEST).contains(&length) && length.is_multiple_of(HEADER);
        if !is_plausible || size & MAPPED != 0 {
            return is_plausible && length.is_multiple_of(4096);
        }
        let next = self.size_before(start + length);
        next.is_some_and(|next| next & BEFORE_IN_USE != 0 && (2 * HEADER..LARGEST).contains(&(next & !FLAGS)))
    }

    /// The word in front of `start`.
    fn size_before(&self, start: Address) -> Option<u64> {
        self.memory.as_ref()?.word(start - 8)
    }
}
