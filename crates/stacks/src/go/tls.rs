//! How a thread finds the `g` it runs: a word at a fixed distance from its `fs` base.
//!
//! The distance depends on who linked the program and how. Rather than guess, it is read off the code: a few
//! runtime functions begin by loading `g`.
use jostle_model::FileAddress;

use super::bytes::i32_at;
use super::pclntab::Pclntab;
use super::text::Image;
use crate::cursor::Memory;

/// Functions that load `g` near their start, in every Go release from 1.20 to 1.26.
const LOADERS: [&str; 3] = ["runtime.stackcheck", "runtime.systemstack", "runtime.asmcgocall"];
/// How much of such a function to search.
const WINDOW: u64 = 64;
/// Where the Go linker itself puts the word.
const LINKED_BY_GO: i64 = -8;

/// Where the distance from the `fs` base is to be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    /// It is a constant of the code.
    At(i64),
    /// The loader wrote it to this word.
    StoredAt(FileAddress),
}

impl Slot {
    /// Reads it off the code; the Go linker's choice when that shows nothing.
    pub(super) fn find(table: &Pclntab, image: &Image) -> Self {
        let starts = LOADERS.map(|name| start_of(table, name));
        let code = |start: u64| Some((image.bytes(start, WINDOW)?, start));
        let found = starts.into_iter().flatten().filter_map(code).find_map(|(code, at)| in_code(code, at));
        found.unwrap_or(Self::At(LINKED_BY_GO))
    }

    /// The distance, in a process that loaded the image with `bias`.
    pub(super) fn offset(self, bias: u64, memory: &dyn Memory) -> Option<i64> {
        match self {
            Self::At(offset) => Some(offset),
            Self::StoredAt(at) => memory.word(at.load(bias)).map(u64::cast_signed),
        }
    }
}

fn start_of(table: &Pclntab, name: &str) -> Option<u64> {
    table.functions().find(|function| function.name() == Some(name)).map(|function| function.start)
}

/// The first load of the form `mov reg, fs:…` in code that stands at `address`.
fn in_code(code: &[u8], address: u64) -> Option<Slot> {
    (0..code.len()).find_map(|at| match code.get(at..at + 5)? {
        // mov reg, fs:disp32
        [0x64, 0x48 | 0x4c, 0x8b, operand, 0x25] if operand & 0xc7 == 0x04 => {
            i32_at(code, at + 5).map(|offset| Slot::At(offset.into()))
        }
        // mov reg, fs:[reg], after a load of that register
        [0x64, 0x48 | 0x49 | 0x4c | 0x4d, 0x8b, operand, _] if operand & 0xc0 == 0 => {
            register_load(code, at.checked_sub(7)?, address)
        }
        _ => None,
    })
}

/// `mov reg, imm32` or `mov reg, [rip+disp32]`, both seven bytes long, at `at`.
fn register_load(code: &[u8], at: usize, address: u64) -> Option<Slot> {
    let number: i64 = i32_at(code, at + 3)?.into();
    match code.get(at..at + 3)? {
        [0x48 | 0x49, 0xc7, operand] if operand & 0xf8 == 0xc0 => Some(Slot::At(number)),
        [0x48 | 0x4c, 0x8b, operand] if operand & 0xc7 == 0x05 => {
            let next = address.wrapping_add(at as u64 + 7);
            Some(Slot::StoredAt(FileAddress(next.wrapping_add_signed(number))))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_forms_of_the_load_are_read() {
        let constant = [0x64, 0x48, 0x8b, 0x04, 0x25, 0xf8, 0xff, 0xff, 0xff];
        assert_eq!(in_code(&constant, 0), Some(Slot::At(-8)));
        let through_register = [0x48, 0xc7, 0xc1, 0xf0, 0xff, 0xff, 0xff, 0x64, 0x48, 0x8b, 0x01, 0x48];
        assert_eq!(in_code(&through_register, 0), Some(Slot::At(-16)));
        let by_loader = [0x90, 0x48, 0x8b, 0x0d, 0x10, 0, 0, 0, 0x64, 0x48, 0x8b, 0x01, 0x48];
        assert_eq!(in_code(&by_loader, 0x1000), Some(Slot::StoredAt(FileAddress(0x1018))));
    }

    #[test]
    fn code_without_the_load_shows_nothing() {
        assert_eq!(in_code(&[0x90; 64], 0), None);
        assert_eq!(in_code(&[0x64, 0x48, 0x8b, 0x01, 0x90], 0), None);
    }
}
