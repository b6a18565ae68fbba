//! A plan, followed from the data to the verdict.

use std::io::{self, Write};

use jostle_model::{Childless, Expected, ProductionSummary, Standing, Verdict};

use crate::answers::Answers;
use crate::behaviour::Behaviour;
use crate::error::SourceError;
use crate::expectation::{Expectation, Measure};
use crate::judge::judge;
use crate::ledger::Ledger;
use crate::measured::Measured;
use crate::periods::Periods;
use crate::plan::{Plan, RowsTable};
use crate::source::{Place, Source, Surroundings};

/// What was found out, and what is to be cleaned up.
pub struct Verified {
    /// The verdict, expectation by expectation.
    pub summary: ProductionSummary,
    childless: Vec<[String; 3]>,
}

impl Verified {
    /// Writes the rows without children as CSV: id, unit, time. Returns how many there are; none where the plan does not
    /// say what children are.
    ///
    /// # Errors
    ///
    /// What the writer says.
    pub fn write_childless(&self, writer: impl Write) -> io::Result<u64> {
        let mut writer = csv::Writer::from_writer(writer);
        writer.write_record(["id", "unit", "time"])?;
        for row in &self.childless {
            writer.write_record(row)?;
        }
        writer.flush()?;
        Ok(self.childless.len() as u64)
    }
}

/// Reads the data in one pass, and judges each expectation. The same data and seed give the same answer.
///
/// # Errors
///
/// Where the data cannot be had, all of them; then nothing is judged.
pub fn verify(
    plan: &Plan,
    place: &Place,
    surroundings: &Surroundings,
    seed: u64,
) -> Result<Verified, SourceError> {
    let (mut source, shown) = place.open(plan, surroundings)?;
    let ledger = plan.rows.as_ref().map(|rows| read(&mut *source, plan, rows)).transpose()?;
    let answers = Answers::ask(&mut *source, plan)?;
    drop(source);
    let behaviour = ledger.as_ref().map(|ledger| Behaviour {
        ledger,
        periods: Periods::of(ledger, plan.changed, plan.until),
        grace: plan.children.as_ref().map_or(crate::moment::Span::ZERO, |children| children.grace),
        confidence: plan.confidence,
        seed,
    });
    let behaviour = behaviour.as_ref();
    let expectations: Vec<Expected> = (plan.expectations.iter())
        .map(|expectation| expected(expectation, plan, behaviour, &answers, seed))
        .collect();
    let has_children = plan.children.is_some();
    let summary = ProductionSummary {
        verb: "verify",
        verdict: verdict(&expectations),
        seed,
        source: shown,
        changed: plan.changed.to_string(),
        first: extent(behaviour).map(|(first, _)| first),
        until: extent(behaviour).map(|(_, until)| until),
        rows: ledger.as_ref().map_or(0, Ledger::row_count),
        units: ledger.as_ref().map_or(0, Ledger::unit_count),
        confidence: plan.confidence.share(),
        expectations,
        childless: behaviour.filter(|_| has_children).map(childless),
        warnings: behaviour.map(|behaviour| warnings(plan, behaviour)).unwrap_or_default(),
    };
    let childless = behaviour.filter(|_| has_children).map(childless_rows).unwrap_or_default();
    Ok(Verified { summary, childless })
}

fn read(source: &mut dyn Source, plan: &Plan, rows: &RowsTable) -> Result<Ledger, SourceError> {
    Ledger::read(source, rows, plan.units.as_ref(), plan.children.as_ref(), plan.until)
}

fn expected(
    expectation: &Expectation,
    plan: &Plan,
    behaviour: Option<&Behaviour<'_>>,
    answers: &[Answers],
    seed: u64,
) -> Expected {
    let measured = match &expectation.number.measure {
        Measure::Query(name) | Measure::Sum(name) => {
            let answers = answers.iter().find(|answers| answers.is_called(name));
            let nothing = || Measured::nothing(jostle_model::Quantity::PerUnit, "it was not asked");
            Ok(answers.map_or_else(nothing, |answers| answers.measure(expectation, plan.confidence, seed)))
        }
        _ => match behaviour {
            Some(behaviour) => behaviour.measure(expectation),
            None => Ok(Measured::nothing(jostle_model::Quantity::PerUnit, "there are no rows")),
        },
    };
    // What a query looks at stands in the query: when there will be more of it is not known.
    let periods = behaviour.filter(|_| expectation.needs_rows()).map(|behaviour| &behaviour.periods);
    judge(expectation, measured, periods)
}

fn verdict(expectations: &[Expected]) -> Verdict {
    let any = |standing| expectations.iter().any(|expected| expected.standing == standing);
    if any(Standing::Fails) {
        Verdict::Found
    } else if any(Standing::CannotTellYet) {
        Verdict::Inconclusive
    } else {
        Verdict::NothingFound
    }
}

/// The first row, and the end of what was looked at.
fn extent(behaviour: Option<&Behaviour<'_>>) -> Option<(String, String)> {
    let behaviour = behaviour?;
    let (first, _) = behaviour.ledger.extent()?;
    Some((first.to_string(), behaviour.periods.until.to_string()))
}

fn childless(behaviour: &Behaviour<'_>) -> Childless {
    let periods = &behaviour.periods;
    let (before, rows_before) = behaviour.childless(periods.before());
    let (after, rows_after) = periods.after(None).map_or((0, 0), |period| behaviour.childless(period));
    Childless { before, rows_before, after, rows_after }
}

fn childless_rows(behaviour: &Behaviour<'_>) -> Vec<[String; 3]> {
    behaviour.childless_rows().map(|(id, unit, at)| [id, unit, at.to_string()]).collect()
}

fn warnings(plan: &Plan, behaviour: &Behaviour<'_>) -> Vec<String> {
    let ledger = behaviour.ledger;
    let mut warnings = Vec::new();
    let mut warn = |number: u64, text: &str| {
        if number > 0 {
            warnings.push(format!("{number} {text}"));
        }
    };
    warn(ledger.without_unit, "rows belong to no unit, and were left out");
    warn(
        ledger.unlisted_units,
        "units have rows and are not in the table of units; each is taken for as old as its first row",
    );
    warn(ledger.strays, "children belong to rows that are not there");
    warn(ledger.shared_ids(), "rows stand with more than one unit; ratio counts each of them once");
    if ledger.row_count() > 0 && behaviour.periods.length_after() == crate::moment::Span::ZERO {
        warnings.push(format!("all rows are from before the change at {}: is that its time?", plan.changed));
    }
    if ledger.row_count() > 0 && behaviour.periods.length_before() == crate::moment::Span::ZERO {
        warnings.push(format!("all rows are from after the change at {}: is that its time?", plan.changed));
    }
    warnings
}
