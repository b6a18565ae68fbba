use std::process::ExitCode;

use jostle_model::{ExitStatus, Verdict};

/// What our exit code says. The numbers are a promise to scripts: see `docs/exit-codes.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Looked, and found nothing; the bound is printed.
    NothingFound,
    /// Found something.
    Found,
    /// The command line or an input file is wrong.
    Usage,
    /// Not enough evidence either way.
    Inconclusive,
    /// The machine or the target did not let us look.
    CannotLook,
    /// The target's own code, as a shell would see it (`--exit-target`).
    Target(u8),
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::NothingFound => 0,
            Exit::Found => 1,
            Exit::Usage => 2,
            Exit::Inconclusive => 3,
            Exit::CannotLook => 4,
            Exit::Target(code) => code,
        })
    }
}

impl From<Verdict> for Exit {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Found => Self::Found,
            Verdict::NothingFound => Self::NothingFound,
            Verdict::Inconclusive => Self::Inconclusive,
        }
    }
}

impl Exit {
    /// The code that a shell gives to a program that ended so.
    pub(crate) fn of_target(status: ExitStatus) -> Self {
        Self::Target(match status {
            ExitStatus::Code(code) => code as u8,
            ExitStatus::Signal(signal) => 128_u8.wrapping_add(signal as u8),
            ExitStatus::Running => 0,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_becomes_128_plus_its_number() {
        assert_eq!(Exit::of_target(ExitStatus::Signal(11)), Exit::Target(139));
        assert_eq!(Exit::of_target(ExitStatus::Code(7)), Exit::Target(7));
    }
}
