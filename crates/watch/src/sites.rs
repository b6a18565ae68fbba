use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;

use jostle_model::{Address, FileAddress};
use jostle_stacks::Image;

use crate::modules::Loaded;
use crate::operation::{self, Operation};
use crate::patterns::Patterns;
use crate::scope::{self, ModuleKind, Part};

/// Functions longer than this are left alone: they are tables of generated code, and decoding takes long.
const LONGEST_FUNCTION: u64 = 1 << 18;

/// What a site in library code promises, against one in the program's own.
const LIBRARY_PROMISE: f64 = 0.3;

/// How fast interest in a site fades with holds that bring nothing new. With 0, memory that is handed over from
/// thread to thread, and so looks contended, took a third of all holds on half-atomics; it never brings any.
const BOREDOM: f64 = 1.6;
/// After so many prospects it is known well enough whether anyone comes.
const ENOUGH_PROSPECTS: u32 = 3;

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
    /// How often a thread was seen arriving here.
    pub(crate) visits: u32,
    /// How often it was trapped to be looked at, whether anyone came or not.
    pub(crate) asked: u32,
    /// How often a thread was held here.
    holds: u32,
    /// How often it was to be held and was not.
    misses: u32,
    /// How contended the memory was, added up over all visits.
    contention: f64,
    /// How often it was watched for a moment, with nobody held, who comes to the same bytes next.
    prospects: u32,
    /// How often somebody came.
    meetings: u32,
    /// The same, each time weighed by how likely the visitor's site itself is to be visited.
    credit: f64,
    /// Whether it is inlined from an atomic operation's wrapper.
    is_atomic: bool,
    /// Whether it is Go code: a goroutine runs here, on whatever thread.
    pub(crate) is_go: bool,
    /// Whether it has come to where others had been, before it was asked itself.
    sought: bool,
    /// Holds since the last one that brought a pair of accesses not caught before.
    barren: u32,
    /// Whether its code is still mapped.
    pub(crate) mapped: bool,
}

impl Site {
    /// Whether a thread may be held here. Atomic ones are only looked at: they tell where others write, and
    /// what collides with them is plain, and held itself.
    pub(crate) fn may_hold(&self) -> bool {
        self.mapped && !self.operation.locked && !self.is_atomic
    }

    /// A visit has shown memory that is contended to this degree, between 0 and 1.
    pub(crate) fn note_contention(&mut self, degree: f64) {
        self.contention += degree;
    }

    /// A prospect is over; if somebody came, with the [`credibility`](Self::credibility) of that visitor.
    pub(crate) fn note_prospect(&mut self, visitor: Option<f64>) {
        self.prospects += 1;
        self.meetings += u32::from(visitor.is_some());
        self.credit += visitor.unwrap_or(0.0);
    }

    /// Whether coming after somebody else here means that one could have come before as well, between 0 and 1.
    ///
    /// Two accesses that race come in either order. What is written, published and then read comes in one
    /// only: prospects at the reader see no writer. Until one was made there is some doubt, after it little.
    pub(crate) fn credibility(&self) -> f64 {
        (2.0 * (f64::from(self.meetings) + 0.1) / (f64::from(self.prospects) + 0.5)).min(1.0)
    }

    /// It came to where somebody else had been. Whether others come to where it has been is the next question:
    /// only then can the two race.
    pub(crate) fn note_meeting(&mut self) {
        self.sought |= self.prospects < ENOUGH_PROSPECTS;
    }

    /// It was to be held and could not be: nobody came, or there was nothing to watch.
    pub(crate) fn note_miss(&mut self) {
        self.misses += 1;
    }

    /// How contended the memory is that it touches, between 0 and 1. Never quite 0: what was seen of it may
    /// not have been typical.
    fn contention(&self) -> f64 {
        ((self.contention + 0.05) / f64::from(self.visits + 1)).min(1.0)
    }

    /// A hold is over. It was worth more when it brought a pair not caught before.
    pub(crate) fn note_hold(&mut self, news: bool) {
        self.holds += 1;
        self.barren = if news { 0 } else { self.barren + 1 };
    }

    /// How much attention it has had already, for what it promises: the site with the least is next.
    pub(crate) fn attention(&self) -> f64 {
        let had = f64::from(1 + self.holds) + f64::from(self.misses) / 2.0;
        had * (1.0 + f64::from(self.barren) / 2.0).powf(BOREDOM) / self.promise()
    }

    /// How likely it is that somebody meets a thread that is held here: mostly by how often somebody came
    /// soon after, and before that was tried by how contended the memory looks.
    pub(crate) fn promise(&self) -> f64 {
        let part = if self.part == Part::User { 1.0 } else { LIBRARY_PROMISE };
        part * (self.credit + 0.2 * self.contention()) / f64::from(self.prospects + 1)
    }

    /// How much another look would teach: little where many were taken, where nobody comes any more, or where
    /// all visits were private.
    pub(crate) fn curiosity(&self) -> f64 {
        let part = if self.part == Part::User { 1.0 } else { LIBRARY_PROMISE };
        let sought = if self.sought && self.prospects < ENOUGH_PROSPECTS { 10.0 } else { 1.0 };
        sought * part * (self.contention() + 0.3) / f64::from(1 + self.asked + 2 * self.prospects)
    }
}

/// A function, and how far we are with it.
#[derive(Clone, Copy, Debug)]
struct Function {
    module: usize,
    at: Address,
    size: u64,
    part: Option<Part>,
}

struct Module {
    image: Rc<Image>,
    bias: u64,
    kind: ModuleKind,
    mapped: bool,
}

/// Every function of the target's code, and the sites of those that were decoded.
#[derive(Default)]
pub(crate) struct Catalogue {
    modules: Vec<Module>,
    functions: Vec<Function>,
    sites: Vec<Site>,
    by_address: HashMap<Address, SiteId>,
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
        self.modules.push(Module { image: Rc::clone(&loaded.image), bias: loaded.bias, kind, mapped: true });
        let module = self.modules.len() - 1;
        if !skip_all {
            self.functions.extend(loaded.image.functions().iter().map(|function| Function {
                module,
                at: function.start.load(loaded.bias),
                size: function.size,
                part: None,
            }));
        }
        first..self.functions.len() as u32
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
        self.functions.push(Function { module, at, size: found.size, part: Some(Part::Helper) });
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
        Some(range)
    }

    /// Whose code a function is; `None` when it must not be sampled at all.
    pub(crate) fn classify(&mut self, id: FunctionId) -> Option<Part> {
        let function = self.functions[id.0 as usize];
        let module = &self.modules[function.module];
        if !module.mapped || function.size > LONGEST_FUNCTION {
            return None;
        }
        let name = module.image.function_name(function.at.unload(module.bias));
        let part = scope::part(module.kind, module.image.is_go(), name.as_deref());
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

    /// Where a function starts.
    pub(crate) fn entry(&self, id: FunctionId) -> Address {
        self.functions[id.0 as usize].at
    }

    /// Decodes a function; returns its sites, none when its bytes are not plain code.
    pub(crate) fn decode(&mut self, id: FunctionId) -> Range<u32> {
        let first = self.sites.len() as u32;
        let function = self.functions[id.0 as usize];
        let part = function.part.unwrap_or(Part::User);
        let is_go = self.modules[function.module].image.is_go();
        for (operation, inlined) in self.operations(function).unwrap_or_default() {
            let part = inlined.part.unwrap_or(part);
            self.by_address.insert(operation.at, SiteId(self.sites.len() as u32));
            self.sites.push(Site {
                operation,
                part,
                visits: 0,
                asked: 0,
                holds: 0,
                misses: 0,
                contention: 0.0,
                prospects: 0,
                meetings: 0,
                credit: 0.0,
                is_atomic: inlined.is_atomic,
                is_go,
                sought: false,
                barren: 0,
                mapped: true,
            });
        }
        first..self.sites.len() as u32
    }

    /// The operations of a function, each with what it was inlined from.
    fn operations(&self, function: Function) -> Option<Vec<(Operation, Inlined)>> {
        let module = &self.modules[function.module];
        let start = function.at.unload(module.bias);
        let code = module.image.code(start, function.size as usize)?;
        let operations = operation::decode(code, function.at)?.into_iter();
        if !module.image.is_go() {
            return Some(operations.map(|operation| (operation, Inlined::default())).collect());
        }
        let operations = operations.filter(|operation| !operation.reads_goroutine());
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
        let seen = self.sites.iter().filter(|site| site.visits > 0).count();
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
