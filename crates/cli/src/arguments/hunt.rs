use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::{ReportArguments, duration};

/// Runs a program again and again, as many at a time as there are processors, each time with something else changed
/// around it, and tells how often it fails, in which ways, what makes it fail more, and how many clean runs a fix will
/// owe. A trial fails by its exit code, by a signal, by what it writes (reports of detectors, panics, aborts, and lines
/// that match --fail-on), or by taking longer than --timeout. Every trial is recorded as it ends. With --pid, the program is
/// a client of a process that runs already, and it is that process around which something is changed.
#[derive(Args, Debug)]
pub(crate) struct HuntArguments {
    /// End after this time, such as 5m. Without any of --for, --trials and --failures: after 5 failures, or 5 minutes.
    #[arg(long = "for", value_name = "DURATION", value_parser = duration)]
    pub(crate) duration: Option<Duration>,

    /// End after N trials.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) trials: Option<u64>,

    /// End after N failures.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) failures: Option<u64>,

    /// Hunt in the process with this number, which runs already: CMD is its client, and tells by its exit code or its output
    /// whether the answers were right. Clients run one after the other; the process is left as it was, and a trial that it
    /// does not survive has failed.
    #[arg(short, long, value_name = "PID", value_parser = clap::value_parser!(i32).range(1..), conflicts_with = "jobs")]
    pub(crate) pid: Option<i32>,

    /// How many trials run at a time; as many as there are processors when not given.
    #[arg(long, value_name = "J", value_parser = clap::value_parser!(u64).range(1..=1024))]
    pub(crate) jobs: Option<u64>,

    /// How long a trial may take; it has hung then, and is killed with all that it has started.
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = duration)]
    pub(crate) timeout: Duration,

    /// A trial has failed when a line that it writes matches REGEX, such as "wrong [1-9]".
    #[arg(long, value_name = "REGEX")]
    pub(crate) fail_on: Option<String>,

    /// Where a trial says how many operations it did: the first group of REGEX, in the last line that matches. By default a
    /// line such as "ops 48000000".
    #[arg(long, value_name = "REGEX")]
    pub(crate) ops: Option<String>,

    /// What to change around the program: all, none, or a list such as go-collect,noise. A wrong name lists them. Around a
    /// process that runs already: noise, hold and park.
    #[arg(long, value_name = "LIST", default_value = "all")]
    pub(crate) perturb: String,

    /// What all choices are drawn from; chosen and printed when not given.
    #[arg(long, value_parser = clap::value_parser!(u64).range(..=i64::MAX as u64))]
    pub(crate) seed: Option<u64>,

    /// Run only part K of N, such as 3/16, of the trials of a seed; join the cases afterwards by jostle case merge. Without
    /// it, a task of a Slurm array or a pod of an indexed Kubernetes job takes the part with its own number.
    #[arg(long, value_name = "K/N")]
    pub(crate) shard: Option<String>,

    /// Go on with the last hunt of the case, or with the one of the same command.
    #[arg(long)]
    pub(crate) resume: bool,

    /// Where trials are recorded.
    #[arg(long, value_name = "DIR", default_value = ".jostle")]
    pub(crate) case: PathBuf,

    #[command(flatten)]
    pub(crate) report: ReportArguments,

    /// The program and its arguments; {seed}, {trial}, {tmp} and {port} in them stand for each trial's own.
    #[arg(
        required_unless_present = "resume",
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "CMD"
    )]
    pub(crate) command: Vec<OsString>,
}
