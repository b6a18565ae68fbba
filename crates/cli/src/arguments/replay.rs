use std::path::PathBuf;

use clap::Args;

use super::ReportArguments;

/// Runs a trial again that a hunt has recorded, with its own seed and what was changed around it, interleaved with runs
/// around which nothing is changed, and tells how often each fails. Of what a probe has found, sends just the two requests
/// again.
#[derive(Args, Debug)]
pub(crate) struct ReplayArguments {
    /// The trial's name, or the finding's, or its beginning.
    pub(crate) trial: String,

    /// The process whose client the trial was, or another one of the same program.
    #[arg(short, long, value_name = "PID", value_parser = clap::value_parser!(i32).range(1..))]
    pub(crate) pid: Option<i32>,

    /// How often to run it.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) times: u64,

    /// Where it was recorded.
    #[arg(long, value_name = "DIR", default_value = ".jostle")]
    pub(crate) case: PathBuf,

    #[command(flatten)]
    pub(crate) report: ReportArguments,
}
