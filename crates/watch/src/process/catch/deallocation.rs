//! Which place in the program a block is given back at, told from the stack of whoever does it.

use jostle_model::Address;
use jostle_stacks::{CodeAddress, Trace};

use crate::lifetimes::Deallocation;
use crate::operation;
use crate::process::Process;
use crate::scope::{self, ModuleKind};

/// How long calls are: straight, and through the import table.
const CALLS: [u64; 2] = [5, 6];

/// What the frame of some code is to the allocator.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Frame {
    /// A function that gives memory back, or the inside of one.
    Free,
    /// A function that allocates.
    Allocation,
    /// Other code of the libraries that allocators live in.
    Library,
    /// The program's.
    Program,
}

/// What an allocator does with a block.
pub(super) enum Deed {
    /// It was given back there.
    TakesBack(Deallocation),
    /// It gives it to somebody.
    GivesOut,
}

impl Process {
    /// Where the thread on this stack gives memory back, if it does: it stands right before that, or in the allocator.
    pub(super) fn deallocation(&self, trace: &Trace) -> Option<Deallocation> {
        let frames = &trace.addresses;
        match frames.first() {
            Some(&CodeAddress::Instruction(at))
                if self.is_release_at(at) && self.frame_of(at) == Frame::Program =>
            {
                Some(if self.is_jump(at) { Deallocation::end(&frames[1..]) } else { Deallocation::Call(at) })
            }
            _ => match self.deed_of_the_allocator(frames)? {
                Deed::TakesBack(deallocation) => Some(deallocation),
                Deed::GivesOut => None,
            },
        }
    }

    /// What the allocator does for the program on this stack, if the thread is in it.
    pub(super) fn deed_of_the_allocator(&self, frames: &[CodeAddress]) -> Option<Deed> {
        let kinds = frames.iter().map(|code| self.frame_of(code.for_lookup()));
        let inner: Vec<Frame> = kinds.take_while(|&kind| kind != Frame::Program).collect();
        if inner.contains(&Frame::Allocation) {
            return Some(Deed::GivesOut);
        }
        let callers = &frames[inner.len()..];
        let after = callers.first().filter(|_| inner.contains(&Frame::Free))?.address();
        let call = CALLS.map(|length| after - length).into_iter().find(|&at| self.is_release_at(at));
        Some(Deed::TakesBack(call.map_or_else(|| Deallocation::end(callers), Deallocation::Call)))
    }

    fn is_release_at(&self, at: Address) -> bool {
        self.catalogue.site_at(at).is_some_and(|site| self.catalogue.site(site).is_release())
    }

    fn is_jump(&self, at: Address) -> bool {
        let code = self.modules.function_code(at);
        let instruction = code.and_then(|(start, code)| operation::instruction_at(code, start, at));
        instruction
            .is_some_and(|instruction| !instruction.is_call_near() && !instruction.is_call_near_indirect())
    }

    fn frame_of(&self, at: Address) -> Frame {
        let Some(module) = self.modules.space.module_at(at) else { return Frame::Program };
        let name = module.image.function_name(at.unload(module.bias)).unwrap_or_default();
        match scope::module_kind(module.image.name()) {
            _ if scope::is_free(&name) => Frame::Free,
            _ if scope::allocates(&name) => Frame::Allocation,
            ModuleKind::System | ModuleKind::CppLibrary => Frame::Library,
            _ => Frame::Program,
        }
    }
}
