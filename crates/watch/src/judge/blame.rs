use jostle_model::Frame;

use crate::case::Form;
use crate::scope::{self, Part};

/// On whose account an access was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Blame {
    /// Code that a user can mend.
    User,
    /// An allocator that was given the memory back.
    Free,
    /// A runtime, on its own account: nobody's fault.
    Runtime,
}

/// Walks outwards from the access to the frame that answers for it. Returns it as an index into `stack`.
///
/// Frames that act for their caller pass the question on; so do, after a system call, the thin functions
/// around it. A frame of a runtime ends the walk, unless it is the allocator's on the way from a `free`.
pub(crate) fn assign(stack: &[Frame], form: Form, is_go: impl Fn(&Frame) -> bool) -> (Blame, usize) {
    let parts: Vec<Part> = stack.iter().map(|frame| part(frame, &is_go)).collect();
    let acting = |part: Part| match part {
        Part::Helper => true,
        Part::Runtime => form == Form::Kernel,
        _ => false,
    };
    let responsible = parts.iter().position(|&part| !acting(part)).unwrap_or(parts.len());
    match parts.get(responsible) {
        Some(Part::User) => (Blame::User, responsible),
        Some(Part::Library) => (Blame::User, user_frame(&parts, responsible)),
        Some(Part::Free) => (Blame::Free, user_frame(&parts, responsible)),
        Some(Part::Runtime) => match parts[responsible..].iter().position(|&part| part != Part::Runtime) {
            Some(after) if parts[responsible + after] == Part::Free => {
                (Blame::Free, user_frame(&parts, responsible + after))
            }
            _ => (Blame::Runtime, responsible),
        },
        // A stack of helpers only, or none at all: somebody called them, though we cannot see who.
        _ => (Blame::User, 0),
    }
}

/// The first frame of the program from `from` outwards, else `from` itself.
fn user_frame(parts: &[Part], from: usize) -> usize {
    parts[from..].iter().position(|&part| part == Part::User).map_or(from, |after| from + after)
}

/// Whether a frame is the user's own code.
pub(crate) fn is_users(frame: &Frame, is_go: impl Fn(&Frame) -> bool) -> bool {
    part(frame, is_go) == Part::User
}

fn part(frame: &Frame, is_go: impl Fn(&Frame) -> bool) -> Part {
    let kind = scope::module_kind(frame.module.as_deref().unwrap_or(""));
    scope::part(kind, is_go(frame), frame.function.as_deref())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stack(functions: &[(&str, &str)]) -> Vec<Frame> {
        let frame = |&(function, module): &(&str, &str)| Frame {
            function: Some(function.to_owned()),
            module: Some(module.into()),
            ..Frame::default()
        };
        functions.iter().map(frame).collect()
    }

    fn native(functions: &[(&str, &str)]) -> (Blame, usize) {
        assign(&stack(functions), Form::Other, |_| false)
    }

    #[test]
    fn a_copy_is_its_callers_doing() {
        assert_eq!(native(&[("memcpy", "libc.so.6"), ("store", "a"), ("main", "a")]), (Blame::User, 1));
    }

    #[test]
    fn a_container_shows_the_code_that_uses_it() {
        let pushed = [("std::vector<int>::push_back", "a"), ("collect", "a")];
        assert_eq!(native(&pushed), (Blame::User, 1));
    }

    #[test]
    fn a_lock_is_the_runtimes_own_business() {
        assert_eq!(native(&[("pthread_mutex_lock", "libc.so.6"), ("main", "a")]), (Blame::Runtime, 0));
        let go = [("runtime.memmove", "a"), ("runtime.chansend", "a"), ("main.main", "a")];
        assert_eq!(assign(&stack(&go), Form::Other, |_| true).0, Blame::Runtime);
    }

    #[test]
    fn the_allocators_own_store_is_a_free() {
        let freed = [("_int_free", "libc.so.6"), ("free", "libc.so.6"), ("drop_it", "a")];
        assert_eq!(native(&freed), (Blame::Free, 2));
    }

    #[test]
    fn a_system_call_is_made_for_the_one_who_asked() {
        let read = [("__read", "libc.so.6"), ("fill", "a")];
        assert_eq!(assign(&stack(&read), Form::Kernel, |_| false), (Blame::User, 1));
    }
}
