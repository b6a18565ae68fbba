//! Which perturbation the next trial gets.

use std::collections::BTreeMap;

use jostle_model::{Outcome, Seed};
use jostle_odds::{Allocation, Tally};
use serde::{Deserialize, Serialize};

use crate::perturbation::Perturbation;
use crate::runtimes::Runtimes;

/// What a user wants to be perturbed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Perturb {
    /// Whatever can have an effect on the target.
    #[default]
    All,
    /// Nothing.
    None,
    /// These.
    Only(Vec<Perturbation>),
}

impl Perturb {
    /// The perturbations, where they do not depend on the target.
    pub(crate) fn settled(&self) -> Option<Vec<Perturbation>> {
        let named: &[Perturbation] = match self {
            Self::All => return None,
            Self::None => &[],
            Self::Only(named) => named,
        };
        let named = named.iter().copied().filter(|&named| named != Perturbation::None);
        Some(std::iter::once(Perturbation::None).chain(named).collect())
    }
}

/// How many trials ran earlier, and how many of them failed, by the name of the perturbation.
pub type Counts = BTreeMap<String, (u64, u64)>;

/// How often in a row a perturbation could not be tried until it is given up: the machine does not allow it.
const REFUSALS: u32 = 3;

/// Gives more trials to what makes the target fail more.
#[derive(Debug)]
pub(crate) struct Learner {
    arms: Vec<Perturbation>,
    refusals: Vec<u32>,
    allocation: Allocation,
}

impl Learner {
    /// Knows what can be perturbed, the unperturbed trial first, and what was learnt before.
    pub(crate) fn new(arms: Vec<Perturbation>, seed: Seed, past: &Counts) -> Self {
        let tally = |arm: &Perturbation| {
            let (trials, failed) = past.get(arm.name()).copied().unwrap_or_default();
            Tally::new(failed, trials).unwrap_or_default()
        };
        let tallies = arms.iter().map(tally).collect();
        Self { refusals: vec![0; arms.len()], arms, allocation: Allocation::resume(tallies, seed.0) }
    }

    /// The same for a target of which it is known by now what it has.
    pub(crate) fn of_target(runtimes: &Runtimes, seed: Seed, past: &Counts) -> Self {
        Self::new(Perturbation::fitting(runtimes), seed, past)
    }

    /// The same for a process that runs already.
    pub(crate) fn of_service(runtimes: &Runtimes, seed: Seed, past: &Counts) -> Self {
        let fitting = Perturbation::fitting(runtimes).into_iter();
        Self::new(fitting.filter(|perturbation| perturbation.fits_a_service()).collect(), seed, past)
    }

    /// What the next trial is perturbed by.
    pub(crate) fn next(&mut self) -> Perturbation {
        let arm = self.allocation.next_arm();
        if self.refusals[arm] < REFUSALS {
            return self.arms[arm];
        }
        // What the machine does not allow is not asked for again.
        self.allocation.withdraw(arm);
        Perturbation::None
    }

    /// Learns how a trial ended.
    pub(crate) fn learn(&mut self, perturbation: Perturbation, outcome: &Outcome) {
        let Some(arm) = self.arms.iter().position(|&arm| arm == perturbation) else { return };
        if matches!(outcome, Outcome::CouldNotRun { .. }) {
            self.refusals[arm] += 1;
            self.allocation.withdraw(arm);
        } else {
            self.refusals[arm] = 0;
            self.allocation.record(arm, outcome.failure().is_some());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn could_not_run() -> Outcome {
        Outcome::CouldNotRun { why: "no".to_owned() }
    }

    #[test]
    fn what_the_machine_does_not_allow_is_given_up() {
        let arms = vec![Perturbation::None, Perturbation::Hold];
        let mut learner = Learner::new(arms, Seed(1), &Counts::new());
        let mut refused = 0;
        for _ in 0..100 {
            let next = learner.next();
            let outcome = if next == Perturbation::Hold { could_not_run() } else { Outcome::Passed };
            refused += u32::from(next == Perturbation::Hold);
            learner.learn(next, &outcome);
        }
        assert_eq!(refused, REFUSALS);
    }

    #[test]
    fn the_unperturbed_trial_comes_first_and_once() {
        let settled = Perturb::Only(vec![Perturbation::Noise, Perturbation::None]).settled();
        assert_eq!(settled, Some(vec![Perturbation::None, Perturbation::Noise]));
        assert_eq!(Perturb::None.settled(), Some(vec![Perturbation::None]));
        assert_eq!(Perturb::All.settled(), None);
    }
}
