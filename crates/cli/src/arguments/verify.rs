use std::path::PathBuf;

use clap::Args;
use jostle_report::Format;

/// Says of each expectation in a plan whether it holds, fails, or cannot be told yet, and then when to look again. The
/// plan's part `[data]` is about production data (CSV, SQLite or PostgreSQL, which are only read): what was before a change,
/// and what came after it.
#[derive(Args, Debug)]
pub(crate) struct VerifyArguments {
    /// The plan: a TOML file.
    pub(crate) plan: PathBuf,

    /// Where the data are, instead of where the plan says: a folder of CSV files, a CSV file, an SQLite database, or
    /// postgresql://user@host/database.
    #[arg(long, value_name = "PLACE")]
    pub(crate) from: Option<String>,

    /// Write the rows that have no children, and may have to be cleaned up, to FILE, as CSV.
    #[arg(long, value_name = "FILE")]
    pub(crate) orphans: Option<PathBuf>,

    /// What the intervals are drawn from: the same data and seed give the same report.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,

    /// How to write the report: human, json, sarif, junit or github.
    #[arg(long, default_value_t)]
    pub(crate) format: Format,

    /// Write the report to FILE instead of standard output.
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}
