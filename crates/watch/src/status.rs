//! Fields of `/proc/TID/status`.

use std::fmt::Display;
use std::fs::File;
use std::io::{self, Read};
use std::sync::OnceLock;

/// Bytes. Such a file is shorter, unless its task is in hundreds of groups. The kernel does not say how long it is, and without
/// room for it the library asks eight times.
const LENGTH: usize = 4096;

/// What the kernel says of a task, by its number or as `self`: a thread, or a process by its first one.
///
/// # Errors
/// There is no such task.
pub(crate) fn of(task: impl Display) -> io::Result<String> {
    let mut status = String::with_capacity(LENGTH);
    File::open(format!("/proc/{task}/status"))?.read_to_string(&mut status)?;
    Ok(status)
}

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
        let status = of("self").unwrap_or_default();
        mask(&status, "CapEff:") & SYS_PTRACE != 0
    })
}
