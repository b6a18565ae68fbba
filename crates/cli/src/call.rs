use std::env;
use std::io;
use std::os::fd::AsFd;
use std::process::{Command, Stdio};

use jostle_call::{CallError, Plan, Progress};
use jostle_report::CallReport;

use crate::arguments::CallArguments;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::progress::ProgressLine;
use crate::words::shell_quoted;

/// The verb of the process that makes the calls. Nobody types it.
pub(crate) const IN_CHILD: &str = "call-in-child";

/// `jostle call`: does the native library fail on its own, driven from plain threads?
pub(crate) fn run(arguments: &CallArguments) -> Result<Exit, Failure> {
    let plan = plan(arguments)?;
    let seed = arguments.seed.unwrap_or_else(|| fastrand::u64(..1_000_000));
    let mut output = Output::open(arguments.output.as_deref())?;
    let mut process = process().map_err(CallError::Start)?;
    let line = ProgressLine::new();
    let called = jostle_call::conduct(&plan, seed, &mut process, |progress| show(&line, progress));
    line.clear();
    let summary = called?;
    let command = shell_quoted(&[arguments.plan.clone().into()]);
    let report = CallReport { summary: &summary, plan: &command };
    output.write(&jostle_report::render_call(arguments.format, &report, output.style()));
    Ok(match Exit::from(summary.verdict) {
        Exit::Found => Exit::Found,
        _ if output.failed => Exit::CannotLook,
        exit => exit,
    })
}

/// What the process does that [`run`] has started.
pub(crate) fn serve() -> Result<Exit, Failure> {
    jostle_call::serve().map_err(CallError::Start)?;
    Ok(Exit::NothingFound)
}

/// The plan, with what the command line says instead.
fn plan(arguments: &CallArguments) -> Result<Plan, Failure> {
    let mut plan = Plan::read(&arguments.plan).map_err(CallError::from)?;
    plan.threads = arguments.threads.unwrap_or(plan.threads);
    if arguments.duration.is_some() || arguments.calls.is_some() {
        plan.seconds = arguments.duration.map(|duration| duration.as_secs_f64());
        plan.calls = arguments.calls;
    }
    Ok(plan)
}

/// Ourselves once more. What the library prints goes where complaints go, so that the report is left alone.
fn process() -> io::Result<Command> {
    let mut process = Command::new(env::current_exe()?);
    process.arg(IN_CHILD).stdout(Stdio::from(io::stderr().as_fd().try_clone_to_owned()?));
    Ok(process)
}

fn show(line: &ProgressLine, progress: Progress) {
    let Progress { phase, elapsed, calls, wrong } = progress;
    let doing = jostle_report::phase_name(phase);
    line.tell(&format!("{doing} {}s · {calls} calls · {wrong} wrong", elapsed.as_secs()));
}
