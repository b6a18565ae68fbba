use statrs::function::beta::ln_beta;

use crate::root::least;
use crate::{
    Confidence, Interval, OddsError, Tally, chance_of_clean_run, clean_trials_to_exclude, interleaved,
    rate_at_most, rate_interval, ratio_interval,
};

/// How likely the unmended side is to fail often enough in the planned trials, by all that is known before them.
const ASSURANCE: f64 = 0.9;

/// Whether a fix is real: as many trials of the target before it as after it, their number fixed and said beforehand,
/// both sides interleaved in one session. The unmended side is the positive control: if it does not fail, the session
/// could not have shown anything.
///
/// The fix is called one if it never failed, if so many failures without it would fall all on that side in at most α of
/// all cases had nothing changed ([`chance_of_clean_run`]), and if so many clean trials exclude the `residual` rate
/// ([`rate_at_most`]). So:
///
/// - what never fails is never called still failing,
/// - a fix that does nothing is called a fix in at most α of all verifications, whatever the failure rate is,
/// - and so is one that leaves the target failing at the residual rate or more, whatever it was before.
///
/// ```
/// use jostle_odds::{Confidence, Proof, Tally, Verification};
/// // Five of 100 trials failed; what fails in 1 % of all trials is not to pass for mended.
/// let plan = Verification::plan(Tally::new(5, 100)?, 0.01, Confidence::NINETY_FIVE)?;
/// assert_eq!(plan.trials_per_side(), 299);
/// let proof = plan.judge(Tally::new(14, 299)?, Tally::new(0, 299)?);
/// assert!(matches!(proof, Proof::Fixed { .. }));
/// # Ok::<(), jostle_odds::OddsError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Verification {
    per_side: u64,
    residual: f64,
    confidence: Confidence,
}

/// Which side of a verification a trial belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The target without the fix.
    Before,
    /// The target with it.
    After,
}

/// What a verification has shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Proof {
    /// It never failed with the fix, and that is no luck.
    Fixed {
        /// How likely it is that a fix that does nothing looks like this.
        chance: f64,
        /// What it may still fail at.
        rate: Interval,
    },
    /// It fails with the fix as well.
    StillFailing {
        /// How often.
        rate: Interval,
        /// How many times as often as without it; below 1 it has become rarer.
        ratio: Interval,
    },
    /// It has not failed with the fix, but the planned trials have not all been run.
    Unfinished {
        /// How many are missing without the fix, and with it.
        missing: [u64; 2],
    },
    /// It has not failed with the fix, but hardly without it either. More trials of the same session do not mend that,
    /// since they would be added because of how it went: plan anew, with these trials as what is known before.
    ControlPassed {
        /// How likely it is that a fix that does nothing looks like this.
        chance: f64,
        /// What it may still fail at.
        rate: Interval,
    },
}

impl Verification {
    /// How many trials it takes, after so many failures in trials of the unmended target. `residual` is the rate at which
    /// a mended target must not fail any more.
    ///
    /// The share that failed is not taken for the failure rate: all rates that may lie behind it count, as much as they
    /// explain it: the beta-binomial distribution, from Jeffreys's prior for trials that were run until so many failed, since
    /// that is how failures are collected. One failure is little to go by, and makes for a long session: collect five
    /// first.
    ///
    /// # Errors
    ///
    /// [`OddsError::NothingFailed`] where nothing did, and [`OddsError::NotARate`] for `residual`.
    pub fn plan(baseline: Tally, residual: f64, confidence: Confidence) -> Result<Self, OddsError> {
        if baseline.failures() == 0 {
            return Err(OddsError::NothingFailed { trials: baseline.trials() });
        }
        let shortest = Self::shortest(residual, confidence)?;
        let assured = |per_side: u64| {
            let enough = Self { per_side, ..shortest }.failures_needed();
            enough.is_some_and(|enough| chance_of_fewer(enough, per_side, baseline) <= 1.0 - ASSURANCE)
        };
        let per_side = least(shortest.per_side, assured).unwrap_or(u64::MAX);
        Ok(Self { per_side, ..shortest })
    }

    /// A verification with so many trials on each side, or with as many as it takes to exclude the residual rate, if
    /// those are more.
    ///
    /// # Errors
    ///
    /// [`OddsError::NotARate`] for `residual`.
    pub fn with_trials(per_side: u64, residual: f64, confidence: Confidence) -> Result<Self, OddsError> {
        let shortest = Self::shortest(residual, confidence)?;
        Ok(Self { per_side: per_side.max(shortest.per_side), ..shortest })
    }

    fn shortest(residual: f64, confidence: Confidence) -> Result<Self, OddsError> {
        let usable = residual > 0.0 && residual < 1.0;
        let clean = usable.then(|| clean_trials_to_exclude(residual, confidence)).flatten();
        clean
            .map(|per_side| Self { per_side, residual, confidence })
            .ok_or(OddsError::NotARate { given: residual })
    }

    /// How many trials each of the two sides gets.
    pub fn trials_per_side(&self) -> u64 {
        self.per_side
    }

    /// The rate at which a mended target must not fail any more.
    pub fn residual(&self) -> f64 {
        self.residual
    }

    /// In which order to run them.
    pub fn order(&self, seed: u64) -> Vec<Side> {
        let side = |group| if group == 0 { Side::Before } else { Side::After };
        interleaved(&[self.per_side; 2], seed).into_iter().map(side).collect()
    }

    /// What the trials have shown, at any time: before all of them are run, a failure with the fix is all that can be.
    pub fn judge(&self, before: Tally, after: Tally) -> Proof {
        let missing = [before, after].map(|side| self.per_side.saturating_sub(side.trials()));
        if after.failures() > 0 {
            let rate = rate_interval(after, self.confidence);
            return Proof::StillFailing { rate, ratio: ratio_interval(after, before, self.confidence) };
        }
        if missing != [0, 0] {
            return Proof::Unfinished { missing };
        }
        let (chance, rate) =
            (chance_of_clean_run(before, after.clean()), rate_at_most(after, self.confidence));
        if chance <= self.confidence.alpha() {
            Proof::Fixed { chance, rate }
        } else {
            Proof::ControlPassed { chance, rate }
        }
    }

    /// How often a target that fails at the one rate before and at the other after is called fixed: exact, from the
    /// binomial distribution of either side.
    pub fn chance_called_fixed(&self, rate_before: f64, rate_after: f64) -> f64 {
        let clean = (self.per_side as f64 * (-rate_after).ln_1p()).exp();
        self.failures_needed()
            .map_or(0.0, |enough| clean * chance_of_at_least(enough, self.per_side, rate_before))
    }

    /// How many failures the unmended side has to show; `None` where even failing always would not be enough.
    fn failures_needed(&self) -> Option<u64> {
        let shown = |failures: u64| {
            let before = Tally::of(failures, self.per_side - failures);
            chance_of_clean_run(before, self.per_side) <= self.confidence.alpha()
        };
        (1..=self.per_side).find(|&failures| shown(failures))
    }
}

/// The chance of at least so many failures at this rate.
fn chance_of_at_least(failures: u64, trials: u64, rate: f64) -> f64 {
    if rate <= 0.0 {
        return 0.0;
    }
    statrs::function::beta::beta_reg(failures as f64, (trials - failures) as f64 + 1.0, rate.min(1.0))
}

/// The chance of fewer than so many failures in so many trials to come, given the trials there were: beta-binomial.
fn chance_of_fewer(failures: u64, trials: u64, baseline: Tally) -> f64 {
    // 1/p √(1 − p): H. Jeffreys's rule (1946), applied to the negative binomial distribution.
    let (a, b) = (baseline.failures() as f64, baseline.clean() as f64 + 0.5);
    let n = trials as f64;
    let chance = |k: u64| {
        let k = k as f64;
        // C(n, k) = 1 / ((n + 1) B(k + 1, n − k + 1))
        let ways = -(n + 1.0).ln() - ln_beta(k + 1.0, n - k + 1.0);
        (ways + ln_beta(k + a, n - k + b) - ln_beta(a, b)).exp()
    };
    (0..failures).map(chance).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(failures: u64, trials: u64) -> Verification {
        let baseline = Tally::new(failures, trials).expect("a tally");
        Verification::plan(baseline, 0.01, Confidence::NINETY_FIVE).expect("a plan")
    }

    #[test]
    fn a_common_failure_is_verified_by_what_excludes_the_residual_rate() {
        assert_eq!(plan(40, 100).trials_per_side(), 299);
    }

    #[test]
    fn one_failure_makes_for_a_long_session_and_five_for_a_shorter_one() {
        let (one, five) = (plan(1, 500).trials_per_side(), plan(5, 500).trials_per_side());
        assert!(one > 3 * five && five > 500, "{one} {five}");
    }

    #[test]
    fn without_a_failure_there_is_nothing_to_verify() {
        let told =
            Verification::plan(Tally::of(0, 80), 0.01, Confidence::NINETY_FIVE).expect_err("nothing failed");
        assert_eq!(
            told.to_string(),
            "plan a verification: none of 80 trials failed, so there is nothing that a fix could change; reproduce the failure first"
        );
        assert!(Verification::plan(Tally::of(1, 80), 0.0, Confidence::NINETY_FIVE).is_err());
    }

    #[test]
    fn one_failure_with_the_fix_ends_it_at_once() {
        let proof = plan(40, 100).judge(Tally::of(5, 5), Tally::of(1, 9));
        assert!(matches!(proof, Proof::StillFailing { ratio, .. } if ratio.holds(0.2)));
    }

    #[test]
    fn nothing_is_called_fixed_before_all_trials_are_run() {
        let plan = plan(40, 100);
        assert_eq!(
            plan.judge(Tally::of(100, 100), Tally::of(0, 298)),
            Proof::Unfinished { missing: [99, 1] }
        );
    }

    #[test]
    fn a_control_that_passes_proves_nothing() {
        let plan = plan(40, 100);
        assert!(matches!(plan.judge(Tally::of(4, 295), Tally::of(0, 299)), Proof::ControlPassed { .. }));
        assert!(matches!(plan.judge(Tally::of(5, 294), Tally::of(0, 299)), Proof::Fixed { .. }));
    }

    #[test]
    fn both_sides_are_run_in_turns() {
        let order = plan(40, 100).order(1);
        assert_eq!(order.len(), 598);
        assert!(order.chunks(2).all(|pair| pair.contains(&Side::Before) && pair.contains(&Side::After)));
    }

    #[test]
    fn what_is_to_come_is_less_certain_than_the_share_that_was_seen() {
        // 5 of 100 failed. Fewer than 5 in 100 more: 44 % if the rate were known to be 5 %.
        let chance = chance_of_fewer(5, 100, Tally::of(5, 95));
        assert!((0.44..0.52).contains(&chance), "{chance}");
        let certain: f64 = chance_of_fewer(101, 100, Tally::of(5, 95));
        assert!((certain - 1.0).abs() < 1e-9, "{certain}");
    }
}
