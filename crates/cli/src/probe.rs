use std::thread;

use jostle_model::Finding;
use jostle_probe::{Observer, Options, Outcome, Progress, Target};
use jostle_report::{Format, ProbeReport};

use crate::arguments::ProbeArguments;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{self, Output};
use crate::progress::ProgressLine;
use crate::words::shell_quoted;

/// On somebody's machine that is not this one, where nothing else was said: enough to see a race that is not rare, and less
/// than most servers notice.
const GENTLE: f64 = 50.0;

/// `jostle probe`: does any concurrent answer carry somebody else's identity?
pub(crate) fn run(arguments: &ProbeArguments) -> Result<Exit, Failure> {
    let options = options(arguments)?;
    let output = Output::open(arguments.output.as_deref())?;
    let mut desk = Desk { format: arguments.format, output, progress: ProgressLine::new() };
    let probed = jostle_probe::probe(&options, &mut desk);
    desk.progress.clear();
    let outcome = probed?;
    desk.close(&outcome, arguments);
    Ok(match Exit::from(outcome.summary.verdict) {
        Exit::Found => Exit::Found,
        _ if desk.output.failed => Exit::CannotLook,
        exit => exit,
    })
}

fn options(arguments: &ProbeArguments) -> Result<Options, Failure> {
    let rate = arguments.rate.or(arguments.i_own_this_server.then_some(GENTLE));
    Ok(Options {
        target: Target::parse(&arguments.url)?,
        asks: Vec::new(),
        tokens: arguments.token.clone(),
        sessions: arguments.session.clone(),
        ignore: arguments.ignore.clone(),
        duration: arguments.duration,
        requests: arguments.requests,
        concurrency: arguments.concurrency,
        rate,
        modes: arguments.mode.clone(),
        patience: arguments.timeout,
        tls_ca: arguments.tls_ca.clone(),
        elsewhere: arguments.i_own_this_server,
        seed: arguments.seed.unwrap_or_else(|| fastrand::u64(..1_000_000)),
        threads: arguments.threads.unwrap_or_else(threads),
        stop: Default::default(),
    })
}

/// Half of the processors: the other half is the server's.
fn threads() -> usize {
    thread::available_parallelism().map_or(1, |processors| processors.get().div_ceil(2))
}

/// Where what happens becomes something to read.
struct Desk {
    format: Format,
    output: Output,
    progress: ProgressLine,
}

impl Desk {
    fn close(&mut self, outcome: &Outcome, arguments: &ProbeArguments) {
        let Outcome { findings, summary } = outcome;
        if self.format == Format::Json {
            // The findings were streamed.
            let line = jostle_report::json_probe_summary(summary, findings);
            self.output.write(&format!("{line}\n"));
            return;
        }
        let command = command(arguments);
        let report = ProbeReport { findings, summary, command: &command, replay: None };
        let style = self.output.style();
        self.output.write(&jostle_report::render_probe(self.format, &report, style));
    }
}

impl Observer for Desk {
    fn found(&mut self, finding: &Finding) {
        // Streamed, so that nothing is lost whatever happens to us later.
        if self.format == Format::Json {
            self.output.write(&format!("{}\n", jostle_report::json_finding(finding)));
        }
    }

    fn progress(&mut self, progress: &Progress) {
        let Progress { elapsed, requests, findings, in_turn } = *progress;
        let (seconds, doing) = (elapsed.as_secs(), if in_turn { "asking in turn" } else { "probing" });
        self.progress.tell(&format!("{doing} {seconds}s · {requests} requests · {findings} findings"));
    }

    fn notice(&mut self, notice: &str) {
        output::complain(notice);
    }
}

/// What was given, but for how long to look, as it can be typed again.
fn command(arguments: &ProbeArguments) -> String {
    let mut words = vec![arguments.url.clone()];
    let mut add = |flag: &str, value: String| words.extend([flag.to_owned(), value]);
    arguments.token.iter().for_each(|place| add("--token", place.to_string()));
    arguments.session.iter().for_each(|place| add("--session", place.to_string()));
    arguments.ignore.iter().for_each(|place| add("--ignore", place.to_string()));
    arguments.mode.iter().for_each(|mode| add("--mode", mode.to_string()));
    arguments.rate.iter().for_each(|rate| add("--rate", rate.to_string()));
    if arguments.concurrency != 64 {
        add("--concurrency", arguments.concurrency.to_string());
    }
    arguments.tls_ca.iter().for_each(|path| add("--tls-ca", path.display().to_string()));
    if arguments.i_own_this_server {
        words.push("--i-own-this-server".to_owned());
    }
    shell_quoted(&words.into_iter().map(Into::into).collect::<Vec<_>>())
}
