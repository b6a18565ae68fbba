use std::error::Error;
use std::time::{Instant, SystemTime};

use jostle_casefile::{PlanFingerprint, Recorder, TrialName};
use jostle_model::{Outcome, Trial};
use jostle_plans::{Matrix, Range, Setting};
use jostle_report::{Format, MatrixReport};
use jostle_trials::{
    Bisecting, BisectionTold, Contender, HuntError, MatrixTold, Perturbation, Prepare, Reason, Rounds, Turns,
    Umpire,
};

use crate::arguments::MatrixArguments;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::plan::{self, Conditions, PlanFile};
use crate::progress::ProgressLine;
use crate::words::with_case;

/// Trials of each cell where nobody says: enough to name a pair that fails in a fifth of its trials (`docs/odds.md`).
const TRIALS: u64 = 40;
/// Trials of a bisection where nobody says: several times what one over a hundred versions takes at a rate of 10 %.
const BISECTION: u64 = 2000;

/// `jostle matrix`: which factor carries the failure, and which are exonerated?
pub(crate) fn run(arguments: &MatrixArguments) -> Result<Exit, Failure> {
    let file = PlanFile::open(&arguments.file)?;
    let matrix = Matrix::read(&file.text).map_err(|source| Failure::plan(&arguments.file, source))?;
    let range = range(&matrix, arguments)?;
    let settings = range.map_or_else(|| matrix.cells.clone(), |range| matrix.range(range));
    settings.iter().try_for_each(|setting| file.check(&matrix.run(setting)))?;
    let perturbation = plan::perturbation(matrix.perturb.as_deref())?;
    let output = Output::open(arguments.report.output.as_deref())?;
    let mut recorder = Recorder::open(&arguments.case)?;
    let side = Side::new(&file, &matrix, &settings, perturbation, &mut recorder, arguments)?;
    let made = side.contenders.iter().map(|contender| contender.made.len() as u64).collect();
    let task = match range {
        None => Task::Matrix(Rounds::new(made, trials(&matrix, arguments).unwrap_or(TRIALS), side.seed)),
        Some(range) => {
            let bisecting = Bisecting::resume(recorder.case(), &side.bisection(&matrix, range))?;
            Task::Bisection { bisecting, left: arguments.trials.unwrap_or(BISECTION), out: 0 }
        }
    };
    let turns = Turns {
        contenders: &side.contenders,
        prepare: if range.is_some() { Prepare::WhenNeeded } else { Prepare::First },
        perturbation: side.perturbation,
        jobs: plan::jobs(arguments.jobs, &matrix.budget),
        duration: arguments.duration.or(matrix.budget.duration),
    };
    let mut desk =
        Desk::new(arguments.report.format, output, recorder, &side.plans, told(&matrix, &settings), task);
    let ended = jostle_trials::take_turns(&turns, &mut desk);
    desk.progress.clear();
    close(desk, &matrix, range, &side, arguments, ended)
}

fn trials(matrix: &Matrix, arguments: &MatrixArguments) -> Option<u64> {
    arguments.trials.or(matrix.budget.trials)
}

fn range(matrix: &Matrix, arguments: &MatrixArguments) -> Result<Option<Range>, Failure> {
    let Some(name) = &arguments.bisect else { return Ok(matrix.bisect) };
    match matrix.bisect {
        Some(range) if matrix.factors[range.factor].name == *name => Ok(Some(range)),
        _ => matrix.whole_range(name).map(Some).ok_or_else(|| Failure::NoBisection(name.clone())),
    }
}

/// Each setting as names and levels.
fn told(matrix: &Matrix, settings: &[Setting]) -> Vec<Vec<(String, String)>> {
    let words = |setting: &Setting| {
        matrix.words(setting).map(|(name, level)| (name.to_owned(), level.to_owned())).collect()
    };
    settings.iter().map(words).collect()
}

/// All that is compared.
struct Side {
    contenders: Vec<Contender>,
    plans: Vec<PlanFingerprint>,
    perturbation: Perturbation,
    seed: jostle_model::Seed,
}

impl Side {
    fn new(
        file: &PlanFile,
        matrix: &Matrix,
        settings: &[Setting],
        perturbation: Perturbation,
        recorder: &mut Recorder,
        arguments: &MatrixArguments,
    ) -> Result<Self, Failure> {
        let mut conditions = Conditions { oracle: &matrix.oracle, perturbation, seed: jostle_model::Seed(0) };
        let first = file.order(&matrix.run(&settings[0]), &conditions);
        let given = arguments.seed.or(matrix.seed);
        conditions.seed = plan::seed(recorder, "matrix", arguments.resume, given, &first)?;
        let (mut contenders, mut plans) = (Vec::new(), Vec::new());
        for setting in settings {
            let run = matrix.run(setting);
            let words: Vec<String> =
                matrix.words(setting).map(|(name, level)| format!("{name} {level}")).collect();
            let order = file.order(&run, &conditions);
            let (contender, plan) = plan::contender(recorder, "matrix", &words.join(", "), &order, &run)?;
            contenders.push(contender);
            plans.push(plan);
        }
        Ok(Self { contenders, plans, perturbation, seed: conditions.seed })
    }

    fn bisection<'a>(&'a self, matrix: &'a Matrix, range: Range) -> BisectionTold<'a> {
        let Self { plans, perturbation, seed, .. } = self;
        BisectionTold { plan: matrix, range, cells: plans, perturbation: *perturbation, seed: *seed }
    }
}

/// Reports what is in the case, whatever has ended it: nothing that was found is lost.
fn close(
    mut desk: Desk<'_>,
    matrix: &Matrix,
    range: Option<Range>,
    side: &Side,
    arguments: &MatrixArguments,
    ended: Result<Reason, HuntError>,
) -> Result<Exit, Failure> {
    let ended = match (ended, desk.ended) {
        (Err(error), 0) => return Err(error.into()),
        (ended, _) => ended,
    };
    let signal = match ended {
        Ok(Reason::Asked(signal)) => Some(signal),
        _ => None,
    };
    let exit = report(&mut desk, matrix, range, side, arguments, signal)?;
    match ended {
        Ok(_) => Ok(exit),
        Err(error) => {
            Failure::from(error).tell();
            Ok(Exit::CannotLook)
        }
    }
}

fn report(
    desk: &mut Desk<'_>,
    matrix: &Matrix,
    range: Option<Range>,
    side: &Side,
    arguments: &MatrixArguments,
    signal: Option<i32>,
) -> Result<Exit, Failure> {
    let (file, case) = (plan::typed(&arguments.file), with_case(&arguments.case));
    let warning = signal.map(|signal| format!("signal {signal} ended it; trials under way were not counted"));
    let (text, verdict) = match range {
        Some(range) => {
            let told = side.bisection(matrix, range);
            let mut summary = jostle_trials::sum_up_bisection(desk.recorder.case(), &told)?;
            summary.warnings.extend(warning);
            let style = desk.output.style();
            (
                jostle_report::render_bisection(arguments.report.format, &summary, &file, &case, style),
                summary.verdict,
            )
        }
        None => {
            let told = MatrixTold {
                plan: matrix,
                cells: &side.plans,
                perturbation: side.perturbation,
                seed: side.seed,
            };
            let mut summary = jostle_trials::sum_up_matrix(desk.recorder.case(), &told)?;
            summary.warnings.extend(warning);
            let report = MatrixReport { summary: &summary, file: &file, case: &case };
            (
                jostle_report::render_matrix(arguments.report.format, &report, desk.output.style()),
                summary.verdict,
            )
        }
    };
    desk.output.write(&text);
    Ok(if desk.output.failed { Exit::CannotLook } else { verdict.into() })
}

/// Who decides whose turn it is.
enum Task {
    /// Every cell as often as every other.
    Matrix(Rounds),
    /// Whatever tells most.
    Bisection { bisecting: Bisecting, left: u64, out: u64 },
}

/// Where whose turn it is is decided, and what happens is recorded and shown.
struct Desk<'a> {
    format: Format,
    output: Output,
    progress: ProgressLine,
    recorder: Recorder,
    plans: &'a [PlanFingerprint],
    settings: Vec<Vec<(String, String)>>,
    task: Task,
    started: Instant,
    ended: u64,
    failures: u64,
}

impl<'a> Desk<'a> {
    fn new(
        format: Format,
        output: Output,
        recorder: Recorder,
        plans: &'a [PlanFingerprint],
        settings: Vec<Vec<(String, String)>>,
        task: Task,
    ) -> Self {
        let (progress, started) = (ProgressLine::new(), Instant::now());
        Self { format, output, progress, recorder, plans, settings, task, started, ended: 0, failures: 0 }
    }
}

impl Umpire for Desk<'_> {
    fn next(&mut self) -> Option<usize> {
        match &mut self.task {
            Task::Matrix(rounds) => rounds.next(),
            Task::Bisection { left: 0, .. } => None,
            Task::Bisection { bisecting, left, out } => {
                let level = bisecting.next_level()?;
                *left -= 1;
                *out += 1;
                Some(level)
            }
        }
    }

    fn ended(&mut self, contender: usize, trial: &Trial) -> Result<(), Box<dyn Error>> {
        let plan = self.plans[contender];
        self.recorder.record(plan, trial, SystemTime::now())?;
        let (ran, failed) =
            (!matches!(trial.outcome, Outcome::CouldNotRun { .. }), trial.outcome.failure().is_some());
        match &mut self.task {
            Task::Matrix(rounds) if !ran => rounds.take_back(contender),
            Task::Matrix(_) => {}
            Task::Bisection { bisecting, out, .. } => {
                *out -= 1;
                if ran {
                    bisecting.learn(contender, failed);
                }
            }
        }
        self.ended += 1;
        self.failures += u64::from(failed);
        if self.format == Format::Json {
            let name = TrialName::of(plan, trial.seed).short();
            let line = jostle_report::json_trial_of(trial, &name, &self.settings[contender]);
            self.output.write(&format!("{line}\n"));
        }
        Ok(())
    }

    fn going_on(&mut self, running: usize, preparing: Option<&str>) {
        let seconds = self.started.elapsed().as_secs();
        if let Some(name) = preparing {
            return self.progress.tell(&format!("preparing {name} {seconds}s"));
        }
        let left = match &self.task {
            Task::Matrix(rounds) => format!("{} to go", rounds.left()),
            Task::Bisection { bisecting, .. } => {
                let (level, chance) = bisecting.likeliest();
                let names = self.settings.get(level).into_iter().flatten();
                let told: Vec<&str> = names.map(|(_, level)| level.as_str()).collect();
                format!("likeliest {} ({:.0} %)", told.join(" "), chance * 100.0)
            }
        };
        self.progress.tell(&format!(
            "comparing {seconds}s · {} trials · {} failures · {running} running · {left}",
            self.ended, self.failures
        ));
    }
}
