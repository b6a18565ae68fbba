//! What many trials tell together.

use jostle_casefile::{Case, CaseError, PlanFingerprint, Tally as Recorded};
use jostle_model::{
    Effect, FailingTrial, Family, HuntSummary, Kind, Owed, OwedUnder, Rate, Ratio, Seed, Verdict, Way,
};
use jostle_odds::{
    Confidence, Interval, Tally, anytime_events, anytime_rate, anytime_ratio, clean_trials_owed,
    event_interval, rate_interval,
};
use jostle_symptoms::Group;

use crate::{Perturbation, time_to_failure};

/// How many exact ways to fail are told.
const WAYS: u32 = 10;
/// A bound above this says too little to call it "nothing found".
const TOO_LITTLE: f64 = 0.1;
/// A guess of how rare failures are per operation, made before anything was seen: see [`anytime_events`].
const PER_OPERATION: f64 = 1e-6;

/// Whether it was settled beforehand how many trials there would be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// It was: intervals for fixed numbers hold, which are narrower.
    Beforehand,
    /// It depended on what was seen.
    AsItWent,
}

/// What the trials of a plan tell that are recorded in a case.
///
/// # Errors
/// When the case cannot be read.
pub fn sum_up(
    case: &Case,
    plan: PlanFingerprint,
    seed: Seed,
    settled: Settled,
) -> Result<HuntSummary, CaseError> {
    let tallies = case.tallies(plan)?;
    let none = Perturbation::None.name();
    let unperturbed = tallies.iter().find(|tally| tally.perturbation == none);
    let base = unperturbed.map(counted).unwrap_or_default();
    let sum = |of: fn(&Recorded) -> u64| tallies.iter().map(of).sum::<u64>();
    let (trials, failures) = (sum(Recorded::ran), sum(|tally| tally.failed + tally.hung));
    let rate = rate(base, settled);
    let perturbations = effects(&tallies, base);
    Ok(HuntSummary {
        verb: "hunt",
        verdict: verdict(failures, &rate),
        seed,
        trials,
        failures,
        hung: sum(|tally| tally.hung),
        could_not_run: sum(|tally| tally.could_not_run),
        trial_ms: tallies.iter().map(|tally| tally.elapsed.as_millis() as u64).sum(),
        rate,
        rate_per_operation: unperturbed.and_then(|tally| per_operation(tally, settled)),
        time_to_failure: time_to_failure::of(case, plan, none)?,
        owed: owed(base, &perturbations, &tallies),
        perturbations,
        families: families(case, &[plan])?,
        ways: ways(case, plan)?,
        shortest: shortest(case, &[plan])?,
        warnings: warnings(&tallies),
    })
}

fn counted(tally: &Recorded) -> Tally {
    let failed = tally.failed + tally.hung;
    // More failures than trials there never are.
    Tally::new(failed, tally.ran()).unwrap_or_default()
}

fn rate(tally: Tally, settled: Settled) -> Rate {
    let interval = match settled {
        Settled::Beforehand => rate_interval(tally, Confidence::NINETY_FIVE),
        Settled::AsItWent => anytime_rate(tally, Confidence::NINETY_FIVE),
    };
    as_rate(tally.failures(), tally.trials(), interval)
}

fn as_rate(events: u64, of: u64, interval: Interval) -> Rate {
    Rate { events, of, low: interval.low, high: interval.high, confidence: interval.confidence }
}

/// Only of trials that say how many operations they did: one that crashes before it has counted them says nothing of its
/// rate.
fn per_operation(tally: &Recorded, settled: Settled) -> Option<Rate> {
    if tally.operations == 0 || tally.told_operations == 0 {
        return None;
    }
    let (events, exposure) = (tally.failures_told_operations, tally.operations as f64);
    let interval = match settled {
        Settled::Beforehand => event_interval(events, exposure, Confidence::NINETY_FIVE),
        Settled::AsItWent => anytime_events(events, exposure, PER_OPERATION, Confidence::NINETY_FIVE),
    };
    Some(as_rate(events, tally.operations, interval))
}

fn verdict(failures: u64, rate: &Rate) -> Verdict {
    match failures {
        0 if rate.high > TOO_LITTLE => Verdict::Inconclusive,
        0 => Verdict::NothingFound,
        _ => Verdict::Found,
    }
}

/// Who gets the next trial depends on what was seen: so intervals for fixed numbers do not hold here.
fn effects(tallies: &[Recorded], base: Tally) -> Vec<Effect> {
    let perturbed =
        tallies.iter().filter(|tally| tally.perturbation != Perturbation::None.name() && tally.ran() > 0);
    let mut effects: Vec<Effect> = perturbed.map(|recorded| effect(recorded, base)).collect();
    let strength = |effect: &Effect| (effect.ratio.low, effect.rate.seen().unwrap_or(0.0));
    effects.sort_by(|one, other| {
        let ((one_low, one_seen), (other_low, other_seen)) = (strength(one), strength(other));
        other_low.total_cmp(&one_low).then(other_seen.total_cmp(&one_seen))
    });
    effects
}

fn effect(recorded: &Recorded, base: Tally) -> Effect {
    let tally = counted(recorded);
    let interval = anytime_ratio(tally, base, Confidence::NINETY_FIVE);
    let seen = tally.share().zip(base.share()).filter(|&(_, base)| base > 0.0);
    Effect {
        perturbation: recorded.perturbation.clone(),
        rate: rate(tally, Settled::AsItWent),
        ratio: Ratio {
            seen: seen.map(|(share, base)| share / base),
            low: interval.low,
            high: interval.high.is_finite().then_some(interval.high),
            confidence: interval.confidence,
        },
    }
}

fn owed(base: Tally, effects: &[Effect], tallies: &[Recorded]) -> Option<Owed> {
    let confidence = Confidence::NINETY_FIVE;
    let trials = clean_trials_owed(base, confidence);
    let under = |effect: &Effect| {
        let tally = tallies.iter().find(|tally| tally.perturbation == effect.perturbation)?;
        let trials = clean_trials_owed(counted(tally), confidence)?;
        Some(OwedUnder { perturbation: effect.perturbation.clone(), trials })
    };
    let fewest = effects.iter().filter_map(under).min_by_key(|owed| owed.trials);
    let perturbed = fewest.filter(|owed| trials.is_none_or(|trials| owed.trials < trials));
    (trials.is_some() || perturbed.is_some()).then(|| Owed {
        trials,
        perturbed,
        confidence: confidence.share(),
    })
}

/// How the trials of these plans failed, together.
pub(crate) fn families(case: &Case, plans: &[PlanFingerprint]) -> Result<Vec<Family>, CaseError> {
    let mut kinds = Vec::new();
    for &plan in plans {
        kinds.extend(case.kinds(plan)?.into_iter().map(|kind| (kind.kind, kind.failed + kind.hung)));
    }
    let family = |group: Group| Family {
        name: group.family.to_string(),
        failures: group.count(),
        kinds: (group.members.into_iter())
            .map(|member| Kind { kind: member.kind, failures: member.count, joined: member.joined })
            .collect(),
    };
    Ok(jostle_symptoms::families(kinds).into_iter().map(family).collect())
}

fn ways(case: &Case, plan: PlanFingerprint) -> Result<Vec<Way>, CaseError> {
    let ways = case.signatures(plan, WAYS)?.into_iter().map(|way| Way {
        signature: way.signature,
        failures: way.failed + way.hung,
        title: way.title,
        trial: way.quickest.short(),
    });
    Ok(ways.collect())
}

/// The trial of these plans that failed in the shortest time.
pub(crate) fn shortest(case: &Case, plans: &[PlanFingerprint]) -> Result<Option<FailingTrial>, CaseError> {
    let mut quickest = Vec::new();
    for &plan in plans {
        quickest.extend(case.quickest_failure(plan, None)?);
    }
    let Some(recorded) = quickest.into_iter().min_by_key(|recorded| recorded.trial.elapsed_us) else {
        return Ok(None);
    };
    let Some(failure) = recorded.trial.outcome.failure() else { return Ok(None) };
    Ok(Some(FailingTrial {
        trial: recorded.name.short(),
        perturbation: recorded.trial.perturbation.clone(),
        elapsed_us: recorded.trial.elapsed_us,
        title: failure.title.clone(),
        details: failure.details.clone(),
    }))
}

fn warnings(tallies: &[Recorded]) -> Vec<String> {
    let could_not = tallies.iter().filter(|tally| tally.could_not_run > 0);
    could_not
        .map(|tally| {
            format!("trials under {} that could not run: {}", tally.perturbation, tally.could_not_run)
        })
        .collect()
}
