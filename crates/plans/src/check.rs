//! What is wrong with a plan that could be read.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range as Place;

use toml::Spanned;

use crate::error::PlanError;
use crate::file::{BisectTable, FactorTable, LevelTable, MatrixFile, Text};
use crate::matrix::{Factor, Matrix, Range, Setting};
use crate::placeholder::{OF_TRIALS, is_name, placeholders};

/// The factors, each with two levels at least, and no two with the same name.
pub(crate) fn factors(text: &str, tables: &Spanned<Vec<FactorTable>>) -> Result<Vec<Factor>, PlanError> {
    if tables.get_ref().is_empty() {
        return Err(PlanError::at(
            text,
            &tables.span(),
            "there is no [[factor]], so there is nothing to compare",
        ));
    }
    let mut seen = BTreeSet::new();
    for table in tables.get_ref() {
        name(text, &table.name)?;
        if !seen.insert(table.name.get_ref()) {
            let problem = format!("there are two factors called {}", table.name.get_ref());
            return Err(PlanError::at(text, &table.name.span(), problem));
        }
        levels(text, table)?;
        layers(text, table)?;
    }
    Ok(tables.get_ref().iter().map(Factor::of).collect())
}

fn name(text: &str, name: &Text) -> Result<(), PlanError> {
    let told = name.get_ref();
    let problem = match told.as_str() {
        taken if OF_TRIALS.contains(&taken) => {
            format!("a factor cannot be called {taken}: {{{taken}}} is each trial's own")
        }
        good if is_name(good) => return Ok(()),
        _ => format!("a factor is called by letters, digits, - and _, after a letter, and not `{told}`"),
    };
    Err(PlanError::at(text, &name.span(), problem))
}

fn levels(text: &str, table: &FactorTable) -> Result<(), PlanError> {
    let (name, levels) = (table.name.get_ref(), table.levels.get_ref());
    if levels.len() < 2 {
        let problem = format!(
            "the factor {name} has {}: it takes two, or there is nothing to compare",
            if levels.is_empty() { "no level" } else { "one level" }
        );
        return Err(PlanError::at(text, &table.levels.span(), problem));
    }
    let mut seen = BTreeSet::new();
    for level in levels {
        if level.get_ref().trim().is_empty() || !seen.insert(level.get_ref()) {
            let problem =
                format!("the factor {name} has the level `{}` twice, or it has no name", level.get_ref());
            return Err(PlanError::at(text, &level.span(), problem));
        }
    }
    table.without.iter().chain(table.level.keys()).try_for_each(|level| is_level(text, table, level))
}

fn is_level(text: &str, table: &FactorTable, level: &Text) -> Result<(), PlanError> {
    let levels = table.levels.get_ref();
    if levels.iter().any(|known| known.get_ref() == level.get_ref()) {
        return Ok(());
    }
    let known: Vec<&str> = levels.iter().map(|level| level.get_ref().as_str()).collect();
    Err(PlanError::at(text, &level.span(), unknown_level(table.name.get_ref(), level.get_ref(), &known)))
}

fn unknown_level(factor: &str, level: &str, known: &[&str]) -> String {
    format!("the factor {factor} has no level `{level}`; it has {}", known.join(", "))
}

/// Layers tell levels apart: two levels made of the same layers could not be compared by them.
fn layers(text: &str, table: &FactorTable) -> Result<(), PlanError> {
    for (name, members) in &table.layers {
        members.iter().try_for_each(|level| is_level(text, table, level))?;
        if members.is_empty() || members.len() >= table.levels.get_ref().len() {
            let problem = format!(
                "the layer {name} is in every level or in none, so it cannot be told from the rest",
                name = name.get_ref()
            );
            return Err(PlanError::at(text, &name.span(), problem));
        }
    }
    let made_of = |level: &Text| -> Vec<bool> {
        let has = |members: &Vec<Text>| members.iter().any(|member| member.get_ref() == level.get_ref());
        table.layers.values().map(has).collect()
    };
    let mut seen = BTreeMap::new();
    for level in table.levels.get_ref().iter().filter(|_| !table.layers.is_empty()) {
        if let Some(other) = seen.insert(made_of(level), level.get_ref()) {
            let problem = format!("the levels {other} and {} are made of the same layers", level.get_ref());
            return Err(PlanError::at(text, &level.span(), problem));
        }
    }
    Ok(())
}

/// The number of the factor that is meant.
pub(crate) fn factor(text: &str, factors: &[Factor], name: &Text) -> Result<usize, PlanError> {
    let number = factors.iter().position(|factor| factor.name == *name.get_ref());
    number.ok_or_else(|| {
        let known: Vec<&str> = factors.iter().map(|factor| factor.name.as_str()).collect();
        let problem = format!("there is no factor `{}`; there are {}", name.get_ref(), known.join(", "));
        PlanError::at(text, &name.span(), problem)
    })
}

/// The number of the level that is meant.
pub(crate) fn level(
    text: &str,
    factor: &Factor,
    level: &str,
    place: &Place<usize>,
) -> Result<usize, PlanError> {
    let number = factor.levels.iter().position(|known| known.name == level);
    number.ok_or_else(|| {
        let known: Vec<&str> = factor.levels.iter().map(|level| level.name.as_str()).collect();
        PlanError::at(text, place, unknown_level(&factor.name, level, &known))
    })
}

/// The reference names every factor.
pub(crate) fn reference(
    text: &str,
    factors: &[Factor],
    given: &Spanned<BTreeMap<Text, Text>>,
) -> Result<Setting, PlanError> {
    let mut setting = vec![None; factors.len()];
    for (name, chosen) in given.get_ref() {
        let number = factor(text, factors, name)?;
        setting[number] = Some(level(text, &factors[number], chosen.get_ref(), &chosen.span())?);
    }
    let missing = setting.iter().position(Option::is_none);
    let problem =
        |missing: usize| format!("the reference does not say which level of {}", factors[missing].name);
    missing.map_or_else(
        || Ok(setting.iter().flatten().copied().collect()),
        |missing| Err(PlanError::at(text, &given.span(), problem(missing))),
    )
}

/// The levels to bisect.
pub(crate) fn range(text: &str, factors: &[Factor], table: &BisectTable) -> Result<Range, PlanError> {
    let number = factor(text, factors, &table.factor)?;
    let end = |given: &Option<Text>, otherwise: usize| match given {
        Some(given) => level(text, &factors[number], given.get_ref(), &given.span()),
        None => Ok(otherwise),
    };
    let (from, to) = (end(&table.from, 0)?, end(&table.to, factors[number].levels.len() - 1)?);
    if from >= to {
        let problem = "the good end has to come before the bad one: list the levels with the oldest first";
        return Err(PlanError::at(text, &table.factor.span(), problem));
    }
    Ok(Range { factor: number, from, to })
}

pub(crate) fn others_are_settled(
    text: &str,
    plan: &Matrix,
    range: Range,
    table: &BisectTable,
) -> Result<(), PlanError> {
    if plan.reference.is_some() || plan.factors.len() == 1 {
        return Ok(());
    }
    let name = &plan.factors[range.factor].name;
    let problem = format!(
        "to bisect {name} the other factors have to be settled: add a [reference] with a level for each"
    );
    Err(PlanError::at(text, &table.factor.span(), problem))
}

/// Seeds have to fit into what cases keep them in.
pub(crate) fn seed(text: &str, given: Option<&Spanned<u64>>) -> Result<Option<u64>, PlanError> {
    match given {
        Some(seed) if i64::try_from(*seed.get_ref()).is_err() => {
            Err(PlanError::at(text, &seed.span(), "a seed is at most 9223372036854775807"))
        }
        given => Ok(given.map(|seed| *seed.get_ref())),
    }
}

/// Commands can be split into words, name nothing that is unknown, and every factor has a say in something.
pub(crate) fn commands(text: &str, file: &MatrixFile, factors: &[Factor]) -> Result<(), PlanError> {
    let trial = file.trial.get_ref();
    let of_level = |level: &LevelTable| {
        let commands = level.command.iter().chain(&level.prepare).cloned();
        commands.chain(level.environment.values().cloned()).collect::<Vec<Text>>()
    };
    let tables = file.factor.get_ref();
    let of_levels = tables.iter().flat_map(|table| table.level.values().flat_map(of_level));
    let of_trial =
        std::iter::once(&trial.command).chain(&trial.prepare).chain(trial.environment.values()).cloned();
    let all: Vec<Text> = of_trial.chain(of_levels).collect();
    all.iter().try_for_each(|command| placeholders_are_known(text, command, factors))?;
    let levels = tables.iter().flat_map(|table| table.level.values());
    let run = std::iter::once(&trial.command).chain(&trial.prepare);
    let run = run.chain(levels.flat_map(|level| level.command.iter().chain(&level.prepare)));
    run.into_iter().try_for_each(|command| can_be_split(text, command))?;
    tables.iter().try_for_each(|table| has_a_say(text, table, &all))
}

pub(crate) fn can_be_split(text: &str, command: &Text) -> Result<(), PlanError> {
    let problem = match shlex::split(command.get_ref()) {
        None => "a quotation mark is not closed",
        Some(words) if words.first().is_none_or(String::is_empty) => "there is no command",
        Some(_) if command.get_ref().contains('\0') => "no command can hold a NUL",
        Some(_) => return Ok(()),
    };
    Err(PlanError::at(text, &command.span(), problem))
}

fn placeholders_are_known(text: &str, command: &Text, factors: &[Factor]) -> Result<(), PlanError> {
    let known = |name: &str| OF_TRIALS.contains(&name) || factors.iter().any(|factor| factor.name == name);
    match placeholders(command.get_ref()).into_iter().find(|(_, name)| !known(name)) {
        None => Ok(()),
        Some((_, name)) => {
            let all: Vec<&str> = factors.iter().map(|factor| factor.name.as_str()).chain(OF_TRIALS).collect();
            let problem =
                format!("there is nothing for {{{name}}} to stand for; there are {}", all.join(", "));
            Err(PlanError::at(text, &command.span(), problem))
        }
    }
}

/// Cells that run the same thing show no difference, whatever it is: above all where each was built in the place of the
/// last one.
pub(crate) fn cells_differ(text: &str, plan: &Matrix, file: &MatrixFile) -> Result<(), PlanError> {
    let mut seen: BTreeMap<_, &Setting> = BTreeMap::new();
    for setting in &plan.cells {
        let run = plan.run(setting);
        if let Some(other) = seen.insert((run.command, run.environment), setting) {
            let told = |setting: &[usize]| {
                let words: Vec<String> =
                    plan.words(setting).map(|(name, level)| format!("{name} {level}")).collect();
                words.join(", ")
            };
            let problem = format!(
                "({}) and ({}) run the same command: let it name what differs, such as build/{{version}}, or [[exclude]] one of them",
                told(other),
                told(setting)
            );
            return Err(PlanError::at(text, &file.trial.get_ref().command.span(), problem));
        }
    }
    Ok(())
}

/// A factor that changes nothing would be exonerated whatever it is.
fn has_a_say(text: &str, table: &FactorTable, commands: &[Text]) -> Result<(), PlanError> {
    let name = table.name.get_ref();
    let named =
        |command: &Text| placeholders(command.get_ref()).iter().any(|(_, placeholder)| placeholder == name);
    let own = |level: &LevelTable| {
        level.command.is_some() || level.prepare.is_some() || !level.environment.is_empty()
    };
    if commands.iter().any(named) || table.level.values().any(own) {
        return Ok(());
    }
    let problem = format!(
        "the factor {name} changes nothing: put {{{name}}} into the command, or give its levels an environment or a command"
    );
    Err(PlanError::at(text, &table.name.span(), problem))
}
