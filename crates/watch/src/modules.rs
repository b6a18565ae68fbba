use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::io::{self, Read};
use std::ops::Range;
use std::os::unix::fs::MetadataExt;
use std::rc::Rc;

use jostle_model::Address;
use jostle_stacks::{AddressSpace, Image, Memory};

use crate::mappings::{self, Mapping};
use crate::memory::TargetMemory;

/// Files larger than this are not read: their code is not sampled, and the summary says so.
const LARGEST: u64 = 1 << 30;

/// How much of a file's beginning is compared with what is mapped: a page.
const HEAD: usize = 4096;

/// An ELF file as it lies on disk. It is read, not mapped: a library that is overwritten while we look at it
/// would end us with SIGBUS, and our breakpoints would stay in the target.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FileBytes {
    /// Its path, as the target names it.
    pub(crate) path: &'static str,
    /// Its content, kept until we end.
    pub(crate) bytes: &'static [u8],
}

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

/// Which file, in which state: what the same library mapped twice has in common.
type FileKey = (u64, u64, i64);

/// The code of the target: which files are mapped where.
#[derive(Default)]
pub(crate) struct Modules {
    /// Everything loaded, for unwinding.
    pub(crate) space: AddressSpace,
    mappings: Vec<Mapping>,
    loaded: BTreeMap<Address, Loaded>,
    files: HashMap<FileKey, Option<(FileBytes, Rc<Image>)>>,
    /// For each code mapping and path that was tried, whether that file is what is mapped there.
    is_mapped: HashMap<(Range<Address>, FileKey), bool>,
    /// Where the import table slots lead that the loader has filled.
    resolved: BTreeMap<Address, Address>,
    /// Files that could not be looked into, with the reason.
    pub(crate) refused: Vec<String>,
}

impl Modules {
    /// Looks at the target's mappings again and says what changed.
    pub(crate) fn refresh(&mut self, pid: i32, memory: &TargetMemory) -> io::Result<Vec<Change>> {
        let mappings = mappings::read(pid)?;
        // A process without memory is on its way out. Where it stood last is still to be named.
        if mappings.is_empty() || mappings == self.mappings {
            return Ok(Vec::new());
        }
        self.mappings = mappings;
        let now = self.code_mappings(pid, memory);
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

    /// Whether a Go runtime is among the loaded code.
    pub(crate) fn has_go(&self) -> bool {
        self.loaded.values().any(|loaded| loaded.image.is_go())
    }

    /// Whether another process may store to `at`.
    pub(crate) fn is_shared_memory(&self, at: Address) -> bool {
        mappings::find(&self.mappings, at).is_some_and(|mapping| mapping.shared)
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
            // A text that was split by mprotect is still one module.
            if !seen.contains(&(file.path, bias)) {
                seen.push((file.path, bias));
                found.insert(Address(bias), Loaded { file, image, bias });
            }
        }
        found
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
            let key = (metadata.dev(), metadata.ino(), metadata.mtime_nsec() ^ metadata.mtime() << 20);
            // What could not be read or parsed has said so.
            let opened = self.open_once(key, &in_target, path, metadata.len())?;
            if self.is_what_runs(key, &opened.0, mapping, memory) {
                return Some(opened);
            }
            reason = "the file was replaced since it was loaded";
        }
        let refused = format!("{path}: {reason}");
        if !self.refused.contains(&refused) {
            self.refused.push(refused);
        }
        None
    }

    fn open_once(
        &mut self,
        key: FileKey,
        in_target: &str,
        path: &str,
        length: u64,
    ) -> Option<(FileBytes, Rc<Image>)> {
        if let Some(known) = self.files.get(&key) {
            return known.clone();
        }
        let opened = read(in_target, path, length);
        if let Err(reason) = &opened {
            self.refused.push(format!("{path}: {reason}"));
        }
        self.files.entry(key).or_insert(opened.ok()).clone()
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

/// Reads and parses the file at `in_target`, which is to be known as `path`.
pub(crate) fn read(in_target: &str, path: &str, length: u64) -> Result<(FileBytes, Rc<Image>), String> {
    if length > LARGEST {
        return Err(format!("larger than {} MiB", LARGEST >> 20));
    }
    if !starts_as_elf(in_target).map_err(|error| error.to_string())? {
        return Err("not an ELF file".to_owned());
    }
    let bytes: &'static [u8] = fs::read(in_target).map_err(|error| error.to_string())?.leak();
    let image = Image::parse(path, bytes).map_err(|error| error.to_string())?;
    Ok((FileBytes { path: path.to_owned().leak(), bytes }, Rc::new(image)))
}

/// Whether it is worth reading whole: what a compiler at run time keeps its code in may be large. What took the place of
/// a file may be no file; a pipe would let us wait for ever.
fn starts_as_elf(path: &str) -> io::Result<bool> {
    if !fs::metadata(path)?.is_file() {
        return Ok(false);
    }
    let mut magic = Vec::new();
    File::open(path)?.take(4).read_to_end(&mut magic)?;
    Ok(magic == b"\x7fELF")
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
