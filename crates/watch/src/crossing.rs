//! The way of a call from Go into native code and back, read off the names on its stack.

use jostle_model::Address;
use jostle_stacks::{AddressSpace, Trace};

/// The runtime's own part of every such call.
const ENTRANCE: &str = "runtime.cgocall";
/// Packages through which a call may be handed on, by values and by the runtime.
const PASSED_THROUGH: [&str; 2] = ["reflect", RUNTIME];
/// The package whose functions are left alone.
pub(crate) const RUNTIME: &str = "runtime";

/// The frames between native code and the Go code that wanted something of it, as indices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Crossing {
    /// The outermost frame of the binding that is still to hand the value on; the innermost called the runtime.
    pub(crate) binding: (usize, usize),
    /// The frame that receives the value.
    pub(crate) receiver: usize,
}

/// Finds them among the names on a stack, innermost first. None where nobody stands between the runtime and the program:
/// then nothing can go wrong in between.
pub(crate) fn crossing(names: &[Option<&str>]) -> Option<Crossing> {
    let entrance = names.iter().position(|name| *name == Some(ENTRANCE))?;
    let first = entrance + 1;
    let binding = package((*names.get(first)?)?);
    if binding == "main" {
        return None;
    }
    let receiver = receiver(names, first, binding)?;
    Some(Crossing { binding: (first, receiver - 1), receiver })
}

/// The first frame from `from` outwards that is none of the binding's, nor one through which it hands things on.
pub(crate) fn receiver(names: &[Option<&str>], from: usize, binding: &str) -> Option<usize> {
    let is_inside = |name: &str| package(name) == binding || is_passed_through(name);
    let outside = names[from..].iter().position(|name| name.is_none_or(|name| !is_inside(name)))?;
    Some(from + outside)
}

/// Whether a function hands things on, on behalf of whatever called it.
pub(crate) fn is_passed_through(name: &str) -> bool {
    PASSED_THROUGH.contains(&package(name))
}

/// Whose frame to show of a stack that need not have come to the runtime: the first one outside of the binding's package.
pub(crate) fn user_of(names: &[Option<&str>], binding: &str) -> usize {
    let inside = names.iter().position(|name| name.is_some_and(|name| package(name) == binding));
    inside.and_then(|inside| receiver(names, inside, binding)).unwrap_or(0)
}

/// The package of a Go function: all before the first dot behind the last slash.
pub(crate) fn package(name: &str) -> &str {
    let path = name.rfind('/').map_or(0, |slash| slash + 1);
    let dot = name[path..].find('.').map_or(name.len(), |dot| path + dot);
    &name[..dot]
}

/// The names of the functions on a stack, without those that were inlined.
pub(crate) fn names(space: &AddressSpace, trace: &Trace) -> Vec<Option<String>> {
    trace.addresses.iter().map(|code| name(space, code.for_lookup())).collect()
}

/// The name of the function around `at`.
pub(crate) fn name(space: &AddressSpace, at: Address) -> Option<String> {
    let module = space.module_at(at)?;
    module.image.function_name(module.file_address(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    const STACK: [Option<&str>; 7] = [
        Some("syscall15X"),
        Some("runtime.asmcgocall.abi0"),
        Some("runtime.cgocall"),
        Some("github.com/ebitengine/purego.RegisterFunc.func4"),
        Some("reflect.callReflect"),
        Some("reflect.makeFuncStub"),
        Some("example.org/shop/internal/gates.(*Client).ask"),
    ];

    #[test]
    fn the_receiver_is_the_first_one_outside_of_the_binding() {
        assert_eq!(crossing(&STACK), Some(Crossing { binding: (3, 5), receiver: 6 }));
        assert_eq!(user_of(&STACK[3..], "github.com/ebitengine/purego"), 3);
    }

    #[test]
    fn a_stack_that_ends_in_the_binding_has_no_receiver() {
        assert_eq!(crossing(&STACK[..6]), None);
        assert_eq!(crossing(&STACK[..2]), None);
    }

    #[test]
    fn a_program_that_calls_the_runtime_itself_has_no_binding() {
        assert_eq!(crossing(&[Some("runtime.cgocall"), Some("main.call"), Some("main.main")]), None);
    }

    #[test]
    fn a_package_is_told_from_the_names_of_methods() {
        assert_eq!(
            package("github.com/ebitengine/purego.RegisterFunc.func4"),
            "github.com/ebitengine/purego"
        );
        assert_eq!(package("main.(*Names).ask"), "main");
        assert_eq!(package("syscall15X"), "syscall15X");
    }
}
