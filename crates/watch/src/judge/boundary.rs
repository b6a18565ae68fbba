//! A value that did not arrive, with names.

use jostle_model::{Address, Boundary, Evidence, Finding, Frame, Given, Place, Role, Rule, Thread};

use super::ruling::{fnv1a, position};
use super::view::View;
use crate::case::Side;
use crate::crossing;
use crate::swap::Swap;

impl View {
    /// There is nothing to decide: the value is somebody else's.
    pub(super) fn judge_swap(&self, swap: &Swap) -> Finding {
        let function = crossing::name(&self.space, swap.function);
        let stack = self.space.symbolize(&swap.receiver.trace);
        let shown = at_call(&stack, swap.received_at);
        let binding =
            shown.checked_sub(1).and_then(|inside| outermost(&stack[..=inside])).map(crossing::package);
        let binding = binding.unwrap_or_default().to_owned();
        let receiver = self.party(&swap.receiver, Role::Receive, stack, shown);
        let stack = self.space.symbolize(&swap.giver.trace);
        let shown = user_of(&stack, &binding);
        let role = if swap.given == Given::Return { Role::Return } else { Role::Pass };
        let giver = self.party(&swap.giver, role, stack, shown);
        let called = function.clone().unwrap_or_else(|| format!("native code at {}", swap.function));
        Finding {
            rule: Rule::Boundary,
            id: fnv1a(&format!("{}\n{}\n{called}", Rule::Boundary.name(), position(&receiver))),
            title: title(swap, &called, &receiver, &giver),
            evidence: Evidence::Boundary(Boundary {
                function,
                register: swap.register,
                returned: format!("{:#x}", swap.returned),
                received: format!("{:#x}", swap.received),
                given: swap.given,
                passed_through: swap.passed_through,
                followed: swap.followed,
                parked: swap.parked,
                at_ms: swap.at_ms,
                times: 1,
            }),
            places: vec![receiver, giver],
        }
    }

    fn party(&self, side: &Side, role: Role, stack: Vec<Frame>, shown: usize) -> Place {
        let frame = stack.get(shown);
        let snippet = frame.and_then(|frame| self.sources.snippet(frame.file.as_deref()?, frame.line?));
        Place { role, atomicity: None, thread: Some(self.thread(side)), stack, shown, snippet }
    }
}

/// The innermost frame of the call that returns to `received_at`.
fn at_call(stack: &[Frame], received_at: Address) -> usize {
    stack.iter().position(|frame| frame.address == received_at - 1).unwrap_or(0)
}

/// The binding's frame that the program has called: the last one whose package is not Go's own.
fn outermost(inside: &[Frame]) -> Option<&str> {
    let names = inside.iter().rev().filter_map(|frame| frame.function.as_deref());
    names.into_iter().find(|name| !crossing::is_passed_through(name))
}

/// The frame of the program that called the binding.
fn user_of(stack: &[Frame], binding: &str) -> usize {
    let names: Vec<Option<&str>> = stack.iter().map(|frame| frame.function.as_deref()).collect();
    crossing::user_of(&names, binding)
}

fn title(swap: &Swap, called: &str, receiver: &Place, giver: &Place) -> String {
    let [receiving, giving] = [receiver, giver].map(|place| who(place.thread.as_ref()));
    let theirs = giver.stack.first().and_then(|frame| frame.function.as_deref()).unwrap_or("the library");
    match swap.given {
        Given::Return => {
            format!("{receiving} called {called} and was handed what {theirs} returned to {giving}")
        }
        Given::Argument => {
            format!(
                "{receiving} called {called} and was handed what {giving} was about to pass to a native function"
            )
        }
    }
}

fn who(thread: Option<&Thread>) -> String {
    let goroutine = thread.and_then(|thread| thread.goroutine.as_ref());
    goroutine.map_or_else(|| "another thread".to_owned(), |goroutine| format!("goroutine {}", goroutine.id))
}
