//! Which settings are tried.

use crate::check;
use crate::error::PlanError;
use crate::file::{MatrixFile, OneOrMore, Text};
use crate::matrix::{Factor, Setting};

/// Nobody waits for more.
const MOST: usize = 10_000;

/// All settings, or those near the reference, without those that are excluded.
pub(crate) fn of(
    text: &str,
    factors: &[Factor],
    file: &MatrixFile,
    reference: Option<&Setting>,
) -> Result<Vec<Setting>, PlanError> {
    let all = factors.iter().fold(1usize, |cells, factor| cells.saturating_mul(factor.levels.len()));
    let whole = &file.factor.span();
    if all > MOST * 100 || all > MOST && file.near.is_none() {
        let problem =
            format!("there are {all} settings of the factors, and at most {MOST} can be tried: see `near`");
        return Err(PlanError::at(text, whole, problem));
    }
    let excluded = (file.exclude.iter())
        .map(|exclude| exclusion(text, factors, exclude.get_ref(), &exclude.span()))
        .collect::<Result<Vec<_>, _>>()?;
    let near = near(text, file, reference)?;
    let cells: Vec<Setting> = (0..all)
        .map(|number| setting(factors, number))
        .filter(|setting| !excluded.iter().any(|exclusion| exclusion.covers(setting)))
        .filter(|setting| near.is_none_or(|(reference, most)| changes(reference, setting) <= most))
        .collect();
    each_level_is_tried(text, factors, file, &cells)?;
    match reference {
        Some(reference) if !cells.contains(reference) => {
            let place = file.reference.as_ref().map_or(0..0, |reference| reference.span());
            Err(PlanError::at(text, &place, "the reference is one of the settings that are excluded"))
        }
        _ => Ok(cells),
    }
}

/// By number: the level of the last factor changes fastest.
fn setting(factors: &[Factor], number: usize) -> Setting {
    let mut rest = number;
    let mut setting: Setting = (factors.iter().rev())
        .map(|factor| {
            let level = rest % factor.levels.len();
            rest /= factor.levels.len();
            level
        })
        .collect();
    setting.reverse();
    setting
}

fn changes(one: &[usize], other: &[usize]) -> u64 {
    one.iter().zip(other).filter(|(one, other)| one != other).count() as u64
}

fn near<'a>(
    text: &str,
    file: &MatrixFile,
    reference: Option<&'a Setting>,
) -> Result<Option<(&'a Setting, u64)>, PlanError> {
    let Some(near) = &file.near else { return Ok(None) };
    let problem = match (reference, *near.get_ref()) {
        (Some(_), 0) => "near = 0 leaves only the reference: give 2, to try all pairs of changes".to_owned(),
        (Some(reference), most) => return Ok(Some((reference, most))),
        (None, most) => {
            format!("near = {most} means at most {most} changes of a reference, and there is no [reference]")
        }
    };
    Err(PlanError::at(text, &near.span(), problem))
}

/// Levels that must not meet: for each factor that it names, the levels it means.
struct Exclusion(Vec<(usize, Vec<usize>)>);

impl Exclusion {
    fn covers(&self, setting: &[usize]) -> bool {
        self.0.iter().all(|(factor, levels)| levels.contains(&setting[*factor]))
    }
}

fn exclusion(
    text: &str,
    factors: &[Factor],
    table: &std::collections::BTreeMap<Text, OneOrMore>,
    place: &std::ops::Range<usize>,
) -> Result<Exclusion, PlanError> {
    let one = |(name, levels): (&Text, &OneOrMore)| {
        let factor = check::factor(text, factors, name)?;
        let number = |level: &String| check::level(text, &factors[factor], level, &name.span());
        Ok((factor, levels.as_slice().iter().map(number).collect::<Result<_, _>>()?))
    };
    if table.is_empty() {
        return Err(PlanError::at(
            text,
            place,
            "an [[exclude]] that names no factor would exclude everything",
        ));
    }
    table.iter().map(one).collect::<Result<_, _>>().map(Exclusion)
}

fn each_level_is_tried(
    text: &str,
    factors: &[Factor],
    file: &MatrixFile,
    cells: &[Setting],
) -> Result<(), PlanError> {
    for (number, factor) in factors.iter().enumerate() {
        let tried = |level| cells.iter().any(|setting| setting[number] == level);
        if let Some(level) = (0..factor.levels.len()).find(|&level| !tried(level)) {
            let place = file.factor.get_ref()[number].levels.span();
            let name = &factor.levels[level].name;
            let problem = format!("the level {name} of {} is excluded wherever it is", factor.name);
            return Err(PlanError::at(text, &place, problem));
        }
    }
    Ok(())
}
