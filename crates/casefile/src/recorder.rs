use std::fs;
use std::io;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior};

use crate::case::{self, Case};
use crate::schema::{self, Kind};
use crate::{CaseError, FILE};

/// How long to wait for another process that writes to the same case. Its turn takes well under a millisecond for a trial
/// and some ten for a part of a merge, so whoever has it for ten seconds is stopped, or stuck.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// How long to wait between attempts where SQLite does not wait by itself.
const PAUSE: Duration = Duration::from_millis(5);

/// Statements to keep prepared; recording a failing trial takes nine.
const STATEMENTS: usize = 32;

/// A case to be written to.
#[derive(Debug)]
pub struct Recorder {
    case: Case,
}

impl Recorder {
    /// Opens the case in `dir` for writing. Where there is none, it is made, and so is the directory.
    ///
    /// # Errors
    ///
    /// Nothing may be written there, the file is no case, is damaged or comes from a later version, the disk is full, or
    /// somebody else kept the file locked for [`PATIENCE`].
    pub fn open(dir: &Path) -> Result<Self, CaseError> {
        Self::open_within(dir, PATIENCE)
    }

    /// The same with a `patience` of one's own, here and in whatever is recorded.
    ///
    /// # Errors
    ///
    /// As [`Recorder::open`].
    pub fn open_within(dir: &Path, patience: Duration) -> Result<Self, CaseError> {
        make_directory(dir)?;
        let file = dir.join(FILE);
        let opened = connect(&file, patience).map_err(|error| case::explain(&file, patience, error));
        let mut recorder = Self { case: Case { connection: opened?, file, patience } };
        recorder.prepare()?;
        Ok(recorder)
    }

    /// The same case, to be looked at.
    pub fn case(&self) -> &Case {
        &self.case
    }

    /// Makes sure that what was opened is a case of this version, before anything is written to it.
    fn prepare(&mut self) -> Result<(), CaseError> {
        let read_only = self.case.connection.is_readonly("main").map_err(|error| self.case.explain(error))?;
        if read_only {
            return Err(CaseError::NotWritable(self.case.file.clone()));
        }
        let kind = schema::kind(&self.case.connection).map_err(|error| self.case.explain(error))?;
        if matches!(kind, Kind::Newer(_) | Kind::Foreign) {
            return Err(self.case.refuse(kind));
        }
        self.set_up(kind).map_err(|error| self.case.explain(error))
    }

    fn set_up(&mut self, kind: Kind) -> rusqlite::Result<()> {
        self.log_ahead()?;
        // Plans of queries that depend on what is looked for would be made anew each time: a third of the time of a record.
        self.case.connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        if kind != Kind::Case(schema::VERSION) {
            schema::migrate(&mut self.case.connection)?;
        }
        self.case.connection.set_prepared_statement_cache_capacity(STATEMENTS);
        Ok(())
    }

    /// Has SQLite write to a log first (<https://sqlite.org/wal.html>), so that readers and a writer do not wait for each
    /// other. A commit is then handed to the kernel, which outlives us, and not waited for until it is on the disk: only
    /// a power failure could take the last ones away, and it damages nothing.
    fn log_ahead(&mut self) -> rusqlite::Result<()> {
        let connection = &self.case.connection;
        let begin = Instant::now();
        // Nobody is waited for by SQLite itself here: two processes that switch at once would wait for each other.
        while let Err(error) = connection.pragma_update(None, "journal_mode", "wal") {
            let busy = error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy);
            if !busy || begin.elapsed() > self.case.patience {
                return Err(error);
            }
            thread::sleep(PAUSE);
        }
        connection.pragma_update(None, "synchronous", "normal")
    }

    /// Does something to the case wholly or not at all, with nobody else writing meanwhile.
    pub(crate) fn write<T>(
        &mut self,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, CaseError> {
        let done = transact(&mut self.case.connection, work);
        done.map_err(|error| self.case.explain(error))
    }
}

fn transact<T>(
    connection: &mut Connection,
    work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<T> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let done = work(&transaction)?;
    transaction.commit()?;
    Ok(done)
}

fn make_directory(dir: &Path) -> Result<(), CaseError> {
    match fs::create_dir(dir) {
        Ok(()) => Ok(()),
        Err(_) if dir.is_dir() => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            Err(CaseError::NotADirectory(dir.to_owned()))
        }
        Err(source) => Err(CaseError::Create { dir: dir.to_owned(), source }),
    }
}

fn connect(file: &Path, patience: Duration) -> rusqlite::Result<Connection> {
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags)?;
    connection.busy_timeout(patience)?;
    Ok(connection)
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use jostle_model::{Outcome, Seed, Trial};

    use super::*;
    use crate::NewPlan;

    /// What a full disk is to SQLite, also where no test may mount a small one.
    #[test]
    fn a_file_that_may_not_grow_is_a_full_disk() {
        let place = tempfile::tempdir().expect("a directory");
        let mut recorder = Recorder::open(place.path()).expect("opens");
        let new = NewPlan {
            identity: "a plan",
            verb: "hunt",
            command: "",
            instructions: "{}",
            made: SystemTime::now(),
        };
        let plan = recorder.plan(&new).expect("records the plan");
        recorder.case.connection.pragma_update(None, "max_page_count", 20).expect("limits the file");
        let trial = |seed| Trial {
            seed: Seed(seed),
            perturbation: "none".repeat(100),
            outcome: Outcome::Passed,
            elapsed_us: 1,
            operations: None,
        };
        let mut record = |seed| recorder.record(plan, &trial(seed), SystemTime::now());
        let (recorded, error) =
            (0..).find_map(|seed| record(seed).err().map(|error| (seed, error))).expect("fails once");
        assert!(matches!(error, CaseError::Full(_)), "{error}");
        assert_eq!(Case::open(place.path()).expect("opens").seeds(plan).expect("reads").len(), recorded);
    }
}
