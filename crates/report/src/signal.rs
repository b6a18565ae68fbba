//! How a target ended, in words.

use jostle_model::ExitStatus;

/// The signals that end programs, as Linux numbers them on x86-64 and arm64 (`signal(7)`).
const NAMES: [(i32, &str); 16] = [
    (1, "SIGHUP"),
    (2, "SIGINT"),
    (3, "SIGQUIT"),
    (4, "SIGILL"),
    (5, "SIGTRAP"),
    (6, "SIGABRT"),
    (7, "SIGBUS"),
    (8, "SIGFPE"),
    (9, "SIGKILL"),
    (11, "SIGSEGV"),
    (13, "SIGPIPE"),
    (14, "SIGALRM"),
    (15, "SIGTERM"),
    (24, "SIGXCPU"),
    (25, "SIGXFSZ"),
    (31, "SIGSYS"),
];

/// What became of the target: a clause whose subject is the target.
pub(crate) fn ending(status: ExitStatus) -> String {
    match status {
        ExitStatus::Code(code) => format!("exited with code {code}"),
        ExitStatus::Signal(number) => match known(number) {
            Some(name) => format!("was killed by signal {number} ({name})"),
            None => format!("was killed by signal {number}"),
        },
        ExitStatus::Running => "was still running when it was let go".to_owned(),
    }
}

/// A signal by its name, or by its number where it has none.
pub(crate) fn name(number: i32) -> String {
    known(number).map_or_else(|| format!("signal {number}"), str::to_owned)
}

fn known(number: i32) -> Option<&'static str> {
    NAMES.iter().find(|(known, _)| *known == number).map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_is_named_where_it_has_a_name() {
        assert_eq!(ending(ExitStatus::Signal(11)), "was killed by signal 11 (SIGSEGV)");
        assert_eq!(ending(ExitStatus::Signal(40)), "was killed by signal 40");
    }
}
