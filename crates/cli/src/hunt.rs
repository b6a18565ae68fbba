use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use jostle_casefile::{Case, NewPlan, PlanFingerprint, Recorder, Recording, TrialName};
use jostle_model::{HuntSummary, Outcome, Seed, Trial};
use jostle_report::{Format, HuntReport};
use jostle_trials::{
    Counts, Hunt, HuntError, Limits, Listener, Order, Perturb, Plan, Reason, Service, Settled, Shard,
    Surroundings,
};

use crate::arguments::HuntArguments;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{self, Output};
use crate::progress::ProgressLine;
use crate::service;
use crate::words::{shell_quoted, with_case};

/// When a hunt ends that nobody limits: five failures tell a rate, and what a fix will owe.
const ENOUGH: Limits = Limits { duration: Some(Duration::from_secs(300)), trials: None, failures: Some(5) };

/// `jostle hunt`: how often does it fail, how, and what makes it fail more?
pub(crate) fn run(arguments: &HuntArguments) -> Result<Exit, Failure> {
    let output = Output::open(arguments.report.output.as_deref())?;
    let mut recorder = Recorder::open(&arguments.case)?;
    let Begun { order, plan, service } = if arguments.resume {
        resumed(recorder.case(), arguments)?
    } else {
        begun(&mut recorder, arguments)?
    };
    let surroundings = surroundings(&order);
    let hunt = Hunt {
        plan: &order.plan,
        surroundings: &surroundings,
        service: service.as_ref(),
        limits: limits(arguments),
        jobs: arguments.jobs.map_or_else(jostle_watch::processors, |jobs| jobs as usize),
        perturb: order.perturb.clone(),
        shard: shard(arguments)?,
        made: made(recorder.case(), plan)?,
        past: past(recorder.case(), plan)?,
    };
    let mut desk = Desk::new(arguments.report.format, output, recorder, plan);
    let ended = jostle_trials::hunt(&hunt, &mut desk);
    desk.progress.clear();
    let settled = match (&ended, &order.perturb) {
        (Ok(Reason::Trials), Perturb::None) if !arguments.resume => Settled::Beforehand,
        _ => Settled::AsItWent,
    };
    let again = with_case(&arguments.case) + &service::with_pid(service.as_ref(), &order);
    desk.notes.extend(service.as_ref().and_then(Service::warning));
    close(desk, &order, settled, &again, ended)
}

/// What is hunted.
struct Begun {
    order: Order,
    plan: PlanFingerprint,
    service: Option<Service>,
}

/// Reports what is in the case, whatever has ended the hunt: nothing that was found is lost.
fn close(
    mut desk: Desk,
    order: &Order,
    settled: Settled,
    again: &str,
    ended: Result<Reason, HuntError>,
) -> Result<Exit, Failure> {
    let ended = match (ended, desk.ended) {
        (Err(error), 0) => return Err(error.into()),
        (ended, _) => ended,
    };
    let mut summary = jostle_trials::sum_up(desk.recorder.case(), desk.plan, order.plan.seed, settled)?;
    let refusal = |(perturbation, why): (&String, &String)| format!("under {perturbation}: {why}");
    summary.warnings.extend(desk.refusals.iter().map(refusal));
    summary.warnings.append(&mut desk.notes);
    summary.warnings.extend(match ended {
        Ok(Reason::Asked(signal)) => {
            Some(format!("signal {signal} ended the hunt; trials under way were not counted"))
        }
        Ok(Reason::ServiceEnded) => {
            Some("the process that was hunted has ended, and the hunt with it".to_owned())
        }
        _ => None,
    });
    let command = shell_quoted(&order.plan.command);
    let exit = report(&mut desk.output, desk.format, &summary, &command, again);
    match ended {
        Ok(_) => Ok(exit),
        Err(error) => {
            Failure::from(error).tell();
            Ok(if exit == Exit::Found { exit } else { Exit::CannotLook })
        }
    }
}

/// Writes the report of a hunt, and says how to exit.
pub(crate) fn report(
    output: &mut Output,
    format: Format,
    summary: &HuntSummary,
    command: &str,
    case: &str,
) -> Exit {
    let text = jostle_report::render_hunt(format, &HuntReport { summary, command, case }, output.style());
    output.write(&text);
    match Exit::from(summary.verdict) {
        Exit::Found => Exit::Found,
        _ if output.failed => Exit::CannotLook,
        exit => exit,
    }
}

/// A hunt that begins, recorded before its first trial.
fn begun(recorder: &mut Recorder, arguments: &HuntArguments) -> Result<Begun, Failure> {
    check(arguments)?;
    let perturb = arguments.perturb.parse().map_err(Failure::Perturbation)?;
    let service = service::named(arguments.pid, &perturb)?;
    let order = Order {
        plan: Plan {
            command: arguments.command.clone(),
            service: service.as_ref().map(|service| service.program().into()),
            timeout: arguments.timeout,
            fail_on: arguments.fail_on.clone(),
            operations: arguments.ops.clone().unwrap_or_else(|| Plan::OPERATIONS.to_owned()),
            seed: Seed(seed(arguments)),
        },
        directory: env::current_dir().map_err(Failure::Directory)?,
        perturb,
        environment: BTreeMap::new(),
    };
    let plan = recorder.plan(&NewPlan {
        identity: &order.plan.canonical(),
        verb: "hunt",
        command: &shell_quoted(&order.plan.command),
        instructions: &order.to_text(),
        made: SystemTime::now(),
    })?;
    Ok(Begun { order, plan, service })
}

/// What would stop every trial is said before the first. A program whose name has a placeholder is not known yet.
fn check(arguments: &HuntArguments) -> Result<(), Failure> {
    match arguments.command.first() {
        Some(program) if !program.to_string_lossy().contains('{') => {
            jostle_watch::find_program(program)?;
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Parts of one hunt need one seed, and nobody who could agree on one: so it is a fixed one then.
fn seed(arguments: &HuntArguments) -> u64 {
    let is_shared = arguments.shard.is_some() || environment_shard().is_some();
    arguments.seed.unwrap_or_else(|| if is_shared { 0 } else { fastrand::u64(..1_000_000) })
}

/// The last hunt of the case, or the last one of the same command.
fn resumed(case: &Case, arguments: &HuntArguments) -> Result<Begun, Failure> {
    let orders = case
        .plans()?
        .into_iter()
        .filter(|plan| plan.verb == "hunt")
        .filter_map(|plan| Some((Order::from_text(&plan.instructions).ok()?, plan.fingerprint)));
    let is_meant = |order: &Order| {
        let same_seed = arguments.seed.is_none_or(|seed| order.plan.seed == Seed(seed));
        same_seed && (arguments.command.is_empty() || order.plan.command == arguments.command)
    };
    let last = orders.rev().find(|(order, _)| is_meant(order));
    let (order, plan) = last.ok_or_else(|| Failure::NothingToResume(case.file().to_owned()))?;
    let service = service::again(arguments.pid, &order)?;
    Ok(Begun { order, plan, service })
}

/// What trials run in.
pub(crate) fn surroundings(order: &Order) -> Surroundings {
    let added = order.environment.iter().map(|(name, value)| (name.into(), value.into()));
    Surroundings {
        directory: Some(order.directory.clone()),
        environment: Arc::new(env::vars_os().chain(added).collect()),
        scratch: env::temp_dir(),
    }
}

fn limits(arguments: &HuntArguments) -> Limits {
    let asked =
        Limits { duration: arguments.duration, trials: arguments.trials, failures: arguments.failures };
    if asked == (Limits { duration: None, trials: None, failures: None }) { ENOUGH } else { asked }
}

fn shard(arguments: &HuntArguments) -> Result<Shard, Failure> {
    match &arguments.shard {
        Some(text) => text.parse().map_err(Failure::Shard),
        None => Ok(environment_shard().unwrap_or(Shard::WHOLE)),
    }
}

/// The part that an array of Slurm's or an indexed job of Kubernetes' gives to this process.
fn environment_shard() -> Option<Shard> {
    let number = |name: &str| env::var(name).ok()?.parse::<u64>().ok();
    if let Some(task) = number("SLURM_ARRAY_TASK_ID") {
        let (first, step) =
            (number("SLURM_ARRAY_TASK_MIN").unwrap_or(0), number("SLURM_ARRAY_TASK_STEP").unwrap_or(1));
        let index = task.saturating_sub(first) / step.max(1);
        let counted = number("SLURM_ARRAY_TASK_COUNT").and_then(|count| Shard::of(index, count));
        return Some(counted.unwrap_or_else(|| Shard::unbounded(index)));
    }
    // Kubernetes does not say how many there are.
    number("JOB_COMPLETION_INDEX").map(Shard::unbounded)
}

fn made(case: &Case, plan: PlanFingerprint) -> Result<BTreeSet<Seed>, Failure> {
    Ok(case.seeds(plan)?.iter().collect())
}

fn past(case: &Case, plan: PlanFingerprint) -> Result<Counts, Failure> {
    let counts = case.tallies(plan)?.into_iter().map(|tally| {
        let ran = (tally.ran(), tally.failed + tally.hung);
        (tally.perturbation, ran)
    });
    Ok(counts.collect::<BTreeMap<_, _>>())
}

/// Where what happens during a hunt is recorded and shown.
struct Desk {
    format: Format,
    output: Output,
    progress: ProgressLine,
    recorder: Recorder,
    plan: PlanFingerprint,
    started: Instant,
    ended: u64,
    failures: u64,
    last: String,
    /// Why the last trial could not run, by perturbation.
    refusals: BTreeMap<String, String>,
    /// What else those should know who read the report.
    notes: Vec<String>,
}

impl Desk {
    fn new(format: Format, output: Output, recorder: Recorder, plan: PlanFingerprint) -> Self {
        let (progress, started) = (ProgressLine::new(), Instant::now());
        Self {
            format,
            output,
            progress,
            recorder,
            plan,
            started,
            ended: 0,
            failures: 0,
            last: String::new(),
            refusals: BTreeMap::new(),
            notes: Vec::new(),
        }
    }
}

impl Listener for Desk {
    fn ended(&mut self, trial: &Trial) -> Result<(), Box<dyn Error>> {
        let recording = self.recorder.record(self.plan, trial, SystemTime::now())?;
        self.ended += 1;
        if recording == Recording::Conflicting {
            output::complain(
                "warning: another hunt has recorded this trial with another outcome; that one is kept",
            );
        }
        if let Some(failure) = trial.outcome.failure() {
            self.failures += 1;
            self.last = format!(" · {}", failure.title);
        }
        if let Outcome::CouldNotRun { why } = &trial.outcome {
            self.refusals.insert(trial.perturbation.clone(), why.clone());
        }
        if self.format == Format::Json {
            let name = TrialName::of(self.plan, trial.seed).short();
            self.output.write(&format!("{}\n", jostle_report::json_trial(trial, Some(&name))));
        }
        Ok(())
    }

    fn going_on(&mut self, running: usize) {
        let seconds = self.started.elapsed().as_secs();
        self.progress.tell(&format!(
            "hunting {seconds}s · {} trials · {} failures · {running} running{}",
            self.ended, self.failures, self.last
        ));
    }
}
