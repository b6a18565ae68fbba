//! Signals that end programs, and what they say of the address that was followed.

/// What is known of the address that a signal is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// A null pointer, or a field of a null object.
    Null,
    /// No address of a program: not canonical, or the kernel's.
    Wild,
    /// An address that a program might have.
    Elsewhere,
    /// Not told.
    Unknown,
}

/// Nothing is ever mapped below (`vm.mmap_min_addr` is 64 KiB by default).
const END_OF_NULL: u64 = 0x1_0000;
/// The last address of the lower half, with the 48 bits that x86-64 has without five-level paging.
const LAST_OF_USER: u64 = 0x7fff_ffff_ffff;

impl Fault {
    pub(crate) fn at(address: u64) -> Self {
        match address {
            _ if address < END_OF_NULL => Self::Null,
            _ if address > LAST_OF_USER => Self::Wild,
            _ => Self::Elsewhere,
        }
    }
}

/// The signals by name, as Linux numbers them on x86-64 and arm64 (`signal(7)`), and whether each says that a thread has
/// gone wrong, rather than that somebody asked for something.
const SIGNALS: [(i32, &str, bool); 15] = [
    (1, "SIGHUP", false),
    (2, "SIGINT", false),
    (3, "SIGQUIT", false),
    (4, "SIGILL", true),
    (5, "SIGTRAP", true),
    (6, "SIGABRT", true),
    (7, "SIGBUS", true),
    (8, "SIGFPE", true),
    (9, "SIGKILL", false),
    (11, "SIGSEGV", true),
    (13, "SIGPIPE", false),
    (14, "SIGALRM", false),
    (15, "SIGTERM", false),
    (24, "SIGXCPU", false),
    (31, "SIGSYS", true),
];

/// The number of a signal.
pub(crate) fn number(name: &str) -> Option<i32> {
    SIGNALS.iter().find(|(_, known, _)| *known == name).map(|(number, ..)| *number)
}

/// The name of a signal, or its number in words.
pub(crate) fn name(number: i32) -> String {
    let known = SIGNALS.iter().find(|(known, ..)| *known == number);
    known.map_or_else(|| format!("signal {number}"), |(_, name, _)| (*name).to_owned())
}

/// Whether there is a name for a signal that ends programs.
pub(crate) fn is_known(number: i32) -> bool {
    SIGNALS.iter().any(|(known, ..)| *known == number)
}

/// Whether a signal says that a thread has gone wrong.
pub(crate) fn is_fault(number: i32) -> bool {
    SIGNALS.iter().any(|(known, _, is_fault)| *known == number && *is_fault)
}

/// The kind of a failure by a signal: `sigsegv-wild`, `sigabrt`, `signal-40`.
pub(crate) fn kind(number: i32, fault: Fault) -> String {
    let name = name(number).to_ascii_lowercase().replace(' ', "-");
    match (number, fault) {
        (7 | 11, Fault::Null) => format!("{name}-null"),
        (7 | 11, Fault::Wild) => format!("{name}-wild"),
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kind_of_a_fault_tells_where_the_address_points() {
        assert_eq!(kind(11, Fault::at(0x18)), "sigsegv-null");
        assert_eq!(kind(11, Fault::at(0xdead_beef_0000_0000)), "sigsegv-wild");
        assert_eq!(kind(11, Fault::at(0x7f00_0000_0000)), "sigsegv");
        assert_eq!(kind(6, Fault::Unknown), "sigabrt");
        assert_eq!(kind(40, Fault::Unknown), "signal-40");
    }
}
