use std::path::PathBuf;

use clap::{Args, Subcommand};
use jostle_report::Format;

/// Looks at cases: the directories in which trials are recorded.
#[derive(Args, Debug)]
pub(crate) struct CaseArguments {
    #[command(subcommand)]
    pub(crate) deed: CaseDeed,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CaseDeed {
    /// Report again what the last hunt of a case has found, or the one that is named.
    Show {
        /// The hunt's name, or its beginning, as `jostle case list` gives it.
        hunt: Option<String>,

        /// Where it was recorded.
        #[arg(long, value_name = "DIR", default_value = ".jostle")]
        case: PathBuf,

        /// How to write the report: human, json, sarif, junit or github.
        #[arg(long, default_value_t)]
        format: Format,

        /// Write the report to FILE instead of standard output.
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// List the hunts of a case.
    List {
        /// Where they were recorded.
        #[arg(long, value_name = "DIR", default_value = ".jostle")]
        case: PathBuf,
    },
    /// Add the trials of other cases to a case. A trial that both have counts once.
    Merge {
        /// The case that is added to; made if it is not there.
        #[arg(value_name = "INTO")]
        into: PathBuf,

        /// The cases that are added.
        #[arg(value_name = "FROM", required = true)]
        from: Vec<PathBuf>,
    },
}
