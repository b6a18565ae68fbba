//! What the judge knows of one process, and the sides that stood in it.

use std::collections::HashMap;
use std::rc::Rc;

use jostle_model::{Access, Address, Atomicity, Direction, Frame, Goroutine, Place, Role, Rule, Thread};
use jostle_stacks::{AddressSpace, Image, Trace};

use super::blame::{self, Blame};
use super::{Judgement, ruling};
use crate::case::{Case, Form, Side};
use crate::files::FileBytes;
use crate::lifetimes::Origin;
use crate::scope;
use crate::source::Sources;

/// Files parsed once, whatever processes have mapped them: by where their bytes lie.
pub(super) type Images = HashMap<*const u8, Option<Rc<Image>>>;

/// The judge's own view of a process: it shares only bytes with the tracer.
pub(super) struct View {
    pub(super) space: AddressSpace,
    pub(super) images: Vec<(&'static str, u64, Rc<Image>)>,
    pub(super) sources: Rc<Sources>,
}

/// One side with names, and what could be told of it.
pub(super) struct Witness {
    pub(super) place: Place,
    pub(super) atomicity: Atomicity,
    pub(super) blame: Blame,
}

impl View {
    /// Of a process without code yet.
    pub(super) fn new(sources: Rc<Sources>) -> Self {
        Self { space: AddressSpace::new(), images: Vec::new(), sources }
    }

    /// Code was mapped.
    pub(super) fn load(&mut self, file: FileBytes, bias: u64, images: &mut Images) {
        let parse = || Image::parse(file.path, file.bytes).ok().map(Rc::new);
        if let Some(image) = images.entry(file.bytes.as_ptr()).or_insert_with(parse) {
            self.space.add(Rc::clone(image), bias);
            self.images.push((file.path, bias, Rc::clone(image)));
        }
    }

    /// Code without a name was given one.
    pub(super) fn name_code(&mut self, at: Address, name: String) {
        self.space.name_code(at, name);
    }

    /// Code was unmapped.
    pub(super) fn unload(&mut self, file: FileBytes, bias: u64) {
        let unloaded = |path: &str, at: u64| path == file.path && at == bias;
        for (_, _, image) in self.images.iter().filter(|(path, at, _)| unloaded(path, *at)) {
            self.space.remove(image, bias);
        }
        self.images.retain(|(path, at, _)| !unloaded(path, *at));
    }

    pub(super) fn judge(&self, case: &Case, origin: Option<&Origin>) -> Judgement {
        let held = self.witness(&case.held, &case.access);
        let Some(other) = &case.other else { return ruling::judge_alone(case, held) };
        let other = self.witness(other, &case.access);
        match ruling::rule(&held, &other) {
            Ok(rule) => {
                let origin = origin.filter(|_| rule == Rule::UseAfterFree);
                let origin = origin.map(|origin| (self.allocation(&origin.allocation, &case.access), origin));
                ruling::guilty(case, rule, held.place, other.place, origin)
            }
            Err(judgement) => judgement,
        }
    }

    fn witness(&self, side: &Side, access: &Access) -> Witness {
        let stack = self.space.symbolize(&side.trace);
        let innermost = innermost_frames(&stack, &side.trace);
        let atomicity = match side.form {
            Form::Locked => Atomicity::Atomic,
            Form::Other | Form::Release | Form::Kernel => Atomicity::Plain,
            Form::Unknown => Atomicity::Undecided,
            Form::Move => self.atomicity_of_move(side, &stack[..innermost], access),
        };
        let (blame, shown) = match blame::assign(&stack, side.form, |frame| self.is_go(frame)) {
            (Blame::User, shown) if side.form == Form::Release => (Blame::Free, shown),
            (_, shown) if self.over_reads(&stack) && side.direction != Some(Direction::Write) => {
                (Blame::Runtime, shown)
            }
            assigned => assigned,
        };
        let role = match (blame, side.direction) {
            (Blame::Free, _) => Role::Free,
            (_, Some(direction)) => direction.into(),
            (_, None) => Role::Unknown,
        };
        let place = Place {
            role,
            atomicity: Some(atomicity),
            thread: Some(self.thread(side)),
            snippet: stack
                .get(shown)
                .and_then(|frame| self.sources.snippet(frame.file.as_deref()?, frame.line?)),
            stack,
            shown,
        };
        Witness { place, atomicity, blame }
    }

    /// Where memory was allocated, with names.
    fn allocation(&self, side: &Side, access: &Access) -> Place {
        Place { role: Role::Allocate, atomicity: None, ..self.witness(side, access).place }
    }

    fn over_reads(&self, stack: &[Frame]) -> bool {
        let innermost = stack.first();
        innermost.is_some_and(|frame| {
            frame.function.as_deref().is_some_and(|name| scope::over_reads(self.is_go(frame), name))
        })
    }

    pub(super) fn thread(&self, side: &Side) -> Thread {
        let goroutine = side.trace.goroutine.map(|goroutine| Goroutine {
            id: goroutine.id,
            created_by: (goroutine.created_at)
                .and_then(|at| self.space.symbolize_address(at - 1).into_iter().next()),
        });
        Thread { tid: side.tid, name: side.name.clone(), process: side.process.clone(), goroutine }
    }

    /// Whether a frame is of Go code. In a program that uses cgo the file does not tell.
    pub(super) fn is_go(&self, frame: &Frame) -> bool {
        self.space.is_go_code(frame.address)
    }
}

/// How many frames of `stack` belong to the innermost address: those inlined there, and the function itself.
fn innermost_frames(stack: &[Frame], trace: &Trace) -> usize {
    let at = trace.addresses.first().map(|code| code.for_lookup());
    stack.iter().take_while(|frame| Some(frame.address) == at).count()
}
