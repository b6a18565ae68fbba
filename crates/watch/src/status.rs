//! Fields of `/proc/TID/status`.

use std::fs;
use std::sync::OnceLock;

/// What a field says.
pub(crate) fn field<'a>(status: &'a str, name: &str) -> Option<&'a str> {
    status.lines().find_map(|line| line.strip_prefix(name)).map(str::trim)
}

/// A signal mask, bit n-1 for signal n; empty when the task is gone.
pub(crate) fn mask(status: &str, name: &str) -> u64 {
    field(status, name).and_then(|value| u64::from_str_radix(value, 16).ok()).unwrap_or(0)
}

/// Whether we have CAP_SYS_PTRACE (capability.h). Whoever has it takes no privileges away from those whom it traces. Asked
/// once: we never change ours.
pub(crate) fn may_trace_all() -> bool {
    const SYS_PTRACE: u64 = 1 << 19;
    static ANSWER: OnceLock<bool> = OnceLock::new();
    *ANSWER.get_or_init(|| {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        mask(&status, "CapEff:") & SYS_PTRACE != 0
    })
}
