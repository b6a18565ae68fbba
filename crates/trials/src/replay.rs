//! A trial that failed, run again and again.

use jostle_model::{Outcome, Rate, Ratio, ReplaySummary, Seed, Trial, Verdict};
use jostle_odds::{Confidence, Interval, Tally, fisher_more_often, rate_interval, ratio_interval};
use jostle_watch::Attendant;

use crate::repeater::Repeater;
use crate::run::Stage;
use crate::{HuntError, Listener, Perturbation, Plan, Service, Surroundings};

/// A trial that is to be run again.
#[derive(Clone, Copy, Debug)]
pub struct Replay<'a> {
    /// Its plan.
    pub plan: &'a Plan,
    /// What it runs in.
    pub surroundings: &'a Surroundings,
    /// Whose client it was, where the plan has a service.
    pub service: Option<&'a Service>,
    /// What it is known by.
    pub seed: Seed,
    /// What was changed around it.
    pub perturbation: Perturbation,
    /// The kind of its failure.
    pub kind: &'a str,
    /// How often to run it.
    pub times: u64,
}

/// Runs it so often, and after each time the same program with nothing changed around it, so that both see the same
/// machine.
///
/// # Errors
/// When it cannot be run at all.
pub fn replay(replay: &Replay<'_>, listener: &mut dyn Listener) -> Result<ReplaySummary, HuntError> {
    let Replay { plan, surroundings, service, seed, perturbation, kind, times } = *replay;
    let (mut again, mut control, mut same_kind) = (Tally::default(), Tally::default(), 0);
    let stage = Stage::new(plan, surroundings)?;
    let work = |attendant: &mut Attendant, task: &[u8]| stage.run_told(attendant, task);
    let mut repeater = Repeater::new(work, service)?;
    for round in 0..times {
        match service.filter(|service| service.has_ended()) {
            Some(service) if round == 0 => return Err(HuntError::CouldNotRun(service.why_ended())),
            Some(_) => break,
            None => {}
        }
        let Some(trial) = repeater.run(seed, perturbation)? else { break };
        if let (Outcome::CouldNotRun { why }, 0) = (&trial.outcome, round) {
            return Err(HuntError::CouldNotRun(why.clone()));
        }
        same_kind += u64::from(trial.outcome.failure().is_some_and(|failure| failure.signature.kind == kind));
        count(&mut again, &trial);
        listener.ended(&trial).map_err(HuntError::Keep)?;
        if perturbation != Perturbation::None {
            let Some(trial) = repeater.run(plan.seed_of(round), Perturbation::None)? else { break };
            count(&mut control, &trial);
        }
    }
    Ok(summary(again, control, same_kind, perturbation))
}

fn count(tally: &mut Tally, trial: &Trial) {
    if !matches!(trial.outcome, Outcome::CouldNotRun { .. }) {
        tally.record(trial.outcome.failure().is_some());
    }
}

/// How often both were run was settled beforehand.
fn summary(again: Tally, control: Tally, same_kind: u64, perturbation: Perturbation) -> ReplaySummary {
    let rate = |tally: Tally| {
        let Interval { low, high, confidence } = rate_interval(tally, Confidence::NINETY_FIVE);
        Rate { events: tally.failures(), of: tally.trials(), low, high, confidence }
    };
    let compared = (control.trials() > 0).then(|| {
        let interval = ratio_interval(again, control, Confidence::NINETY_FIVE);
        let seen = again.share().zip(control.share()).filter(|&(_, control)| control > 0.0);
        Ratio {
            seen: seen.map(|(again, control)| again / control),
            low: interval.low,
            high: interval.high.is_finite().then_some(interval.high),
            confidence: interval.confidence,
        }
    });
    ReplaySummary {
        verb: "replay",
        verdict: if again.failures() > 0 { Verdict::Found } else { Verdict::NothingFound },
        perturbation: perturbation.name().to_owned(),
        again: rate(again),
        same_kind,
        unperturbed: compared.map(|_| rate(control)),
        ratio: compared,
        chance: compared.map(|_| fisher_more_often(again, control)),
    }
}
