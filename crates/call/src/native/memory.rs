use std::cell::UnsafeCell;
use std::ffi::{CStr, c_char};
use std::ptr;

/// Copies the characters at `address`, without the NUL at their end, to the place of what `text` holds. An address that is
/// none ends the process.
///
/// A copy, since others may write there meanwhile: that is what we look for, and what is judged has to stand still.
pub(crate) fn copy_text(address: u64, text: &mut Vec<u8>) {
    let characters: *const c_char = ptr::with_exposed_provenance(address as usize);
    // SAFETY: a function that the plan says returns a string has returned this address.
    let length = unsafe { CStr::from_ptr(characters) }.count_bytes();
    copy(characters.cast(), length, text);
}

fn copy(from: *const u8, length: usize, text: &mut Vec<u8>) {
    text.clear();
    text.reserve(length);
    // SAFETY: there are so many bytes, there is room for so many, and the two do not overlap: `text` is ours.
    unsafe {
        ptr::copy_nonoverlapping(from, text.as_mut_ptr(), length);
        text.set_len(length);
    }
}

/// Memory that the library writes.
pub(crate) struct Room {
    words: Box<[UnsafeCell<u64>]>,
    size: usize,
}

impl Room {
    /// So many bytes, at an address that suits every type.
    pub(crate) fn new(size: usize) -> Self {
        let words = (0..size.div_ceil(8).max(1)).map(|_| UnsafeCell::new(0)).collect();
        Self { words, size }
    }

    pub(crate) fn address(&self) -> u64 {
        self.words.as_ptr().expose_provenance() as u64
    }

    /// The same, with all bytes zero.
    pub(crate) fn cleared(&self) -> u64 {
        self.clear();
        self.address()
    }

    fn clear(&self) {
        for word in &self.words {
            // SAFETY: this room belongs to one thread, and no reference into it exists between calls.
            unsafe { word.get().write(0) }
        }
    }

    /// The first eight bytes, as a number.
    pub(crate) fn word(&self) -> u64 {
        // SAFETY: as in `clear`; whatever has been written is a number.
        unsafe { self.words[0].get().read() }
    }

    /// Copies the characters before the first NUL, or all, to the place of what `text` holds.
    pub(crate) fn copy_text(&self, text: &mut Vec<u8>) {
        copy(self.words.as_ptr().cast(), self.size, text);
        let end = memchr::memchr(0, text).unwrap_or(self.size);
        text.truncate(end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_copied_up_to_its_nul() {
        let mut text = b"what was there before".to_vec();
        copy_text(c"ada".as_ptr().expose_provenance() as u64, &mut text);
        assert_eq!(text, b"ada");
    }

    #[test]
    fn a_room_is_read_up_to_its_end() {
        let room = Room::new(3);
        let mut text = b"left over".to_vec();
        room.copy_text(&mut text);
        assert_eq!(text, b"");
        // SAFETY: the room has eight bytes.
        unsafe { room.words[0].get().write(u64::from_le_bytes(*b"abcdefgh")) };
        room.copy_text(&mut text);
        assert_eq!(text, b"abc");
        assert_eq!(room.word().to_le_bytes(), *b"abcdefgh");
        room.clear();
        assert_eq!(room.word(), 0);
    }
}
