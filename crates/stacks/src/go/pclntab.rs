//! `.gopclntab`: every function of a Go image, with its name, files, lines and stack depths.
//!
//! The layout has been the same since Go 1.20. What changed is that Go 1.26 no longer states in the header where
//! the code begins, so that comes from [`super::moduledata`].
use jostle_model::FileAddress;

use super::bytes::{i32_at, text_at, u32_at, u64_at};
use super::pcvalue::{self, Patience};

/// How the table begins since Go 1.20: the magic number, two zero bytes, the unit of code length (1 on x86-64)
/// and the size of a pointer.
pub(super) const MAGIC: [u8; 8] = [0xf1, 0xff, 0xff, 0xff, 0, 0, 1, 8];

/// The function is the first of its stack: a stack walk ends here, and not because it failed.
const FLAG_TOP_FRAME: u8 = 1;
/// The function moves its stack pointer in ways that its table of depths does not show.
const FLAG_WRITES_SP: u8 = 2;

/// Which of a function's maps says what was inlined where.
const PCDATA_INLINE_INDEX: u32 = 2;
/// Which of a function's blobs lists the inlined calls.
const FUNCDATA_INLINE_TREE: u32 = 3;

/// The fixed part of a function's record, before its lists of maps and blobs.
const RECORD_SIZE: usize = 44;

/// The parsed header of the table.
#[derive(Clone, Copy)]
pub(super) struct Pclntab {
    data: &'static [u8],
    count: usize,
    /// Where the image's Go code begins: what all offsets of functions are relative to.
    text: u64,
    names: &'static [u8],
    units: &'static [u8],
    files: &'static [u8],
    maps: &'static [u8],
    records: &'static [u8],
}

impl Pclntab {
    /// Reads the header at the start of `data`; None when it is not a plausible one.
    pub(super) fn parse(data: &'static [u8]) -> Option<Self> {
        if !data.starts_with(&MAGIC) {
            return None;
        }
        let part = |index: usize| data.get(usize::try_from(u64_at(data, 8 * index)?).ok()?..);
        let table = Self {
            data,
            count: usize::try_from(u64_at(data, 8)?).ok()?,
            text: u64_at(data, 24)?,
            names: part(4)?,
            units: part(5)?,
            files: part(6)?,
            maps: part(7)?,
            records: part(8)?,
        };
        table.plausible().then_some(table)
    }

    fn plausible(&self) -> bool {
        let fits = self.count > 0 && self.count < self.records.len() / 8;
        fits && (0..self.count.min(16)).all(|index| self.plausible_entry(index))
    }

    fn plausible_entry(&self, index: usize) -> bool {
        let ascends = self.entry_offset(index) <= self.entry_offset(index + 1);
        ascends && self.function(index).is_some_and(|function| function.name().is_some())
    }

    /// The address that the header itself gives for the start of the code: zero in Go 1.26, and in files whose
    /// relocations have not been applied.
    pub(super) fn stated_text(&self) -> u64 {
        self.text
    }

    /// Corrects where the code begins.
    pub(super) fn with_text(self, text: u64) -> Self {
        Self { text, ..self }
    }

    /// How far into the table the names stand: the module data repeats it, which proves that it is the right one.
    pub(super) fn names_offset(&self) -> u64 {
        (self.data.len() - self.names.len()) as u64
    }

    /// Where the first function stands, relative to the start of the code.
    pub(super) fn first_offset(&self) -> u64 {
        self.entry_offset(0).map_or(0, u64::from)
    }

    fn entry_offset(&self, index: usize) -> Option<u32> {
        u32_at(self.records, index.checked_mul(8)?)
    }

    fn function(&self, index: usize) -> Option<Function<'_>> {
        let record = usize::try_from(u32_at(self.records, 8 * index + 4)?).ok()?;
        let start = self.text.wrapping_add(self.entry_offset(index)?.into());
        let end = self.text.wrapping_add(self.entry_offset(index + 1)?.into());
        let record = self.records.get(record..).filter(|record| record.len() >= RECORD_SIZE)?;
        Some(Function { table: self, record, start, end })
    }

    /// All functions that the Go toolchain compiled, in order of address.
    pub(super) fn functions(&self) -> impl Iterator<Item = Function<'_>> {
        (0..self.count).filter_map(|index| self.function(index)).filter(Function::is_go)
    }

    /// The function that holds an address, unless it was compiled by another toolchain.
    pub(super) fn find(&self, at: FileAddress) -> Option<Function<'_>> {
        let offset = u32::try_from(at.0.checked_sub(self.text)?).ok()?;
        let (mut low, mut high) = (0, self.count);
        while low < high {
            let middle = low.midpoint(high);
            if self.entry_offset(middle)? <= offset {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        self.function(low.checked_sub(1)?).filter(|function| at.0 < function.end && function.is_go())
    }

    /// A name, from its place in the table of names.
    pub(super) fn name(&self, offset: u32) -> Option<&'static str> {
        text_at(self.names, usize::try_from(offset).ok()?)
    }
}

/// One function's record.
#[derive(Clone, Copy)]
pub(super) struct Function<'a> {
    table: &'a Pclntab,
    record: &'static [u8],
    pub(super) start: u64,
    pub(super) end: u64,
}

impl<'a> Function<'a> {
    pub(super) fn table(&self) -> &'a Pclntab {
        self.table
    }

    pub(super) fn name(&self) -> Option<&'static str> {
        self.table.name(u32_at(self.record, 4)?)
    }

    /// C code that the Go linker itself linked in is listed too, but without a map of stack depths.
    fn is_go(&self) -> bool {
        self.start < self.end && u32_at(self.record, 16).is_some_and(|map| map != 0)
    }

    /// A walk up the stack ends here by design.
    pub(super) fn is_top_frame(&self) -> bool {
        self.flags() & FLAG_TOP_FRAME != 0
    }

    /// Its stack depths are not to be trusted.
    pub(super) fn writes_sp(&self) -> bool {
        self.flags() & FLAG_WRITES_SP != 0
    }

    fn flags(&self) -> u8 {
        self.record.get(41).copied().unwrap_or(0)
    }

    /// How many bytes the function has pushed at `at` beyond its return address.
    pub(super) fn stack_depth(&self, at: u64) -> Option<u64> {
        u64::try_from(self.map_value(u32_at(self.record, 16)?, at, &Patience::for_depths())?).ok()
    }

    /// The source file and line of the instruction at `at`.
    pub(super) fn source(&self, at: u64, patience: &Patience) -> (Option<&'static str>, Option<u32>) {
        let line = u32_at(self.record, 24).and_then(|map| self.map_value(map, at, patience));
        (self.file(at, patience), line.and_then(|line| u32::try_from(line).ok()))
    }

    fn file(&self, at: u64, patience: &Patience) -> Option<&'static str> {
        let index = u32::try_from(self.map_value(u32_at(self.record, 20)?, at, patience)?).ok()?;
        let unit = u32_at(self.record, 32)?;
        let slot = usize::try_from(unit.checked_add(index)?).ok()?;
        text_at(self.table.files, usize::try_from(u32_at(self.table.units, slot.checked_mul(4)?)?).ok()?)
    }

    /// Which entry of its list of inlined calls the instruction at `at` belongs to; None for its own code.
    pub(super) fn inline_index(&self, at: u64, patience: &Patience) -> Option<usize> {
        if u32_at(self.record, 28)? <= PCDATA_INLINE_INDEX {
            return None;
        }
        let map = u32_at(self.record, RECORD_SIZE + 4 * PCDATA_INLINE_INDEX as usize)?;
        usize::try_from(self.map_value(map, at, patience)?).ok()
    }

    /// Where its list of inlined calls stands, relative to the image's area of such blobs.
    pub(super) fn inline_tree(&self) -> Option<u64> {
        if u32::from(*self.record.get(43)?) <= FUNCDATA_INLINE_TREE {
            return None;
        }
        let maps = usize::try_from(u32_at(self.record, 28)?).ok()?;
        let blobs = RECORD_SIZE.checked_add(maps.checked_mul(4)?)?;
        let offset = i32_at(self.record, blobs.checked_add(4 * FUNCDATA_INLINE_TREE as usize)?)?;
        (offset != -1).then(|| u64::from(offset.cast_unsigned()))
    }

    fn map_value(&self, map: u32, at: u64, patience: &Patience) -> Option<i32> {
        if map == 0 {
            return None;
        }
        let map = self.table.maps.get(usize::try_from(map).ok()?..)?;
        pcvalue::value_at(map, at.checked_sub(self.start)?, patience)
    }
}
