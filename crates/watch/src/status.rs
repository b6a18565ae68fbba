//! Fields of `/proc/TID/status`.

/// What a field says.
pub(crate) fn field<'a>(status: &'a str, name: &str) -> Option<&'a str> {
    status.lines().find_map(|line| line.strip_prefix(name)).map(str::trim)
}

/// A signal mask, bit n-1 for signal n; empty when the task is gone.
pub(crate) fn mask(status: &str, name: &str) -> u64 {
    field(status, name).and_then(|value| u64::from_str_radix(value, 16).ok()).unwrap_or(0)
}
