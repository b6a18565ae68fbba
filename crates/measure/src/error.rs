use std::io;
use std::path::PathBuf;

use crate::moment::NoMoment;

/// Why data could not be had. The message fits after "failed to …".
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// Nobody said where they are.
    #[error("find the data: the plan has no `from`")]
    Nowhere,
    /// There is nothing by that name, or it may not be read.
    #[error("read {path}", path = .path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// It is something that is not read here.
    #[error("read {path}: it is {what}", path = .path.display())]
    Unsupported {
        /// Which file.
        path: PathBuf,
        /// What it is.
        what: &'static str,
        /// How its data can be had all the same.
        hint: &'static str,
    },
    /// There is no such table.
    #[error("find the table {table}: there is {there}")]
    NoTable {
        /// As the plan names it.
        table: String,
        /// What there is instead.
        there: String,
    },
    /// There is no such column.
    #[error("find the column {column} in {table}: it has {there}")]
    NoColumn {
        /// As the plan names it.
        column: String,
        /// Where it was looked for.
        table: String,
        /// What there is instead.
        there: String,
    },
    /// A line of CSV is not as long as the first.
    #[error("read {place}: it has {has} fields, and the header {wanted}")]
    Ragged {
        /// File and line.
        place: String,
        /// How many fields it has.
        has: u64,
        /// How many it should have.
        wanted: u64,
    },
    /// What should be a time is none.
    #[error("read the time in {place}")]
    Time {
        /// File and line, or table.
        place: String,
        /// What is wrong with it.
        #[source]
        source: NoMoment,
    },
    /// What should be a number is none.
    #[error("read the {what} in {place}: `{text}` is no number")]
    Number {
        /// Value or weight.
        what: &'static str,
        /// Which query.
        place: String,
        /// What stands there.
        text: String,
    },
    /// What must be there is empty.
    #[error("read the {what} in {place}: it is empty")]
    Empty {
        /// What is missing.
        what: &'static str,
        /// File and line, or table.
        place: String,
    },
    /// A query gives something else than it should.
    #[error(
        "use the query {query}: it gives {columns} columns, and should give a unit and a value, and perhaps a weight"
    )]
    Columns {
        /// Its name.
        query: String,
        /// How many columns it gives.
        columns: usize,
    },
    /// CSV files answer no queries.
    #[error("ask {query} of CSV files: they answer no SQL")]
    NoSql {
        /// Its name.
        query: String,
    },
    /// A query would change the data.
    #[error("ask {query}: it writes, and production data are only read here")]
    Writes {
        /// Its name.
        query: String,
        /// In the words of the database.
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
    /// The database does not accept a query.
    #[error("ask {query}: {why}")]
    Refused {
        /// Table or query.
        query: String,
        /// In the words of the database.
        why: String,
    },
    /// The address of the database cannot be read.
    #[error("read the address of the database: {0}")]
    Address(String),
    /// The database could not be reached, or did not let us in.
    #[error("connect to {address}: {why}")]
    Connect {
        /// Where, without the password.
        address: String,
        /// In its words, or the system's.
        why: String,
    },
    /// It took longer than it may.
    #[error("ask {query} within {limit}: it was not answered in time")]
    TimedOut {
        /// Table or query.
        query: String,
        /// How long it might take.
        limit: String,
    },
    /// The database was there, and is no more.
    #[error("read {query} to its end: the database went away ({why}); nothing was judged")]
    WentAway {
        /// Table or query.
        query: String,
        /// In its words, or the system's.
        why: String,
    },
    /// The file of an SQLite database is damaged, locked, or otherwise out of reach.
    #[error("read {query} from the database: {why}")]
    Database {
        /// Table or query.
        query: String,
        /// In its words.
        why: String,
    },
    /// More than can be numbered.
    #[error("keep the rows of {table}: there are more than four thousand million")]
    TooMany {
        /// Which table.
        table: String,
    },
}

impl SourceError {
    /// Whether it is the plan or the data that are wrong; else the machine or the database did not let us look.
    pub fn blames_input(&self) -> bool {
        !matches!(
            self,
            Self::Connect { .. }
                | Self::TimedOut { .. }
                | Self::WentAway { .. }
                | Self::Database { .. }
                | Self::TooMany { .. }
        )
    }

    /// What mends it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Nowhere => "give --from FOLDER, FILE or postgresql://…, or `from` in the plan",
            Self::File { .. } => {
                "a path in the plan is relative to the plan's folder; one after --from to where you are"
            }
            Self::Unsupported { hint, .. } => hint,
            Self::NoTable { .. } => "of CSV, a table is a file in the folder: sessions is sessions.csv",
            Self::NoColumn { .. } => "write it as the data do; of CSV, the first line names the columns",
            Self::Ragged { .. } => {
                "mend the line; a field with a separator or a line break in it has to stand in double quotes"
            }
            Self::Time { .. } => "see `zone`, `epoch` and `time` in docs/verify-data.md",
            Self::Number { .. } | Self::Columns { .. } => {
                "a query is SELECT unit, value[, weight], with numbers in the latter"
            }
            Self::Empty { .. } => "leave such rows out, for instance by a view",
            Self::NoSql { .. } => "load them into SQLite: sqlite3 FILE '.import --csv sessions.csv sessions'",
            Self::Writes { .. } => {
                "write a query that only reads; to clean up, use the list that --orphans writes"
            }
            Self::Refused { .. } => "try it by hand: psql, or sqlite3",
            Self::Address(_) => {
                "it looks like postgresql://user@host:5432/database; the password may stand in PGPASSWORD or ~/.pgpass"
            }
            Self::Connect { .. } => {
                "try it by hand: psql ADDRESS; the password may stand in PGPASSWORD or ~/.pgpass"
            }
            Self::TimedOut { .. } => {
                "give the plan a longer `timeout`, or ask a replica that nobody else uses"
            }
            Self::WentAway { .. } => {
                "run it again when the database is back: it is only read, and nothing was changed"
            }
            Self::Database { .. } => "look at it by hand: sqlite3 FILE 'PRAGMA integrity_check'",
            Self::TooMany { .. } => "let the plan look at a view with fewer rows",
        }
    }
}
