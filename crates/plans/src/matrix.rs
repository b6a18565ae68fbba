//! Factors with levels, and what is run for every setting of them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::conditions::{Budget, Judging, Oracle};
use crate::error::PlanError;
use crate::file::{FactorTable, LevelTable, MatrixFile, Text};
use crate::placeholder::fill;
use crate::{cells, check};

/// One level for each factor, by number.
pub type Setting = Vec<usize>;

/// A plan that compares: which level of which factor carries a failure?
#[derive(Clone, Debug, PartialEq)]
pub struct Matrix {
    /// What is varied, as it was listed.
    pub factors: Vec<Factor>,
    /// The settings that are tried, in the order of the factors' levels; each is a cell.
    pub cells: Vec<Setting>,
    /// The setting that is known to fail.
    pub reference: Option<Setting>,
    /// The factor to bisect, and between which of its levels.
    pub bisect: Option<Range>,
    /// How a trial is judged.
    pub oracle: Oracle,
    /// How many there may be.
    pub budget: Budget,
    /// What it takes to be implicated or exonerated.
    pub judging: Judging,
    /// What is changed around every trial, by name.
    pub perturb: Option<String>,
    /// What all choices are drawn from.
    pub seed: Option<u64>,
    pub(crate) command: String,
    pub(crate) prepare: Option<String>,
    pub(crate) directory: PathBuf,
    pub(crate) environment: BTreeMap<String, String>,
}

/// What is varied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Factor {
    /// What it is called.
    pub name: String,
    /// What it can be set to; two at least.
    pub levels: Vec<Level>,
    /// The level at which there is nothing: what the others are compared with, and never to blame.
    pub without: Option<usize>,
    /// What its levels are made of.
    pub layers: Vec<Layer>,
}

/// What a factor can be set to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Level {
    /// What it is called.
    pub name: String,
    pub(crate) command: Option<String>,
    pub(crate) prepare: Option<String>,
    pub(crate) environment: BTreeMap<String, String>,
}

/// A part of the program that some levels have and others have not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// What it is called.
    pub name: String,
    /// For each level of the factor, whether it has it.
    pub present: Vec<bool>,
}

/// Levels of a factor in order, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// Which factor.
    pub factor: usize,
    /// The first level, taken to be good.
    pub from: usize,
    /// The last level, known to be bad.
    pub to: usize,
}

/// What is run for one setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// The program with its arguments; `{seed}` and the like stand in it still.
    pub command: Vec<String>,
    /// What has to be run once before.
    pub prepare: Option<Vec<String>>,
    /// What is added to the environment.
    pub environment: BTreeMap<String, String>,
    /// Where, seen from the directory that the plan lies in.
    pub directory: PathBuf,
}

impl Matrix {
    /// Reads a plan.
    ///
    /// # Errors
    /// The first thing that is wrong with it, and its line.
    pub fn read(text: &str) -> Result<Self, PlanError> {
        let file: MatrixFile = toml::from_str(text).map_err(|error| PlanError::of_toml(text, &error))?;
        let factors = check::factors(text, &file.factor)?;
        let trial = file.trial.get_ref();
        let reference =
            file.reference.as_ref().map(|given| check::reference(text, &factors, given)).transpose()?;
        let plan = Self {
            cells: cells::of(text, &factors, &file, reference.as_ref())?,
            bisect: file.bisect.as_ref().map(|given| check::range(text, &factors, given)).transpose()?,
            reference,
            factors,
            oracle: Oracle::read(text, &file.oracle)?,
            budget: Budget::read(text, &file.budget)?,
            judging: Judging::read(text, &file.judge)?,
            perturb: trial.perturb.clone(),
            seed: check::seed(text, trial.seed.as_ref())?,
            command: trial.command.get_ref().clone(),
            prepare: trial.prepare.as_ref().map(|prepare| prepare.get_ref().clone()),
            directory: trial.directory.as_ref().map_or_else(PathBuf::new, |given| given.get_ref().into()),
            environment: environment(&trial.environment),
        };
        check::commands(text, &file, &plan.factors)?;
        check::cells_differ(text, &plan, &file)?;
        if let (Some(range), Some(bisect)) = (plan.bisect, &file.bisect) {
            check::others_are_settled(text, &plan, range, bisect)?;
        }
        Ok(plan)
    }

    /// What is run for this setting.
    pub fn run(&self, setting: &[usize]) -> Run {
        let chosen =
            || self.factors.iter().zip(setting).map(|(factor, &level)| (factor, &factor.levels[level]));
        let value = |name: &str| {
            chosen().find(|(factor, _)| factor.name == name).map(|(_, level)| level.name.as_str())
        };
        // The later factor has the last word.
        let command =
            chosen().filter_map(|(_, level)| level.command.as_ref()).next_back().unwrap_or(&self.command);
        let prepare =
            chosen().filter_map(|(_, level)| level.prepare.as_ref()).next_back().or(self.prepare.as_ref());
        let mut environment = self.environment.clone();
        chosen().for_each(|(_, level)| environment.extend(level.environment.clone()));
        environment.values_mut().for_each(|text| *text = fill(text, value));
        // That they can be split was checked when the plan was read, as were the names: they hold nothing to split at.
        let words = |text: &String| {
            let words = shlex::split(text).unwrap_or_default();
            words.iter().map(|word| fill(word, value)).collect::<Vec<_>>()
        };
        Run {
            command: words(command),
            prepare: prepare.map(words),
            environment,
            directory: self.directory.clone(),
        }
    }

    /// A setting in words: each factor's name and the name of its level.
    pub fn words<'a>(&'a self, setting: &'a [usize]) -> impl Iterator<Item = (&'a str, &'a str)> {
        let word = |(factor, &level): (&'a Factor, &usize)| {
            (factor.name.as_str(), factor.levels[level].name.as_str())
        };
        self.factors.iter().zip(setting).map(word)
    }

    /// The settings from the first to the last level of a range, all other factors as in the reference.
    pub fn range(&self, range: Range) -> Vec<Setting> {
        let base = self.reference.clone().unwrap_or_else(|| vec![0; self.factors.len()]);
        let at = |level| {
            let mut setting = base.clone();
            setting[range.factor] = level;
            setting
        };
        (range.from..=range.to).map(at).collect()
    }

    /// All levels of the factor with this name, to be bisected; nothing where there is none, or where other factors are not
    /// settled by a reference.
    pub fn whole_range(&self, name: &str) -> Option<Range> {
        let factor = self.factors.iter().position(|factor| factor.name == name)?;
        let settled = self.reference.is_some() || self.factors.len() == 1;
        settled.then(|| Range { factor, from: 0, to: self.factors[factor].levels.len() - 1 })
    }
}

impl Factor {
    pub(crate) fn of(table: &FactorTable) -> Self {
        let level = |name: &Text| Level::of(name, table.level.get(name));
        let levels: Vec<Level> = table.levels.get_ref().iter().map(level).collect();
        let number = |name: &Text| levels.iter().position(|level| level.name == *name.get_ref());
        let layer = |(name, members): (&Text, &Vec<Text>)| Layer {
            name: name.get_ref().clone(),
            present: levels
                .iter()
                .map(|level| members.iter().any(|name| *name.get_ref() == level.name))
                .collect(),
        };
        Self {
            name: table.name.get_ref().clone(),
            without: table.without.as_ref().and_then(number),
            layers: table.layers.iter().map(layer).collect(),
            levels,
        }
    }
}

impl Level {
    fn of(name: &Text, details: Option<&LevelTable>) -> Self {
        let text = |of: fn(&LevelTable) -> &Option<Text>| {
            details.and_then(|details| of(details).as_ref()).map(|text| text.get_ref().clone())
        };
        Self {
            name: name.get_ref().clone(),
            command: text(|details| &details.command),
            prepare: text(|details| &details.prepare),
            environment: details.map(|details| environment(&details.environment)).unwrap_or_default(),
        }
    }
}

pub(crate) fn environment(table: &BTreeMap<Text, Text>) -> BTreeMap<String, String> {
    table.iter().map(|(name, value)| (name.get_ref().clone(), value.get_ref().clone())).collect()
}
