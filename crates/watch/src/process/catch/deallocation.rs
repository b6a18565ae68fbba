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
            _ => self.call_of_the_allocator(frames),
        }
    }

    /// Whether the thread on this stack is in the allocator, to be given a block.
    pub(super) fn is_allocating(&self, trace: &Trace) -> bool {
        self.libraries(&trace.addresses).contains(&Frame::Allocation)
    }

    /// The innermost frames that are not the program's.
    fn libraries(&self, frames: &[CodeAddress]) -> Vec<Frame> {
        let kinds = frames.iter().map(|code| self.frame_of(code.for_lookup()));
        kinds.take_while(|&kind| kind != Frame::Program).collect()
    }

    fn call_of_the_allocator(&self, frames: &[CodeAddress]) -> Option<Deallocation> {
        let inner = self.libraries(frames);
        let callers = &frames[inner.len()..];
        let after = callers.first().filter(|_| inner.contains(&Frame::Free))?.address();
        let call = CALLS.map(|length| after - length).into_iter().find(|&at| self.is_release_at(at));
        Some(call.map_or_else(|| Deallocation::end(callers), Deallocation::Call))
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
