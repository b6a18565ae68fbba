use fastrand::Rng;

use crate::Tally;
use crate::beta_draw::beta;

/// The share of all trials that the first arm gets in any case. Everything is compared with it, and a ratio is as
/// uncertain as the worse known of its two rates: with nine arms an even share would leave the comparison 11 %.
const CONTROL_SHARE: f64 = 0.2;
/// The share of all trials that is dealt out evenly, so that every arm's rate has an interval that shrinks, however
/// bad its first trials were.
const EVEN_SHARE: f64 = 0.2;
/// The prior of each arm's failure rate, Beta(½, ½): most of its weight is near 0 and near 1, so that a few trials
/// are enough to tell an arm that never fails from one that often does.
const PRIOR: f64 = 0.5;

/// Which perturbation to try next, in a hunt that learns which of them makes the target fail more often.
///
/// The arms are numbered from 0; arm 0 is the control, nothing perturbed. The control gets a fifth of all trials and
/// another fifth is dealt out evenly. Each of the rest goes to an arm with the chance that it is the one that fails most
/// often, by all that was seen: a failure rate is drawn from the posterior of every arm, and the highest wins. That is W.
/// Thompson's rule, "On the likelihood that one unknown probability exceeds another in view of the evidence of two
/// samples", Biometrika 25 (1933) 285–294.
///
/// It adapts, so judge its rates by [`anytime_rate`](crate::anytime_rate) and [`anytime_ratio`](crate::anytime_ratio).
///
/// ```
/// use jostle_odds::Allocation;
/// let mut allocation = Allocation::new(3, 42);
/// for _ in 0..300 {
///     let arm = allocation.next_arm();
///     allocation.record(arm, arm == 2); // a target that fails whenever the third arm is tried
/// }
/// let trials: Vec<u64> = allocation.tallies().iter().map(|tally| tally.trials()).collect();
/// assert!(trials[0] >= 60 && trials[1] >= 20 && trials[2] > 150, "{trials:?}");
/// ```
#[derive(Clone, Debug)]
pub struct Allocation {
    tallies: Vec<Tally>,
    /// Trials that were given out and have not ended.
    underway: Vec<u64>,
    seed: u64,
}

impl Allocation {
    /// A hunt with so many arms, the control included. There is always a control.
    pub fn new(arms: usize, seed: u64) -> Self {
        Self::resume(vec![Tally::default(); arms], seed)
    }

    /// The same hunt, after these trials of each arm: it goes on as it would have gone on, because what comes next depends
    /// on nothing but the counts and the seed.
    pub fn resume(mut tallies: Vec<Tally>, seed: u64) -> Self {
        tallies.resize(tallies.len().max(1), Tally::default());
        Self { underway: vec![0; tallies.len()], tallies, seed }
    }

    /// The arm to try next. It counts as underway until [`record`](Self::record) or [`withdraw`](Self::withdraw); several
    /// may be underway at a time.
    pub fn next_arm(&mut self) -> usize {
        let arm = self.choice();
        self.underway[arm] += 1;
        arm
    }

    /// How a trial of `arm` ended.
    ///
    /// # Panics
    ///
    /// Where there is no such arm.
    pub fn record(&mut self, arm: usize, failed: bool) {
        self.withdraw(arm);
        self.tallies[arm].record(failed);
    }

    /// A trial of `arm` could not run, and says nothing.
    ///
    /// # Panics
    ///
    /// Where there is no such arm.
    pub fn withdraw(&mut self, arm: usize) {
        self.underway[arm] = self.underway[arm].saturating_sub(1);
    }

    /// What was seen of each arm.
    pub fn tallies(&self) -> &[Tally] {
        &self.tallies
    }

    fn choice(&self) -> usize {
        let due = self.given_out().iter().sum::<u64>() + 1;
        self.control_if_due(due).or_else(|| self.straggler(due)).unwrap_or_else(|| self.winner(due))
    }

    /// How many trials each arm was given, those underway included.
    fn given_out(&self) -> Vec<u64> {
        self.tallies.iter().zip(&self.underway).map(|(tally, underway)| tally.trials() + underway).collect()
    }

    fn control_if_due(&self, due: u64) -> Option<usize> {
        ((self.given_out()[0] as f64) < CONTROL_SHARE * due as f64).then_some(0)
    }

    /// An arm that has fallen behind its even share.
    fn straggler(&self, due: u64) -> Option<usize> {
        let floor = EVEN_SHARE * due as f64 / self.tallies.len() as f64;
        let behind = self.given_out().into_iter().enumerate().filter(|&(_, trials)| (trials as f64) < floor);
        behind.min_by_key(|&(_, trials)| trials).map(|(arm, _)| arm)
    }

    /// The arm whose drawn failure rate is the highest.
    fn winner(&self, due: u64) -> usize {
        // Every trial draws from a sequence of its own, so that a resumed hunt needs no generator's state. Multiplying by
        // an odd number keeps neighbouring trials apart (2⁶⁴ divided by the golden ratio, as in SplitMix64).
        let mut random = Rng::with_seed(self.seed ^ due.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let draw =
            |tally: &Tally| beta(&mut random, tally.failures() as f64 + PRIOR, tally.clean() as f64 + PRIOR);
        let drawn: Vec<f64> = self.tallies.iter().map(draw).collect();
        (0..drawn.len()).max_by(|&one, &other| drawn[one].total_cmp(&drawn[other])).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A target whose arms fail at these rates.
    fn hunt(rates: &[f64], trials: u64, seed: u64) -> Allocation {
        let mut random = Rng::with_seed(seed);
        let mut allocation = Allocation::new(rates.len(), seed);
        for _ in 0..trials {
            let arm = allocation.next_arm();
            allocation.record(arm, random.f64() < rates[arm]);
        }
        allocation
    }

    #[test]
    fn the_same_seed_gives_the_same_hunt() {
        let tallies = |seed| hunt(&[0.01, 0.1, 0.3], 200, seed).tallies().to_vec();
        assert_eq!(tallies(1), tallies(1));
        assert_ne!(tallies(1), tallies(2));
    }

    #[test]
    fn a_resumed_hunt_goes_on_as_if_nothing_had_happened() {
        let mut whole = hunt(&[0.01, 0.1, 0.3], 100, 7);
        let mut resumed = Allocation::resume(whole.tallies().to_vec(), 7);
        for failed in [false, true, false, false, true, false] {
            let arm = whole.next_arm();
            assert_eq!(resumed.next_arm(), arm);
            whole.record(arm, failed);
            resumed.record(arm, failed);
        }
    }

    #[test]
    fn every_arm_gets_its_share_and_the_control_a_fifth() {
        let allocation = hunt(&[0.0, 0.9, 0.0, 0.0, 0.0], 1000, 3);
        let trials: Vec<u64> = allocation.tallies().iter().map(|tally| tally.trials()).collect();
        assert!(trials[0] >= 200 && trials.iter().all(|&trials| trials >= 40), "{trials:?}");
    }

    #[test]
    fn trials_underway_at_the_same_time_spread_over_the_arms() {
        let mut allocation = Allocation::new(4, 1);
        let mut first: Vec<usize> = (0..4).map(|_| allocation.next_arm()).collect();
        first.sort_unstable();
        first.dedup();
        assert!(first.len() > 1, "{first:?}");
    }

    #[test]
    fn what_could_not_run_is_tried_again() {
        let mut allocation = Allocation::new(2, 1);
        let arm = allocation.next_arm();
        allocation.withdraw(arm);
        assert_eq!(allocation.next_arm(), arm);
    }

    #[test]
    fn a_hunt_with_one_arm_has_no_choice() {
        assert_eq!(Allocation::new(1, 1).next_arm(), 0);
    }
}
