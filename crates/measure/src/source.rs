//! Where rows come from: CSV files, SQLite or PostgreSQL, all read in one pass, and none of them written.

mod csv_files;
mod passwords;
mod postgresql;
mod reader;
mod sqlite;
mod tls;

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::error::SourceError;
use crate::moment::{Moment, NoMoment};
use crate::plan::Plan;

pub use passwords::Surroundings;

/// A field of a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Cell<'a> {
    /// NULL, or nothing between two commas.
    Empty,
    Text(&'a [u8]),
    Time(Moment),
}

/// A column that is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column<'a> {
    pub(crate) name: &'a str,
    /// Whether times stand in it.
    pub(crate) time: bool,
}

impl<'a> Column<'a> {
    pub(crate) fn text(name: &'a str) -> Self {
        Self { name, time: false }
    }

    pub(crate) fn time(name: &'a str) -> Self {
        Self { name, time: true }
    }
}

/// What takes the rows, one by one, with where each stands.
pub(crate) type Taker<'t> = &'t mut dyn FnMut(&[Cell<'_>], &dyn Fn() -> String) -> Result<(), SourceError>;

/// Something that has tables.
pub(crate) trait Source {
    /// Every row of a table, in any order, with the columns that are asked for.
    fn table(&mut self, table: &str, columns: &[Column<'_>], take: Taker<'_>) -> Result<(), SourceError>;

    /// Every row that the user's own query gives.
    fn query(&mut self, name: &str, sql: &str, take: Taker<'_>) -> Result<(), SourceError>;
}

/// Where the data are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A folder with a CSV file for each table.
    Folder(PathBuf),
    /// One CSV file, whatever the plan calls its table.
    Csv(PathBuf),
    /// A file with an SQLite database.
    Sqlite(PathBuf),
    /// The address of a PostgreSQL server.
    Postgres(String),
}

impl Place {
    /// What `text` names, relative to `folder`. A file's kind is seen from how it begins.
    ///
    /// # Errors
    ///
    /// [`SourceError::File`] where nothing is, and [`SourceError::Unsupported`] for what is not read here.
    pub fn find(text: &str, folder: &Path) -> Result<Self, SourceError> {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Postgres(text.to_owned()));
        }
        let path = folder.join(text);
        let failed = |source| SourceError::File { path: path.clone(), source };
        if path.metadata().map_err(failed)?.is_dir() {
            return Ok(Self::Folder(path));
        }
        let head = head(&path).map_err(failed)?;
        let unsupported = |what, hint| Err(SourceError::Unsupported { path: path.clone(), what, hint });
        match &head[..] {
            head if head.starts_with(b"SQLite format 3\0") => Ok(Self::Sqlite(path)),
            head if head.starts_with(b"PAR1") => unsupported(
                "Parquet, which is not read here",
                "turn it into CSV: duckdb -c \"COPY 'FILE.parquet' TO 'FILE.csv'\"",
            ),
            head if head.starts_with(b"\x1f\x8b") => {
                unsupported("compressed", "unpack it first: gunzip FILE")
            }
            [] => unsupported(
                "empty",
                "give a CSV file with a first line that names its columns, or a database",
            ),
            _ => Ok(Self::Csv(path)),
        }
    }

    pub(crate) fn open(
        &self,
        plan: &Plan,
        surroundings: &Surroundings,
    ) -> Result<(Box<dyn Source>, String), SourceError> {
        let clock = plan.clock.clone();
        Ok(match self {
            Self::Folder(path) => (
                Box::new(csv_files::CsvFiles::folder(path, plan.separator, clock)),
                path.display().to_string(),
            ),
            Self::Csv(path) => (
                Box::new(csv_files::CsvFiles::single(path, plan.separator, clock)),
                path.display().to_string(),
            ),
            Self::Sqlite(path) => {
                (Box::new(sqlite::Sqlite::open(path, plan.timeout, clock)?), path.display().to_string())
            }
            Self::Postgres(address) => {
                let (source, shown) =
                    postgresql::Postgres::connect(address, surroundings, plan.timeout, clock)?;
                (Box::new(source), shown)
            }
        })
    }
}

fn head(path: &Path) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    File::open(path)?.take(16).read_to_end(&mut head)?;
    Ok(head)
}

/// A time that could not be read, with where it stands.
fn no_time(place: &dyn Fn() -> String, source: NoMoment) -> SourceError {
    SourceError::Time { place: place(), source }
}

/// Names with commas between them, and not all where there are many.
fn listed(names: impl Iterator<Item = String>) -> String {
    const MOST: usize = 20;
    let names: Vec<String> = names.map(|name| printable(&name)).collect();
    let more = if names.len() > MOST { ", …" } else { "" };
    match names.len() {
        0 => "none".to_owned(),
        _ => format!("{}{more}", names[..names.len().min(MOST)].join(", ")),
    }
}

/// What stands in the data, fit for a message: cut short, and without characters that drive a terminal.
pub(crate) fn printable(text: &str) -> String {
    const MOST: usize = 80;
    let shown = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    let cut = if text.chars().nth(MOST).is_some() { "…" } else { "" };
    text.chars().take(MOST).map(shown).chain(cut.chars()).collect()
}
