use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::{ReportArguments, duration};

/// Calls a native library through its C interface from many plain threads, as a plan in TOML says, and holds what comes
/// back against what the plan expects or, where it expects nothing, against serial runs of the same calls. The calls are
/// made by a process of its own: a crash, or a call that never returns, is a result. See docs/call.md.
#[derive(Args, Debug)]
pub(crate) struct CallArguments {
    /// The plan: which library, which calls, what is to come of them.
    #[arg(value_name = "PLAN")]
    pub(crate) plan: PathBuf,

    /// How many threads call, instead of as many as the plan says.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=i64::from(jostle_call::MOST_THREADS)))]
    pub(crate) threads: Option<u32>,

    /// For how long, such as 10s, instead of as long as the plan says.
    #[arg(long = "for", value_name = "DURATION", value_parser = duration)]
    pub(crate) duration: Option<Duration>,

    /// End after N calls of all threads together, whatever the plan says.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) calls: Option<u64>,

    /// What the tokens that are passed are made of; chosen and printed when not given.
    #[arg(long, value_parser = clap::value_parser!(u64).range(..=i64::MAX as u64))]
    pub(crate) seed: Option<u64>,

    #[command(flatten)]
    pub(crate) report: ReportArguments,
}
