use std::error::Error;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::{PlanFingerprint, TrialName};

/// Why a case could not be used. Each says what failed and why, as it fits after "failed to …"; [`CaseError::hint`] says
/// how to mend it.
#[derive(Debug, thiserror::Error)]
pub enum CaseError {
    /// There is nothing at that path, or a directory without a case in it.
    #[error("open the case {dir}: there is none", dir = .0.display())]
    NoCase(PathBuf),
    /// The path leads to a file.
    #[error("open the case {dir}: it is not a directory", dir = .0.display())]
    NotADirectory(PathBuf),
    /// The directory cannot be made.
    #[error("create the directory {dir} for the case", dir = .dir.display())]
    Create {
        /// The directory.
        dir: PathBuf,
        /// The kernel's reason.
        source: io::Error,
    },
    /// The file is there and cannot be opened.
    #[error("open the case {file}", file = .file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// The kernel's reason.
        source: io::Error,
    },
    /// The file, its directory or its file system may be read only.
    #[error("write to the case {file}: it may be read only", file = .0.display())]
    NotWritable(PathBuf),
    /// The file is something else.
    #[error("read the case {file}: it is not an SQLite database", file = .0.display())]
    NotADatabase(PathBuf),
    /// The file is an SQLite database of somebody else.
    #[error("read the case {file}: it is an SQLite database of another program", file = .0.display())]
    NotACase(PathBuf),
    /// The file is cut off or overwritten.
    #[error("read the case {file}: the file is cut off or damaged", file = .file.display())]
    Damaged {
        /// The file.
        file: PathBuf,
        /// What does not fit.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The file was written by a later version of Jostle.
    #[error("read the case {file}: it has version {found}, and this jostle knows versions up to {known}", file = .file.display())]
    Newer {
        /// The file.
        file: PathBuf,
        /// Its version.
        found: u32,
        /// The latest that this program knows.
        known: u32,
    },
    /// The file has a log with the latest trials, which can be read only where something may be written.
    #[error(
        "read the case {file}: its log {file}-wal was not folded into it, and nothing may be written here",
        file = .0.display()
    )]
    Unfolded(PathBuf),
    /// Somebody else had it all the time.
    #[error("use the case {file}: another process kept it locked for {waited:?}", file = .file.display())]
    Locked {
        /// The file.
        file: PathBuf,
        /// How long we have waited.
        waited: Duration,
    },
    /// There is no space left.
    #[error("write to the case {file}: the disk is full", file = .0.display())]
    Full(PathBuf),
    /// SQLite failed in another way.
    #[error("use the case {file}", file = .file.display())]
    Database {
        /// The file.
        file: PathBuf,
        /// SQLite's reason.
        source: Box<dyn Error + Send + Sync>,
    },
    /// A trial, finding or verdict belongs to a plan that was not recorded first.
    #[error("record for the plan {0}: the case does not have it")]
    NoPlan(PlanFingerprint),
    /// No trial can be called that.
    #[error("find the trial `{0}`: a name is {shortest} to {longest} hexadecimal digits", shortest = TrialName::SHORTEST, longest = TrialName::DIGITS)]
    NotAName(String),
    /// No trial is called that.
    #[error("find the trial `{name}`: none of the {trials} trials in the case is called that")]
    NoTrial {
        /// What was asked for.
        name: String,
        /// How many trials there are.
        trials: u64,
    },
    /// Several trials are called that.
    #[error("find the trial `{name}`: it could be {}", alternatives(.candidates, *.matches))]
    Ambiguous {
        /// What was asked for.
        name: String,
        /// Some that it could be, in order.
        candidates: Vec<TrialName>,
        /// How many it could be.
        matches: u64,
    },
    /// A case was to be merged into itself.
    #[error("merge the case {file}: it is the same file as the other one", file = .0.display())]
    Itself(PathBuf),
}

impl CaseError {
    /// How to mend it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NoCase(_) => "give --case the directory of a case; jostle hunt makes one",
            Self::NotADirectory(_) => "give --case the directory that holds case.db, not the file",
            Self::Create { .. } => "give --case a directory whose parent exists and may be written",
            Self::Unreadable { .. } => "run as a user that may read it: ls -l FILE",
            Self::NotWritable(_) => {
                "give --case a directory that may be written, or copy the case there; to look at it, it may stay \
                 where it is"
            }
            Self::NotADatabase(_) | Self::NotACase(_) => {
                "give --case another directory, or move that file out of the way"
            }
            Self::Damaged { .. } => {
                "move it out of the way and take a copy from before; what is left in it: sqlite3 FILE .recover"
            }
            Self::Newer { .. } => "use the jostle that wrote it, or a later one",
            Self::Unfolded(_) => "copy the whole directory to where you may write, and give --case the copy",
            Self::Locked { .. } => {
                "see who has it open: fuser -v FILE; wait for it, or give --case another directory"
            }
            Self::Full(_) => "free some space and go on: all that was reported as recorded is kept",
            Self::Database { .. } => {
                "look whether the disk is well, and whether it is a local one: see docs/case.md"
            }
            Self::NoPlan(_) => "record the plan first",
            Self::NotAName(_) | Self::NoTrial { .. } => {
                "take a name from jostle report, and the --case it was run with"
            }
            Self::Ambiguous { .. } => "type more digits of it",
            Self::Itself(_) => "name two different cases",
        }
    }
}

/// `4f21a0…, 4f21b7… or 12 others`.
fn alternatives(candidates: &[TrialName], matches: u64) -> String {
    let shown: Vec<String> = candidates.iter().map(ToString::to_string).collect();
    match (matches.saturating_sub(shown.len() as u64), shown.split_last()) {
        (0, Some((last, others))) if !others.is_empty() => format!("{} or {last}", others.join(", ")),
        (0, _) => shown.join(", "),
        (1, _) => format!("{} or 1 other", shown.join(", ")),
        (more, _) => format!("{} or {more} others", shown.join(", ")),
    }
}
