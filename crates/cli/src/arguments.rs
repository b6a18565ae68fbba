use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use jostle_report::Format;

/// Finds concurrency bugs in the program you already have: unmodified, already built, in several languages.
#[derive(Debug, Parser)]
#[command(name = "jostle", version, max_term_width = 100)]
#[command(after_help = "Exit codes: 0 looked and found nothing, 1 found, 2 wrong usage, 3 inconclusive, \
                        4 the machine or the target did not let us look.")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Catch two threads at the same memory in a program that runs.
    Watch(Box<WatchArguments>),
    /// Say what this machine, and a program, let us see, and how to get more.
    Doctor(DoctorArguments),
}

/// Tries what watching needs on this machine, looks at a program if one is given, and says for each thing what it is now
/// and how to mend it. Exits with 4 when no watch works here.
#[derive(Args, Debug)]
pub(crate) struct DoctorArguments {
    /// The program that is to be watched.
    #[arg(value_name = "PROGRAM")]
    pub(crate) program: Option<PathBuf>,
}

/// Runs a program, or attaches to a process (-p), and catches pairs of its threads at the same memory, at least one of them writing and at
/// least one of them not atomic. The program is not modified and needs no special build; debug information
/// and source files make the report better and let more accesses be judged.
#[derive(Args, Debug)]
pub(crate) struct WatchArguments {
    /// How long to watch, such as 10s, 500ms or 2m; the program is then asked to end (SIGTERM). Without it,
    /// until the program ends by itself.
    #[arg(long = "for", value_name = "DURATION", value_parser = duration)]
    pub(crate) duration: Option<Duration>,

    /// The share of wall time for which threads may be held, in percent.
    #[arg(long, value_name = "PERCENT", default_value = "2%", value_parser = share)]
    pub(crate) budget: f64,

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

    /// How to write the report: human, json, sarif, junit or github.
    #[arg(long, default_value_t)]
    pub(crate) format: Format,

    /// Write the report to FILE instead of standard output.
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    /// Watch the process with this number, which runs already, and its children, instead of starting a program; may be
    /// repeated. Nothing is written into it, and it is left as it was: after --for, on Ctrl-C, or when jostle is killed.
    #[arg(short, long, value_name = "PID", value_parser = clap::value_parser!(i32).range(1..))]
    #[arg(conflicts_with_all = ["command", "name", "exit_target"])]
    pub(crate) pid: Vec<i32>,

    /// The same for all processes whose name or title contains PATTERN (`*` stands for anything), such as "puma".
    #[arg(long, value_name = "PATTERN", conflicts_with_all = ["command", "exit_target"])]
    pub(crate) name: Option<String>,

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

fn duration(text: &str) -> Result<Duration, String> {
    // A bare number means seconds, as for sleep(1) and timeout(1).
    if let Ok(seconds) = text.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string());
    }
    humantime::parse_duration(text).map_err(|error| error.to_string())
}

/// A percentage, as a share between 0 and 1.
fn share(text: &str) -> Result<f64, String> {
    let number = text.strip_suffix('%').unwrap_or(text).trim();
    match number.parse::<f64>() {
        Ok(percent) if percent > 0.0 && percent <= 50.0 => Ok(percent / 100.0),
        Ok(_) => Err("a budget lies above 0% and is at most 50%".to_owned()),
        Err(_) => Err("not a percentage, such as 2% or 0.5%".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn watch_arguments(parsed: Result<Arguments, clap::Error>) -> WatchArguments {
        match parsed.expect("valid").verb {
            Verb::Watch(watch) => *watch,
            Verb::Doctor(_) => panic!("a watch was asked for"),
        }
    }

    #[test]
    fn the_arguments_are_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_budget_is_read_in_percent() {
        assert_eq!(share("2%"), Ok(0.02));
        assert_eq!(share("0.5"), Ok(0.005));
        assert!(
            share("0%").is_err() && share("51%").is_err() && share("two").is_err() && share("NaN").is_err()
        );
    }

    #[test]
    fn a_duration_has_a_unit_or_means_seconds() {
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("1.5"), Ok(Duration::from_millis(1500)));
        assert!(duration("-1").is_err() && duration("soon").is_err() && duration("1e400").is_err());
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
