use std::time::SystemTime;
use std::{io, process, thread};

use jostle_model::Finding;
use jostle_report::{Format, Run};
use jostle_watch::{Observer, Options, Outcome, Patterns, Progress, Target};

use crate::arguments::WatchArguments;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{self, Output};
use crate::progress::ProgressLine;
use crate::words::shell_quoted;

/// `jostle watch`: which two accesses collide, in this unmodified program?
pub(crate) fn run(arguments: &WatchArguments) -> Result<Exit, Failure> {
    let options = options(arguments)?;
    let mut desk = Desk {
        format: arguments.report.format,
        output: Output::open(arguments.report.output.as_deref())?,
        progress: ProgressLine::new(),
        beside: arguments.beside,
    };
    let watched = jostle_watch::watch(&options, &mut desk);
    desk.progress.clear();
    let outcome = watched?;
    desk.close(&outcome, &options.target);
    let exit = exit(arguments, &outcome, &desk.output);
    if let Some(error) = outcome.error {
        Failure::from(error).tell();
    }
    Ok(exit)
}

fn options(arguments: &WatchArguments) -> Result<Options, Failure> {
    let patterns = |of: &[String]| Patterns::new(of).map_err(|error| Failure::Pattern(error.into()));
    Ok(Options {
        target: target(arguments),
        duration: arguments.duration,
        budget: arguments.budget,
        backs_off: !arguments.no_backoff,
        read_only: arguments.read_only,
        seed: arguments.seed.unwrap_or_else(|| fastrand::u64(..1_000_000)),
        include: patterns(&arguments.include)?,
        exclude: patterns(&arguments.exclude)?,
        stop_after: arguments.stop_after,
        ..Options::default()
    })
}

fn target(arguments: &WatchArguments) -> Target {
    if let Some(core) = &arguments.core {
        return Target::Core { file: core.clone(), program: arguments.exe.clone() };
    }
    match &arguments.name {
        Some(name) => Target::Named(name.clone()),
        None if arguments.pid.is_empty() => Target::Command(arguments.command.clone()),
        None => Target::Processes(arguments.pid.clone()),
    }
}

fn exit(arguments: &WatchArguments, outcome: &Outcome, output: &Output) -> Exit {
    if arguments.exit_target {
        return Exit::of_target(outcome.summary.target);
    }
    match Exit::from(outcome.summary.verdict) {
        Exit::Found => Exit::Found,
        _ if outcome.error.is_some() || output.failed => Exit::CannotLook,
        exit => exit,
    }
}

/// Where what happens during the watch becomes something to read.
struct Desk {
    format: Format,
    output: Output,
    progress: ProgressLine,
    /// Whether somebody waits to be told that the watch has begun.
    beside: bool,
}

impl Desk {
    /// Writes what is still to be written when the watch is over.
    fn close(&mut self, outcome: &Outcome, target: &Target) {
        let mut findings = outcome.findings.clone();
        findings.sort_by_key(|finding| (finding.grade(), std::cmp::Reverse(finding.times())));
        if self.format == Format::Json {
            let line = jostle_report::json_summary(&outcome.summary, &findings);
            self.output.write(&format!("{line}\n"));
            return;
        }
        let command = match target {
            Target::Command(command) => shell_quoted(command),
            Target::Processes(pids) => {
                pids.iter().map(|pid| format!("-p {pid}")).collect::<Vec<_>>().join(" ")
            }
            Target::Named(name) => format!("--name {}", shell_quoted(&[name.into()])),
            // What is to be watched next is the program, with arguments that nobody knows here.
            Target::Core { program, .. } => {
                program.as_ref().map_or_else(|| "PROGRAM".to_owned(), |program| program.display().to_string())
            }
        };
        let run = Run { findings: &findings, summary: &outcome.summary, command: &command };
        let style = self.output.style();
        let document = jostle_report::render(self.format, &run, style);
        self.output.write(&document);
    }
}

/// Ends the watch when whoever started it ends, or has enough. Started only now, so that it is not this thread that gets the
/// signals which the tracer waits for.
fn end_with_input() {
    // What cannot be read any more has ended as well.
    let _ = io::copy(&mut io::stdin(), &mut io::sink());
    // Nobody is forbidden to ask himself.
    let _ = jostle_watch::ask_to_end(process::id());
}

impl Observer for Desk {
    fn found(&mut self, finding: &Finding) {
        // Streamed, so that nothing is lost whatever happens to us later.
        if self.format == Format::Json {
            self.output.write(&format!("{}\n", jostle_report::json_finding(finding)));
        }
    }

    fn progress(&mut self, progress: &Progress) {
        if std::mem::take(&mut self.beside) {
            let began = jostle_report::json_began(progress.elapsed, SystemTime::now());
            self.output.write(&format!("{began}\n"));
            thread::spawn(end_with_input);
            self.progress.clear();
        }
        self.progress.show(progress);
    }

    fn notice(&mut self, notice: &str) {
        output::complain(notice);
    }
}
