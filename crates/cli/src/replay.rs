use std::error::Error;

use jostle_casefile::Case;
use jostle_model::Trial;
use jostle_report::Format;
use jostle_trials::{Listener, Order, Replay};

use crate::arguments::ReplayArguments;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::hunt::surroundings;
use crate::output::Output;
use crate::progress::ProgressLine;
use crate::{probe, service};

/// `jostle replay`: does this failing trial fail again?
pub(crate) fn run(arguments: &ReplayArguments) -> Result<Exit, Failure> {
    let case = Case::open(&arguments.case)?;
    if let Some((order, pair)) = probe::recorded(&case, &arguments.trial)? {
        if arguments.pid.is_some() {
            return Err(Failure::NoService);
        }
        return probe::again(&order, &pair, arguments);
    }
    let mut output = Output::open(arguments.report.output.as_deref())?;
    let recorded = case.find(&arguments.trial)?;
    let no_order = || Failure::NoReplay(recorded.name.short());
    let plan = case.plan(recorded.plan)?.ok_or_else(no_order)?;
    let order = Order::from_text(&plan.instructions).map_err(|_| no_order())?;
    let failure =
        recorded.trial.outcome.failure().ok_or_else(|| Failure::DidNotFail(recorded.name.short()))?;
    let service = service::again(arguments.pid, &order)?;
    let replay = Replay {
        plan: &order.plan,
        surroundings: &surroundings(&order),
        service: service.as_ref(),
        seed: recorded.trial.seed,
        perturbation: recorded.trial.perturbation.parse().map_err(Failure::Perturbation)?,
        kind: &failure.signature.kind,
        times: arguments.times,
    };
    let mut desk = Desk {
        format: arguments.report.format,
        output: &mut output,
        progress: ProgressLine::new(),
        ended: 0,
        failed: 0,
    };
    let replayed = jostle_trials::replay(&replay, &mut desk);
    desk.progress.clear();
    let summary = replayed?;
    let text = jostle_report::render_replay(arguments.report.format, &summary, failure, output.style());
    output.write(&text);
    Ok(if output.failed { Exit::CannotLook } else { summary.verdict.into() })
}

/// Shows how far it is.
struct Desk<'a> {
    format: Format,
    output: &'a mut Output,
    progress: ProgressLine,
    ended: u64,
    failed: u64,
}

impl Listener for Desk<'_> {
    fn ended(&mut self, trial: &Trial) -> Result<(), Box<dyn Error>> {
        self.ended += 1;
        self.failed += u64::from(trial.outcome.failure().is_some());
        if self.format == Format::Json {
            self.output.write(&format!("{}\n", jostle_report::json_trial(trial, None)));
        }
        self.progress.tell(&format!("replayed {} times · {} failures", self.ended, self.failed));
        Ok(())
    }
}
