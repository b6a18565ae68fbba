//! The runtime's own description of the image: where its code begins and where its function data lies.
//!
//! No symbol is needed to find it. Its first word points at the header of the `.gopclntab`; in a
//! position-independent file that pointer stands in a relocation. (`moduledata` in Go's `runtime/symtab.go`: the
//! words used here have had the same places from Go 1.20 to 1.26.)
use super::bytes::u64_at;
use super::pclntab::Pclntab;
use super::{GoElf, GoSegment, MOST_CANDIDATES};

/// Word numbers in the structure.
const NAMES: u64 = 1;
const LOWEST_CODE: u64 = 20;
const HIGHEST_CODE: u64 = 21;
const TEXT: u64 = 22;
const FUNCTION_DATA: u64 = 40;

/// `R_X86_64_RELATIVE`: the word is the load bias plus the addend.
const RELATIVE: u64 = 8;
/// Where, which kind, and addend: three words.
const RELOCATION_SIZE: usize = 24;
/// Linkers write one table, or two.
const MOST_TABLES: usize = 8;

/// What is needed of the structure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moduledata {
    /// What offsets of functions are relative to.
    pub(super) text: u64,
    /// What offsets of function data are relative to (`go:func.*`).
    pub(super) function_data: u64,
}

/// Finds the structure that describes the table at `address`.
pub(super) fn find(elf: &GoElf, table: &Pclntab, address: u64) -> Option<Moduledata> {
    let plain = Words { segments: &elf.segments, relocations: &[] };
    plain.find(table, address).or_else(|| {
        let relocations = relocations(elf, address);
        Words { segments: &elf.segments, relocations: &relocations }.find_relocated(table, address)
    })
}

/// The image's words, as the loader leaves them for a bias of zero.
struct Words<'a> {
    segments: &'a [GoSegment],
    relocations: &'a [&'static [u8]],
}

impl Words<'_> {
    fn find(&self, table: &Pclntab, address: u64) -> Option<Moduledata> {
        let data = self.segments.iter().filter(|segment| !segment.executable);
        let pointers = data.flat_map(|segment| occurrences(segment, address));
        pointers.take(MOST_CANDIDATES).find_map(|at| self.read(table, address, at))
    }

    fn find_relocated(&self, table: &Pclntab, address: u64) -> Option<Moduledata> {
        let pointers = self.entries().filter(|entry| entry.addend == address);
        pointers.take(MOST_CANDIDATES).find_map(|entry| self.read(table, address, entry.at))
    }

    /// Reads the structure at `at` if that is what stands there.
    fn read(&self, table: &Pclntab, address: u64, at: u64) -> Option<Moduledata> {
        let word = |index: u64| self.word(at.wrapping_add(8 * index));
        let text = word(TEXT)?;
        let consistent = word(NAMES)? == address.wrapping_add(table.names_offset())
            && word(LOWEST_CODE)? == text.wrapping_add(table.first_offset())
            && word(LOWEST_CODE)? < word(HIGHEST_CODE)?;
        consistent.then_some(Moduledata { text, function_data: word(FUNCTION_DATA)? })
    }

    fn word(&self, at: u64) -> Option<u64> {
        let relocated = self.entries().find(|entry| entry.at == at).map(|entry| entry.addend);
        relocated.or_else(|| self.segments.iter().find_map(|segment| stored_word(segment, at)))
    }

    fn entries(&self) -> impl Iterator<Item = Relocation> {
        self.relocations.iter().flat_map(|table| table.chunks_exact(RELOCATION_SIZE)).filter_map(relative)
    }
}

fn stored_word(segment: &GoSegment, at: u64) -> Option<u64> {
    u64_at(segment.data, usize::try_from(at.checked_sub(segment.address)?).ok()?)
}

/// Where in a segment a pointer to `target` stands.
fn occurrences(segment: &GoSegment, target: u64) -> impl Iterator<Item = u64> {
    let skew = usize::try_from(segment.address.wrapping_neg() % 8).unwrap_or(0);
    let words = segment.data.get(skew..).unwrap_or(&[]).chunks_exact(8);
    let first = segment.address.wrapping_add(skew as u64);
    let target = target.to_le_bytes();
    words
        .enumerate()
        .filter(move |(_, word)| *word == target)
        .map(move |(index, _)| first.wrapping_add(8 * index as u64))
}

struct Relocation {
    at: u64,
    addend: u64,
}

fn relative(entry: &[u8]) -> Option<Relocation> {
    (u64_at(entry, 8)? == RELATIVE)
        .then_some(Relocation { at: u64_at(entry, 0)?, addend: u64_at(entry, 16)? })
}

/// The tables of relocations: by name, or when the section headers are gone by an entry that points at `address`.
fn relocations(elf: &GoElf, address: u64) -> Vec<&'static [u8]> {
    let named = elf.sections.iter().filter(|section| section.name.starts_with(b".rela"));
    let named: Vec<_> = named.map(|section| section.data).take(MOST_TABLES).collect();
    if !named.is_empty() {
        return named;
    }
    elf.segments.iter().filter_map(|segment| table_around(segment.data, address)).take(MOST_TABLES).collect()
}

fn table_around(data: &'static [u8], address: u64) -> Option<&'static [u8]> {
    let pointer =
        |start: &usize| data.get(*start..).and_then(relative).is_some_and(|entry| entry.addend == address);
    let entry = (0..data.len()).step_by(8).find(pointer)?;
    data.get(entry % RELOCATION_SIZE..)
}
