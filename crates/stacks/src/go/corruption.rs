//! Any bytes at all, shaped just enough like Go's tables that every reader gets to see them.
use jostle_model::{Address, FileAddress};
use proptest::prelude::*;

use super::pclntab::MAGIC;
use super::{GoElf, GoImage, GoSection, GoSegment};
use crate::cursor::{CodeAddress, Cursor, Memory, Registers};

const TABLE_AT: u64 = 0x1000;
const CODE_AT: u64 = 0x10_0000;

/// Memory in which every word is one of a few.
struct Cycling(Vec<u8>);

impl Memory for Cycling {
    fn read(&self, at: Address, bytes: &mut [u8]) -> bool {
        let start = usize::try_from(at.0 % 64).unwrap_or(0);
        bytes.iter_mut().zip(self.0.iter().cycle().skip(start)).for_each(|(to, from)| *to = *from);
        !at.0.is_multiple_of(7)
    }
}

/// A table whose header is in order: as many functions as stated, each part somewhere in the body.
fn table(count: u8, parts: [u8; 5], body: &[u8]) -> Vec<u8> {
    let mut table = MAGIC.to_vec();
    let words = [u64::from(count), 1, CODE_AT].into_iter().chain(parts.map(|part| 72 + u64::from(part)));
    words.for_each(|word| table.extend(word.to_le_bytes()));
    table.extend_from_slice(body);
    table
}

/// A plausible list of functions: ascending, each with its record within the body.
fn body(entries: &[(u8, u8)], rest: &[u8]) -> Vec<u8> {
    let mut start = 0_u32;
    let mut body = Vec::new();
    for (length, record) in entries {
        body.extend(start.to_le_bytes());
        body.extend((4 * u32::from(*record)).to_le_bytes());
        start += u32::from(*length);
    }
    body.extend(start.to_le_bytes());
    body.extend_from_slice(rest);
    body
}

fn elf(table: Vec<u8>, code: Vec<u8>, named: bool) -> GoElf {
    let (table, code): (&'static [u8], &'static [u8]) = (table.leak(), code.leak());
    let section = GoSection { name: b".gopclntab", address: TABLE_AT, data: table };
    let segments = vec![
        GoSegment { address: TABLE_AT, data: table, executable: false },
        GoSegment { address: CODE_AT, data: code, executable: true },
    ];
    GoElf { sections: if named { vec![section] } else { Vec::new() }, segments }
}

fn ask_everything(image: &GoImage, memory: &dyn Memory, stack: u64) {
    let _ = (image.version(), image.functions());
    for offset in 0..64 {
        let at = FileAddress(CODE_AT + 17 * offset);
        let _ = (image.covers(at), image.function_name(at), image.frames(at));
        for code in [CodeAddress::Instruction(at.load(0)), CodeAddress::Return(at.load(0))] {
            let cursor = Cursor { code, sp: stack, bp: stack.wrapping_add(8 * offset) };
            let _ = image.step(0, &cursor, memory);
        }
    }
    let registers = Registers { r14: stack, fs_base: stack, ..Registers::default() };
    let _ = image.goroutine(u64::MAX, &registers, true, |at| image.covers(at.unload(u64::MAX)), memory);
}

/// Mostly numbers small enough to lead somewhere within the table.
fn numbers() -> impl Strategy<Value = Vec<u8>> {
    let number = prop_oneof![20 => 0..120_u32, 1 => any::<u32>()];
    prop::collection::vec(number, 64..512)
        .prop_map(|numbers| numbers.into_iter().flat_map(u32::to_le_bytes).collect())
}

proptest! {
    #[test]
    fn any_bytes_are_accepted(
        entries in prop::collection::vec((any::<u8>(), any::<u8>()), 1..10),
        parts in any::<[u8; 5]>(),
        rest in numbers(),
        code in prop::collection::vec(any::<u8>(), 0..512),
        words in prop::collection::vec(any::<u8>(), 1..64),
        stack in any::<u64>(),
        named in any::<bool>(),
    ) {
        let parts = [parts[0], parts[1], parts[2], parts[3], 0];
        let count = u8::try_from(entries.len()).unwrap_or(0);
        let elf = elf(table(count, parts, &body(&entries, &rest)), code, named);
 if let Some(image) = GoImage::parse(&elf) {
            ask_everything(&image, &Cycling(words), stack);
        }
    }

    #[test]
    fn random_bytes_are_no_go_program(bytes in prop::collection::vec(any::<u8>(), 0..512)) {
        prop_assert!(GoImage::parse(&elf(bytes.clone(), bytes, true)).is_none());
    }
}
