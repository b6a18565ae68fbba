use std::path::PathBuf;

use clap::Args;
use jostle_report::Format;

/// How every verb that reports is told how and where to.
#[derive(Args, Debug)]
pub(crate) struct ReportArguments {
    /// How to write the report: human, json, sarif, junit or github.
    #[arg(long, default_value_t)]
    pub(crate) format: Format,

    /// Write the report to FILE instead of standard output.
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}
