//! What a plan says, made ready to run: shared by the verbs that compare.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use jostle_casefile::{NewPlan, PlanFingerprint, Recorder};
use jostle_model::Seed;
use jostle_plans::{Budget, Oracle, Run};
use jostle_trials::{Contender, Order, Perturb, Perturbation, Plan};

use crate::failure::Failure;
use crate::hunt::surroundings;
use crate::words::shell_quoted;

/// How long a preparation may take: a build of anything has ended by then.
const PREPARATION: Duration = Duration::from_secs(3600);

/// A plan file.
pub(crate) struct PlanFile {
    /// What stands in it.
    pub(crate) text: String,
    /// The directory that it lies in.
    directory: PathBuf,
}

/// What all trials of a comparison have in common.
pub(crate) struct Conditions<'a> {
    pub(crate) oracle: &'a Oracle,
    pub(crate) perturbation: Perturbation,
    pub(crate) seed: Seed,
}

impl PlanFile {
    /// Reads it.
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        let unreadable = |source| Failure::Plan { path: path.to_owned(), source };
        let text = fs::read_to_string(path).map_err(unreadable)?;
        let whole = path.canonicalize().map_err(unreadable)?;
        Ok(Self { text, directory: whole.parent().map(Path::to_owned).unwrap_or(whole) })
    }

    /// What is recorded of one side of a comparison.
    pub(crate) fn order(&self, run: &Run, conditions: &Conditions<'_>) -> Order {
        let Conditions { oracle, perturbation, seed, .. } = *conditions;
        Order {
            plan: Plan {
                command: run.command.iter().map(OsString::from).collect(),
                service: None,
                timeout: oracle.timeout,
                fail_on: oracle.fail_on.clone(),
                operations: oracle.operations.clone().unwrap_or_else(|| Plan::OPERATIONS.to_owned()),
                seed,
            },
            directory: self.directory.join(&run.directory),
            perturb: match perturbation {
                Perturbation::None => Perturb::None,
                other => Perturb::Only(vec![other]),
            },
            environment: run.environment.clone(),
        }
    }

    /// Whether it can run at all is said before the first trial.
    pub(crate) fn check(&self, run: &Run) -> Result<(), Failure> {
        let directory = self.directory.join(&run.directory);
        if !directory.is_dir() {
            return Err(Failure::NoDirectory(directory));
        }
        // What is prepared may not be there before.
        let program = run.prepare.as_ref().unwrap_or(&run.command).first();
        match program {
            Some(program) if program.contains('{') => Ok(()),
            Some(program) if program.contains('/') => {
                Ok(jostle_watch::find_program(directory.join(program).as_os_str()).map(|_| ())?)
            }
            Some(program) => Ok(jostle_watch::find_program(program.as_ref()).map(|_| ())?),
            None => Ok(()),
        }
    }
}

/// One side of a comparison, recorded, with what is in the case of it.
pub(crate) fn contender(
    recorder: &mut Recorder,
    verb: &str,
    role: &str,
    order: &Order,
    run: &Run,
) -> Result<(Contender, PlanFingerprint), Failure> {
    let plan = recorder.plan(&NewPlan {
        identity: &order.identity(role),
        verb,
        command: &shell_quoted(&order.plan.command),
        instructions: &order.to_text(),
        made: SystemTime::now(),
    })?;
    let preparation = run.prepare.as_ref().map(|command| Plan {
        command: command.iter().map(OsString::from).collect(),
        service: None,
        timeout: PREPARATION,
        fail_on: None,
        operations: Plan::OPERATIONS.to_owned(),
        seed: order.plan.seed,
    });
    let contender = Contender {
        name: role.to_owned(),
        plan: order.plan.clone(),
        surroundings: surroundings(order),
        preparation,
        made: recorder.case().seeds(plan)?.iter().collect(),
    };
    Ok((contender, plan))
}

/// The seed: of what is gone on with, or as the user says, or as the plan says, or drawn.
pub(crate) fn seed(
    recorder: &Recorder,
    verb: &str,
    resume: bool,
    given: Option<u64>,
    first: &Order,
) -> Result<Seed, Failure> {
    if !resume {
        return Ok(Seed(given.unwrap_or_else(|| fastrand::u64(..1_000_000))));
    }
    let recorded = recorder.case().plans()?.into_iter().filter(|plan| plan.verb == verb);
    let orders = recorded.filter_map(|plan| Order::from_text(&plan.instructions).ok());
    let same = |order: &Order| {
        let mut first = first.clone();
        first.plan.seed = order.plan.seed;
        *order == first && given.is_none_or(|given| order.plan.seed == Seed(given))
    };
    let last = orders.rev().find(same);
    last.map(|order| order.plan.seed)
        .ok_or_else(|| Failure::NothingLikeThis(recorder.case().file().to_owned()))
}

/// How many trials run at a time.
pub(crate) fn jobs(given: Option<u64>, budget: &Budget) -> usize {
    given.or(budget.jobs).map_or_else(jostle_watch::processors, |jobs| jobs as usize)
}

/// A command as it can be typed again.
pub(crate) fn told(command: &[String]) -> String {
    let words: Vec<OsString> = command.iter().map(OsString::from).collect();
    shell_quoted(&words)
}

/// The one thing that is changed around every trial.
pub(crate) fn perturbation(name: Option<&str>) -> Result<Perturbation, Failure> {
    name.map_or(Ok(Perturbation::None), |name| name.parse().map_err(Failure::Perturbation))
}

/// The file as it can be typed again.
pub(crate) fn typed(file: &Path) -> String {
    let here = env::current_dir().ok();
    let short = here.as_deref().and_then(|here| file.strip_prefix(here).ok()).unwrap_or(file);
    shell_quoted(&[short.into()])
}
