//! Whether a fix is real: both sides in turns, the one without the fix as positive control.

use std::collections::{BTreeSet, VecDeque};

use jostle_casefile::{Case, CaseError, PlanFingerprint};
use jostle_model::{Effort, Outcome, Proof, Rate, Ratio, Seed, Trial, Verdict, VerificationSummary};
use jostle_odds::{
    Confidence, Interval, OddsError, Proof as Proven, Side, Tally, Verification, anytime_rate, anytime_ratio,
    ratio_interval,
};

use crate::Perturbation;
use crate::matrix::{Counted, rate};
use crate::sum_up::{families, shortest};

/// So many failures without the fix tell what a verification takes: see `docs/odds.md`.
const BASELINE: u64 = 5;
/// A target that has not failed so often in so many trials is taken as it is.
const PILOT: u64 = 300;
/// So many failures with the fix tell enough of a rate that ought to be none.
const ENOUGH: u64 = 5;

/// What a verification is to show.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Terms {
    /// Whoever fails at this rate must not pass for mended.
    pub residual: f64,
    /// How sure it has to be.
    pub confidence: f64,
    /// So many trials of each side, instead of as many as it takes.
    pub per_side: Option<u64>,
    /// Failures and trials of the target without the fix, where they are known already.
    pub baseline: Option<(u64, u64)>,
}

/// Whose turn it is in a verification. Contender 0 is the target without the fix until it is known how often it fails; those
/// trials only say how long the rest has to be. Contender 1 is the same again, as the control, and 2 the target with the
/// fix.
#[derive(Clone, Debug)]
pub struct Sides {
    terms: Terms,
    seed: Seed,
    tallies: [Tally; 3],
    pilots_out: u64,
    plan: Option<(Verification, Tally)>,
    order: VecDeque<usize>,
}

impl Sides {
    /// The number of the contender that is tried first.
    pub const PILOT: usize = 0;
    /// The control.
    pub const BEFORE: usize = 1;
    /// The fix.
    pub const AFTER: usize = 2;

    /// After what is in the case of these three.
    ///
    /// # Errors
    /// When the case cannot be read.
    pub fn resume(
        case: &Case,
        plans: &[PlanFingerprint; 3],
        perturbation: Perturbation,
        terms: Terms,
        seed: Seed,
    ) -> Result<Self, CaseError> {
        let mut tallies = [Tally::default(); 3];
        for (tally, &plan) in tallies.iter_mut().zip(plans) {
            *tally = counted(case, plan, perturbation)?.tally;
        }
        Ok(Self { terms, seed, tallies, pilots_out: 0, plan: None, order: VecDeque::new() })
    }

    /// Whose turn it is.
    ///
    /// # Errors
    /// When what it is to show is no share.
    pub fn next_side(&mut self) -> Result<Option<usize>, OddsError> {
        if self.plan.is_none() {
            if self.pilot_goes_on() {
                self.pilots_out += 1;
                return Ok(Some(Self::PILOT));
            }
            if self.pilots_out > 0 || !self.make_plan()? {
                return Ok(None);
            }
        }
        if self.tallies[Self::AFTER].failures() >= ENOUGH {
            return Ok(None);
        }
        Ok(self.order.pop_front())
    }

    /// A trial has ended.
    pub fn learn(&mut self, contender: usize, trial: &Trial) {
        if contender == Self::PILOT {
            self.pilots_out -= 1;
        }
        match &trial.outcome {
            Outcome::CouldNotRun { .. } if contender != Self::PILOT => self.order.push_back(contender),
            Outcome::CouldNotRun { .. } => {}
            outcome => self.tallies[contender].record(outcome.failure().is_some()),
        }
    }

    /// What it takes, as soon as it is known.
    pub fn effort(&self) -> Option<Effort> {
        self.plan.map(|(plan, baseline)| Effort {
            per_side: plan.trials_per_side(),
            baseline: (baseline.failures(), baseline.trials()),
            residual: plan.residual(),
            confidence: self.terms.confidence,
        })
    }

    /// How many trials ran, of each contender, and failed.
    pub fn counts(&self) -> [(u64, u64); 3] {
        self.tallies.map(|tally| (tally.failures(), tally.trials()))
    }

    fn pilot_goes_on(&self) -> bool {
        let pilot = self.tallies[Self::PILOT];
        let known = self.terms.baseline.is_some() || self.terms.per_side.is_some();
        !known && pilot.failures() < BASELINE && pilot.trials() + self.pilots_out < PILOT
    }

    /// Whether there could be one.
    fn make_plan(&mut self) -> Result<bool, OddsError> {
        let Terms { residual, confidence, per_side, baseline } = self.terms;
        let confidence = Confidence::new(confidence)?;
        let baseline = match baseline {
            Some((failures, trials)) => Tally::new(failures, trials)?,
            None => self.tallies[Self::PILOT],
        };
        let plan = match per_side {
            Some(per_side) => Verification::with_trials(per_side, residual, confidence)?,
            None if baseline.failures() == 0 => return Ok(false),
            None => Verification::plan(baseline, residual, confidence)?,
        };
        self.order = self.left_of(plan.order(self.seed.0));
        self.plan = Some((plan, baseline));
        Ok(true)
    }

    /// What was run earlier has not to be run again.
    fn left_of(&self, order: Vec<Side>) -> VecDeque<usize> {
        let mut made = self.tallies.map(Tally::trials);
        let number = |side| match side {
            Side::Before => Self::BEFORE,
            Side::After => Self::AFTER,
        };
        let mut is_left = |contender: &usize| {
            let was_made = made[*contender] > 0;
            made[*contender] = made[*contender].saturating_sub(1);
            !was_made
        };
        order.into_iter().map(number).filter(|contender| is_left(contender)).collect()
    }
}

/// A verification whose trials are in a case.
#[derive(Clone, Copy, Debug)]
pub struct VerificationTold<'a> {
    /// The three plans in the case.
    pub plans: &'a [PlanFingerprint; 3],
    /// What it is to show.
    pub terms: Terms,
    /// What was announced, if it came so far.
    pub effort: Option<Effort>,
    /// What was changed around every trial.
    pub perturbation: Perturbation,
    /// How the target is started on both sides.
    pub commands: [&'a str; 2],
    /// What one operation is called.
    pub operation: &'a str,
    /// What the trials' seeds are drawn from.
    pub seed: Seed,
}

/// What both sides have shown.
///
/// # Errors
/// When the case cannot be read, or what it is to show is no share.
pub fn sum_up_verification(
    case: &Case,
    told: &VerificationTold<'_>,
) -> Result<VerificationSummary, crate::MatrixError> {
    let Terms { residual, confidence, .. } = told.terms;
    let confidence = Confidence::new(confidence)?;
    let [pilot_plan, before_plan, after_plan] = *told.plans;
    let read = |plan| counted(case, plan, told.perturbation);
    let (pilot, before, after) = (read(pilot_plan)?, read(before_plan)?, read(after_plan)?);
    let plan = told
        .effort
        .map(|effort| Verification::with_trials(effort.per_side, residual, confidence))
        .transpose()?;
    let proof = match plan {
        None => Proof::NotPlanned { failures: pilot.tally.failures(), trials: pilot.tally.trials() },
        Some(plan) => proven(plan, before.tally, after.tally, confidence),
    };
    let is_complete = plan
        .is_some_and(|plan| [before, after].iter().all(|side| side.tally.trials() >= plan.trials_per_side()));
    let families_before = families(case, &[pilot_plan, before_plan])?;
    let families_after = families(case, &[after_plan])?;
    let known: BTreeSet<&str> = families_before.iter().map(|family| family.name.as_str()).collect();
    let new_families = (families_after.iter())
        .filter(|family| !known.contains(family.name.as_str()))
        .map(|family| family.name.clone())
        .collect();
    Ok(VerificationSummary {
        verb: "verify",
        verdict: match proof {
            Proof::Fixed { .. } => Verdict::NothingFound,
            Proof::StillFailing { .. } => Verdict::Found,
            Proof::Unfinished { .. } | Proof::ControlPassed { .. } | Proof::NotPlanned { .. } => {
                Verdict::Inconclusive
            }
        },
        proof,
        commands: told.commands.map(str::to_owned),
        effort: told.effort,
        before: side_rate(before.tally, is_complete, confidence),
        after: side_rate(after.tally, is_complete, confidence),
        before_per_operation: before.per_operation(confidence),
        after_per_operation: after.per_operation(confidence),
        operation: told.operation.to_owned(),
        new_families,
        families_before,
        families_after,
        shortest: shortest(case, &[after_plan])?,
        seed: told.seed,
        warnings: Vec::new(),
    })
}

fn proven(plan: Verification, before: Tally, after: Tally, confidence: Confidence) -> Proof {
    match plan.judge(before, after) {
        Proven::Fixed { chance, .. } => Proof::Fixed { chance },
        Proven::StillFailing { .. } => {
            let is_complete = [before, after].iter().all(|side| side.trials() >= plan.trials_per_side());
            // Where it has ended early because of what was seen, intervals for fixed numbers do not hold.
            let interval =
                if is_complete { ratio_interval } else { anytime_ratio }(after, before, confidence);
            let seen = after.share().zip(before.share()).filter(|&(_, before)| before > 0.0);
            let Interval { low, high, confidence } = interval;
            let high = high.is_finite().then_some(high);
            let seen = seen.map(|(after, before)| after / before);
            Proof::StillFailing { ratio: Ratio { seen, low, high, confidence } }
        }
        Proven::Unfinished { missing } => Proof::Unfinished { missing },
        Proven::ControlPassed { chance, .. } => Proof::ControlPassed { chance },
    }
}

fn side_rate(tally: Tally, is_complete: bool, confidence: Confidence) -> Rate {
    if is_complete {
        return rate(tally, confidence);
    }
    let Interval { low, high, confidence } = anytime_rate(tally, confidence);
    Rate { events: tally.failures(), of: tally.trials(), low, high, confidence }
}

fn counted(case: &Case, plan: PlanFingerprint, perturbation: Perturbation) -> Result<Counted, CaseError> {
    let tallies = case.tallies(plan)?;
    let tally = tallies.iter().find(|tally| tally.perturbation == perturbation.name());
    Ok(tally.map_or_else(Counted::default, |tally| Counted {
        tally: Tally::of(tally.failed + tally.hung, tally.passed),
        operations: tally.operations,
        failures_told: tally.failures_told_operations,
    }))
}

#[cfg(test)]
mod tests {
    use jostle_model::{Failure, Signature};

    use super::*;

    fn sides(terms: Terms) -> Sides {
        Sides {
            terms,
            seed: Seed(1),
            tallies: [Tally::default(); 3],
            pilots_out: 0,
            plan: None,
            order: VecDeque::new(),
        }
    }

    const TERMS: Terms = Terms { residual: 0.05, confidence: 0.95, per_side: None, baseline: None };

    fn trial(failed: bool) -> Trial {
        let failure = || Failure {
            signature: Signature { kind: "exit-1".to_owned(), exact: "exit-1".to_owned() },
            title: String::new(),
            details: String::new(),
        };
        let outcome = if failed { Outcome::Failed(failure()) } else { Outcome::Passed };
        Trial { seed: Seed(0), perturbation: "none".to_owned(), outcome, elapsed_us: 1, operations: None }
    }

    fn run(sides: &mut Sides, fails: impl Fn(usize) -> bool) -> u64 {
        let mut ran = 0;
        while let Some(contender) = sides.next_side().expect("terms that are shares") {
            sides.learn(contender, &trial(fails(contender)));
            ran += 1;
        }
        ran
    }

    #[test]
    fn a_pilot_of_five_failures_says_what_the_rest_takes() {
        let mut sides = sides(TERMS);
        let ran = run(&mut sides, |contender| contender != Sides::AFTER);
        let effort = sides.effort().expect("announced");
        assert_eq!((effort.per_side, effort.baseline), (59, (5, 5)));
        assert_eq!((ran, sides.counts()), (5 + 2 * 59, [(5, 5), (59, 59), (0, 59)]));
    }

    #[test]
    fn what_never_fails_cannot_be_verified() {
        let mut sides = sides(TERMS);
        assert_eq!(run(&mut sides, |_| false), PILOT);
        assert_eq!(sides.effort(), None);
    }

    #[test]
    fn five_failures_with_the_fix_are_enough() {
        let mut sides = sides(TERMS);
        run(&mut sides, |_| true);
        assert_eq!(sides.counts()[Sides::AFTER], (5, 5));
    }

    #[test]
    fn a_plan_waits_for_the_pilot_trials_under_way() {
        let mut sides = sides(TERMS);
        let out: Vec<_> = (0..8).map(|_| sides.next_side().expect("shares")).collect();
        assert!(out.iter().all(|&contender| contender == Some(Sides::PILOT)));
        (0..5).for_each(|_| sides.learn(Sides::PILOT, &trial(true)));
        assert_eq!((sides.next_side().expect("shares"), sides.effort()), (None, None));
        (0..3).for_each(|_| sides.learn(Sides::PILOT, &trial(false)));
        assert!(sides.next_side().expect("shares").is_some_and(|contender| contender != Sides::PILOT));
        assert_eq!(sides.effort().map(|effort| effort.baseline), Some((5, 8)));
    }
}
