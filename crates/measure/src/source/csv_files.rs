use std::fs;
use std::path::{Path, PathBuf};

use csv::{ByteRecord, ErrorKind, Reader, ReaderBuilder};

use super::{Cell, Column, Source, Taker, listed, no_time};
use crate::error::SourceError;
use crate::moment::Clock;

/// CSV files as RFC 4180 has them, with a first line that names the columns.
pub(super) struct CsvFiles {
    place: PathBuf,
    /// Whether it is one file, whatever the table is called.
    single: bool,
    separator: u8,
    clock: Clock,
}

impl CsvFiles {
    pub(super) fn folder(place: &Path, separator: u8, clock: Clock) -> Self {
        Self { place: place.to_owned(), single: false, separator, clock }
    }

    pub(super) fn single(place: &Path, separator: u8, clock: Clock) -> Self {
        Self { place: place.to_owned(), single: true, separator, clock }
    }

    fn file(&self, table: &str) -> Result<PathBuf, SourceError> {
        if self.single {
            return Ok(self.place.clone());
        }
        let named = self.place.join(table);
        let path = if named.is_file() { named } else { self.place.join(format!("{table}.csv")) };
        if path.is_file() {
            return Ok(path);
        }
        let there = fs::read_dir(&self.place).into_iter().flatten().flatten();
        let mut there: Vec<String> =
            there.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        there.retain(|name| name.ends_with(".csv"));
        there.sort();
        Err(SourceError::NoTable { table: path.display().to_string(), there: listed(there.into_iter()) })
    }
}

impl Source for CsvFiles {
    fn table(&mut self, table: &str, columns: &[Column<'_>], take: Taker<'_>) -> Result<(), SourceError> {
        let path = self.file(table)?;
        let mut reader = (ReaderBuilder::new().delimiter(self.separator).buffer_capacity(1 << 18))
            .from_path(&path)
            .map_err(|error| unreadable(&path, error))?;
        let places = places(&mut reader, &path, columns)?;
        let mut record = ByteRecord::new();
        while reader.read_byte_record(&mut record).map_err(|error| unreadable(&path, error))? {
            let line = record.position().map_or(0, csv::Position::line);
            let here = || format!("{}, line {line}", path.display());
            let mut cells = Vec::with_capacity(columns.len());
            for (column, &place) in columns.iter().zip(&places) {
                cells.push(cell(&record[place], column.time, &self.clock, &here)?);
            }
            take(&cells, &here)?;
        }
        Ok(())
    }

    fn query(&mut self, name: &str, _sql: &str, _take: Taker<'_>) -> Result<(), SourceError> {
        Err(SourceError::NoSql { query: name.to_owned() })
    }
}

/// In which field each column stands.
fn places(
    reader: &mut Reader<fs::File>,
    path: &Path,
    columns: &[Column<'_>],
) -> Result<Vec<usize>, SourceError> {
    let header = reader.byte_headers().map_err(|error| unreadable(path, error))?;
    let place = |column: &Column<'_>| {
        header.iter().position(|field| field.trim_ascii() == column.name.as_bytes()).ok_or_else(|| {
            SourceError::NoColumn {
                column: column.name.to_owned(),
                table: path.display().to_string(),
                there: listed(header.iter().map(|field| String::from_utf8_lossy(field).into_owned())),
            }
        })
    };
    columns.iter().map(place).collect()
}

fn cell<'a>(
    field: &'a [u8],
    time: bool,
    clock: &Clock,
    here: &dyn Fn() -> String,
) -> Result<Cell<'a>, SourceError> {
    match field {
        b"" => Ok(Cell::Empty),
        field if time => {
            clock.read(&String::from_utf8_lossy(field)).map(Cell::Time).map_err(|error| no_time(here, error))
        }
        field => Ok(Cell::Text(field)),
    }
}

fn unreadable(path: &Path, error: csv::Error) -> SourceError {
    let line = error.position().map_or(0, csv::Position::line);
    match error.into_kind() {
        ErrorKind::UnequalLengths { expected_len, len, .. } => SourceError::Ragged {
            place: format!("{}, line {line}", path.display()),
            has: len,
            wanted: expected_len,
        },
        ErrorKind::Io(source) => SourceError::File { path: path.to_owned(), source },
        other => {
            SourceError::File { path: path.to_owned(), source: std::io::Error::other(format!("{other:?}")) }
        }
    }
}
