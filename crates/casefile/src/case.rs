use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, ffi};

use crate::CaseError;
use crate::recorder::PATIENCE;
use crate::schema::{self, Kind};

/// The name of the file within the directory of a case.
pub const FILE: &str = "case.db";

/// A case to be looked at. Nothing that this does changes what was recorded.
#[derive(Debug)]
pub struct Case {
    pub(crate) connection: Connection,
    pub(crate) file: PathBuf,
    /// How long to wait for others.
    pub(crate) patience: Duration,
}

impl Case {
    /// Opens the case in `dir`, also where nothing may be written, and while others write to it.
    ///
    /// # Errors
    ///
    /// There is no case, or the file is none, is damaged, or comes from a later version.
    pub fn open(dir: &Path) -> Result<Self, CaseError> {
        let file = existing_file(dir)?;
        let (case, kind) = match Self::look(&file, &file, OpenFlags::empty()) {
            Err(error) if needs_to_write(&error) => Self::look_without_trace(&file)?,
            looked => looked.map_err(|error| explain(&file, PATIENCE, error))?,
        };
        case.accept(kind)?;
        Ok(case)
    }

    /// The file that holds the case.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// Opens `name`, which leads to `file`, and looks what it is.
    fn look(file: &Path, name: &Path, more: OpenFlags) -> rusqlite::Result<(Self, Kind)> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | more;
        let connection = Connection::open_with_flags(name, flags)?;
        connection.busy_timeout(PATIENCE)?;
        let kind = schema::kind(&connection)?;
        Ok((Self { connection, file: file.to_owned(), patience: PATIENCE }, kind))
    }

    /// Opens `file` where its log and the memory shared with other users cannot be made beside it. To SQLite such a
    /// file is one that nobody changes, and a log beside it would be passed over in silence.
    fn look_without_trace(file: &Path) -> Result<(Self, Kind), CaseError> {
        if fs::metadata(log(file)).is_ok_and(|log| log.len() > 0) {
            return Err(CaseError::Unfolded(file.to_owned()));
        }
        let looked = Self::look(file, &immutable(file), OpenFlags::SQLITE_OPEN_URI);
        looked.map_err(|error| explain(file, PATIENCE, error))
    }

    fn accept(&self, kind: Kind) -> Result<(), CaseError> {
        match kind {
            Kind::Case(_) => Ok(()),
            Kind::Empty => Err(CaseError::NoCase(self.directory())),
            Kind::Newer(_) | Kind::Foreign => Err(self.refuse(kind)),
        }
    }

    /// Why a file that is neither empty nor a case will not do.
    pub(crate) fn refuse(&self, kind: Kind) -> CaseError {
        match kind {
            Kind::Newer(found) => CaseError::Newer { file: self.file.clone(), found, known: schema::VERSION },
            _ => CaseError::NotACase(self.file.clone()),
        }
    }

    fn directory(&self) -> PathBuf {
        self.file.parent().unwrap_or(&self.file).to_owned()
    }

    /// An error of SQLite's in our words.
    pub(crate) fn explain(&self, error: rusqlite::Error) -> CaseError {
        explain(&self.file, self.patience, error)
    }
}

/// The file of the case in `dir`, if it is there and may be read.
fn existing_file(dir: &Path) -> Result<PathBuf, CaseError> {
    let file = dir.join(FILE);
    match File::open(&file) {
        Ok(_) => Ok(file),
        Err(error) => Err(match error.kind() {
            io::ErrorKind::NotFound => CaseError::NoCase(dir.to_owned()),
            io::ErrorKind::NotADirectory => CaseError::NotADirectory(dir.to_owned()),
            _ => CaseError::Unreadable { file, source: error },
        }),
    }
}

/// Whether SQLite could not read because it could not write: the log and the index of the log stand in files of their own,
/// and a reader has to make them where they are missing.
fn needs_to_write(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly))
}

/// Where SQLite writes what it has not folded into `file` yet.
fn log(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push("-wal");
    name.into()
}

/// A URI that tells SQLite to make no files beside `file`, and to wait for nobody.
fn immutable(file: &Path) -> PathBuf {
    let mut uri = b"file:".to_vec();
    for &byte in file.as_os_str().as_bytes() {
        match byte {
            b'%' | b'?' | b'#' => uri.extend(format!("%{byte:02x}").bytes()),
            plain => uri.push(plain),
        }
    }
    uri.extend(b"?immutable=1");
    OsString::from_vec(uri).into()
}

/// What `error` means to somebody who uses the case in `file`, and was ready to wait for `patience`.
pub(crate) fn explain(file: &Path, patience: Duration, error: rusqlite::Error) -> CaseError {
    use rusqlite::Error::{FromSqlConversionFailure, IntegralValueOutOfRange, InvalidColumnType};
    let file = file.to_owned();
    if matches!(error, FromSqlConversionFailure(..) | IntegralValueOutOfRange(..) | InvalidColumnType(..)) {
        return CaseError::Damaged { file, source: error.into() };
    }
    let details = error.sqlite_error().map(|error| (error.code, error.extended_code));
    match details {
        Some((ErrorCode::NotADatabase, _)) => CaseError::NotADatabase(file),
        Some((ErrorCode::DatabaseCorrupt, _)) => CaseError::Damaged { file, source: error.into() },
        Some((ErrorCode::ReadOnly | ErrorCode::CannotOpen, _)) => CaseError::NotWritable(file),
        Some((ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked, _)) => {
            CaseError::Locked { file, waited: patience }
        }
        // The second is what a full disk looks like when it is the index of the log that has no room.
        Some((ErrorCode::DiskFull, _) | (_, ffi::SQLITE_IOERR_SHMSIZE)) => CaseError::Full(file),
        _ => CaseError::Database { file, source: error.into() },
    }
}
