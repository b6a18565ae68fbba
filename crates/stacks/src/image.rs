//! One ELF file, and everything that can be known of a process from it.
mod atomics;
mod dwarf;
mod frame_index;
mod frame_table;
mod functions;
mod go_structures;
mod go_tables;
mod headers;
mod imports;
mod sections;
mod symbols;

use std::cell::OnceCell;
use std::collections::HashSet;
use std::sync::Arc;

use jostle_model::FileAddress;

use crate::demangle::demangled;
use crate::error::ImageError;
use crate::go::{GoImage, GoroutineWords};
use dwarf::DebugInfo;
pub(crate) use frame_table::{FrameTable, Slice};
pub use functions::Function;
use headers::Headers;
pub use headers::Segment;
pub use imports::Import;
use symbols::SymbolTable;

/// One ELF file, parsed as far as it has been asked about.
///
/// It borrows its bytes for the life of the program, because names and tables are handed out by reference to
/// them; debug sections that had to be decompressed stay allocated for as long. Addresses are those the file
/// states. It is meant for one thread: share it by `Rc`.
pub struct Image {
    name: Arc<str>,
    bytes: &'static [u8],
    headers: Headers,
    symbols: OnceCell<SymbolTable>,
    functions: OnceCell<Vec<Function>>,
    imports: OnceCell<Vec<Import>>,
    frame_table: OnceCell<Option<FrameTable>>,
    debug_info: OnceCell<Option<DebugInfo>>,
    atomics: OnceCell<HashSet<String>>,
    go: OnceCell<Option<GoImage>>,
}

impl Image {
    /// Reads the headers of `bytes`; `name` is the path by which frames will name this file.
    ///
    /// # Errors
    /// When the bytes are no ELF file, one for another machine, one that is not loaded to run (an object file,
    /// a core dump), or one whose program headers cannot be read.
    pub fn parse(name: &str, bytes: &'static [u8]) -> Result<Self, ImageError> {
        Ok(Self {
            name: name.into(),
            bytes,
            headers: Headers::parse(bytes)?,
            symbols: OnceCell::new(),
            functions: OnceCell::new(),
            imports: OnceCell::new(),
            frame_table: OnceCell::new(),
            debug_info: OnceCell::new(),
            atomics: OnceCell::new(),
            go: OnceCell::new(),
        })
    }

    /// The full path, as it was given to [`Image::parse`].
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// Whether the loader may place it anywhere: shared libraries and PIE programs, static ones included.
    pub fn is_position_independent(&self) -> bool {
        self.headers.position_independent
    }

    /// The path of the dynamic loader that a program asks for; none for static programs and most libraries.
    pub fn interpreter(&self) -> Option<&str> {
        self.headers.interpreter
    }

    /// Whether the file itself says which source line an instruction came from.
    pub fn has_debug_info(&self) -> bool {
        self.headers.sections.iter().any(|section| {
            matches!(section.name, b".debug_info" | b".zdebug_info") && !section.data.is_empty()
        })
    }

    /// Whether a Go runtime is part of the file, cgo programs and Go libraries included.
    pub fn is_go(&self) -> bool {
        self.go().is_some()
    }

    /// The Go toolchain that built it, such as `go1.26.8`, where it says so.
    pub fn go_version(&self) -> Option<&str> {
        self.go()?.version()
    }

    /// Where goroutines keep what Go's scheduler knows of them; none without Go, and for a release that is neither known nor
    /// told by debug information.
    pub fn goroutine_words(&self) -> Option<GoroutineWords> {
        self.go()?.goroutine_words()
    }

    /// The functions that Go compiled, or assembled, with such names. They are known in a stripped file too.
    pub fn go_functions_named(&self, is_wanted: impl Fn(&str) -> bool) -> Vec<Function> {
        let named = self.go().map(|go| go.functions_named(is_wanted)).unwrap_or_default();
        named.into_iter().map(|(start, size)| Function { start: FileAddress(start), size }).collect()
    }

    /// The identity that the linker gave this build.
    pub fn build_id(&self) -> Option<&[u8]> {
        self.headers.build_id
    }

    /// What the loader maps, in the file's order.
    pub fn segments(&self) -> &[Segment] {
        &self.headers.segments
    }

    /// Up to `len` bytes of code from `at`; fewer where the segment's file bytes end, none outside of code.
    pub fn code(&self, at: FileAddress, len: usize) -> Option<&'static [u8]> {
        self.headers.code(at, len)
    }

    /// Every function that is known to start somewhere in executable code, sorted, none overlapping another.
    ///
    /// From the symbol tables, Go's tables and the unwind tables together, so that a stripped file still has
    /// functions. The stubs of procedure linkage tables are not listed where section headers tell them apart.
    pub fn functions(&self) -> &[Function] {
        self.functions.get_or_init(|| functions::collect(self))
    }

    /// The function whose code `at` lies in.
    pub fn function_at(&self, at: FileAddress) -> Option<Function> {
        functions::containing(self.functions(), at)
    }

    /// The demangled name of the function whose code `at` lies in.
    pub fn function_name(&self, at: FileAddress) -> Option<String> {
        if let Some(go) = self.go_covering(at) {
            return go.function_name(at).map(str::to_owned);
        }
        let function = self.function_at(at)?;
        self.symbols().function_named_at(function.start).map(demangled)
    }

    /// Whether Go's compiler, or its assembler, made the code at `at`; other languages' code that is linked into the same
    /// file does not count.
    pub fn is_go_code(&self, at: FileAddress) -> bool {
        self.go_covering(at).is_some()
    }

    /// The functions that Go's compiler inlined at `at`, innermost first; none outside of Go code.
    ///
    /// Go's own tables tell, so that a stripped program tells too.
    pub fn go_inlines(&self, at: FileAddress) -> Vec<String> {
        let frames = self.go_covering(at).map(|go| go.frames(at)).unwrap_or_default();
        frames.into_iter().filter(|frame| frame.inlined).map(|frame| frame.function).collect()
    }

    /// The demangled name of the variable that `at` lies in, and how many bytes from its start.
    pub fn data_symbol_at(&self, at: FileAddress) -> Option<(String, u64)> {
        let (name, offset) = self.symbols().object_containing(at)?;
        Some((demangled(name), offset))
    }

    /// The demangled name of the variable that begins at `at` and is `size` bytes long.
    pub fn variable_spanning(&self, at: FileAddress, size: u64) -> Option<String> {
        self.symbols().object_spanning(at, size).map(demangled)
    }

    /// The slots that the loader fills with the address of a named symbol, sorted by slot.
    ///
    /// What a slot holds at run time tells the name of code that has none: the variant of `memcpy` that the
    /// machine got, for one.
    pub fn imports(&self) -> &[Import] {
        self.imports.get_or_init(|| imports::collect(&self.headers))
    }

    /// Whether some variable or member called `name` is declared `_Atomic` (an array or typedef of it too).
    ///
    /// A name says little about which variable is meant: a hint for reading a source line, not more. False
    /// where there is no debug information, or more of it than is worth scanning (64 MiB).
    pub fn source_is_atomic(&self, name: &str) -> bool {
        self.atomics.get_or_init(|| atomics::collect(self)).contains(name)
    }

    pub(crate) fn headers(&self) -> &Headers {
        &self.headers
    }

    pub(crate) fn symbols(&self) -> &SymbolTable {
        self.symbols.get_or_init(|| SymbolTable::parse(self.bytes, &self.headers))
    }

    pub(crate) fn go(&self) -> Option<&GoImage> {
        self.go.get_or_init(|| self.read_go()).as_ref()
    }

    fn read_go(&self) -> Option<GoImage> {
        let mut go = go_tables::parse(&self.headers)?;
        if !go.is_of_known_release()
            && go_structures::is_affordable(&self.headers)
            && let Some(info) = self.debug_info()
        {
            let structures = go_structures::read(info);
            go.learn_layout(|structure, field| structures.offset(structure, field));
        }
        Some(go)
    }

    /// The Go part of this image, if `at` is code that Go compiled.
    pub(crate) fn go_covering(&self, at: FileAddress) -> Option<&GoImage> {
        self.go().filter(|go| go.covers(at))
    }

    pub(crate) fn frame_table(&self) -> Option<&FrameTable> {
        self.frame_table.get_or_init(|| FrameTable::find(&self.headers)).as_ref()
    }

    pub(crate) fn debug_info(&self) -> Option<&DebugInfo> {
        self.debug_info.get_or_init(|| DebugInfo::load(&self.headers)).as_ref()
    }

    /// Whether `at` may hold instructions.
    pub(crate) fn is_code(&self, at: FileAddress) -> bool {
        self.headers.executable_segment(at).is_some()
    }
}
