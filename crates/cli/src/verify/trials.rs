use std::error::Error;
use std::time::{Instant, SystemTime};

use jostle_casefile::{PlanFingerprint, Recorder, TrialName};
use jostle_model::{Seed, Trial};
use jostle_plans::{Duel, Pilot};
use jostle_report::{Format, VerificationReport};
use jostle_trials::{
    Contender, HuntError, Perturbation, Prepare, Reason, Sides, Terms, Turns, Umpire, VerificationTold,
};

use crate::arguments::VerifyArguments;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::plan::{self, Conditions, PlanFile};
use crate::progress::ProgressLine;
use crate::words::with_case;

/// What the three contenders are called, by number.
const ROLES: [&str; 3] = ["pilot", "before", "after"];
/// How far on the pilot's own seeds lie: its trials are not those of the control.
const APART: u64 = 1 << 40;

/// Is the fix real, by trials of both sides?
pub(super) fn run(arguments: &VerifyArguments, file: &PlanFile) -> Result<Exit, Failure> {
    let duel = Duel::read(&file.text).map_err(|source| Failure::plan(&arguments.plan, source))?;
    duel.sides.iter().try_for_each(|run| file.check(run))?;
    let output = Output::open(arguments.report.output.as_deref())?;
    let mut recorder = Recorder::open(&arguments.case)?;
    let arena = Arena::new(file, &duel, &mut recorder, arguments)?;
    let terms = terms(&duel, arguments);
    let sides = Sides::resume(recorder.case(), &arena.plans, arena.perturbation, terms, arena.seed)?;
    let turns = Turns {
        contenders: &arena.contenders,
        prepare: Prepare::First,
        perturbation: arena.perturbation,
        jobs: plan::jobs(arguments.jobs, &duel.budget),
        duration: arguments.duration.or(duel.budget.duration),
    };
    let mut desk = Desk {
        format: arguments.report.format,
        output,
        progress: ProgressLine::new(),
        recorder,
        plans: &arena.plans,
        sides,
        announced: false,
        started: Instant::now(),
        ended: 0,
    };
    let ended = jostle_trials::take_turns(&turns, &mut desk);
    desk.progress.clear();
    close(desk, &duel, &arena, terms, arguments, ended)
}

fn terms(duel: &Duel, arguments: &VerifyArguments) -> Terms {
    Terms {
        residual: duel.residual,
        confidence: duel.confidence,
        per_side: arguments.trials.or(duel.budget.trials),
        baseline: match duel.pilot {
            Pilot::ToBeRun => None,
            Pilot::Known { failures, trials } => Some((failures, trials)),
        },
    }
}

/// All that takes turns.
struct Arena {
    contenders: Vec<Contender>,
    plans: [PlanFingerprint; 3],
    commands: [String; 2],
    perturbation: Perturbation,
    seed: Seed,
}

impl Arena {
    fn new(
        file: &PlanFile,
        duel: &Duel,
        recorder: &mut Recorder,
        arguments: &VerifyArguments,
    ) -> Result<Self, Failure> {
        let perturbation = plan::perturbation(duel.perturb.as_deref())?;
        let [before, after] = &duel.sides;
        let mut conditions = Conditions { oracle: &duel.oracle, perturbation, seed: Seed(0) };
        let first = file.order(after, &conditions);
        let given = arguments.seed.or(duel.seed);
        conditions.seed = plan::seed(recorder, "verify", arguments.resume, given, &first)?;
        let (seed, mut contenders, mut plans) = (conditions.seed, Vec::new(), Vec::new());
        for (role, run) in ROLES.into_iter().zip([before, before, after]) {
            let mut order = file.order(run, &conditions);
            if role == ROLES[Sides::PILOT] {
                order.plan.seed = order.plan.seed_of(APART);
            }
            let (contender, plan) = plan::contender(recorder, "verify", role, &order, run)?;
            contenders.push(contender);
            plans.push(plan);
        }
        let commands = [before, after].map(|run| plan::told(&run.command));
        Ok(Self { contenders, plans: [plans[0], plans[1], plans[2]], commands, perturbation, seed })
    }
}

/// Reports what is in the case, whatever has ended it: nothing that was found is lost.
fn close(
    mut desk: Desk<'_>,
    duel: &Duel,
    arena: &Arena,
    terms: Terms,
    arguments: &VerifyArguments,
    ended: Result<Reason, HuntError>,
) -> Result<Exit, Failure> {
    let ended = match (ended, desk.ended) {
        (Err(error), 0) => return Err(error.into()),
        (ended, _) => ended,
    };
    let [before, after] = &arena.commands;
    let told = VerificationTold {
        plans: &arena.plans,
        terms,
        effort: desk.sides.effort(),
        perturbation: arena.perturbation,
        commands: [before, after],
        operation: &duel.oracle.operation,
        seed: arena.seed,
    };
    let mut summary = jostle_trials::sum_up_verification(desk.recorder.case(), &told)?;
    if let Ok(Reason::Asked(signal)) = ended {
        summary.warnings.push(format!("signal {signal} ended it; trials under way were not counted"));
    }
    let (file, case) = (plan::typed(&arguments.plan), with_case(&arguments.case));
    let report = VerificationReport { summary: &summary, file: &file, case: &case };
    let text = jostle_report::render_verification(arguments.report.format, &report, desk.output.style());
    desk.output.write(&text);
    match ended {
        Err(error) => {
            Failure::from(error).tell();
            Ok(Exit::CannotLook)
        }
        Ok(_) if desk.output.failed => Ok(Exit::CannotLook),
        Ok(_) => Ok(summary.verdict.into()),
    }
}

/// Where whose turn it is is decided, and what happens is recorded and shown.
struct Desk<'a> {
    format: Format,
    output: Output,
    progress: ProgressLine,
    recorder: Recorder,
    plans: &'a [PlanFingerprint; 3],
    sides: Sides,
    announced: bool,
    started: Instant,
    ended: u64,
}

impl Desk<'_> {
    /// What it takes is said before the first trial of the verification itself.
    fn announce(&mut self) {
        if let (Some(effort), false) = (self.sides.effort(), self.announced) {
            self.announced = true;
            self.progress.tell("");
            self.output.write(&jostle_report::render_effort(self.format, &effort));
        }
    }
}

impl Umpire for Desk<'_> {
    fn next(&mut self) -> Option<usize> {
        // The plan was checked: its shares are some.
        let next = self.sides.next_side().ok().flatten();
        self.announce();
        next
    }

    fn ended(&mut self, contender: usize, trial: &Trial) -> Result<(), Box<dyn Error>> {
        let plan = self.plans[contender];
        self.recorder.record(plan, trial, SystemTime::now())?;
        self.sides.learn(contender, trial);
        self.ended += 1;
        if self.format == Format::Json {
            let name = TrialName::of(plan, trial.seed).short();
            let side = [("side".to_owned(), ROLES[contender].to_owned())];
            let line = jostle_report::json_trial_of(trial, &name, &side);
            self.output.write(&format!("{line}\n"));
        }
        Ok(())
    }

    fn going_on(&mut self, running: usize, preparing: Option<&str>) {
        let seconds = self.started.elapsed().as_secs();
        if preparing.is_some() {
            return self.progress.tell(&format!("preparing {seconds}s"));
        }
        let [pilot, before, after] = self.sides.counts();
        let told = match self.sides.effort() {
            None => format!("without the fix {} of {} failed", pilot.0, pilot.1),
            Some(effort) => format!(
                "without the fix {} of {} failed, with it {} of {}; {} each",
                before.0, before.1, after.0, after.1, effort.per_side
            ),
        };
        self.progress.tell(&format!("verifying {seconds}s · {told} · {running} running"));
    }
}
