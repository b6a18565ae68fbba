//! What the messages of Go's runtime mean.

use crate::varying::slug;

/// The kind of a panic, by what it says.
pub(super) fn panic_kind(message: &str) -> &'static str {
    const KINDS: [(&str, &str); 16] = [
        ("runtime error: invalid memory address or nil pointer dereference", "go-nil-dereference"),
        ("runtime error: index out of range", "go-index-out-of-range"),
        ("runtime error: slice bounds out of range", "go-slice-bounds-out-of-range"),
        ("runtime error: integer divide by zero", "go-divide-by-zero"),
        ("runtime error: ", "go-runtime-error"),
        ("interface conversion: ", "go-interface-conversion"),
        ("assignment to entry in nil map", "go-nil-map-write"),
        ("close of closed channel", "go-close-of-closed-channel"),
        ("close of nil channel", "go-close-of-nil-channel"),
        ("send on closed channel", "go-send-on-closed-channel"),
        ("sync: negative WaitGroup counter", "go-negative-wait-group"),
        ("sync: WaitGroup ", "go-wait-group-misuse"),
        ("sync/atomic: ", "go-atomic-misuse"),
        ("reflect: ", "go-reflect-misuse"),
        ("sync: ", "go-lock-misuse"),
        ("test timed out after ", "go-test-timeout"),
    ];
    KINDS.iter().find(|(start, _)| message.starts_with(start)).map_or("go-panic", |(_, kind)| kind)
}

/// The kind of a fatal error, by what it says. Nobody can recover from one.
pub(super) fn fatal_kind(message: &str) -> String {
    const KINDS: [(&str, &str); 12] = [
        ("all goroutines are asleep - deadlock!", "go-deadlock"),
        ("no goroutines (main called runtime.Goexit) - deadlock!", "go-deadlock"),
        ("fault", "go-unexpected-fault-address"),
        ("found bad pointer in Go heap", "go-bad-pointer"),
        ("checkptr: ", "go-checkptr"),
        ("stack overflow", "go-stack-overflow"),
        ("runtime: out of memory", "go-out-of-memory"),
        ("out of memory", "go-out-of-memory"),
        ("runtime: cannot allocate memory", "go-out-of-memory"),
        ("sync: ", "go-lock-misuse"),
        ("unexpected signal during runtime execution", "go-signal-in-runtime"),
        ("concurrent map ", ""),
    ];
    match KINDS.iter().find(|(start, _)| message.starts_with(start)) {
        Some((_, "")) => format!("go-{}", slug(message)),
        Some((_, kind)) => (*kind).to_owned(),
        None => "go-throw".to_owned(),
    }
}

/// Whether `message` is one that the runtime is known to give up with, so that it needs no traceback to be believed.
pub(super) fn is_known_fatal(message: &str) -> bool {
    fatal_kind(message) != "go-throw"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_have_a_kind_for_each_conflict() {
        assert_eq!(fatal_kind("concurrent map writes"), "go-concurrent-map-writes");
        assert_eq!(fatal_kind("concurrent map read and map write"), "go-concurrent-map-read-and-map-write");
        assert_eq!(fatal_kind("sweep increased allocation count"), "go-throw");
    }

    #[test]
    fn what_a_program_says_itself_is_a_panic() {
        assert_eq!(panic_kind("order 17: runtime error: no"), "go-panic");
        assert_eq!(panic_kind("runtime error: hash of unhashable type []int"), "go-runtime-error");
    }
}
