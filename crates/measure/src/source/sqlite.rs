use std::io::Write;
use std::path::Path;
use std::sync::mpsc;
use std::thread;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode, OpenFlags, Row, Statement};

use super::{Cell, Column, Source, Taker, listed, no_time};
use crate::error::SourceError;
use crate::moment::{Clock, Span};

/// An SQLite database that is opened for reading only.
pub(super) struct Sqlite {
    connection: Connection,
    timeout: Span,
    clock: Clock,
}

impl Sqlite {
    pub(super) fn open(path: &Path, timeout: Span, clock: Clock) -> Result<Self, SourceError> {
        let opened = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY);
        let ready = opened.and_then(|connection| {
            connection.busy_timeout(timeout.to_std())?;
            // One state of the data for all that is asked, whoever writes meanwhile.
            connection.execute_batch("PRAGMA query_only = ON; BEGIN")?;
            Ok(connection)
        });
        let connection = ready.map_err(|error| said(&path.display().to_string(), timeout, &error))?;
        Ok(Self { connection, timeout, clock })
    }

    fn columns(&self, table: &str) -> Result<Vec<String>, SourceError> {
        let failed = |error: rusqlite::Error| said(table, self.timeout, &error);
        let names = |sql: &str, given: &[&str]| -> Result<Vec<String>, rusqlite::Error> {
            let mut statement = self.connection.prepare(sql)?;
            let rows = statement.query_map(rusqlite::params_from_iter(given), |row| row.get(0))?;
            rows.collect()
        };
        let columns = names("SELECT name FROM pragma_table_info(?1)", &[table]).map_err(failed)?;
        if columns.is_empty() {
            let all = "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') ORDER BY name";
            let there = listed(names(all, &[]).map_err(failed)?.into_iter());
            return Err(SourceError::NoTable { table: table.to_owned(), there });
        }
        Ok(columns)
    }

    /// Gives every row that a statement has, and stops it when it takes too long.
    fn rows(
        &self,
        what: &str,
        mut statement: Statement<'_>,
        times: &[bool],
        take: Taker<'_>,
    ) -> Result<(), SourceError> {
        let failed = |error: rusqlite::Error| said(what, self.timeout, &error);
        let (done, waits) = mpsc::channel::<()>();
        let (interrupt, limit) = (self.connection.get_interrupt_handle(), self.timeout.to_std());
        let guard = thread::spawn(move || {
            if waits.recv_timeout(limit) == Err(mpsc::RecvTimeoutError::Timeout) {
                interrupt.interrupt();
            }
        });
        let read = (|| {
            let mut rows = statement.raw_query();
            let mut number = 0u64;
            let mut numbers = vec![Vec::new(); times.len()];
            while let Some(row) = rows.next().map_err(failed)? {
                number += 1;
                let here = || format!("{what}, row {number}");
                take_row(row, times, &self.clock, &mut numbers, &here, take)?;
            }
            Ok(())
        })();
        drop(done);
        let _ = guard.join();
        read
    }
}

impl Source for Sqlite {
    fn table(&mut self, table: &str, columns: &[Column<'_>], take: Taker<'_>) -> Result<(), SourceError> {
        // SQLite takes an unknown name in double quotes for a text, so they are looked up first.
        let there = self.columns(table)?;
        for column in columns {
            if !there.iter().any(|name| name.eq_ignore_ascii_case(column.name)) {
                let (column, table) = (column.name.to_owned(), table.to_owned());
                return Err(SourceError::NoColumn { column, table, there: listed(there.into_iter()) });
            }
        }
        let names: Vec<String> = columns.iter().map(|column| quoted(column.name)).collect();
        let sql = format!("SELECT {} FROM {}", names.join(", "), quoted(table));
        let statement = self.connection.prepare(&sql).map_err(|error| said(table, self.timeout, &error))?;
        let times: Vec<bool> = columns.iter().map(|column| column.time).collect();
        self.rows(table, statement, &times, take)
    }

    fn query(&mut self, name: &str, sql: &str, take: Taker<'_>) -> Result<(), SourceError> {
        let statement = self.connection.prepare(sql).map_err(|error| said(name, self.timeout, &error))?;
        if !statement.readonly() {
            return Err(SourceError::Writes { query: name.to_owned(), source: None });
        }
        let columns = statement.column_count();
        if !(2..=3).contains(&columns) {
            return Err(SourceError::Columns { query: name.to_owned(), columns });
        }
        self.rows(name, statement, &vec![false; columns], take)
    }
}

/// Hands a row on. `numbers` is room for the digits of whole numbers, one for each column.
fn take_row(
    row: &Row<'_>,
    times: &[bool],
    clock: &Clock,
    numbers: &mut [Vec<u8>],
    here: &dyn Fn() -> String,
    take: Taker<'_>,
) -> Result<(), SourceError> {
    for (place, digits) in numbers.iter_mut().enumerate() {
        digits.clear();
        let _ = match row.get_ref_unwrap(place) {
            ValueRef::Integer(number) => write!(digits, "{number}"),
            ValueRef::Real(number) => write!(digits, "{number}"),
            _ => Ok(()),
        };
    }
    let mut cells = Vec::with_capacity(times.len());
    for (place, (&time, digits)) in times.iter().zip(&*numbers).enumerate() {
        let text = match row.get_ref_unwrap(place) {
            ValueRef::Null => {
                cells.push(Cell::Empty);
                continue;
            }
            ValueRef::Integer(_) | ValueRef::Real(_) => digits.as_slice(),
            ValueRef::Text(text) | ValueRef::Blob(text) => text,
        };
        cells.push(if time {
            Cell::Time(clock.read(&String::from_utf8_lossy(text)).map_err(|error| no_time(here, error))?)
        } else {
            Cell::Text(text)
        });
    }
    take(&cells, here)
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn said(query: &str, timeout: Span, error: &rusqlite::Error) -> SourceError {
    let (query, why) = (query.to_owned(), error.to_string());
    match error.sqlite_error_code() {
        Some(ErrorCode::OperationInterrupted) => SourceError::TimedOut { query, limit: timeout.to_string() },
        Some(ErrorCode::ReadOnly) => SourceError::Writes { query, source: None },
        Some(ErrorCode::Unknown) => SourceError::Refused { query, why },
        None => SourceError::Refused { query, why },
        Some(_) => SourceError::Database { query, why },
    }
}
