//! All rows that count, by unit and time.
//!
//! A row takes sixteen bytes, and its names what they are long and some thirty bytes more: two million rows fit into a few
//! hundred megabytes, however they come.

use std::cmp::Ordering;

use crate::error::SourceError;
use crate::moment::{Moment, Span};
use crate::names::Names;
use crate::plan::{ChildrenTable, RowsTable, UnitsTable};
use crate::source::{Cell, Column, Source};

/// One row: whose, which, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) unit: u32,
    pub(crate) id: u32,
    pub(crate) at: Moment,
}

/// From a moment up to another, which does not belong to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Period {
    pub(crate) from: Moment,
    pub(crate) to: Moment,
}

#[derive(Default)]
pub(crate) struct Ledger {
    units: Names,
    ids: Names,
    /// By unit, and within a unit by time.
    rows: Vec<Row>,
    /// The units in the order of their names, so that nothing depends on the order of the data.
    order: Vec<u32>,
    /// Where each unit's rows begin, and at last where they end.
    starts: Vec<usize>,
    /// When each unit was first seen.
    born: Vec<Moment>,
    /// For each id, whether it has a child.
    has_child: Vec<bool>,
    /// Rows that belong to nobody, and were left out.
    pub(crate) without_unit: u64,
    /// Units with rows which the table of units does not have.
    pub(crate) unlisted_units: u64,
    /// Children of rows that are not there.
    pub(crate) strays: u64,
    first: Option<Moment>,
    last: Option<Moment>,
}

impl Period {
    pub(crate) fn holds(&self, moment: Moment) -> bool {
        self.from <= moment && moment < self.to
    }
}

impl Ledger {
    /// Reads what the plan names; rows from `until` on are left out.
    pub(crate) fn read(
        source: &mut dyn Source,
        rows: &RowsTable,
        units: Option<&UnitsTable>,
        children: Option<&ChildrenTable>,
        until: Option<Moment>,
    ) -> Result<Self, SourceError> {
        let mut ledger = Self::default();
        ledger.read_rows(source, rows, until)?;
        let with_rows = ledger.units.len();
        if let Some(units) = units {
            ledger.read_units(source, units, until)?;
        }
        ledger.put_in_order();
        ledger.unlisted_units = ledger.complete_births(with_rows, units.is_some());
        if let Some(children) = children {
            ledger.read_children(source, children)?;
        }
        Ok(ledger)
    }

    fn read_rows(
        &mut self,
        source: &mut dyn Source,
        table: &RowsTable,
        until: Option<Moment>,
    ) -> Result<(), SourceError> {
        let columns = [Column::text(&table.unit), Column::text(&table.id), Column::time(&table.time)];
        source.table(&table.table, &columns, &mut |cells, here| {
            let &[unit, Cell::Text(id), Cell::Time(at)] = cells else {
                let what = if matches!(cells[1], Cell::Empty) { "id" } else { "time" };
                return Err(SourceError::Empty { what, place: here() });
            };
            self.first = Some(self.first.map_or(at, |first| first.min(at)));
            if until.is_some_and(|until| at >= until) {
                return Ok(());
            }
            self.last = Some(self.last.map_or(at, |last| last.max(at)));
            let Cell::Text(unit) = unit else {
                self.without_unit += 1;
                return Ok(());
            };
            let (Some(unit), Some(id)) = (self.units.number(unit), self.ids.number(id)) else {
                return Err(SourceError::TooMany { table: table.table.clone() });
            };
            self.rows.push(Row { unit, id, at });
            Ok(())
        })
    }

    fn read_units(
        &mut self,
        source: &mut dyn Source,
        table: &UnitsTable,
        until: Option<Moment>,
    ) -> Result<(), SourceError> {
        self.born = vec![NOT_YET; self.units.len()];
        let columns = [Column::text(&table.id), Column::time(&table.time)];
        source.table(&table.table, &columns, &mut |cells, here| {
            let &[Cell::Text(name), Cell::Time(at)] = cells else {
                let what = if matches!(cells[0], Cell::Empty) { "id" } else { "time" };
                return Err(SourceError::Empty { what, place: here() });
            };
            if until.is_some_and(|until| at >= until) && self.units.known(name).is_none() {
                return Ok(());
            }
            let number =
                self.units.number(name).ok_or_else(|| SourceError::TooMany { table: table.table.clone() })?;
            if number as usize == self.born.len() {
                self.born.push(at);
            } else {
                let born = &mut self.born[number as usize];
                *born = at.min(*born);
            }
            Ok(())
        })
    }

    fn put_in_order(&mut self) {
        self.rows.sort_unstable_by(|one, other| match one.unit.cmp(&other.unit) {
            Ordering::Equal => (one.at, one.id).cmp(&(other.at, other.id)),
            order => order,
        });
        self.order = self.units.in_order();
        self.starts = vec![0; self.units.len() + 1];
        for row in &self.rows {
            self.starts[row.unit as usize + 1] += 1;
        }
        for unit in 1..self.starts.len() {
            self.starts[unit] += self.starts[unit - 1];
        }
    }

    /// A unit of which nobody says when it was first seen is as old as its first row. Returns for how many that should have
    /// been said.
    fn complete_births(&mut self, with_rows: usize, listed: bool) -> u64 {
        self.born.resize(self.units.len(), NOT_YET);
        let mut unlisted = 0;
        for unit in 0..with_rows {
            if self.born[unit] == NOT_YET {
                self.born[unit] = self.rows_of(unit as u32).first().map_or(NOT_YET, |row| row.at);
                unlisted += u64::from(listed);
            }
        }
        unlisted
    }

    fn read_children(&mut self, source: &mut dyn Source, table: &ChildrenTable) -> Result<(), SourceError> {
        self.has_child = vec![false; self.ids.len()];
        source.table(&table.table, &[Column::text(&table.row)], &mut |cells, _| {
            if let Cell::Text(row) = cells[0] {
                match self.ids.known(row) {
                    Some(id) => self.has_child[id as usize] = true,
                    None => self.strays += 1,
                }
            }
            Ok(())
        })
    }

    /// Every unit with its rows, some of them none.
    pub(crate) fn units(&self) -> impl Iterator<Item = (u32, &[Row])> {
        self.order.iter().map(|&unit| (unit, self.rows_of(unit)))
    }

    fn rows_of(&self, unit: u32) -> &[Row] {
        &self.rows[self.starts[unit as usize]..self.starts[unit as usize + 1]]
    }

    pub(crate) fn born(&self, unit: u32) -> Moment {
        self.born[unit as usize]
    }

    pub(crate) fn has_child(&self, row: &Row) -> bool {
        self.has_child[row.id as usize]
    }

    /// How many different rows there are.
    pub(crate) fn different(&self) -> usize {
        self.ids.len()
    }

    pub(crate) fn row_count(&self) -> u64 {
        self.rows.len() as u64
    }

    pub(crate) fn unit_count(&self) -> u64 {
        self.units.len() as u64
    }

    pub(crate) fn name(&self, unit: u32) -> String {
        self.units.name(unit)
    }

    pub(crate) fn id(&self, row: &Row) -> String {
        self.ids.name(row.id)
    }

    /// When the first row came, and the last.
    pub(crate) fn extent(&self) -> Option<(Moment, Moment)> {
        self.first.zip(self.last)
    }

    /// How many ids stand with more than one unit: what is counted once per unit is then counted more than once.
    pub(crate) fn shared_ids(&self) -> u64 {
        let mut owner = vec![u32::MAX; self.ids.len()];
        let mut shared = vec![false; self.ids.len()];
        for row in &self.rows {
            let owner = &mut owner[row.id as usize];
            shared[row.id as usize] |= *owner != u32::MAX && *owner != row.unit;
            *owner = row.unit;
        }
        shared.into_iter().filter(|&shared| shared).count() as u64
    }
}

/// The rows of one unit that came within a period.
pub(crate) fn within(rows: &[Row], period: Period) -> &[Row] {
    let from = rows.partition_point(|row| row.at < period.from);
    let to = rows.partition_point(|row| row.at < period.to);
    &rows[from..to.max(from)]
}

/// The most rows that came within `span`, wherever it begins; `rows` are in the order of time.
pub(crate) fn most_within(rows: &[Row], span: Span) -> u64 {
    let mut first = 0;
    let mut most = 0;
    for (last, row) in rows.iter().enumerate() {
        while rows[first].at.plus(span) <= row.at {
            first += 1;
        }
        most = most.max(last + 1 - first);
    }
    most as u64
}

/// Later than every row.
const NOT_YET: Moment = Moment(i64::MAX);

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(times: &[i64]) -> Vec<Row> {
        times.iter().map(|&at| Row { unit: 0, id: 0, at: Moment(at) }).collect()
    }

    #[test]
    fn the_busiest_span_is_found_wherever_it_begins() {
        let rows = rows(&[0, 1, 2, 10, 11, 12, 13, 30]);
        assert_eq!([1, 3, 4, 13, 14, 31].map(|span| most_within(&rows, Span(span))), [1, 3, 4, 6, 7, 8]);
        assert_eq!(most_within(&[], Span(5)), 0);
    }

    #[test]
    fn a_period_ends_before_its_end() {
        let rows = rows(&[1, 2, 3, 4]);
        let times = |from, to| {
            within(&rows, Period { from: Moment(from), to: Moment(to) })
                .iter()
                .map(|row| row.at.0)
                .collect::<Vec<_>>()
        };
        assert_eq!(times(2, 4), [2, 3]);
        assert_eq!(times(4, 2), [] as [i64; 0]);
    }
}
