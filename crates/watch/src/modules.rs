use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io;
use std::ops::Range;
use std::rc::Rc;

use jostle_model::Address;
use jostle_stacks::{AddressSpace, Image, Memory, Module};

use crate::files::{self, FileBytes, FileKey, Files};
use crate::mappings::{self, Mapping};
use crate::memory::TargetMemory;
use crate::scope::{self, ModuleKind};
use crate::traps::COMPARED;

/// How much of a file's beginning is compared with what is mapped: a page.
const HEAD: usize = 4096;

/// A file that the target has mapped as code.
#[derive(Clone)]
pub(crate) struct Loaded {
    /// The file.
    pub(crate) file: FileBytes,
    /// Its tables.
    pub(crate) image: Rc<Image>,
    /// How far the loader moved it.
    pub(crate) bias: u64,
}

/// Something that happened to the target's code since the last look.
#[derive(Clone)]
pub(crate) enum Change {
    /// A file was mapped.
    Loaded(Loaded),
    /// It was unmapped again.
    Unloaded(Loaded),
}

/// The code of the target: which files are mapped where.
#[derive(Default)]
pub(crate) struct Modules {
    /// Everything loaded, for unwinding.
    pub(crate) space: AddressSpace,
    mappings: Vec<Mapping>,
    loaded: BTreeMap<Address, Loaded>,
    files: Rc<Files>,
    /// For each code mapping and path that was tried, whether that file is what is mapped there.
    is_mapped: HashMap<(Range<Address>, FileKey), bool>,
    /// Where the import table slots lead that the loader has filled.
    resolved: BTreeMap<Address, Address>,
    /// Whether memory that is given back goes to glibc's allocator, as far as the import tables tell.
    pub(crate) heap_is_glibc: bool,
    /// Files that could not be looked into, with the reason.
    pub(crate) refused: Vec<String>,
}

impl Modules {
    /// None yet; what is read of files goes into `files`.
    pub(crate) fn new(files: Rc<Files>) -> Self {
        Self { files, ..Self::default() }
    }

    /// Looks at the target's mappings again and says what changed.
    pub(crate) fn refresh(&mut self, pid: i32, memory: &TargetMemory) -> io::Result<Vec<Change>> {
        let mappings = mappings::read(pid)?;
        // A process without memory is on its way out. Where it stood last is still to be named.
        if mappings.is_empty() || mappings == self.mappings {
            return Ok(Vec::new());
        }
        self.mappings = mappings;
        let refused = self.refused.len();
        let now = self.code_mappings(pid, memory);
        // Ended since, it has no files any more either: the kernel takes its memory from it first.
        let misses_some = self.refused.len() > refused || self.loaded.keys().any(|at| !now.contains_key(at));
        if misses_some && mappings::read(pid).unwrap_or_default().is_empty() {
            self.refused.truncate(refused);
            return Ok(Vec::new());
        }
        let mut changes = self.drop_unmapped(&now);
        for (at, loaded) in now {
            if let std::collections::btree_map::Entry::Vacant(vacant) = self.loaded.entry(at) {
                self.space.add(Rc::clone(&loaded.image), loaded.bias);
                changes.push(Change::Loaded(vacant.insert(loaded).clone()));
            }
        }
        Ok(changes)
    }

    /// What is mapped, ascending.
    pub(crate) fn mappings(&self) -> &[Mapping] {
        &self.mappings
    }

    /// Whether a store of another thread to `at` is possible at all. Fresh mappings count as writable.
    pub(crate) fn may_change(&self, at: Address) -> bool {
        mappings::find(&self.mappings, at).is_none_or(|mapping| mapping.writable)
    }

    /// Whether the program may store to `at`.
    pub(crate) fn is_writable(&self, at: Address) -> bool {
        mappings::find(&self.mappings, at).is_some_and(|mapping| mapping.writable)
    }

    /// Looks whose `free` it is that the modules call: an allocator of the program's own has the same name.
    pub(crate) fn look_at_heap(&mut self, memory: &TargetMemory) {
        let mut owners = self.loaded.values().flat_map(|loaded| {
            let frees = loaded.image.imports().iter().filter(|import| import.name == "free");
            let targets = frees.filter_map(|import| word(memory, import.slot.load(loaded.bias)));
            // A slot that is still to be filled leads back into its own module.
            targets
                .filter_map(|target| self.space.module_at(target))
                .filter(|owner| !Rc::ptr_eq(owner.image, &loaded.image))
        });
        let is_system = |owner: Module<'_>| scope::module_kind(owner.image.name()) == ModuleKind::System;
        self.heap_is_glibc = owners.next().is_some_and(is_system) && owners.all(is_system);
    }

    /// Whether a Go runtime is among the loaded code.
    pub(crate) fn has_go(&self) -> bool {
        self.loaded.values().any(|loaded| loaded.image.is_go())
    }

    /// Everything that is loaded now.
    pub(crate) fn all_loaded(&self) -> Vec<Loaded> {
        self.loaded.values().cloned().collect()
    }

    /// Whether process `pid` runs a program of Go's, and not only has such a library.
    pub(crate) fn is_go_program(&self, pid: i32) -> bool {
        let Ok(program) = fs::read_link(format!("/proc/{pid}/exe")) else { return false };
        let program = program.to_string_lossy();
        let path = program.strip_suffix(" (deleted)").unwrap_or(&program);
        self.loaded.values().any(|loaded| loaded.image.is_go() && loaded.file.path == path)
    }

    /// Where process `pid` has code that no file of its own has, nor the kernel (`[vdso]`): what it has made, or copied.
    pub(crate) fn made_code(&self, pid: i32) -> Vec<Range<Address>> {
        let is_known = |at| self.space.module_at(at).is_some();
        let is_made = |mapping: &Mapping| {
            mapping.executable && !mapping.path.starts_with("[v") && !is_known(mapping.range.start)
        };
        let mappings = mappings::read(pid).unwrap_or_default().into_iter();
        mappings.filter(is_made).map(|mapping| mapping.range).collect()
    }

    /// Whether another process may store to `at`.
    pub(crate) fn is_shared_memory(&self, at: Address) -> bool {
        mappings::find(&self.mappings, at).is_some_and(|mapping| mapping.shared)
    }

    /// The first bytes of the code that the file has for `at`, if it is that file which is mapped there to be executed. V8 maps
    /// a part of its text a second time, beside its heap; others put huge pages in the place of theirs.
    pub(crate) fn mapped_code(&self, at: Address) -> Option<&'static [u8]> {
        let module = self.space.module_at(at)?;
        let mapping = mappings::find(&self.mappings, at);
        // What is written into a shared one would reach the file.
        let mapping = mapping.filter(|mapping| mapping.executable && !mapping.shared)?;
        let is_its_own = mapping.file().is_some() && bias(module.image, mapping) == Some(module.bias);
        is_its_own.then(|| module.image.code(at.unload(module.bias), COMPARED)).flatten()
    }

    /// The code of the function at `at`, and where it starts.
    pub(crate) fn function_code(&self, at: Address) -> Option<(Address, &'static [u8])> {
        function_code(&self.space, at)
    }

    /// Reads from the import tables where functions such as `memcpy` live that are chosen at run time and
    /// have no public name of their own. Returns those that were not known before.
    pub(crate) fn name_imports(
        &mut self,
        memory: &TargetMemory,
        wanted: impl Fn(&str) -> bool,
    ) -> Vec<(Address, String)> {
        self.resolved.retain(|slot, target| {
            self.space.module_at(*slot).is_some() && self.space.module_at(*target).is_some()
        });
        let mut named = BTreeMap::new();
        for loaded in self.loaded.values() {
            for import in loaded.image.imports().iter().filter(|import| wanted(import.name)) {
                let slot = import.slot.load(loaded.bias);
                if self.resolved.contains_key(&slot) {
                    continue;
                }
                let Some(target) = word(memory, slot) else { continue };
                // An unresolved slot points back into its own module.
                let own =
                    self.space.module_at(target).is_none_or(|module| Rc::ptr_eq(module.image, &loaded.image));
                if !own && !self.resolved.values().any(|known| *known == target) {
                    named.insert(target, import.name.to_owned());
                }
                if !own {
                    self.resolved.insert(slot, target);
                }
            }
        }
        for (at, name) in &named {
            self.space.name_code(*at, name.clone());
        }
        named.into_iter().collect()
    }

    fn drop_unmapped(&mut self, now: &BTreeMap<Address, Loaded>) -> Vec<Change> {
        let gone: Vec<Address> = (self.loaded.iter())
            .filter(|(at, old)| now.get(at).is_none_or(|new| !Rc::ptr_eq(&new.image, &old.image)))
            .map(|(&at, _)| at)
            .collect();
        let mut changes = Vec::new();
        for old in gone.iter().filter_map(|at| self.loaded.remove(at)) {
            self.space.remove(&old.image, old.bias);
            changes.push(Change::Unloaded(old));
        }
        changes
    }

    /// The first executable mapping of each file that we can read, by address.
    fn code_mappings(&mut self, pid: i32, memory: &TargetMemory) -> BTreeMap<Address, Loaded> {
        let mut found: BTreeMap<Address, Loaded> = BTreeMap::new();
        let mut seen: Vec<(&'static str, u64)> = Vec::new();
        for mapping in self.mappings.clone().iter().filter(|mapping| mapping.executable) {
            let Some(path) = mapping.file() else { continue };
            let Some((file, image)) = self.open(pid, path, mapping, memory) else { continue };
            let Some(bias) = bias(&image, mapping) else { continue };
            if !self.is_loaded(&image, bias, &mapping.path) {
                continue;
            }
            // A text that was split by mprotect is still one module.
            if !seen.contains(&(file.path, bias)) {
                seen.push((file.path, bias));
                found.insert(Address(bias), Loaded { file, image, bias });
            }
        }
        found
    }

    /// Whether a file is mapped from its beginning, as loaders do, and not some part of it only.
    fn is_loaded(&self, image: &Image, bias: u64, path: &str) -> bool {
        image.segments().first().is_none_or(|first| {
            let start = mappings::find(&self.mappings, first.address.load(bias));
            start.is_some_and(|mapping| mapping.path == path)
        })
    }

    /// The file that is mapped as `path`, parsed once. Where another file has taken its place, or none, the kernel still
    /// has the old one, for those whom it trusts with it.
    fn open(
        &mut self,
        pid: i32,
        path: &str,
        mapping: &Mapping,
        memory: &TargetMemory,
    ) -> Option<(FileBytes, Rc<Image>)> {
        let Range { start, end } = mapping.range;
        let by_path = format!("/proc/{pid}/root{path}");
        let by_mapping = format!("/proc/{pid}/map_files/{:x}-{:x}", start.0, end.0);
        let mut reason = "the file is gone";
        for in_target in [by_path, by_mapping] {
            let Ok(metadata) = fs::metadata(&in_target) else { continue };
            let key = files::key(&metadata);
            let opened = match self.files.open(key, &in_target, path, metadata.len()) {
                Ok(opened) => opened,
                Err(why) => {
                    self.refuse(path, &why);
                    return None;
                }
            };
            if self.is_what_runs(key, &opened.0, mapping, memory) {
                return Some(opened);
            }
            reason = "the file was replaced since it was loaded";
        }
        self.refuse(path, reason);
        None
    }

    fn refuse(&mut self, path: &str, reason: &str) {
        let refused = format!("{path}: {reason}");
        if !self.refused.contains(&refused) {
            self.refused.push(refused);
        }
    }

    /// The same as [`begins_as_mapped`], looked at once.
    fn is_what_runs(
        &mut self,
        key: FileKey,
        file: &FileBytes,
        mapping: &Mapping,
        memory: &TargetMemory,
    ) -> bool {
        let mappings = &self.mappings;
        *self
            .is_mapped
            .entry((mapping.range.clone(), key))
            .or_insert_with(|| begins_as_mapped(file.bytes, mapping, mappings, memory))
    }
}

/// Whether the memory that `mapping` is part of begins as a file does. The headers and the build id stand there, and they
/// differ from build to build. Where the head is not mapped nothing can be said against the file.
pub(crate) fn begins_as_mapped(
    file: &[u8],
    mapping: &Mapping,
    mappings: &[Mapping],
    memory: &dyn Memory,
) -> bool {
    let before = mappings.iter().filter(|other| other.range.start <= mapping.range.start);
    let head = before.rev().find(|other| other.path == mapping.path && other.offset == 0);
    let mut bytes = vec![0; HEAD.min(file.len())];
    head.is_none_or(|head| !memory.read(head.range.start, &mut bytes) || file.starts_with(&bytes))
}

/// The code of the function at `at`, and where it starts.
pub(crate) fn function_code(space: &AddressSpace, at: Address) -> Option<(Address, &'static [u8])> {
    let module = space.module_at(at)?;
    let function = module.image.function_at(at.unload(module.bias))?;
    let code = module.image.code(function.start, function.size as usize)?;
    Some((function.start.load(module.bias), code))
}

/// How far the loader moved the image, from one of its executable mappings.
pub(crate) fn bias(image: &Image, mapping: &Mapping) -> Option<u64> {
    let segment = image.segments().iter().find(|segment| {
        let page_start = segment.file_offset & !0xfff;
        let end = segment.file_offset.saturating_add(segment.file_size);
        segment.executable && (page_start..end).contains(&mapping.offset)
    })?;
    let moved_by = mapping.range.start.0.wrapping_sub(mapping.offset);
    Some(moved_by.wrapping_sub(segment.address.0.wrapping_sub(segment.file_offset)))
}

fn word(memory: &TargetMemory, at: Address) -> Option<Address> {
    memory.word(at).map(Address)
}
