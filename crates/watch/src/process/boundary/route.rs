//! Which way a value goes, from the native function that returned it to the Go code that wanted it.

use jostle_model::{Address, ResultRegister};
use jostle_stacks::{AddressSpace, CodeAddress, Trace};

use crate::{crossing, results};

/// The way out of a binding, as it was seen once from the inside: other calls of the same function go the same way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Route {
    /// The stack on which the native function had just returned, as far as the binding goes.
    inside: Vec<CodeAddress>,
    /// Where the binding goes on, frame by frame; not where the runtime does, which is not to be disturbed.
    places: Vec<Address>,
    /// The package of the binding.
    binding: String,
    /// Where the value is when it is received.
    register: ResultRegister,
}

/// The way from where a native function has just returned, on this stack.
pub(super) fn of(space: &AddressSpace, trace: &Trace) -> Option<Route> {
    let names = crossing::names(space, trace);
    let names: Vec<Option<&str>> = names.iter().map(Option::as_deref).collect();
    let crossing = crossing::crossing(&names)?;
    let (first, last) = crossing.binding;
    let is_runtimes = |name: &str| crossing::package(name) == crossing::RUNTIME;
    let returns_to = trace.addresses[crossing.receiver..].iter().map(|code| code.address());
    let places = (first..=last).filter(|&frame| !names[frame].is_some_and(is_runtimes));
    Some(Route {
        inside: trace.addresses[..=last].to_vec(),
        places: places.map(|frame| trace.addresses[frame].address()).collect(),
        binding: crossing::package(names[first]?).to_owned(),
        register: results::register_read(space, returns_to),
    })
}

impl Route {
    /// Where a goroutine may be looked at on its way.
    pub(super) fn places(&self) -> &[Address] {
        &self.places
    }

    /// Where the value is that the library returns, and that its caller receives.
    pub(super) fn register(&self) -> ResultRegister {
        self.register
    }

    /// Where the code goes on that receives the value, on a stack that stands on the way.
    pub(super) fn received_at(&self, space: &AddressSpace, trace: &Trace) -> Option<Address> {
        let names = crossing::names(space, trace);
        let names: Vec<Option<&str>> = names.iter().map(Option::as_deref).collect();
        let receiver = crossing::receiver(&names, 0, &self.binding)?;
        trace.addresses.get(receiver).map(|code| code.address())
    }

    /// The stack on which `function` had just returned, of a call that has come to `place` since.
    pub(super) fn stack_inside(&self, function: Address, place: Address, mut trace: Trace) -> Trace {
        let until = self.inside.iter().position(|code| code.address() == place).unwrap_or(0);
        let inside = std::iter::once(CodeAddress::Instruction(function)).chain(self.inside[..until].to_vec());
        if let Some(innermost) = trace.addresses.first_mut() {
            *innermost = CodeAddress::Return(place);
        }
        trace.addresses.splice(0..0, inside);
        trace
    }
}
