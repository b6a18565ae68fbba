//! After how long a target fails.

use jostle_casefile::{Case, CaseError, PlanFingerprint};
use jostle_model::TimeToFailure;
use jostle_odds::{Confidence, Lifetime, Survival};

/// Of the trials with this perturbation; nothing where none failed. A trial that passed is censored: how long it could
/// have gone on without failing, it does not say.
pub(crate) fn of(
    case: &Case,
    plan: PlanFingerprint,
    perturbation: &str,
) -> Result<Option<TimeToFailure>, CaseError> {
    let mut lifetimes = Vec::new();
    case.lifetimes(plan, Some(perturbation), |lifetime| -> Result<(), CaseError> {
        lifetimes.push(Lifetime { time: lifetime.elapsed.as_secs_f64(), failed: lifetime.failed() });
        Ok(())
    })?;
    Ok(measure(&lifetimes))
}

fn measure(lifetimes: &[Lifetime]) -> Option<TimeToFailure> {
    let mut failing: Vec<f64> =
        lifetimes.iter().filter(|lifetime| lifetime.failed).map(|lifetime| lifetime.time).collect();
    failing.sort_by(f64::total_cmp);
    let middle = *failing.get(failing.len() / 2)?;
    let survival = Survival::of(lifetimes);
    let between = survival.median_interval(Confidence::NINETY_FIVE);
    let median = survival.median();
    let micros = |seconds: f64| (seconds * 1e6) as u64;
    Some(TimeToFailure {
        median_us: median.map(micros),
        low_us: median.map(|_| micros(between.low)),
        high_us: median.and(between.high.is_finite().then(|| micros(between.high))),
        failing_us: Some(micros(middle)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_those_that_fail_is_not_half_of_all() {
        let lifetimes: Vec<Lifetime> =
            (1..=10).map(|time| Lifetime { time: f64::from(time), failed: time <= 3 }).collect();
        let time = measure(&lifetimes).expect("three have failed");
        assert_eq!((time.failing_us, time.median_us), (Some(2_000_000), None));
    }

    #[test]
    fn where_nothing_fails_there_is_no_time_to_tell() {
        assert_eq!(measure(&[Lifetime { time: 1.0, failed: false }]), None);
    }
}
