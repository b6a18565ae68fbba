use std::fmt;

use jostle_model::Seed;
use sha2::{Digest, Sha256};

use crate::PlanFingerprint;

/// What a user calls a trial: 16 hexadecimal digits, of which as many are typed as it takes to mean only one.
///
/// It follows from the plan and the seed alone, so a trial has the same name on every machine, before and after a merge,
/// and whatever else is recorded: the first 64 bits of the SHA-256 (FIPS 180-4) of the plan's fingerprint, a slash, and
/// the seed in decimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TrialName(u64);

impl TrialName {
    /// Digits in a whole name.
    pub const DIGITS: usize = 16;
    /// The fewest digits that are looked up.
    pub const SHORTEST: usize = 4;

    /// The name of the trial of `plan` with this `seed`.
    pub fn of(plan: PlanFingerprint, seed: Seed) -> Self {
        let digest = Sha256::digest(format!("{plan}/{seed}"));
        Self(digest.iter().take(8).fold(0, |name, &byte| name << 8 | u64::from(byte)))
    }

    /// The digits to show: eight. Among 100,000 trials a name is shared by another one with a probability of
    /// 100,000 / 2³², 1 in 43,000; whoever types such a name is told, and shown both.
    pub fn short(self) -> String {
        self.to_string()[..8].to_owned()
    }
}

impl fmt::Display for TrialName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// The first and the last name that begin with what was typed, if any name could.
pub(crate) fn range(typed: &str) -> Option<(TrialName, TrialName)> {
    let digits = typed.len();
    let possible = (TrialName::SHORTEST..=TrialName::DIGITS).contains(&digits)
        && typed.bytes().all(|byte| byte.is_ascii_hexdigit());
    let typed = u64::from_str_radix(typed, 16).ok().filter(|_| possible)?;
    let free = 4 * (TrialName::DIGITS - digits);
    Some((TrialName(typed << free), TrialName(typed << free | ((1 << free) - 1))))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The expected value is what `printf %s "$plan/7" | sha256sum | cut -c1-16` prints.
    #[test]
    fn a_name_can_be_computed_with_sha256sum() {
        let plan = PlanFingerprint::of("a plan");
        assert_eq!(plan.to_string(), "a27fa2bacd5796b82680016a6b8865a6");
        assert_eq!(TrialName::of(plan, Seed(7)).to_string(), "1f730d9dfb268f1b");
    }

    #[test]
    fn a_prefix_spans_all_names_that_begin_with_it() {
        let (first, last) = range("4F21").expect("a prefix");
        assert_eq!(first.to_string(), "4f21000000000000");
        assert_eq!(last.to_string(), "4f21ffffffffffff");
    }

    #[test]
    fn a_whole_name_spans_itself() {
        let (first, last) = range("ffffffffffffffff").expect("a name");
        assert_eq!((first, last), (TrialName(u64::MAX), TrialName(u64::MAX)));
    }

    #[test]
    fn what_is_too_short_too_long_or_no_number_is_no_prefix() {
        for typed in ["", "4f2", "4f210000000000000", "4f2g", "+4f21", "4f 21", "ßß"] {
            assert_eq!(range(typed), None, "{typed}");
        }
    }
}
