use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::{ReportArguments, duration, share};

/// Runs a program, or attaches to a process (-p), and catches pairs of its threads at the same memory, at least one of them writing and at
/// least one of them not atomic. The program is not modified and needs no special build; debug information
/// and source files make the report better and let more accesses be judged.
#[derive(Args, Debug)]
pub(crate) struct WatchArguments {
    /// How long to watch, such as 10s, 500ms or 2m; the program is then asked to end (SIGTERM). Without it,
    /// until the program ends by itself.
    #[arg(long = "for", value_name = "DURATION", value_parser = duration)]
    pub(crate) duration: Option<Duration>,

    /// The share of wall time for which threads may be held, in percent; of a process that is attached to, of the time
    /// that it runs. First visits to the program's own code may take as much again.
    #[arg(long, value_name = "PERCENT", default_value = "2%", value_parser = share)]
    pub(crate) budget: f64,

    /// Spend the whole budget for as long as the watch lasts. Without it, what is spent is halved every 2.5 s, down to an
    /// eighth, once nothing new was seen for 5 s: no finding, no more threads, no code that was loaded, hardly any that runs
    /// for the first time. In a process that is idle half of the time both are twice as long.
    #[arg(long)]
    pub(crate) no_backoff: bool,

    /// What the random choices are drawn from; chosen and printed when not given.
    #[arg(long)]
    pub(crate) seed: Option<u64>,

    /// Look only at functions whose name contains PATTERN (`*` stands for anything); may be repeated.
    #[arg(long, value_name = "PATTERN")]
    pub(crate) include: Vec<String>,

    /// Leave out functions whose name contains PATTERN (`*` stands for anything); may be repeated.
    #[arg(long, value_name = "PATTERN")]
    pub(crate) exclude: Vec<String>,

    /// End after N different findings.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) stop_after: Option<u64>,

    /// Exit as the watched program did, instead of by what was found.
    #[arg(long)]
    pub(crate) exit_target: bool,

    /// Run beside another verb: say when the watch began, show no progress, and end when standard input does.
    #[arg(long, hide = true)]
    pub(crate) beside: bool,

    #[command(flatten)]
    pub(crate) report: ReportArguments,

    /// Watch the process with this number, which runs already, and its children, instead of starting a program; may be
    /// repeated. Nothing is written into its code, and it is left as it was: after --for, on Ctrl-C, or when jostle is killed.
    #[arg(short, long, value_name = "PID", value_parser = clap::value_parser!(i32).range(1..))]
    #[arg(conflicts_with_all = ["command", "name", "exit_target"])]
    pub(crate) pid: Vec<i32>,

    /// The same for all processes whose name or title contains PATTERN (`*` stands for anything), such as "puma".
    #[arg(long, value_name = "PATTERN", conflicts_with_all = ["command", "exit_target"])]
    pub(crate) name: Option<String>,

    /// With -p and --name: write nothing at all into the process. Of a Go program no goroutine is parked then, and calls of
    /// native functions are not followed.
    #[arg(long, conflicts_with_all = ["command", "core"])]
    pub(crate) read_only: bool,

    /// Look at a process that has crashed, in its core file.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["command", "pid", "name", "exit_target", "duration"])]
    pub(crate) core: Option<PathBuf>,

    /// The program that crashed, where it is not at its old path any more.
    #[arg(long, value_name = "FILE", requires = "core")]
    pub(crate) exe: Option<PathBuf>,

    /// The program and its arguments.
    #[arg(
        required_unless_present_any = ["pid", "name", "core"],
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "CMD"
    )]
    pub(crate) command: Vec<OsString>,
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::arguments::{Arguments, Verb};

    fn watch_arguments(parsed: Result<Arguments, clap::Error>) -> WatchArguments {
        match parsed.expect("valid").verb {
            Verb::Watch(watch) => *watch,
            _ => panic!("a watch was asked for"),
        }
    }

    #[test]
    fn either_a_process_or_a_program_is_watched() {
        let parse =
            |arguments: &[&str]| Arguments::try_parse_from([&["jostle", "watch"], arguments].concat());
        let watch = watch_arguments(parse(&["-p", "4711"]));
        assert_eq!((watch.pid, watch.command.len()), (vec![4711], 0));
        assert!(parse(&["-p", "4711", "prog"]).is_err() && parse(&[]).is_err());
        assert_eq!(watch_arguments(parse(&["-p", "1", "-p", "2"])).pid, [1, 2]);
        assert_eq!(watch_arguments(parse(&["--name", "puma"])).name.as_deref(), Some("puma"));
        assert!(parse(&["--name", "puma", "-p", "1"]).is_err());
        assert!(watch_arguments(parse(&["-p", "1", "--read-only"])).read_only);
        assert!(parse(&["--read-only", "prog"]).is_err());
        assert!(parse(&["-p", "0"]).is_err() && parse(&["-p", "x"]).is_err());
    }

    #[test]
    fn what_follows_the_program_is_its_own() {
        let parsed = Arguments::try_parse_from(["jostle", "watch", "--for", "1s", "prog", "--for", "2s"]);
        let watch = watch_arguments(parsed);
        assert_eq!(watch.command, ["prog", "--for", "2s"]);
        assert_eq!(watch.duration, Some(Duration::from_secs(1)));
    }
}
