use statrs::function::beta::ln_beta;

use crate::{Confidence, Tally};

/// The prior of the rate at which a bad version fails: Beta(0.2, 2), with a mean of 9 %, and nearly as much weight on
/// each halving of the rate below that. One that hopes for higher rates, such as Beta(½, ½), stops too early where
/// they are not: it was right in 91.5 % of 3,000 searches at 95 %, with bad versions failing in a tenth. This one is right
/// as often as it says at any rate from 2 % to 100 %, and needs some ten trials more where they always fail.
const PRIOR: [f64; 2] = [0.2, 2.0];

/// Which of several versions, in order, is the first bad one, when a bad version fails only now and then.
///
/// Up to some version none ever fails; from it on all fail at one rate, which is unknown. The last version is known to be
/// bad, or nobody would ask. Each version is equally likely to be the first bad one before the first trial; what the
/// trials say of it is computed by Bayes' rule, with the unknown rate averaged out. The version to try next is the one
/// whose outcome is expected to tell most, in bits; an ordinary bisection is what becomes of that where bad versions
/// always fail.
///
/// Sources: the posterior over a step's place goes back to M. Horstein, IEEE Transactions on Information Theory 9
/// (1963) 136–143, and for a search like this to R. Nowak, "Noisy generalized binary search", NIPS 22 (2009); choosing
/// by expected information is D. Lindley's, Annals of Mathematical Statistics 27 (1956) 986–1005.
///
/// # Limits
///
/// A version before the first bad one must never fail: one flaky failure of another kind there misleads it for good.
/// Compare signatures before recording. A fault that came, went and came again has no first bad version.
///
/// ```
/// use jostle_odds::{Bisection, Confidence};
/// let mut bisection = Bisection::new(100);
/// while bisection.first_bad(Confidence::NINETY_FIVE).is_none() {
///     let version = bisection.next_version();
///     bisection.record(version, version >= 73); // bad ones always fail
/// }
/// assert_eq!(bisection.first_bad(Confidence::NINETY_FIVE), Some(73));
/// assert!(bisection.trials() < 40);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Bisection {
    tallies: Vec<Tally>,
}

/// A version as the first bad one: its chance, and how likely a bad version is to fail if it is the one.
#[derive(Clone, Copy, Debug)]
struct Candidate {
    chance: f64,
    rate: f64,
}

impl Bisection {
    /// So many versions, the oldest being number 0. There is always one: the version that is known to be bad.
    pub fn new(versions: usize) -> Self {
        Self::resume(vec![Tally::default(); versions])
    }

    /// After these trials of each version. What comes next depends on nothing else.
    pub fn resume(mut tallies: Vec<Tally>) -> Self {
        tallies.resize(tallies.len().max(1), Tally::default());
        Self { tallies }
    }

    /// How a trial of `version` ended.
    ///
    /// # Panics
    ///
    /// Where there is no such version.
    pub fn record(&mut self, version: usize, failed: bool) {
        self.tallies[version].record(failed);
    }

    /// What was seen of each version.
    pub fn tallies(&self) -> &[Tally] {
        &self.tallies
    }

    /// How many trials there were.
    pub fn trials(&self) -> u64 {
        self.tallies.iter().map(|tally| tally.trials()).sum()
    }

    /// How likely each version is to be the first bad one. They add up to 1.
    pub fn posterior(&self) -> Vec<f64> {
        self.candidates().into_iter().map(|candidate| candidate.chance).collect()
    }

    /// The first bad version, if one is as likely to be it as that.
    pub fn first_bad(&self, confidence: Confidence) -> Option<usize> {
        self.posterior().into_iter().position(|chance| chance >= confidence.share())
    }

    /// The version whose next trial is expected to tell most about which is the first bad one.
    pub fn next_version(&self) -> usize {
        let uncertainty = self.expected_uncertainty();
        (0..uncertainty.len())
            .min_by(|&one, &other| uncertainty[one].total_cmp(&uncertainty[other]))
            .unwrap_or(0)
    }

    /// The likelihood of everything that was seen if `version` is the first bad one is 0 if an earlier one failed, and else
    /// B(0.2 + k, 2 + m), with k failures in all and m clean trials from that version on: the rate is averaged out.
    fn candidates(&self) -> Vec<Candidate> {
        let failures = self.tallies.iter().map(|tally| tally.failures()).sum::<u64>() as f64 + PRIOR[0];
        let first_failing =
            self.tallies.iter().position(|tally| tally.failures() > 0).unwrap_or(self.tallies.len());
        let mut clean: f64 = self.tallies.iter().map(|tally| tally.clean() as f64).sum::<f64>() + PRIOR[1];
        let mut candidates = Vec::with_capacity(self.tallies.len());
        for (version, tally) in self.tallies.iter().enumerate() {
            let log = if version <= first_failing { ln_beta(failures, clean) } else { f64::NEG_INFINITY };
            candidates.push(Candidate { chance: log, rate: failures / (failures + clean) });
            clean -= tally.clean() as f64;
        }
        normalised(candidates)
    }

    /// For every version: the entropy of the posterior that is to be expected after one more trial of it.
    ///
    /// If p(v) are the chances and r(v) the rates, a failure of version v leaves p(u) r(u) for all u up to v, and a clean
    /// trial p(u) (1 − r(u)) for those and p(u) for the rest, each divided by its sum. With weights w that add up to W,
    /// W times the entropy is W ln W − Σ w ln w; so running sums are enough.
    fn expected_uncertainty(&self) -> Vec<f64> {
        let candidates = self.candidates();
        let mut above: f64 = candidates.iter().map(|candidate| x_ln_x(candidate.chance)).sum();
        let (mut failed, mut failed_terms, mut clean_terms) = (0.0, 0.0, 0.0);
        let after = |candidate: &Candidate| {
            let (fails, passes) =
                (candidate.chance * candidate.rate, candidate.chance * (1.0 - candidate.rate));
            failed += fails;
            failed_terms += x_ln_x(fails);
            clean_terms += x_ln_x(passes);
            above -= x_ln_x(candidate.chance);
            x_ln_x(failed) - failed_terms + x_ln_x(1.0 - failed) - clean_terms - above
        };
        candidates.iter().map(after).collect()
    }
}

/// Turns logarithms of weights into chances.
fn normalised(mut candidates: Vec<Candidate>) -> Vec<Candidate> {
    let greatest = candidates.iter().map(|candidate| candidate.chance).fold(f64::NEG_INFINITY, f64::max);
    candidates.iter_mut().for_each(|candidate| candidate.chance = (candidate.chance - greatest).exp());
    let sum: f64 = candidates.iter().map(|candidate| candidate.chance).sum();
    candidates.iter_mut().for_each(|candidate| candidate.chance /= sum);
    candidates
}

fn x_ln_x(x: f64) -> f64 {
    if x > 0.0 { x * x.ln() } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn before_the_first_trial_every_version_is_as_likely() {
        assert!(Bisection::new(8).posterior().iter().all(|&chance| (chance - 0.125).abs() < 1e-12));
    }

    #[test]
    fn a_failure_clears_all_later_versions() {
        let mut bisection = Bisection::new(5);
        bisection.record(2, true);
        let posterior = bisection.posterior();
        assert_eq!(posterior[3..], [0.0, 0.0]);
        assert!(posterior[..3].iter().all(|&chance| (chance - 1.0 / 3.0).abs() < 1e-12));
    }

    /// After one failure of the last of two versions and one clean trial of the first, worked out by hand:
    /// B(1.2, 3) against B(1.2, 2) is 2/3.2 to 1.
    #[test]
    fn the_posterior_is_that_of_bayes_rule() {
        let mut bisection = Bisection::new(2);
        bisection.record(1, true);
        bisection.record(0, false);
        assert!((bisection.posterior()[1] - 1.0 / 1.625).abs() < 1e-12);
    }

    #[test]
    fn the_uncertainty_to_expect_is_that_of_both_outcomes() {
        let mut bisection = Bisection::new(6);
        [(5, true), (2, false), (4, true), (1, false)]
            .iter()
            .for_each(|&(version, failed)| bisection.record(version, failed));
        let entropy = |bisection: &Bisection| -bisection.posterior().into_iter().map(x_ln_x).sum::<f64>();
        for (version, expected) in bisection.expected_uncertainty().into_iter().enumerate() {
            let candidates = bisection.candidates();
            let fails: f64 =
                candidates[..=version].iter().map(|candidate| candidate.chance * candidate.rate).sum();
            let after = |failed| {
                let mut next = bisection.clone();
                next.record(version, failed);
                entropy(&next)
            };
            let wanted = fails * after(true) + (1.0 - fails) * after(false);
            assert!((expected - wanted).abs() < 1e-9, "{version}: {expected} {wanted}");
        }
    }

    #[test]
    fn one_version_alone_is_the_first_bad_one() {
        assert_eq!(Bisection::new(1).first_bad(Confidence::NINETY_FIVE), Some(0));
    }

    #[test]
    fn what_comes_next_depends_on_the_counts_only() {
        let mut bisection = Bisection::new(50);
        [(49, true), (20, false), (30, true)]
            .iter()
            .for_each(|&(version, failed)| bisection.record(version, failed));
        let resumed = Bisection::resume(bisection.tallies().to_vec());
        assert_eq!(resumed.next_version(), bisection.next_version());
    }
}
