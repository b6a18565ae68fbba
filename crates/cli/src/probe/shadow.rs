use std::time::Duration;

use jostle_model::Finding;
use jostle_probe::{Against, Observer, Options, Progress, Target};
use jostle_report::ShadowReport;

use crate::arguments::ProbeArguments;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{self, Output};
use crate::progress::ProgressLine;

/// `jostle probe URL --against URL`: does a new version answer otherwise than the old one?
pub(super) fn run(arguments: &ProbeArguments, options: &Options, new: &str) -> Result<Exit, Failure> {
    let noise = arguments.noise.as_deref().map(Target::parse).transpose()?;
    let against = Against { new: Target::parse(new)?, noise, unsafe_methods: arguments.unsafe_methods };
    let mut output = Output::open(arguments.report.output.as_deref())?;
    let mut desk = Desk { progress: ProgressLine::new() };
    let compared = jostle_probe::shadow(options, &against, &mut desk);
    desk.progress.clear();
    let outcome = compared?;
    let command = super::command(arguments);
    let report = ShadowReport { findings: &outcome.findings, summary: &outcome.summary, command: &command };
    output.write(&jostle_report::render_shadow(arguments.report.format, &report, output.style()));
    Ok(match Exit::from(outcome.summary.verdict) {
        Exit::Found => Exit::Found,
        _ if output.failed => Exit::CannotLook,
        exit => exit,
    })
}

/// Where what happens meanwhile is told. What differs is known only in the end.
struct Desk {
    progress: ProgressLine,
}

impl Observer for Desk {
    fn found(&mut self, _: &Finding) {}

    fn progress(&mut self, progress: &Progress) {
        let doing = if progress.in_turn { "comparing in turn" } else { "comparing" };
        let seconds = Duration::as_secs(&progress.elapsed);
        self.progress.tell(&format!("{doing} {seconds}s · {} requests", progress.requests));
    }

    fn notice(&mut self, notice: &str) {
        output::complain(notice);
    }
}
