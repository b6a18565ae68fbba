use std::ffi::OsString;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use jostle_model::Seed;

/// What a trial runs, and how it is judged. Whatever is in here makes two trials of the same seed the same trial, on
/// whatever machine they ran; the directory alone is each machine's own affair.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The program with its arguments, in which `{seed}`, `{trial}`, `{tmp}` and `{port}` stand for what is the trial's
    /// own.
    pub command: Vec<OsString>,
    /// The program of a process that runs already, where that is what is hunted: the command is its client then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<OsString>,
    /// How long a trial may take until it counts as hung.
    pub timeout: Duration,
    /// A trial with a line of output that matches this has failed.
    pub fail_on: Option<String>,
    /// What reads the number of operations done from a line of output: its first group, in the last line that matches.
    pub operations: String,
    /// What every trial's own seed is drawn from.
    pub seed: Seed,
}

impl Plan {
    /// What reads operations where nobody says otherwise: `ops 1234`.
    pub const OPERATIONS: &str = r"\bops[ =:]+([0-9]+)\b";

    /// The text that is the same for the same plan, on any machine.
    pub fn canonical(&self) -> String {
        // Neither strings nor numbers can fail to become JSON.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The seed of trial number `index`, counted from 0.
    ///
    /// The finalizer of SplitMix64 is a permutation: seeds of one plan never coincide (Steele, Lea and Flood, "Fast
    /// splittable pseudorandom number generators", OOPSLA 2014). Half its range, so that SQLite's integers hold it.
    pub fn seed_of(&self, index: u64) -> Seed {
        const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut mixed = self.seed.0.wrapping_add(GOLDEN.wrapping_mul(index.wrapping_add(1)));
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        Seed((mixed ^ mixed >> 31) >> 1)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn plan() -> Plan {
        Plan {
            command: vec!["./service".into(), "{seed}".into()],
            service: None,
            timeout: Duration::from_secs(30),
            fail_on: None,
            operations: Plan::OPERATIONS.to_owned(),
            seed: Seed(7),
        }
    }

    #[test]
    fn no_two_trials_of_a_plan_share_a_seed() {
        let plan = plan();
        let seeds: BTreeSet<Seed> = (0..100_000).map(|index| plan.seed_of(index)).collect();
        assert_eq!(seeds.len(), 100_000);
        assert!(seeds.iter().all(|seed| i64::try_from(seed.0).is_ok()));
    }

    #[test]
    fn another_oracle_is_another_plan() {
        let other = Plan { fail_on: Some("wrong [1-9]".to_owned()), ..plan() };
        assert_ne!(plan().canonical(), other.canonical());
        assert_eq!(plan().canonical(), plan().canonical());
    }
}
