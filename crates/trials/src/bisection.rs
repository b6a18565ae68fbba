//! Which of several levels in order is the first that fails, where bad ones fail only now and then.

use jostle_casefile::{Case, CaseError, PlanFingerprint};
use jostle_model::{BisectionSummary, Seed, Tried, Verdict};
use jostle_odds::{Bisection, Confidence, Tally};
use jostle_plans::{Matrix, Range};

use crate::Perturbation;
use crate::matrix::rate;

/// Chooses what to try next, and knows when it is enough.
#[derive(Clone, Debug)]
pub struct Bisecting {
    bisection: Bisection,
    confidence: Confidence,
}

/// A bisection whose trials are in a case.
#[derive(Clone, Copy, Debug)]
pub struct BisectionTold<'a> {
    /// What was varied.
    pub plan: &'a Matrix,
    /// Which factor, and between which levels.
    pub range: Range,
    /// The plan of each of these levels in the case.
    pub cells: &'a [PlanFingerprint],
    /// What was changed around every trial.
    pub perturbation: Perturbation,
    /// What the trials' seeds are drawn from.
    pub seed: Seed,
}

impl Bisecting {
    /// After what is in the case.
    ///
    /// # Errors
    /// When the case cannot be read.
    pub fn resume(case: &Case, told: &BisectionTold<'_>) -> Result<Self, CaseError> {
        let tallies = (told.cells.iter())
            .map(|&cell| read(case, cell, told.perturbation))
            .collect::<Result<Vec<_>, _>>()?;
        // A plan has checked it.
        let confidence = Confidence::new(told.plan.judging.confidence).unwrap_or(Confidence::NINETY_FIVE);
        Ok(Self { bisection: Bisection::resume(tallies), confidence })
    }

    /// The level whose next trial tells most, by its number in the range; nothing where it is known which is the first bad
    /// one. Without a failure nothing is known: the first level would be as good a guess as the last.
    pub fn next_level(&self) -> Option<usize> {
        match self.first_bad() {
            Some(_) => None,
            None => Some(self.bisection.next_version()),
        }
    }

    /// How a trial of a level has ended.
    pub fn learn(&mut self, level: usize, failed: bool) {
        self.bisection.record(level, failed);
    }

    /// Which level is the most likely to be the first bad one so far, and how likely.
    pub fn likeliest(&self) -> (usize, f64) {
        let chances = self.bisection.posterior();
        let greatest = chances.iter().copied().enumerate().max_by(|one, other| one.1.total_cmp(&other.1));
        greatest.unwrap_or((0, 0.0))
    }

    fn first_bad(&self) -> Option<usize> {
        self.failed().then(|| self.bisection.first_bad(self.confidence)).flatten()
    }

    fn failed(&self) -> bool {
        self.bisection.tallies().iter().any(|tally| tally.failures() > 0)
    }
}

/// What the trials of a bisection tell together.
///
/// # Errors
/// When the case cannot be read.
pub fn sum_up_bisection(case: &Case, told: &BisectionTold<'_>) -> Result<BisectionSummary, CaseError> {
    let BisectionTold { plan, range, seed, .. } = *told;
    let bisecting = Bisecting::resume(case, told)?;
    let factor = &plan.factors[range.factor];
    let name = |number: usize| factor.levels[range.from + number].name.clone();
    let (first_bad, chance) = bisecting.likeliest();
    let tallies = bisecting.bisection.tallies();
    let tried = |(number, (&tally, chance)): (usize, (&Tally, f64))| Tried {
        level: name(number),
        rate: rate(tally, bisecting.confidence),
        chance,
    };
    let settings = plan.range(range);
    let others = settings.first().map(|setting| plan.words(setting).collect::<Vec<_>>()).unwrap_or_default();
    Ok(BisectionSummary {
        verb: "matrix",
        verdict: if bisecting.first_bad().is_some() { Verdict::Found } else { Verdict::Inconclusive },
        factor: factor.name.clone(),
        others: (others.into_iter())
            .filter(|(other, _)| *other != factor.name)
            .map(|(name, level)| (name.to_owned(), level.to_owned()))
            .collect(),
        levels: tallies.iter().zip(bisecting.bisection.posterior()).enumerate().map(tried).collect(),
        first_bad: bisecting.failed().then(|| name(first_bad)),
        last_good: (bisecting.failed() && first_bad > 0).then(|| name(first_bad - 1)),
        chance,
        confidence: plan.judging.confidence,
        trials: bisecting.bisection.trials(),
        failures: tallies.iter().map(|tally| tally.failures()).sum(),
        seed,
        warnings: Vec::new(),
    })
}

fn read(case: &Case, cell: PlanFingerprint, perturbation: Perturbation) -> Result<Tally, CaseError> {
    let tallies = case.tallies(cell)?;
    let tally = tallies.iter().find(|tally| tally.perturbation == perturbation.name());
    Ok(tally.map_or(Tally::default(), |tally| Tally::of(tally.failed + tally.hung, tally.passed)))
}
