//! Copies that a program makes of its own code, with the traps that stand there at that moment: V8 runs copies of its built-in
//! functions, if it cannot map them again. An `int3` of ours in such a copy is known by the code behind it.

use std::collections::HashMap;
use std::ops::Range;

use jostle_model::Address;

use super::{COMPARED, INT3, Traps};
use crate::memory::TargetMemory;

/// How many of the bytes behind it have to be seen to be the same.
const TELLING: usize = 7;
/// How much is read at a time.
const PIECE: u64 = 1 << 20;
/// Some bytes behind the first by which code is looked up: where others of them are traps as well, those further on.
const LOOKED_UP_AT: [usize; 3] = [1, 6, 11];
const LOOKED_UP: usize = 3;

/// Code by some of its bytes, and where in it they are.
type Index = HashMap<(usize, [u8; LOOKED_UP]), Vec<&'static [u8]>>;

impl Traps {
    /// Puts the original byte at `at`, if the code there is a copy of such as had a trap of ours in this place.
    pub(super) fn mend_copy(&mut self, memory: &TargetMemory, at: Address) -> bool {
        let is_mended = mend(memory, at, |found| original_of(found, self.originals.values()));
        if is_mended {
            self.mended.insert(at);
        }
        is_mended
    }

    /// Whether copies were met.
    pub(crate) fn are_copied_by_the_program(&self) -> bool {
        !self.mended.is_empty()
    }

    /// Puts right whatever copies there are in `ranges`, before nobody is there any more to do it when one is hit.
    pub(crate) fn mend_copies(&self, memory: &TargetMemory, ranges: &[Range<Address>]) {
        let index = index(self.originals.values());
        let original = |found: &[u8; COMPARED]| original_of(found, looked_up(found, &index)?);
        for piece in ranges.iter().flat_map(pieces) {
            let mut code = vec![0; (piece.end.0 - piece.start.0) as usize];
            if memory.read_exact(piece.start, &mut code).is_err() {
                continue;
            }
            for (at, window) in (piece.start.0..).zip(code.windows(COMPARED)) {
                let is_meant = window.try_into().is_ok_and(|found| original(found).is_some());
                if is_meant {
                    // Looked at again: the program may be writing there.
                    mend(memory, Address(at), original);
                }
            }
        }
    }
}

/// Puts back what stood at `at`, as far as it can be told by what lies there now.
fn mend(memory: &TargetMemory, at: Address, original: impl Fn(&[u8; COMPARED]) -> Option<u8>) -> bool {
    let mut found = [0; COMPARED];
    let is_read = memory.read_exact(at, &mut found).is_ok();
    let original = original(&found).filter(|_| is_read);
    original.is_some_and(|original| memory.write_byte(at, original).is_ok())
}

/// What stood in the place of the `int3` with which `found` begins, if it is one of ours, and it can only be one.
fn original_of<'a>(found: &[u8; COMPARED], among: impl Iterator<Item = &'a &'static [u8]>) -> Option<u8> {
    if !may_be_trap(found) {
        return None;
    }
    let mut alike = among.filter(|code| is_copy(found, code)).map(|code| code[0]);
    let original = alike.next()?;
    alike.all(|other| other == original).then_some(original)
}

fn index<'a>(codes: impl Iterator<Item = &'a &'static [u8]>) -> Index {
    let mut index = Index::new();
    for code in codes {
        for offset in LOOKED_UP_AT {
            if let Some(key) = key(code, offset) {
                index.entry((offset, key)).or_default().push(*code);
            }
        }
    }
    index
}

/// The code that `found` may be a copy of: none is known where there are traps all over it.
fn looked_up<'a>(
    found: &[u8; COMPARED],
    index: &'a Index,
) -> Option<impl Iterator<Item = &'a &'static [u8]>> {
    if found[0] != INT3 {
        return None;
    }
    let keys = LOOKED_UP_AT.iter().filter_map(|&offset| Some((offset, key(found, offset)?)));
    let (offset, key) = keys.into_iter().find(|(_, key)| !key.contains(&INT3))?;
    Some(index.get(&(offset, key))?.iter())
}

fn key(code: &[u8], offset: usize) -> Option<[u8; LOOKED_UP]> {
    code.get(offset..offset + LOOKED_UP)?.try_into().ok()
}

/// A range in pieces that overlap by as much as is compared.
fn pieces(range: &Range<Address>) -> impl Iterator<Item = Range<Address>> {
    let Range { start, end } = range.clone();
    let starts = (start.0..end.0).step_by(PIECE as usize);
    starts.map(move |from| Address(from)..Address(end.0.min(from + PIECE + COMPARED as u64 - 1)))
}

/// Whether there is enough behind this `int3` to know it by: not in what compilers fill gaps with.
fn may_be_trap(found: &[u8]) -> bool {
    found[0] == INT3 && found[1..].iter().filter(|byte| **byte != INT3).count() >= TELLING
}

/// Whether what was `found` behind an `int3` is what stands behind the first byte of `code`, but for further traps.
fn is_copy(found: &[u8; COMPARED], code: &[u8]) -> bool {
    let behind = || found.iter().zip(code).skip(1).filter(|(found, _)| **found != INT3);
    behind().all(|(found, meant)| found == meant) && behind().count() >= TELLING
}

#[cfg(test)]
mod tests {
    use super::super::tests::{ANYTHING, CODE, address, own_memory, read};
    use super::super::{Hit, Traps};
    use super::*;

    #[test]
    fn code_that_was_copied_with_traps_in_it_is_mended_where_one_is_hit() {
        let (memory, code) = (own_memory(), Box::new(CODE));
        let (at, mut traps) = (address(&*code), Traps::default());
        traps.arm(&memory, at, Some(&CODE), ANYTHING).expect("written");
        traps.arm(&memory, at + 3, Some(&CODE[3..]), ANYTHING).expect("written");
        let copy = Box::new(read(&memory, at));
        traps.disarm_all(&memory);
        let copied_to = address(&*copy);
        assert_eq!(traps.hit(&memory, copied_to).expect("read"), Hit::Stale);
        assert_eq!(traps.hit(&memory, copied_to + 3).expect("read"), Hit::Stale);
        assert_eq!(read(&memory, copied_to), CODE);
    }

    #[test]
    fn copies_are_mended_before_anybody_hits_them() {
        let (memory, code) = (own_memory(), Box::new(CODE));
        let (at, mut traps) = (address(&*code), Traps::default());
        traps.arm(&memory, at, Some(&CODE), ANYTHING).expect("written");
        let mut copy = vec![0x90; 2 * PIECE as usize];
        // Across the seam between two pieces.
        let offset = PIECE as usize - 3;
        copy[offset..offset + CODE.len()].copy_from_slice(&read(&memory, at));
        let start = address(&copy);
        traps.mend_copies(&memory, &[start..start + copy.len() as u64]);
        assert_eq!(copy[offset..offset + CODE.len()], CODE);
        traps.disarm_all(&memory);
    }

    #[test]
    fn what_compilers_fill_gaps_with_is_no_copy() {
        static BEFORE_GAP: [u8; 16] = {
            let mut code = [INT3; 16];
            code[0] = 0x48;
            code[1] = 0xff;
            code[2] = 0xe0;
            code
        };
        let (memory, code, gap) = (own_memory(), Box::new(BEFORE_GAP), Box::new([INT3; 16]));
        let mut traps = Traps::default();
        traps.arm(&memory, address(&*code), Some(&BEFORE_GAP), ANYTHING).expect("written");
        assert_eq!(traps.hit(&memory, address(&*gap)).expect("read"), Hit::Foreign);
        assert_eq!(*gap, [INT3; 16]);
    }

    #[test]
    fn what_could_be_a_copy_of_either_of_two_is_not_touched() {
        static OTHER: [u8; 16] =
            [0x4c, 0x89, 0x07, 0x48, 0x8b, 0x06, 0xc3, 0x90, 0x55, 0x53, 0x48, 0x83, 0xec, 0x18, 0x31, 0xc0];
        let (memory, codes) = (own_memory(), Box::new([CODE, OTHER]));
        let mut traps = Traps::default();
        traps.arm(&memory, address(&codes[0]), Some(&CODE), ANYTHING).expect("written");
        traps.arm(&memory, address(&codes[1]), Some(&OTHER), ANYTHING).expect("written");
        let copy = Box::new(codes[0]);
        assert_eq!(traps.hit(&memory, address(&*copy)).expect("read"), Hit::Foreign);
        assert_eq!(copy[0], INT3);
    }
}
