use std::collections::BTreeMap;
use std::ops::Range;
use std::rc::Rc;

use jostle_model::{Address, FileAddress, Frame};

use crate::cursor::{Memory, Registers};
use crate::go::GoroutineRef;
use crate::image::Image;
use crate::symbolize;
use crate::unwind::{self, Trace};

/// What a process has loaded: images, each moved by its bias.
#[derive(Default)]
pub struct AddressSpace {
    /// Sorted by range; no two overlap.
    loaded: Vec<Loaded>,
    /// Names that were learnt at run time, by the start of the function they name.
    names: BTreeMap<Address, String>,
}

struct Loaded {
    image: Rc<Image>,
    bias: u64,
    range: Range<u64>,
}

impl Loaded {
    fn module(&self) -> Module<'_> {
        Module { image: &self.image, bias: self.bias }
    }
}

/// An image and where it is loaded.
#[derive(Clone, Copy)]
pub struct Module<'a> {
    /// The file.
    pub image: &'a Rc<Image>,
    /// What the loader added (wrapping) to the addresses that the file states.
    pub bias: u64,
}

impl Module<'_> {
    /// Where the file states what is loaded at `at`.
    pub fn file_address(&self, at: Address) -> FileAddress {
        at.unload(self.bias)
    }
}

impl AddressSpace {
    /// An address space with nothing in it.
    pub fn new() -> Self {
        Self::default()
    }

    /// Says that `image` is loaded, moved by `bias`. Whatever overlapped it before is no longer loaded.
    pub fn add(&mut self, image: Rc<Image>, bias: u64) {
        let Some(range) = loaded_range(&image, bias) else { return };
        self.unload(|other| other.range.start < range.end && range.start < other.range.end);
        let position = self.loaded.partition_point(|other| other.range.start < range.start);
        self.loaded.insert(position, Loaded { image, bias, range });
    }

    /// Says that `image` is no longer loaded at `bias`.
    pub fn remove(&mut self, image: &Rc<Image>, bias: u64) {
        self.unload(|other| other.bias == bias && Rc::ptr_eq(&other.image, image));
    }

    fn unload(&mut self, is_gone: impl Fn(&Loaded) -> bool) {
        for gone in self.loaded.extract_if(.., |loaded| is_gone(loaded)) {
            self.names.retain(|start, _| !gone.range.contains(&start.0));
        }
    }

    /// Whether Go's compiler, or its assembler, made the code at `at`: see [`Image::is_go_code`].
    pub fn is_go_code(&self, at: Address) -> bool {
        self.module_at(at).is_some_and(|module| module.image.is_go_code(at.unload(module.bias)))
    }

    /// The image loaded around `at`.
    pub fn module_at(&self, at: Address) -> Option<Module<'_>> {
        let after = self.loaded.partition_point(|loaded| loaded.range.start <= at.0);
        self.loaded[..after].last().filter(|loaded| loaded.range.contains(&at.0)).map(Loaded::module)
    }

    /// Everything that is loaded, by address.
    pub fn modules(&self) -> impl Iterator<Item = Module<'_>> {
        self.loaded.iter().map(Loaded::module)
    }

    /// Names the function around `at` by what it turned out to be at run time, for want of a symbol.
    pub fn name_code(&mut self, at: Address, name: String) {
        let start = self.function_start(at);
        self.names.insert(start, name);
    }

    /// The name that [`AddressSpace::name_code`] gave to the function around `at`.
    pub(crate) fn name_given(&self, at: Address) -> Option<&str> {
        if self.names.is_empty() {
            return None;
        }
        self.names.get(&self.function_start(at)).map(String::as_str)
    }

    fn function_start(&self, at: Address) -> Address {
        let function =
            |module: Module| Some(module.image.function_at(module.file_address(at))?.start.load(module.bias));
        self.module_at(at).and_then(function).unwrap_or(at)
    }

    /// Whether `at` is in a segment that its image wants executed.
    pub(crate) fn is_code(&self, at: Address) -> bool {
        self.module_at(at).is_some_and(|module| module.image.is_code(module.file_address(at)))
    }

    /// The goroutine that a thread runs which stands at `registers`, or that it works for.
    pub fn goroutine(&self, registers: &Registers, memory: &dyn Memory) -> Option<GoroutineRef> {
        unwind::goroutine(self, registers, memory)
    }

    /// Walks the stack of a thread that stands at `registers`, innermost first.
    pub fn unwind(&self, registers: &Registers, memory: &dyn Memory) -> Trace {
        unwind::walk(self, registers, memory)
    }

    /// The frames of a trace, innermost first, with every inlined call as a frame of its own.
    pub fn symbolize(&self, trace: &Trace) -> Vec<Frame> {
        trace.addresses.iter().flat_map(|address| self.symbolize_address(address.for_lookup())).collect()
    }

    /// The frames that the instruction at `at` belongs to: what was inlined there, innermost first, then the
    /// function itself. Never empty.
    pub fn symbolize_address(&self, at: Address) -> Vec<Frame> {
        symbolize::frames(self, at)
    }
}

fn loaded_range(image: &Image, bias: u64) -> Option<Range<u64>> {
    let ranges = || image.segments().iter().map(|segment| segment.range());
    let (start, end) = (ranges().map(|range| range.start).min()?, ranges().map(|range| range.end).max()?);
    let loaded = start.wrapping_add(bias);
    Some(loaded..loaded.saturating_add(end - start)).filter(|range| !range.is_empty())
}
