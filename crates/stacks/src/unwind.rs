//! The walk up a stack whose frames may be of any language.
mod activation;
mod frame_entry;
mod frame_pointer;
mod signal;

use crate::cursor::{CodeAddress, Memory, Registers};
use crate::go::GoroutineRef;
use crate::space::{AddressSpace, Module};
use activation::Activation;
use frame_entry::FrameReader;

/// Deeper stacks are cut here: nobody reads on, and a corrupt stack may go round for ever.
const MOST_FRAMES: usize = 256;

/// The addresses on a stack, innermost first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// Where the thread stands, then where each caller will go on.
    pub addresses: Vec<CodeAddress>,
    /// The goroutine that the thread runs, if it runs one.
    pub goroutine: Option<GoroutineRef>,
    /// Whether there are more callers, which could not be found (or which were too many).
    pub truncated: bool,
}

/// Why there is no caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// It is the outermost frame.
    Outermost,
    /// Nothing at hand tells who called.
    Lost,
}

pub(crate) fn walk(space: &AddressSpace, registers: &Registers, memory: &dyn Memory) -> Trace {
    let mut walker = Walker { space, memory, frames: FrameReader::default() };
    let mut trace = Trace { goroutine: goroutine(space, registers, memory), ..Trace::default() };
    let mut activation = Activation::from(registers);
    loop {
        trace.addresses.push(activation.code);
        match walker.caller(&activation) {
            Ok(caller) if trace.addresses.len() < MOST_FRAMES && !caller.is_same_place(&activation) => {
                activation = caller;
            }
            Err(Stop::Outermost) => return trace,
            Ok(_) | Err(Stop::Lost) => {
                trace.truncated = true;
                return trace;
            }
        }
    }
}

/// The goroutine of a thread: the image whose code it runs knows best, else any Go image may tell.
pub(crate) fn goroutine(
    space: &AddressSpace,
    registers: &Registers,
    memory: &dyn Memory,
) -> Option<GoroutineRef> {
    let at = jostle_model::Address(registers.rip);
    let is_go = |at| space.is_go_code(at);
    if let Some(module) = space.module_at(at)
        && let Some(go) = module.image.go_covering(module.file_address(at))
    {
        return go.goroutine(module.bias, registers, true, is_go, memory);
    }
    space
        .modules()
        .find_map(|module| module.image.go()?.goroutine(module.bias, registers, false, is_go, memory))
}

struct Walker<'a> {
    space: &'a AddressSpace,
    memory: &'a dyn Memory,
    frames: FrameReader,
}

impl Walker<'_> {
    fn caller(&mut self, activation: &Activation) -> Result<Activation, Stop> {
        let caller = self.find_caller(activation)?;
        if caller.code.is_null() { Err(Stop::Outermost) } else { Ok(caller) }
    }

    fn find_caller(&mut self, activation: &Activation) -> Result<Activation, Stop> {
        if let Some(interrupted) = signal::interrupted(self.space, activation, self.memory) {
            return Ok(interrupted);
        }
        match self.space.module_at(activation.code.for_lookup()) {
            Some(module) => self.caller_in(module, activation),
            None => frame_pointer::caller_of_unknown_code(self.space, activation, self.memory),
        }
    }

    fn caller_in(&mut self, module: Module<'_>, activation: &Activation) -> Result<Activation, Stop> {
        let at = module.file_address(activation.code.for_lookup());
        if let Some(go) = module.image.go_covering(at) {
            let caller = go.step(module.bias, &activation.cursor(), self.memory);
            return caller.map(|cursor| Activation::from(&cursor)).ok_or(Stop::Outermost);
        }
        if let Some(table) = module.image.frame_table()
            && let Some(caller) = self.frames.caller(table, module, activation, self.memory)
        {
            return caller;
        }
        frame_pointer::caller(self.space, module, activation, self.memory)
    }
}
