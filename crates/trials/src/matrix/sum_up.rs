use jostle_casefile::{Case, CaseError, PlanFingerprint};
use jostle_model::{Cell, Charge, MatrixSummary, Ruling, Seed, Varied, Verdict};
use jostle_odds::{Confidence, Judged, OddsError, Suspect, Tally};
use jostle_plans::Matrix;

use super::design::Design;
use super::hearing::Hearing;
use super::statement::{Counted, Evidence, rate};
use crate::Perturbation;
use crate::sum_up::{families, shortest};

/// A matrix whose trials are in a case.
#[derive(Clone, Copy, Debug)]
pub struct MatrixTold<'a> {
    /// What was compared.
    pub plan: &'a Matrix,
    /// The plan of each cell in the case, in the order of the matrix's cells.
    pub cells: &'a [PlanFingerprint],
    /// What was changed around every trial.
    pub perturbation: Perturbation,
    /// What the trials' seeds are drawn from.
    pub seed: Seed,
}

/// Why a matrix cannot be summed up.
#[derive(Debug, thiserror::Error)]
pub enum MatrixError {
    /// The case cannot be read.
    #[error(transparent)]
    Case(#[from] CaseError),
    /// It has too many cells, or what it is to be judged by is no share.
    #[error(transparent)]
    Odds(#[from] OddsError),
}

/// What the trials of all cells tell together that are recorded in a case.
///
/// # Errors
/// When the case cannot be read, or the matrix is far too large.
pub fn sum_up_matrix(case: &Case, told: &MatrixTold<'_>) -> Result<MatrixSummary, MatrixError> {
    let plan = told.plan;
    let confidence = Confidence::new(plan.judging.confidence)?;
    let recorded =
        told.cells.iter().map(|&cell| read(case, cell, told.perturbation)).collect::<Result<Vec<_>, _>>()?;
    let counted: Vec<Counted> = recorded.iter().map(|cell| cell.counted).collect();
    let tallies: Vec<Tally> = counted.iter().map(|counted| counted.tally).collect();
    let design = Design::new(plan, &tallies)?;
    let hearing = Hearing::of(&design, confidence, plan.judging.worth);
    let cells = plan.cells.iter().map(|cell| design.coordinates(cell)).zip(counted.iter().copied()).collect();
    let statement = Evidence { design: &design, cells, hearing: &hearing, confidence }.statement();
    let all: Tally = tallies.iter().copied().sum();
    Ok(MatrixSummary {
        verb: "matrix",
        verdict: match () {
            () if !statement.implicated.is_empty() => Verdict::Found,
            () if statement.inconclusive.is_empty() => Verdict::NothingFound,
            () => Verdict::Inconclusive,
        },
        statement,
        seed: told.seed,
        trials: all.trials(),
        failures: all.failures(),
        could_not_run: recorded.iter().map(|cell| cell.could_not_run).sum(),
        trial_ms: recorded.iter().map(|cell| cell.elapsed_ms).sum(),
        operation: plan.oracle.operation.clone(),
        worth: plan.judging.worth,
        confidence: plan.judging.confidence,
        factors: plan.factors.iter().map(varied).collect(),
        cells: plan
            .cells
            .iter()
            .zip(&counted)
            .map(|(cell, counted)| told_cell(plan, cell, counted, confidence))
            .collect(),
        charges: (hearing.charges.iter()).map(|heard| charge(&design, &heard.judged, confidence)).collect(),
        families: families(case, told.cells)?,
        shortest: shortest(case, told.cells)?,
        warnings: warnings(plan, &recorded),
    })
}

/// What the case has of one cell.
struct Recorded {
    counted: Counted,
    could_not_run: u64,
    elapsed_ms: u64,
}

fn read(case: &Case, cell: PlanFingerprint, perturbation: Perturbation) -> Result<Recorded, CaseError> {
    let tallies = case.tallies(cell)?;
    let Some(tally) = tallies.iter().find(|tally| tally.perturbation == perturbation.name()) else {
        return Ok(Recorded { counted: Counted::default(), could_not_run: 0, elapsed_ms: 0 });
    };
    let counted = Counted {
        tally: Tally::of(tally.failed + tally.hung, tally.passed),
        operations: tally.operations,
        failures_told: tally.failures_told_operations,
    };
    let elapsed_ms = tally.elapsed.as_millis() as u64;
    Ok(Recorded { counted, could_not_run: tally.could_not_run, elapsed_ms })
}

fn varied(factor: &jostle_plans::Factor) -> Varied {
    Varied {
        factor: factor.name.clone(),
        levels: factor.levels.iter().map(|level| level.name.clone()).collect(),
    }
}

fn told_cell(plan: &Matrix, setting: &[usize], counted: &Counted, confidence: Confidence) -> Cell {
    Cell {
        setting: plan.words(setting).map(|(_, level)| level.to_owned()).collect(),
        rate: counted.rate(confidence),
        rate_per_operation: counted.per_operation(confidence),
    }
}

fn charge(design: &Design<'_>, judged: &Judged, confidence: Confidence) -> Charge {
    use jostle_odds::Ruling as Ruled;
    let suspect = match judged.suspect {
        Suspect::Level(level) => vec![design.part(level)],
        Suspect::Pair(one, other) => vec![design.part(one), design.part(other)],
    };
    let ruling = match judged.ruling {
        Ruled::Implicated { excess } => {
            Ruling::Implicated { excess_low: excess.low, excess_high: excess.high }
        }
        Ruled::Exonerated { excess_below } => Ruling::Exonerated { excess_below },
        Ruled::Inconclusive { excess_below, more_per_cell } => {
            Ruling::Inconclusive { excess_below, more_per_cell }
        }
    };
    Charge {
        suspect,
        with: rate(judged.with, confidence),
        without: rate(judged.without, confidence),
        chance: judged.chance,
        ruling,
    }
}

fn warnings(plan: &Matrix, recorded: &[Recorded]) -> Vec<String> {
    let mut warnings: Vec<String> = (plan.cells.iter().zip(recorded))
        .filter(|(_, cell)| cell.could_not_run > 0)
        .map(|(setting, cell)| {
            let words: Vec<String> =
                plan.words(setting).map(|(name, level)| format!("{name} {level}")).collect();
            format!("{} trials of {} could not run", cell.could_not_run, words.join(", "))
        })
        .collect();
    let trials = || recorded.iter().map(|cell| cell.counted.tally.trials());
    let (fewest, most) = (trials().min().unwrap_or(0), trials().max().unwrap_or(0));
    if most > fewest + 1 {
        warnings.push(format!("cells have {fewest} to {most} trials"));
    }
    warnings
}
