use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::{ReportArguments, duration};

/// Runs a program in every combination of what may be at fault (versions, layers, settings, mitigations), in turns and in
/// random order, and says which of them carries the failure, which are exonerated and below which rate, and of which it
/// cannot be told yet. What is compared stands in a TOML file: see docs/matrix.md. Every trial is recorded as it ends.
#[derive(Args, Debug)]
pub(crate) struct MatrixArguments {
    /// The plan.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,

    /// Begin no trial later than this after the first, such as 8m; instead of what the plan says.
    #[arg(long = "for", value_name = "DURATION", value_parser = duration)]
    pub(crate) duration: Option<Duration>,

    /// Make N trials of each cell, instead of what the plan says; of a bisection at most N in all.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub(crate) trials: Option<u64>,

    /// How many trials run at a time; as many as there are processors when neither this nor the plan says.
    #[arg(long, value_name = "J", value_parser = clap::value_parser!(u64).range(1..=1024))]
    pub(crate) jobs: Option<u64>,

    /// Find the first level of FACTOR that fails, its levels being in order; all other factors as in the plan's reference.
    #[arg(long, value_name = "FACTOR")]
    pub(crate) bisect: Option<String>,

    /// What all choices are drawn from; chosen and printed when not given.
    #[arg(long, value_parser = clap::value_parser!(u64).range(..=i64::MAX as u64))]
    pub(crate) seed: Option<u64>,

    /// Go on with the last matrix of this plan in the case.
    #[arg(long)]
    pub(crate) resume: bool,

    /// Where trials are recorded.
    #[arg(long, value_name = "DIR", default_value = ".jostle")]
    pub(crate) case: PathBuf,

    #[command(flatten)]
    pub(crate) report: ReportArguments,
}
