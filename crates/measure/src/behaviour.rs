//! What units did, measured from their rows.

use jostle_model::{Outlier, Quantity};
use jostle_odds::{Confidence, UnitSums};

use crate::expectation::{Expectation, Measure, Threshold};
use crate::ledger::{Ledger, Period, Row, most_within, within};
use crate::measured::{Measured, count, drop_of_ratios, drop_of_sums, level, share};
use crate::moment::{Moment, Span};
use crate::periods::{Pair, Periods, Short};

/// Rows with the times that matter for them.
pub(crate) struct Behaviour<'a> {
    pub(crate) ledger: &'a Ledger,
    pub(crate) periods: Periods,
    /// How long a row has to be there until its children may be missed.
    pub(crate) grace: Span,
    pub(crate) confidence: Confidence,
    pub(crate) seed: u64,
}

impl Behaviour<'_> {
    pub(crate) fn measure(&self, expectation: &Expectation) -> Result<Measured, Short> {
        let number = &expectation.number;
        if number.drop {
            let pair = self.periods.pair(number.period)?;
            return Ok(self.fall(&number.measure, pair));
        }
        let period = self.periods.after(number.period)?;
        let (confidence, seed) = (self.confidence, self.seed);
        let units = |of_new| self.sums(&number.measure, period, of_new);
        Ok(match &number.measure {
            Measure::Outliers(threshold) => self.outliers(*threshold, expectation.percent),
            Measure::Orphans if expectation.counts() => {
                let units = units(number.of_new);
                count(units.iter().map(|unit| unit.numerator).sum::<f64>() as usize, units.len(), confidence)
            }
            Measure::Share(_) => {
                let units = units(number.of_new);
                let many = units.iter().filter(|unit| unit.numerator > 0.0).count();
                share(many, units.len(), confidence)
            }
            Measure::Orphans => self.orphans(&units(number.of_new)),
            _ => level(Quantity::PerUnit, &units(number.of_new), confidence, seed),
        })
    }

    /// The share of rows without children; where none is, of units with such rows.
    fn orphans(&self, units: &[UnitSums]) -> Measured {
        if !units.is_empty() && units.iter().all(|unit| unit.numerator == 0.0) {
            return share(0, units.len(), self.confidence);
        }
        level(Quantity::Share, units, self.confidence, self.seed)
    }

    fn fall(&self, measure: &Measure, pair: Pair) -> Measured {
        if *measure == Measure::Rows {
            return drop_of_sums(&self.both(pair), self.confidence, self.seed);
        }
        let [before, after] = [pair.before, pair.after].map(|period| self.sums(measure, period, false));
        drop_of_ratios(&before, &after, self.confidence, self.seed)
    }

    /// Of each unit, its rows in either period.
    fn both(&self, pair: Pair) -> Vec<UnitSums> {
        let rows = |rows: &[Row], period| within(rows, period).len() as f64;
        let units = self.ledger.units().map(|(_, all)| UnitSums {
            numerator: rows(all, pair.after),
            denominator: rows(all, pair.before),
        });
        units.filter(|unit| unit.numerator + unit.denominator > 0.0).collect()
    }

    /// What stands above and below the line for each unit that takes part: those with rows in the period, or those that
    /// are new in it, which have to be counted without rows too.
    fn sums(&self, measure: &Measure, period: Period, of_new: bool) -> Vec<UnitSums> {
        let mut seen = vec![false; if *measure == Measure::Ratio { self.ledger.different() } else { 0 }];
        let per_row = *measure == Measure::Orphans;
        let sums = self.ledger.units().filter_map(|(unit, all)| {
            let rows = within(all, period);
            let takes_part = match of_new {
                true => period.holds(self.ledger.born(unit)),
                false => !rows.is_empty(),
            };
            let old_enough = |row: &&Row| row.at.plus(self.grace) < self.periods.until;
            takes_part.then(|| match measure {
                Measure::Orphans => UnitSums {
                    numerator: rows
                        .iter()
                        .filter(old_enough)
                        .filter(|row| !self.ledger.has_child(row))
                        .count() as f64,
                    denominator: rows.iter().filter(old_enough).count() as f64,
                },
                Measure::Share(threshold) => {
                    let much = most(rows, threshold.within) > threshold.more_than;
                    UnitSums { numerator: f64::from(u8::from(much)), denominator: 1.0 }
                }
                Measure::Ratio => {
                    let new = rows.iter().filter(|row| !std::mem::replace(&mut seen[row.id as usize], true));
                    UnitSums { numerator: new.count() as f64, denominator: 1.0 }
                }
                _ => UnitSums { numerator: rows.len() as f64, denominator: 1.0 },
            })
        });
        sums.filter(|unit| !per_row || unit.denominator > 0.0).collect()
    }

    /// Units with too many rows after the change, apart from those that had too many before: what was given away before it
    /// goes on being used.
    fn outliers(&self, threshold: Threshold, as_share: bool) -> Measured {
        let (before, after) =
            (self.periods.before(), Period { from: self.periods.changed, to: self.periods.until });
        let (mut units, mut once) = (0, 0);
        let (mut new, mut known) = (Vec::new(), Vec::new());
        for (unit, all) in self.ledger.units() {
            let (earlier, later) = (within(all, before), within(all, after));
            let most_before = most(earlier, threshold.within);
            let was_one = most_before > threshold.more_than;
            once += u64::from(was_one);
            units += usize::from(!later.is_empty());
            let most = most(later, threshold.within);
            if most > threshold.more_than {
                let outlier = Outlier { unit: self.ledger.name(unit), most, most_before };
                if was_one { known.push(outlier) } else { new.push(outlier) }
            }
        }
        let measure = if as_share { share } else { count };
        let mut measured = measure(new.len(), units, self.confidence);
        measured.chance_if_unchanged = (new.is_empty() && once > 0).then(|| self.chance_of_none(once));
        measured.known = Some(known.len() as u64).filter(|&known| known > 0);
        measured.outliers = foremost(new);
        measured.known_outliers = foremost(known);
        measured.needs = threshold.within;
        measured
    }

    /// How likely it would be to see none after the change, if new outliers went on coming as `before` came, at any time
    /// with the same chance: each of them would have to fall into the time before it.
    fn chance_of_none(&self, before: u64) -> f64 {
        let (earlier, later) = (self.periods.length_before(), self.periods.length_after());
        let share = earlier.0 as f64 / (earlier.0 as f64 + later.0 as f64);
        share.powf(before as f64)
    }

    /// Rows without children that are old enough to have some, within a period, and of how many.
    pub(crate) fn childless(&self, period: Period) -> (u64, u64) {
        let sums = self.sums(&Measure::Orphans, period, false);
        let total = |part: fn(&UnitSums) -> f64| sums.iter().map(part).sum::<f64>() as u64;
        (total(|unit| unit.numerator), total(|unit| unit.denominator))
    }

    /// Each of them.
    pub(crate) fn childless_rows(&self) -> impl Iterator<Item = (String, String, Moment)> {
        let until = self.periods.until;
        let rows = self.ledger.units().flat_map(|(_, rows)| rows);
        let childless =
            rows.filter(move |row| row.at.plus(self.grace) < until && !self.ledger.has_child(row));
        childless.map(|row| (self.ledger.id(row), self.ledger.name(row.unit), row.at))
    }
}

/// The most rows within that time, or all of them.
fn most(rows: &[Row], span: Option<Span>) -> u64 {
    span.map_or(rows.len() as u64, |span| most_within(rows, span))
}

/// The largest, in an order that does not depend on that of the data.
fn foremost(mut outliers: Vec<Outlier>) -> Vec<Outlier> {
    const SHOWN: usize = 100;
    outliers.sort_by(|one, other| other.most.cmp(&one.most).then_with(|| one.unit.cmp(&other.unit)));
    outliers.truncate(SHOWN);
    outliers
}
