mod beside;
mod shadow;

use std::path::Path;
use std::time::{Duration, SystemTime};
use std::{fs, thread};

use jostle_casefile::{Case, CaseError, NewPlan, RecordedFinding, Recorder};
use jostle_model::Finding;
use jostle_probe::{Ask, Observer, Options, Order, Outcome, Pair, Progress, RequestPlace, Target};
use jostle_report::{Beside, Format, ProbeReport};

use beside::{Begun, Watch};

use crate::arguments::{ProbeArguments, ReplayArguments};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{self, Output};
use crate::progress::ProgressLine;
use crate::words::{shell_quoted, with_case};

/// On somebody's machine that is not this one, where nothing else was said: enough to see a race that is not rare, and less
/// than most servers notice.
const GENTLE: f64 = 50.0;

/// Long enough for hundreds of thousands of overlapping pairs, and short enough to wait for.
const USUAL: Duration = Duration::from_secs(10);

const LONGEST: Duration = Duration::from_secs(3_600);

/// `jostle probe`: does any concurrent answer carry somebody else's identity?
pub(crate) fn run(arguments: &ProbeArguments) -> Result<Exit, Failure> {
    let order = order(arguments)?;
    let options = options(arguments, &order)?;
    if let Some(new) = &arguments.against {
        return shadow::run(arguments, &options, new);
    }
    let output = Output::open(arguments.report.output.as_deref())?;
    let watch = match arguments.watch_pid.map(|pid| Watch::begin(pid, options.seed)).transpose()? {
        Some(Begun::Refused(exit)) => return Ok(exit),
        Some(Begun::Watching(watch)) => Some(watch),
        None => None,
    };
    let mut desk = Desk { format: arguments.report.format, output, progress: ProgressLine::new() };
    let probed = jostle_probe::probe(&options, &mut desk);
    desk.progress.clear();
    let mut outcome = probed?;
    let beside = watch.map(|watch| watch.end(&outcome.timeline)).transpose()?;
    beside.iter().for_each(|beside| beside::join(&mut outcome.summary, beside));
    let recorded = match record(arguments, &order, &outcome) {
        Ok(recorded) => recorded,
        Err(error) => {
            Failure::from(error).tell();
            false
        }
    };
    desk.close(&outcome, arguments, recorded, beside.as_ref());
    Ok(match Exit::from(outcome.summary.verdict) {
        Exit::Found => Exit::Found,
        _ if desk.output.failed => Exit::CannotLook,
        exit => exit,
    })
}

/// Who is asked what.
fn order(arguments: &ProbeArguments) -> Result<Order, Failure> {
    let names = |places: &mut dyn Iterator<Item = String>| places.collect::<Vec<String>>();
    let url = arguments.url.clone().unwrap_or_default();
    let (url, asks, own) = match (&arguments.curl, &arguments.scenario) {
        (Some(command), _) => copied(command)?,
        (None, Some(path)) => {
            let (asks, own) = scenario(path)?;
            (url, asks, own)
        }
        (None, None) => (url, listed(arguments)?, Vec::new()),
    };
    Ok(Order {
        url,
        asks,
        steps: arguments.scenario.is_some(),
        tokens: names(&mut arguments.token.iter().chain(&own).map(ToString::to_string)),
        sessions: names(&mut arguments.session.iter().map(ToString::to_string)),
        http2: arguments.http2,
        tls_ca: arguments.tls_ca.clone(),
        elsewhere: arguments.i_own_this_server,
    })
}

/// What a command line for curl asks.
fn copied(command: &str) -> Result<(String, Vec<Ask>, Vec<RequestPlace>), Failure> {
    let (url, ask) = jostle_probe::parse_curl(command).map_err(Failure::Curl)?;
    let target = Target::parse(&url)?.path;
    Ok((url, vec![Ask { target, ..ask }], Vec::new()))
}

/// The steps of a scenario, and whether its clients name themselves.
fn scenario(path: &Path) -> Result<(Vec<Ask>, Vec<RequestPlace>), Failure> {
    let read = fs::read_to_string(path);
    let text = read.map_err(|source| Failure::ReadList { path: path.to_owned(), source })?;
    let parsed = jostle_probe::parse_scenario(&text);
    parsed.map_err(|source| Failure::Scenario { path: path.to_owned(), source })
}

/// What files list; nothing where the URL says it all.
fn listed(arguments: &ProbeArguments) -> Result<Vec<Ask>, Failure> {
    let read = |path: &Path| {
        fs::read_to_string(path).map_err(|source| Failure::ReadList { path: path.to_owned(), source })
    };
    let parsed = match (&arguments.path, &arguments.openapi) {
        (Some(path), _) => (path, jostle_probe::parse_paths(&read(path)?)),
        (None, Some(path)) => (path, jostle_probe::parse_openapi(&read(path)?)),
        (None, None) => return Ok(Vec::new()),
    };
    parsed.1.map_err(|source| Failure::List { path: parsed.0.clone(), source })
}

fn options(arguments: &ProbeArguments, order: &Order) -> Result<Options, Failure> {
    let rate = arguments.rate.or(arguments.i_own_this_server.then_some(GENTLE));
    Ok(Options {
        target: Target::parse(&order.url)?,
        asks: order.asks.clone(),
        steps: order.steps,
        tokens: order.tokens.iter().filter_map(|place| place.parse().ok()).collect(),
        sessions: arguments.session.clone(),
        ignore: arguments.ignore.clone(),
        duration: duration(arguments),
        requests: arguments.requests,
        concurrency: arguments.concurrency,
        rate,
        modes: arguments.mode.clone(),
        http2: arguments.http2,
        patience: arguments.timeout,
        tls_ca: arguments.tls_ca.clone(),
        elsewhere: arguments.i_own_this_server,
        seed: arguments.seed.unwrap_or_else(|| fastrand::u64(..1_000_000)),
        threads: arguments.threads.unwrap_or_else(threads),
        remember: arguments.watch_pid.is_some(),
        stop: Default::default(),
    })
}

/// What was asked for; nobody waits for ever for the last of many requests.
fn duration(arguments: &ProbeArguments) -> Duration {
    let usual = if arguments.requests.is_some() { LONGEST } else { USUAL };
    arguments.duration.unwrap_or(usual)
}

/// Half of the processors: the other half is the server's.
fn threads() -> usize {
    thread::available_parallelism().map_or(1, |processors| processors.get().div_ceil(2))
}

/// Keeps what was found, so that it can be replayed. Returns whether there was anything.
fn record(arguments: &ProbeArguments, order: &Order, outcome: &Outcome) -> Result<bool, CaseError> {
    if outcome.findings.is_empty() {
        return Ok(false);
    }
    // Places that were chosen are chosen again: they are what the server shows.
    let counts = &outcome.summary.counts;
    let order = Order { tokens: counts.tokens.clone(), sessions: counts.sessions.clone(), ..order.clone() };
    let mut recorder = Recorder::open(&arguments.case)?;
    let instructions = order.to_text();
    let command = command(arguments);
    let plan = recorder.plan(&NewPlan {
        identity: &format!("probe\n{instructions}"),
        verb: "probe",
        command: &command,
        instructions: &instructions,
        made: SystemTime::now(),
    })?;
    for (finding, pair) in outcome.findings.iter().zip(&outcome.pairs) {
        recorder.finding(
            plan,
            &RecordedFinding {
                rule: finding.rule.name().to_owned(),
                fingerprint: finding.id.to_string(),
                text: pair.to_text(),
                found: SystemTime::now(),
            },
        )?;
    }
    Ok(true)
}

/// A finding of a probe that was recorded under this name, or the beginning of it, with what was asked then.
pub(crate) fn recorded(case: &Case, name: &str) -> Result<Option<(Order, Pair)>, CaseError> {
    let mut found = None;
    for plan in case.plans()?.into_iter().filter(|plan| plan.verb == "probe") {
        let Some(order) = Order::from_text(&plan.instructions) else { continue };
        case.findings(plan.fingerprint, |finding| -> Result<(), CaseError> {
            if finding.fingerprint.starts_with(name) {
                found = Pair::from_text(&finding.text).map(|pair| (order.clone(), pair));
            }
            Ok(())
        })?;
    }
    Ok(found)
}

/// `jostle replay` of what a probe has found: just its two requests.
pub(crate) fn again(order: &Order, pair: &Pair, arguments: &ReplayArguments) -> Result<Exit, Failure> {
    let mut output = Output::open(arguments.report.output.as_deref())?;
    let mut desk = Desk { format: Format::Human, output: Output::open(None)?, progress: ProgressLine::new() };
    let replayed = jostle_probe::replay(&Options::again(order)?, pair, arguments.times, &mut desk);
    desk.progress.clear();
    let (summary, failure) = replayed?.told(pair);
    output.write(&jostle_report::render_replay(arguments.report.format, &summary, &failure, output.style()));
    Ok(if output.failed { Exit::CannotLook } else { summary.verdict.into() })
}

/// Where what happens becomes something to read.
struct Desk {
    format: Format,
    output: Output,
    progress: ProgressLine,
}

impl Desk {
    fn close(
        &mut self,
        outcome: &Outcome,
        arguments: &ProbeArguments,
        recorded: bool,
        beside: Option<&Beside>,
    ) {
        let Outcome { findings, summary, .. } = outcome;
        if self.format == Format::Json {
            // The findings were streamed; those of the watch come with what was under way, which is known only now.
            let caught = beside.into_iter().flat_map(|beside| &beside.moments);
            caught.for_each(|moment| self.output.write(&(jostle_report::json_beside(moment) + "\n")));
            let line = jostle_report::json_probe_summary(summary, findings, beside);
            self.output.write(&format!("{line}\n"));
            return;
        }
        let (command, case) = (command(arguments), with_case(&arguments.case));
        let replay = findings.first().filter(|_| recorded).map(|it| format!("jostle replay {}{case}", it.id));
        let report = ProbeReport { findings, summary, command: &command, replay: replay.as_deref(), beside };
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
    let mut words: Vec<String> = arguments.url.iter().cloned().collect();
    let mut add = |flag: &str, value: String| words.extend([flag.to_owned(), value]);
    arguments.curl.iter().for_each(|command| add("--curl", command.clone()));
    arguments.path.iter().for_each(|path| add("--path", path.display().to_string()));
    arguments.scenario.iter().for_each(|path| add("--scenario", path.display().to_string()));
    arguments.openapi.iter().for_each(|path| add("--openapi", path.display().to_string()));
    arguments.token.iter().for_each(|place| add("--token", place.to_string()));
    arguments.session.iter().for_each(|place| add("--session", place.to_string()));
    arguments.ignore.iter().for_each(|place| add("--ignore", place.to_string()));
    arguments.mode.iter().for_each(|mode| add("--mode", mode.to_string()));
    arguments.rate.iter().for_each(|rate| add("--rate", rate.to_string()));
    if arguments.concurrency != 64 {
        add("--concurrency", arguments.concurrency.to_string());
    }
    arguments.against.iter().for_each(|url| add("--against", url.clone()));
    arguments.noise.iter().for_each(|url| add("--noise", url.clone()));
    arguments.watch_pid.iter().for_each(|pid| add("--watch-pid", pid.to_string()));
    arguments.tls_ca.iter().for_each(|path| add("--tls-ca", path.display().to_string()));
    if arguments.unsafe_methods {
        words.push("--unsafe-methods".to_owned());
    }
    if arguments.http2 {
        words.push("--http2".to_owned());
    }
    if arguments.i_own_this_server {
        words.push("--i-own-this-server".to_owned());
    }
    shell_quoted(&words.into_iter().map(Into::into).collect::<Vec<_>>())
}
