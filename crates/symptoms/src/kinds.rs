//! The kinds of failures and the families they belong to.

use crate::family::Family;

/// What a kind says about memory that somebody has corrupted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Corruption {
    /// Nothing.
    Unrelated,
    /// It proves that there is some.
    Proof,
    /// It comes of it, among other things: where there is proof in the same hunt, it is counted to that.
    Consequence,
}

use Corruption::{Consequence, Proof, Unrelated};

/// A row: a kind, or all that begin so where it ends in `*`; its family, where it is none of its own; what it says about corrupted memory. The first that
/// fits is taken. `docs/symptoms.md` shows the same table, and a test compares them.
pub(crate) static KINDS: [(&str, Option<Family>, Corruption); 110] = [
    ("go-nil-dereference", Some(Family::NullDereference), Consequence),
    ("sigsegv-null", Some(Family::NullDereference), Consequence),
    ("sigbus-null", Some(Family::NullDereference), Consequence),
    ("asan-segv-null", Some(Family::NullDereference), Consequence),
    ("memcheck-invalid-read-null", Some(Family::NullDereference), Consequence),
    ("memcheck-invalid-write-null", Some(Family::NullDereference), Consequence),
    ("rust-null-dereference", Some(Family::NullDereference), Consequence),
    ("ubsan-null-pointer", Some(Family::NullDereference), Consequence),
    ("go-stack-overflow", Some(Family::StackOverflow), Unrelated),
    ("rust-stack-overflow", Some(Family::StackOverflow), Unrelated),
    ("asan-stack-overflow", Some(Family::StackOverflow), Unrelated),
    ("java-stack-overflow-error", Some(Family::StackOverflow), Unrelated),
    ("python-recursion-error", Some(Family::StackOverflow), Unrelated),
    ("ruby-system-stack-error", Some(Family::StackOverflow), Unrelated),
    ("go-out-of-memory", Some(Family::OutOfMemory), Unrelated),
    ("rust-out-of-memory", Some(Family::OutOfMemory), Unrelated),
    ("node-out-of-memory", Some(Family::OutOfMemory), Unrelated),
    ("java-out-of-memory-error", Some(Family::OutOfMemory), Unrelated),
    ("python-memory-error", Some(Family::OutOfMemory), Unrelated),
    ("ruby-no-memory-error", Some(Family::OutOfMemory), Unrelated),
    ("asan-out-of-memory", Some(Family::OutOfMemory), Unrelated),
    ("asan-allocation-size-too-big", Some(Family::OutOfMemory), Unrelated),
    ("cpp-std-bad-alloc", Some(Family::OutOfMemory), Consequence),
    ("sigsegv-wild", Some(Family::MemoryCorruption), Proof),
    ("sigbus-wild", Some(Family::MemoryCorruption), Proof),
    ("asan-segv-wild", Some(Family::MemoryCorruption), Proof),
    ("go-unexpected-fault-address", Some(Family::MemoryCorruption), Proof),
    ("go-bad-pointer", Some(Family::MemoryCorruption), Proof),
    ("sigsegv", Some(Family::MemoryCorruption), Unrelated),
    ("sigbus", Some(Family::MemoryCorruption), Unrelated),
    ("asan-segv", Some(Family::MemoryCorruption), Unrelated),
    ("go-checkptr", Some(Family::MemoryCorruption), Unrelated),
    ("jvm-sigsegv", Some(Family::MemoryCorruption), Unrelated),
    ("jvm-sigbus", Some(Family::MemoryCorruption), Unrelated),
    ("ruby-bug-segmentation-fault", Some(Family::MemoryCorruption), Unrelated),
    ("python-fatal-segmentation-fault", Some(Family::MemoryCorruption), Unrelated),
    ("python-fatal-bus-error", Some(Family::MemoryCorruption), Unrelated),
    ("memcheck-mismatched-free", Some(Family::MemoryCorruption), Unrelated),
    ("memcheck-uninitialised-value", Some(Family::UndefinedBehaviour), Unrelated),
    ("memcheck-syscall-parameter", Some(Family::UndefinedBehaviour), Unrelated),
    ("memcheck-overlap", Some(Family::UndefinedBehaviour), Unrelated),
    ("msan-*", Some(Family::UndefinedBehaviour), Unrelated),
    ("asan-memcpy-param-overlap", Some(Family::UndefinedBehaviour), Unrelated),
    ("asan-strcpy-param-overlap", Some(Family::UndefinedBehaviour), Unrelated),
    ("asan-odr-violation", Some(Family::UndefinedBehaviour), Unrelated),
    ("asan-initialization-order-fiasco", Some(Family::UndefinedBehaviour), Unrelated),
    ("rust-misaligned-pointer", Some(Family::UndefinedBehaviour), Unrelated),
    ("asan-*", Some(Family::MemoryCorruption), Proof),
    ("hwasan-*", Some(Family::MemoryCorruption), Proof),
    ("memcheck-invalid-read", Some(Family::MemoryCorruption), Proof),
    ("memcheck-invalid-write", Some(Family::MemoryCorruption), Proof),
    ("memcheck-invalid-free", Some(Family::MemoryCorruption), Proof),
    ("memcheck-invalid-jump", Some(Family::MemoryCorruption), Proof),
    ("tsan-heap-use-after-free", Some(Family::MemoryCorruption), Proof),
    ("tsan-double-free", Some(Family::MemoryCorruption), Proof),
    ("use-after-free", Some(Family::MemoryCorruption), Proof),
    ("glibc-fatal", None, Consequence),
    ("glibc-*", Some(Family::MemoryCorruption), Proof),
    ("data-race", Some(Family::DataRace), Unrelated),
    ("half-atomic", Some(Family::DataRace), Unrelated),
    ("go-data-race", Some(Family::DataRace), Unrelated),
    ("tsan-data-race", Some(Family::DataRace), Unrelated),
    ("tsan-race-on-*", Some(Family::DataRace), Unrelated),
    ("helgrind-data-race", Some(Family::DataRace), Unrelated),
    ("drd-data-race", Some(Family::DataRace), Unrelated),
    ("drd-condition-race", Some(Family::DataRace), Unrelated),
    ("go-concurrent-map-*", Some(Family::DataRace), Unrelated),
    ("hang", Some(Family::Deadlock), Unrelated),
    ("sigquit", Some(Family::Deadlock), Unrelated),
    ("go-deadlock", Some(Family::Deadlock), Unrelated),
    ("go-test-timeout", Some(Family::Deadlock), Unrelated),
    ("ruby-deadlock", Some(Family::Deadlock), Unrelated),
    ("python-timeout", Some(Family::Deadlock), Unrelated),
    ("tsan-lock-order-inversion", Some(Family::LockOrder), Unrelated),
    ("helgrind-lock-order", Some(Family::LockOrder), Unrelated),
    ("lsan-*", Some(Family::Leak), Unrelated),
    ("memcheck-memory-leak", Some(Family::Leak), Unrelated),
    ("tsan-thread-leak", Some(Family::Leak), Unrelated),
    ("go-lock-misuse", Some(Family::LockMisuse), Unrelated),
    ("go-negative-wait-group", Some(Family::LockMisuse), Unrelated),
    ("go-wait-group-misuse", Some(Family::LockMisuse), Unrelated),
    ("tsan-*", Some(Family::LockMisuse), Unrelated),
    ("helgrind-lock-misuse", Some(Family::LockMisuse), Unrelated),
    ("drd-lock-misuse", Some(Family::LockMisuse), Unrelated),
    ("ubsan-*", Some(Family::UndefinedBehaviour), Unrelated),
    ("rust-unsafe-precondition", Some(Family::UndefinedBehaviour), Unrelated),
    ("c-assertion", Some(Family::Assertion), Unrelated),
    ("rust-assertion", Some(Family::Assertion), Unrelated),
    ("java-assertion-error", Some(Family::Assertion), Unrelated),
    ("python-assertion-error", Some(Family::Assertion), Unrelated),
    ("node-assertion-error", Some(Family::Assertion), Unrelated),
    ("sighup", Some(Family::Killed), Unrelated),
    ("sigint", Some(Family::Killed), Unrelated),
    ("sigkill", Some(Family::Killed), Unrelated),
    ("sigterm", Some(Family::Killed), Unrelated),
    ("sigxcpu", Some(Family::Killed), Unrelated),
    ("sigpipe", Some(Family::Killed), Unrelated),
    ("sigalrm", Some(Family::Killed), Unrelated),
    ("sigabrt", None, Consequence),
    ("sigill", None, Consequence),
    ("sigtrap", None, Consequence),
    ("go-throw", None, Consequence),
    ("go-signal-in-runtime", None, Consequence),
    ("jvm-sigabrt", None, Consequence),
    ("jvm-sigill", None, Consequence),
    ("jvm-internal-error", None, Consequence),
    ("cpp-pure-virtual-call", None, Consequence),
    ("cpp-std-length-error", None, Consequence),
    ("python-fatal-*", None, Consequence),
    ("ruby-bug-*", None, Consequence),
];

pub(crate) fn row(kind: &str) -> Option<&'static (&'static str, Option<Family>, Corruption)> {
    KINDS.iter().find(|(pattern, ..)| match pattern.strip_suffix('*') {
        Some(beginning) => kind.starts_with(beginning),
        None => kind == *pattern,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A row as it stands in the documentation.
    fn documented(row: &(&str, Option<Family>, Corruption)) -> String {
        let (kind, family, corruption) = row;
        let family = family.as_ref().map_or("its own", Family::name);
        let corruption = match corruption {
            Unrelated => "",
            Proof => "proves it",
            Consequence => "may come of it",
        };
        format!("| `{kind}` | {family} | {corruption} |")
    }

    #[test]
    fn the_documentation_has_the_same_table() {
        let document = include_str!("../../../docs/symptoms.md");
        let rows =
            document.lines().skip_while(|line| *line != "| kind | family | corrupted memory |").skip(2);
        let rows: Vec<&str> = rows.take_while(|line| line.starts_with('|')).collect();
        assert_eq!(rows, KINDS.iter().map(documented).collect::<Vec<_>>());
    }

    #[test]
    fn every_row_can_be_reached() {
        for (kind, ..) in &KINDS {
            let found = row(kind.trim_end_matches('*')).map(|(pattern, ..)| *pattern);
            assert_eq!(found, Some(*kind), "an earlier row takes what is meant for this one");
        }
    }
}
