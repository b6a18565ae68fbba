use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::{ReportArguments, duration};

/// Says whether a fix is real. The plan says what is compared. With `[trials]`: runs of a program without the fix and with it, in
/// turns, after it was said how many it takes; ends with fixed, still failing, or inconclusive. With `[data]`: production data
/// (CSV, SQLite or PostgreSQL, which are only read) from before a change and after it; of each expectation, whether it holds,
/// fails, or cannot be told yet, and then when to look again.
#[derive(Args, Debug)]
pub(crate) struct VerifyArguments {
    /// The plan: a TOML file.
    pub(crate) plan: PathBuf,

    /// `[trials]` Begin no trial later than this after the first, instead of what the plan says.
    #[arg(long = "for", value_name = "DURATION", value_parser = duration)]
    pub(crate) duration: Option<Duration>,

    /// `[trials]` Make N trials of each side, instead of as many as it takes.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub(crate) trials: Option<u64>,

    /// `[trials]` How many run at a time; as many as there are processors when neither this nor the plan says.
    #[arg(long, value_name = "J", value_parser = clap::value_parser!(u64).range(1..=1024))]
    pub(crate) jobs: Option<u64>,

    /// `[trials]` Go on with the last verification of this plan in the case.
    #[arg(long)]
    pub(crate) resume: bool,

    /// `[trials]` Where they are recorded.
    #[arg(long, value_name = "DIR", default_value = ".jostle")]
    pub(crate) case: PathBuf,

    /// `[data]` Where they are, instead of where the plan says: a folder of CSV files, a CSV file, an SQLite database, or
    /// postgresql://user@host/database.
    #[arg(long, value_name = "PLACE")]
    pub(crate) from: Option<String>,

    /// `[data]` Write the rows that have no children, and may have to be cleaned up, to FILE, as CSV.
    #[arg(long, value_name = "FILE")]
    pub(crate) orphans: Option<PathBuf>,

    /// What random choices are drawn from; of trials it is drawn itself and printed when not given, of data it is 1.
    #[arg(long, value_parser = clap::value_parser!(u64).range(..=i64::MAX as u64))]
    pub(crate) seed: Option<u64>,

    #[command(flatten)]
    pub(crate) report: ReportArguments,
}
