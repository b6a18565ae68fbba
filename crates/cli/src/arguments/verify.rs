use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use jostle_report::Format;

use super::duration;

/// Says whether a fix is real. The file says what is compared: trials of a program before and after the fix ([trials], see
/// docs/verify.md). Says first how many trials it takes, then runs both sides in turns; the side without the fix is the
/// positive control. Ends with fixed, still failing, or inconclusive.
#[derive(Args, Debug)]
pub(crate) struct VerifyArguments {
    /// The plan: a TOML file.
    pub(crate) plan: PathBuf,

    /// Begin no trial later than this after the first, instead of what the plan says.
    #[arg(long = "for", value_name = "DURATION", value_parser = duration)]
    pub(crate) duration: Option<Duration>,

    /// Make N trials of each side, instead of as many as it takes.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub(crate) trials: Option<u64>,

    /// How many trials run at a time; as many as there are processors when neither this nor the plan says.
    #[arg(long, value_name = "J", value_parser = clap::value_parser!(u64).range(1..=1024))]
    pub(crate) jobs: Option<u64>,

    /// What all choices are drawn from; chosen and printed when not given.
    #[arg(long, value_parser = clap::value_parser!(u64).range(..=i64::MAX as u64))]
    pub(crate) seed: Option<u64>,

    /// Go on with the last verification of this plan in the case.
    #[arg(long)]
    pub(crate) resume: bool,

    /// Where trials are recorded.
    #[arg(long, value_name = "DIR", default_value = ".jostle")]
    pub(crate) case: PathBuf,

    /// How to write the report: human, json, sarif, junit or github.
    #[arg(long, default_value_t)]
    pub(crate) format: Format,

    /// Write the report to FILE instead of standard output.
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}
