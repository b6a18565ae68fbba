use std::env;
use std::io;
use std::ops::ControlFlow;
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use jostle_call::{CallError, Plan, Progress};
use jostle_report::CallReport;
use signal_hook::consts::{SIGINT, SIGQUIT, SIGTERM};

use crate::arguments::CallArguments;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::plan::typed;
use crate::progress::ProgressLine;

/// The verb of the process that makes the calls. Nobody types it.
pub(crate) const IN_CHILD: &str = "call-in-child";

/// `jostle call`: does the native library fail on its own, driven from plain threads?
pub(crate) fn run(arguments: &CallArguments) -> Result<Exit, Failure> {
    let plan = plan(arguments)?;
    let seed = arguments.seed.unwrap_or_else(|| fastrand::u64(..1_000_000));
    let mut output = Output::open(arguments.report.output.as_deref())?;
    // Who traces us wants to see the library, and how it ends. Nobody else can live with that.
    let mut process = (!jostle_call::is_traced()).then(process).transpose().map_err(CallError::Start)?;
    let asked = end_when_asked().map_err(CallError::Start)?;
    let line = ProgressLine::new();
    let called = jostle_call::conduct(&plan, seed, process.as_mut(), |progress| {
        show(&line, progress);
        match asked.load(Relaxed) {
            0 => ControlFlow::Continue(()),
            signal => ControlFlow::Break(signal as i32),
        }
    });
    line.clear();
    let summary = called?;
    let report = CallReport { summary: &summary, plan: &typed(&arguments.plan) };
    output.write(&jostle_report::render_call(arguments.report.format, &report, output.style()));
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

/// Ourselves once more. What the library prints goes where complaints go, so that the report is left alone. What is typed
/// to end us is for us only: what was counted by then is to be reported.
fn process() -> io::Result<Command> {
    let mut process = Command::new(env::current_exe()?);
    process.arg(IN_CHILD).stdout(io::stderr().as_fd().try_clone_to_owned()?).process_group(0);
    Ok(process)
}

/// The signal by which somebody has asked us to end; 0 until then.
fn end_when_asked() -> io::Result<Arc<AtomicUsize>> {
    let asked = Arc::new(AtomicUsize::new(0));
    for signal in [SIGINT, SIGQUIT, SIGTERM] {
        signal_hook::flag::register_usize(signal, Arc::clone(&asked), signal as usize)?;
    }
    Ok(asked)
}

fn show(line: &ProgressLine, progress: Progress) {
    let Progress { phase, elapsed, calls, wrong } = progress;
    let doing = jostle_report::phase_name(phase);
    line.tell(&format!("{doing} {}s · {calls} calls · {wrong} wrong", elapsed.as_secs()));
}
