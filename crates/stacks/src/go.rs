//! What is known of the Go runtime: names, lines and inlining from its own tables, and how its stacks join.
//!
//! Everything comes from the loaded part of the file, so stripped programs lose nothing. Written for x86-64 and Go
//! 1.20 to 1.26; later releases are read like 1.26, and whatever they contradict is left unsaid.
mod buildinfo;
mod bytes;
#[cfg(test)]
mod corruption;
mod goroutine;
mod inline;
mod layout;
mod moduledata;
mod pclntab;
mod pcvalue;
mod scheduling;
mod step;
mod switches;
mod text;
mod tls;

use jostle_model::{Address, FileAddress};

use self::layout::Layout;
use self::pclntab::{Function, Pclntab};
use self::text::{Call, Image};
use self::tls::Slot;
use crate::cursor::{Cursor, Memory, Registers};
pub use scheduling::{GoroutineState, GoroutineWords};

/// How many places are looked at for something that stands in one: more that look like it are a trap.
const MOST_CANDIDATES: usize = 64;

/// The parts of an ELF file that Go's tables are found in.
pub(crate) struct GoElf {
    pub(crate) sections: Vec<GoSection>,
    pub(crate) segments: Vec<GoSegment>,
}

/// One section; there are none when the section headers were stripped.
pub(crate) struct GoSection {
    pub(crate) name: &'static [u8],
    pub(crate) address: u64,
    pub(crate) data: &'static [u8],
}

/// One loaded segment, with the bytes that the file holds of it.
pub(crate) struct GoSegment {
    pub(crate) address: u64,
    pub(crate) data: &'static [u8],
    pub(crate) executable: bool,
}

/// A goroutine as its own descriptor tells of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GoroutineRef {
    /// The number that Go's own tracebacks print.
    pub id: u64,
    /// Where its descriptor lies, the runtime's `g`. Another goroutine may get it when this one has ended.
    pub descriptor: Address,
    /// The return address of the call that the `go` statement became.
    pub created_at: Option<Address>,
    /// The first instruction of the function that it was started with.
    pub started_at: Option<Address>,
}

/// One function, as written in the source, at an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GoFrame {
    pub(crate) function: String,
    pub(crate) file: Option<String>,
    pub(crate) line: Option<u32>,
    pub(crate) inlined: bool,
}

/// The Go part of one ELF image.
pub(crate) struct GoImage {
    table: Pclntab,
    image: Image,
    version: Option<String>,
    layouts: Vec<Layout>,
    words: Option<GoroutineWords>,
    slot: Slot,
    /// Where function data lies; without it inlined calls stay hidden.
    function_data: Option<u64>,
}

impl GoImage {
    /// None when there is no Go runtime in the file.
    pub(crate) fn parse(elf: &GoElf) -> Option<Self> {
        let (table, address) = locate(elf)?;
        let moduledata = moduledata::find(elf, &table, address);
        let text = moduledata.map(|moduledata| moduledata.text).or_else(|| stated_text(elf, &table))?;
        let (table, image) = (table.with_text(text), Image::new(&elf.segments));
        let version = buildinfo::version(elf);
        Some(Self {
            layouts: layout::candidates(version.as_deref()),
            words: version.as_deref().and_then(GoroutineWords::of),
            slot: Slot::find(&table, &image),
            function_data: moduledata.map(|moduledata| moduledata.function_data),
            table,
            image,
            version,
        })
    }

    /// The toolchain that built it, such as `go1.26.8`.
    pub(crate) fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }

    /// Where its goroutines keep what the scheduler knows of them; None for a release that is neither known nor told.
    pub(crate) fn goroutine_words(&self) -> Option<GoroutineWords> {
        self.words
    }

    /// Whether the layout of its goroutines was looked up.
    pub(crate) fn is_of_known_release(&self) -> bool {
        self.words.is_some()
    }

    /// Takes the layout of its goroutines from `offset_of`, which tells where a field of a structure lies. Nothing changes unless
    /// all of them are known, and those lie where they always did that our code takes for granted.
    pub(crate) fn learn_layout(&mut self, offset_of: impl Fn(&'static str, &str) -> Option<u64>) {
        if let Some(layout) = Layout::told_by(&offset_of)
            && let Some(words) = GoroutineWords::told_by(&offset_of)
        {
            (self.layouts, self.words) = (vec![layout], Some(words));
        }
    }

    /// The start and size of the functions with such names, as file addresses in ascending order.
    pub(crate) fn functions_named(&self, is_wanted: impl Fn(&str) -> bool) -> Vec<(u64, u64)> {
        let functions = self.table.functions().filter(|function| function.name().is_some_and(&is_wanted));
        functions.map(|function| (function.start, function.end - function.start)).collect()
    }

    /// The start and size of every function, as file addresses in ascending order.
    pub(crate) fn functions(&self) -> Vec<(u64, u64)> {
        self.table.functions().map(|function| (function.start, function.end - function.start)).collect()
    }

    /// The address lies in code that the Go toolchain compiled. (C code linked in by it does not count.)
    pub(crate) fn covers(&self, at: FileAddress) -> bool {
        self.find(at).is_some()
    }

    /// The function as compiled; [`Self::frames`] also knows what was inlined into it.
    pub(crate) fn function_name(&self, at: FileAddress) -> Option<&str> {
        self.find(at)?.name()
    }

    /// The frames at an address, innermost first; all but the last were inlined into the one after them.
    pub(crate) fn frames(&self, at: FileAddress) -> Vec<GoFrame> {
        let function = self.find(at);
        function.map_or_else(Vec::new, |function| {
            inline::frames(&function, at.0, self.function_data, &self.image)
        })
    }

    /// The caller of `cursor`; None when it is the outermost, or when that cannot be known.
    pub(crate) fn step(&self, bias: u64, cursor: &Cursor, memory: &dyn Memory) -> Option<Cursor> {
        step::caller(self, bias, cursor, memory)
    }

    /// The goroutine that a thread runs, or that the runtime or C code on its stack works for. It is found
    /// through the thread's own storage, and when that fails `at_go_code` through R14, where Go code holds it.
    /// Plugins share one runtime: `is_go_code` tells Go's code of any image.
    pub(crate) fn goroutine(
        &self,
        bias: u64,
        registers: &Registers,
        at_go_code: bool,
        is_go_code: impl Fn(Address) -> bool,
        memory: &dyn Memory,
    ) -> Option<GoroutineRef> {
        let stored = self
            .slot
            .offset(bias, memory)
            .and_then(|offset| memory.word(Address(registers.fs_base.wrapping_add_signed(offset))));
        let held = at_go_code.then_some(registers.r14);
        let describe =
            |g| self.layouts.iter().find_map(|&layout| goroutine::describe(g, layout, &is_go_code, memory));
        stored.and_then(describe).or_else(|| held.and_then(describe))
    }

    fn find(&self, at: FileAddress) -> Option<Function<'_>> {
        self.table.find(at)
    }

    fn call_before(&self, at: FileAddress) -> Option<Call> {
        self.image.call_before(at.0)
    }
}

/// The table of functions and its address: by its section's name, else by how it begins.
fn locate(elf: &GoElf) -> Option<(Pclntab, u64)> {
    let named = elf.sections.iter().find(|section| section.name.ends_with(b".gopclntab"));
    let named = named.and_then(|section| Some((Pclntab::parse(section.data)?, section.address)));
    named.or_else(|| elf.segments.iter().filter(|segment| !segment.executable).find_map(locate_in))
}

/// The linker aligns the table to 8 bytes at least; offsets in the file and in memory agree to that much.
fn locate_in(segment: &GoSegment) -> Option<(Pclntab, u64)> {
    let starts = (0..segment.data.len()).step_by(8);
    let tables = starts.filter(|&start| segment.data[start..].starts_with(&pclntab::MAGIC));
    tables.take(MOST_CANDIDATES).find_map(|start| {
        Some((Pclntab::parse(&segment.data[start..])?, segment.address.checked_add(start as u64)?))
    })
}

/// Where the code begins, for want of the runtime's own description.
fn stated_text(elf: &GoElf, table: &Pclntab) -> Option<u64> {
    let section = || elf.sections.iter().find(|section| section.name == b".text");
    Some(table.stated_text()).filter(|&text| text != 0).or_else(|| section().map(|section| section.address))
}
