use std::cell::RefCell;
use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;

use jostle_model::{Address, FileAddress};
use jostle_stacks::Image;

use crate::experience::Experience;
use crate::modules::Loaded;
use crate::operation::{self, AllocationSite, Callee, Operation};
use crate::patterns::Patterns;
use crate::scope::{self, KnownCall, ModuleKind, Part};

/// Functions longer than this are left alone: they are tables of generated code, and decoding takes long.
const LONGEST_FUNCTION: u64 = 1 << 18;

/// What a site in library code is worth, against one in the program's own.
const LIBRARY_WEIGHT: f64 = 0.3;

/// What a hold in a critical section is worth, against one elsewhere: those who take the lock cannot come, and those who do
/// not are better held themselves, since then nobody else has to wait.
const GUARDED_WEIGHT: f64 = 0.25;

/// How many sites further on are looked at in one stop at most: whoever stands there waits for it.
const AHEAD: usize = 12;

/// How many bytes of a function are looked at to see whether it is a stub: its mark and its jump.
const STUB: usize = 16;

/// How many bytes of code a thread executes soon.
const SOON: u64 = 64;

/// A site in the [`Catalogue`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct SiteId(pub(crate) u32);

/// A function in the [`Catalogue`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct FunctionId(pub(crate) u32);

/// A memory-access instruction, and what we know of it from looking.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    /// What it does.
    pub(crate) operation: Operation,
    /// Whose code it is in.
    pub(crate) part: Part,
    /// What was learnt here.
    pub(crate) experience: Experience,
    /// Whether it is inlined from an atomic operation's wrapper.
    is_atomic: bool,
    /// Whether it stands in a critical section.
    is_guarded: bool,
    /// Whether it is Go code: a goroutine runs here, on whatever thread.
    pub(crate) is_go: bool,
    /// Whether its code is still mapped.
    pub(crate) mapped: bool,
}

impl Site {
    /// Whether a thread may be held here. Atomic ones are only looked at: they tell where others write, and
    /// what collides with them is plain, and held itself.
    pub(crate) fn may_hold(&self) -> bool {
        self.mapped && !self.operation.locked && !self.is_atomic
    }

    /// Whether memory is given back here. Nothing is learnt from looking: the allocator gives the same memory to others,
    /// who are no rivals.
    pub(crate) fn is_release(&self) -> bool {
        self.operation.release.is_some()
    }

    /// How much another look would teach.
    pub(crate) fn curiosity(&self) -> f64 {
        self.experience.curiosity() * self.weight()
    }

    fn weight(&self) -> f64 {
        if self.part == Part::User { 1.0 } else { LIBRARY_WEIGHT }
    }
}

/// A function, and how far we are with it.
#[derive(Clone, Copy, Debug)]
struct Function {
    module: usize,
    at: Address,
    size: u64,
    part: Option<Part>,
    is_decoded: bool,
}

struct Module {
    image: Rc<Image>,
    bias: u64,
    kind: ModuleKind,
    mapped: bool,
    /// Its functions in the catalogue, by address.
    functions: Range<u32>,
    /// The places in its import table that lead to functions we know, and what is done there.
    known_imports: HashMap<Address, KnownCall>,
    /// The same for code that was found to be called, or not.
    called: RefCell<HashMap<Address, Option<KnownCall>>>,
}

impl Module {
    /// Whether Go's compiler made the function at `at`. Programs that use cgo have others as well.
    fn is_go_code(&self, at: Address) -> bool {
        self.image.is_go_code(at.unload(self.bias))
    }

    /// What is done where a call or jump leads, if we know that function.
    fn known_call(&self, callee: Callee) -> Option<KnownCall> {
        match callee {
            Callee::Slot(slot) => self.known_imports.get(&slot).copied(),
            Callee::Code(at) => *self.called.borrow_mut().entry(at).or_insert_with(|| self.known_code(at)),
        }
    }

    /// The same where it leads to the code at `at`: a stub of the import table, or the function itself.
    fn known_code(&self, at: Address) -> Option<KnownCall> {
        let here = at.unload(self.bias);
        let code = self.image.code(here, STUB)?;
        match operation::stub(code, at) {
            Some(Callee::Slot(slot)) => self.known_imports.get(&slot).copied(),
            _ => scope::known_call(&self.image.function_name(here)?),
        }
    }
}

fn known_imports(loaded: &Loaded) -> HashMap<Address, KnownCall> {
    let imports = loaded.image.imports().iter();
    let known =
        imports.filter_map(|import| Some((import.slot.load(loaded.bias), scope::known_call(import.name)?)));
    known.collect()
}

/// Every function of the target's code, and the sites of those that were decoded.
#[derive(Default)]
pub(crate) struct Catalogue {
    modules: Vec<Module>,
    functions: Vec<Function>,
    sites: Vec<Site>,
    by_address: HashMap<Address, SiteId>,
    /// Where the functions that were decoded allocate.
    allocations: Vec<AllocationSite>,
    include: Patterns,
    exclude: Patterns,
}

impl Catalogue {
    /// An empty one that keeps to functions matching `include` (if any are given) and not `exclude`.
    pub(crate) fn new(include: Patterns, exclude: Patterns) -> Self {
        Self { include, exclude, ..Self::default() }
    }

    /// Adds the functions of a module that was loaded; returns them.
    pub(crate) fn add(&mut self, loaded: &Loaded) -> Range<u32> {
        let first = self.functions.len() as u32;
        let kind = scope::module_kind(loaded.file.path);
        // All that the C library offers for sampling are its memory functions; those are named on their own.
        let skip_all = kind == ModuleKind::System;
        let module = self.modules.len();
        if !skip_all {
            self.functions.extend(loaded.image.functions().iter().map(|function| Function {
                module,
                at: function.start.load(loaded.bias),
                size: function.size,
                part: None,
                is_decoded: false,
            }));
        }
        let functions = first..self.functions.len() as u32;
        self.modules.push(Module {
            image: Rc::clone(&loaded.image),
            bias: loaded.bias,
            kind,
            mapped: true,
            functions: functions.clone(),
            known_imports: known_imports(loaded),
            called: RefCell::default(),
        });
        functions
    }

    /// Adds one function of the C library that acts for its callers, at `at`.
    pub(crate) fn add_helper(&mut self, at: Address) -> Option<FunctionId> {
        let module = self.modules.iter().position(|module| {
            module.mapped
                && module.image.segments().iter().any(|segment| {
                    let start = segment.address.load(module.bias);
                    segment.executable && (start..start + segment.memory_size).contains(&at)
                })
        })?;
        let found = self.modules[module].image.function_at(at.unload(self.modules[module].bias))?;
        let at = found.start.load(self.modules[module].bias);
        self.functions.push(Function {
            module,
            at,
            size: found.size,
            part: Some(Part::Helper),
            is_decoded: false,
        });
        Some(FunctionId(self.functions.len() as u32 - 1))
    }

    /// Marks the sites of a module that was unloaded; returns the addresses it had.
    pub(crate) fn remove(&mut self, loaded: &Loaded) -> Option<Range<Address>> {
        let module = self.modules.iter_mut().find(|module| {
            module.mapped && module.bias == loaded.bias && Rc::ptr_eq(&module.image, &loaded.image)
        })?;
        module.mapped = false;
        let ends = loaded.image.segments().iter().map(|segment| segment.address.0 + segment.memory_size);
        let range = Address(loaded.bias)..Address(loaded.bias.wrapping_add(ends.max().unwrap_or(0)));
        for site in self.sites.iter_mut().filter(|site| range.contains(&site.operation.at)) {
            site.mapped = false;
        }
        self.allocations.retain(|site| !range.contains(&site.call));
        Some(range)
    }

    /// Whose code a function is; `None` when it must not be sampled at all.
    pub(crate) fn classify(&mut self, id: FunctionId) -> Option<Part> {
        let function = self.functions[id.0 as usize];
        let module = &self.modules[function.module];
        if !module.mapped || function.size > LONGEST_FUNCTION {
            return None;
        }
        if function.part.is_some() {
            return function.part;
        }
        let name = module.image.function_name(function.at.unload(module.bias));
        let is_go = module.is_go_code(function.at);
        let never = |name| scope::over_reads(is_go, name) || scope::is_sealed(is_go, name);
        if name.as_deref().is_some_and(never) {
            return None;
        }
        let part = scope::part(module.kind, is_go, name.as_deref());
        let part = self.selected(part, name.as_deref().unwrap_or_else(|| module.image.name()))?;
        self.functions[id.0 as usize].part = Some(part);
        Some(part)
    }

    /// The user's word on what to look at: whatever is included counts as the program's own.
    fn selected(&self, part: Part, name: &str) -> Option<Part> {
        let runtime = matches!(part, Part::Runtime | Part::Free);
        if runtime || self.exclude.matches(name) || !self.include.is_empty() && !self.include.matches(name) {
            return None;
        }
        if self.include.is_empty() { Some(part) } else { Some(Part::User) }
    }

    /// Whose code a function was found to be.
    pub(crate) fn part(&self, id: FunctionId) -> Option<Part> {
        self.functions[id.0 as usize].part
    }

    /// The function whose code `at` lies in, of those that may be sampled by their place in a file.
    pub(crate) fn function_at(&self, at: Address) -> Option<FunctionId> {
        self.modules.iter().filter(|module| module.mapped).find_map(|module| {
            let functions = &self.functions[module.functions.start as usize..module.functions.end as usize];
            let index = functions.partition_point(|function| function.at <= at).checked_sub(1)?;
            let function = functions[index];
            (at < function.at + function.size).then_some(FunctionId(module.functions.start + index as u32))
        })
    }

    /// The next known site at `at` or soon behind it.
    pub(crate) fn site_soon_after(&self, at: Address) -> Option<SiteId> {
        (0..SOON).find_map(|offset| self.site_at(at + offset))
    }

    /// Functions that a function calls by name, not through pointers.
    pub(crate) fn callees(&self, id: FunctionId) -> Vec<FunctionId> {
        let function = self.functions[id.0 as usize];
        let targets = operation::callees(self.code(function).unwrap_or_default(), function.at);
        targets.filter_map(|target| self.function_at(target)).collect()
    }

    /// Whether the sites of a function are known.
    pub(crate) fn is_decoded(&self, id: FunctionId) -> bool {
        self.functions[id.0 as usize].is_decoded
    }

    /// Where a trap meets everyone who enters a function.
    pub(crate) fn entry(&self, id: FunctionId) -> Option<Address> {
        let function = self.functions[id.0 as usize];
        operation::first_of_several_bytes(self.code(function)?, function.at)
    }

    /// Decodes a function; returns its sites, none when its bytes are not plain code.
    pub(crate) fn decode(&mut self, id: FunctionId) -> Range<u32> {
        let first = self.sites.len() as u32;
        let function = self.functions[id.0 as usize];
        self.functions[id.0 as usize].is_decoded = true;
        let part = function.part.unwrap_or(Part::User);
        let is_go = self.modules[function.module].is_go_code(function.at);
        let Some(operations) = self.operations(function) else { return first..first };
        self.allocations.extend(self.allocations_of(function));
        let sections = self.critical_sections(function);
        for (operation, inlined) in operations {
            let (at, part) = (operation.at, inlined.part.unwrap_or(part));
            self.by_address.insert(at, SiteId(self.sites.len() as u32));
            self.sites.push(Site {
                operation,
                part,
                experience: Experience::default(),
                is_atomic: inlined.is_atomic,
                is_guarded: sections.iter().any(|section| section.contains(&at)),
                is_go,
                mapped: true,
            });
        }
        first..self.sites.len() as u32
    }

    /// Where a function allocates that is not Go's.
    fn allocations_of(&self, function: Function) -> Vec<AllocationSite> {
        let module = &self.modules[function.module];
        if module.is_go_code(function.at) {
            return Vec::new();
        }
        let allocates = |callee| matches!(module.known_call(callee), Some(KnownCall::Allocates));
        operation::allocations(self.code(function).unwrap_or_default(), function.at, &allocates)
    }

    /// Where a function has a lock.
    fn critical_sections(&self, function: Function) -> Vec<Range<Address>> {
        let module = &self.modules[function.module];
        let calls = |callee| match module.known_call(callee) {
            Some(KnownCall::Locks(call)) => Some(call),
            _ => None,
        };
        operation::critical_sections(self.code(function).unwrap_or_default(), function.at, &calls)
    }

    /// Where the functions that were decoded allocate.
    pub(crate) fn allocations(&self) -> &[AllocationSite] {
        &self.allocations
    }

    /// The machine code of a function.
    fn code(&self, function: Function) -> Option<&[u8]> {
        let module = &self.modules[function.module];
        module.image.code(function.at.unload(module.bias), function.size as usize)
    }

    /// The operations of a function, each with what it was inlined from.
    fn operations(&self, function: Function) -> Option<Vec<(Operation, Inlined)>> {
        let module = &self.modules[function.module];
        let is_go = module.is_go_code(function.at);
        // What Go allocates nobody gives back; what C allocates for Go is, by code in C.
        let leads_to = |callee| match module.known_call(callee) {
            Some(KnownCall::Releases(release)) => Some(release),
            _ => None,
        };
        let leads_to = |callee| if is_go { None } else { leads_to(callee) };
        let operations = operation::decode(self.code(function)?, function.at, &leads_to)?.into_iter();
        if !is_go {
            return Some(operations.map(|operation| (operation, Inlined::default())).collect());
        }
        let operations =
            operations.filter(|operation| !operation.reads_goroutine() && !operation.checks_for_nil);
        let with_origin = operations.map(|operation| {
            let inlined = inlined(&module.image, operation.at.unload(module.bias));
            (operation, inlined)
        });
        // Locks and the like are inlined into their callers; their insides are theirs.
        Some(with_origin.filter(|(_, inlined)| inlined.part != Some(Part::Runtime)).collect())
    }

    /// The site whose instruction stands at `at`, if that function was decoded.
    pub(crate) fn site_at(&self, at: Address) -> Option<SiteId> {
        self.by_address.get(&at).copied().filter(|&id| self.site(id).mapped)
    }

    /// Sites that whoever stands at `id` is sure to reach next, with the addresses that the registers give now.
    pub(crate) fn sure_from(&self, id: SiteId) -> Vec<SiteId> {
        let at = self.site(id).operation.at;
        let next = (id.0 + 1..self.sites.len() as u32).take(AHEAD).map(SiteId);
        next.filter(|&ahead| self.site(ahead).operation.is_sure_from(at)).collect()
    }

    /// Two sites were caught together. What else conflicts with the one may conflict with the other as well.
    pub(crate) fn note_caught(&mut self, one: SiteId, other: SiteId) {
        for (site, rival) in [(one, other), (other, one)] {
            self.site_mut(site).experience.note_caught(rival);
            let theirs: Vec<SiteId> = self.site(rival).experience.rivals().collect();
            for further in theirs {
                if self.site(site).operation.writes() || self.site(further).operation.writes() {
                    self.site_mut(site).experience.note_rival(further);
                }
            }
        }
    }

    /// How much attention a site has had already, for what it promises: the one with the least is next.
    pub(crate) fn attention(&self, id: SiteId) -> f64 {
        let credibility = |rival| self.site(rival).experience.credibility();
        let site = self.site(id);
        let weight = site.weight() * if site.is_guarded { GUARDED_WEIGHT } else { 1.0 };
        site.experience.attention(credibility) / weight
    }

    /// Whether there is such a site, in code that is mapped.
    pub(crate) fn knows(&self, id: SiteId) -> bool {
        self.sites.get(id.0 as usize).is_some_and(|site| site.mapped)
    }

    /// What is known of a site.
    pub(crate) fn site(&self, id: SiteId) -> &Site {
        &self.sites[id.0 as usize]
    }

    /// The same, to be changed.
    pub(crate) fn site_mut(&mut self, id: SiteId) -> &mut Site {
        &mut self.sites[id.0 as usize]
    }

    /// How many sites have been seen to run, and how many are known.
    pub(crate) fn seen_and_known(&self) -> (u64, u64) {
        let seen = self.sites.iter().filter(|site| site.experience.is_seen()).count();
        (seen as u64, self.sites.len() as u64)
    }
}

/// What an access was inlined from.
#[derive(Clone, Copy, Debug, Default)]
struct Inlined {
    /// Whose code that is, the least of several in between; absent when it was not inlined.
    part: Option<Part>,
    /// Whether it is the inside of an atomic operation.
    is_atomic: bool,
}

/// What an access was inlined from by Go's compiler. Go's tables tell, also in a stripped program.
fn inlined(image: &Image, at: FileAddress) -> Inlined {
    let (wrappers, others): (Vec<String>, Vec<String>) =
        image.go_inlines(at).into_iter().partition(|name| scope::is_atomic_wrapper(name));
    let part = others.iter().map(|name| scope::part(ModuleKind::Ordinary, true, Some(name))).max();
    Inlined { part, is_atomic: !wrappers.is_empty() }
}
