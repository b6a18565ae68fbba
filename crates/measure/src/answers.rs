//! What the user's own queries answer, added up by unit.

use jostle_model::Quantity;
use jostle_odds::{Confidence, UnitSums};

use crate::error::SourceError;
use crate::expectation::{Expectation, Measure};
use crate::measured::{Measured, drop_of_ratios, drop_of_sums, level};
use crate::names::Names;
use crate::plan::{Plan, Query};
use crate::source::{Cell, Source, printable};

/// The answers to one query, before the change and after it.
pub(crate) struct Answers {
    name: String,
    units: Names,
    before: Vec<Option<UnitSums>>,
    after: Vec<Option<UnitSums>>,
}

impl Answers {
    /// Asks all queries that some expectation is about.
    pub(crate) fn ask(source: &mut dyn Source, plan: &Plan) -> Result<Vec<Self>, SourceError> {
        let about = |query: &&Query| {
            plan.expectations.iter().any(|expectation| match &expectation.number.measure {
                Measure::Query(name) | Measure::Sum(name) => *name == query.name,
                _ => false,
            })
        };
        plan.queries.iter().filter(about).map(|query| Self::of(source, query)).collect()
    }

    fn of(source: &mut dyn Source, query: &Query) -> Result<Self, SourceError> {
        let mut units = Names::default();
        let mut side = |when: &str, sql: &Option<String>| {
            sql.as_ref().map_or(Ok(Vec::new()), |sql| {
                sums(source, &format!("the query {} ({when})", query.name), sql, &mut units)
            })
        };
        let (before, after) = (side("before", &query.before)?, side("after", &query.after)?);
        Ok(Self { name: query.name.clone(), units, before, after })
    }

    pub(crate) fn is_called(&self, name: &str) -> bool {
        self.name == name
    }

    pub(crate) fn measure(&self, expectation: &Expectation, confidence: Confidence, seed: u64) -> Measured {
        let order = self.units.in_order();
        let of = |sums: &[Option<UnitSums>], unit: u32| sums.get(unit as usize).copied().flatten();
        let known =
            |sums: &[Option<UnitSums>]| order.iter().filter_map(|&unit| of(sums, unit)).collect::<Vec<_>>();
        match (expectation.number.drop, &expectation.number.measure) {
            (true, Measure::Sum(_)) => drop_of_sums(&self.both(), confidence, seed),
            (true, _) => drop_of_ratios(&known(&self.before), &known(&self.after), confidence, seed),
            (false, _) => level(Quantity::PerUnit, &known(&self.after), confidence, seed),
        }
    }

    /// Of each unit, what it adds up to after the change and before it.
    fn both(&self) -> Vec<UnitSums> {
        let sum = |sums: &[Option<UnitSums>], unit: u32| {
            sums.get(unit as usize).copied().flatten().map_or(0.0, |unit| unit.numerator)
        };
        let pair =
            |unit| UnitSums { numerator: sum(&self.after, unit), denominator: sum(&self.before, unit) };
        self.units.in_order().into_iter().map(pair).collect()
    }
}

/// By the number of the unit. A unit may come in several rows, which are added up. Without a weight, each unit counts as
/// one.
fn sums(
    source: &mut dyn Source,
    place: &str,
    sql: &str,
    units: &mut Names,
) -> Result<Vec<Option<UnitSums>>, SourceError> {
    let mut sums: Vec<Option<UnitSums>> = Vec::new();
    source.query(place, sql, &mut |cells, here| {
        let Cell::Text(unit) = cells[0] else {
            return Err(SourceError::Empty { what: "unit", place: here() });
        };
        let unit =
            units.number(unit).ok_or_else(|| SourceError::TooMany { table: place.to_owned() })? as usize;
        let value = number("value", cells[1], here)?;
        let weight = cells.get(2).map(|&cell| number("weight", cell, here)).transpose()?;
        if sums.len() <= unit {
            sums.resize(unit + 1, None);
        }
        let sum = sums[unit].get_or_insert_default();
        sum.numerator += value;
        sum.denominator = weight.map_or(1.0, |weight| sum.denominator + weight);
        Ok(())
    })?;
    Ok(sums)
}

fn number(what: &'static str, cell: Cell<'_>, here: &dyn Fn() -> String) -> Result<f64, SourceError> {
    let Cell::Text(text) = cell else { return Err(SourceError::Empty { what, place: here() }) };
    let text = String::from_utf8_lossy(text);
    // PostgreSQL writes truth as t and f.
    let read = match text.trim() {
        "t" | "true" => Some(1.0),
        "f" | "false" => Some(0.0),
        text => text.parse::<f64>().ok().filter(|number| number.is_finite()),
    };
    read.ok_or_else(|| SourceError::Number { what, place: here(), text: printable(&text) })
}
