//! From rows to numbers, each with what it is uncertain by.

use jostle_model::{Outlier, Quantity};
use jostle_odds::{
    Confidence, Estimate, Interval, OddsError, Tally, UnitSums, event_interval, rate_interval,
    ratio_of_ratios, ratio_of_sums,
};

use crate::moment::Span;

/// A number as it was seen.
#[derive(Clone, Debug)]
pub(crate) struct Measured {
    pub(crate) quantity: Quantity,
    pub(crate) seen: Seen,
    /// How many units were looked at.
    pub(crate) units: u64,
    /// What was counted before the change and after it, for whoever wants to see what was divided by what.
    pub(crate) before: Option<f64>,
    pub(crate) after: Option<f64>,
    pub(crate) outliers: Vec<Outlier>,
    pub(crate) known_outliers: Vec<Outlier>,
    pub(crate) known: Option<u64>,
    pub(crate) chance_if_unchanged: Option<f64>,
    /// How long the time after the change has to be at least; what is shorter says nothing.
    pub(crate) needs: Option<Span>,
}

/// What was seen of a number.
#[derive(Clone, Debug)]
pub(crate) enum Seen {
    /// Nothing, and why.
    Nothing(String),
    /// A number, and between what it lies.
    Estimated(Estimate),
    /// The same in every unit. How large it is where it is different, nobody has seen.
    Uniform(f64),
    /// So many, to the last one; the interval is of how many are to be expected in as long a time.
    Counted(u64, Interval),
}

impl Measured {
    pub(crate) fn of(quantity: Quantity, seen: Seen, units: usize) -> Self {
        Self {
            quantity,
            seen,
            units: units as u64,
            before: None,
            after: None,
            outliers: Vec::new(),
            known_outliers: Vec::new(),
            known: None,
            chance_if_unchanged: None,
            needs: None,
        }
    }

    pub(crate) fn nothing(quantity: Quantity, why: &str) -> Self {
        Self::of(quantity, Seen::Nothing(why.to_owned()), 0)
    }

    fn between(self, before: f64, after: f64) -> Self {
        Self { before: Some(before), after: Some(after), ..self }
    }
}

/// The sum over the sum.
pub(crate) fn level(quantity: Quantity, units: &[UnitSums], confidence: Confidence, seed: u64) -> Measured {
    let seen = match ratio_of_sums(units, confidence, seed) {
        Ok(estimate) => Seen::Estimated(estimate),
        Err(error) => unestimated(&error, units),
    };
    Measured::of(quantity, seen, units.len())
}

/// By which share the sum of what came after falls short of the sum of what came before; of every unit, its two parts.
pub(crate) fn drop_of_sums(pairs: &[UnitSums], confidence: Confidence, seed: u64) -> Measured {
    let total = |part: fn(&UnitSums) -> f64| pairs.iter().map(part).sum::<f64>();
    let (before, after) = (total(|unit| unit.denominator), total(|unit| unit.numerator));
    let seen = match ratio_of_sums(pairs, confidence, seed) {
        Ok(estimate) => Seen::Estimated(fallen(estimate)),
        Err(OddsError::NoDenominator { .. }) => {
            Seen::Nothing("there was nothing before the change".to_owned())
        }
        Err(OddsError::NothingVaries { value }) => Seen::Uniform(1.0 - value),
        Err(error) => Seen::Nothing(error.to_string()),
    };
    Measured::of(Quantity::Share, seen, pairs.len()).between(before, after)
}

/// By which share the ratio after falls short of the ratio before.
pub(crate) fn drop_of_ratios(
    before: &[UnitSums],
    after: &[UnitSums],
    confidence: Confidence,
    seed: u64,
) -> Measured {
    let seen = match ratio_of_ratios(before, after, confidence, seed) {
        Ok(estimate) => Seen::Estimated(fallen(estimate)),
        Err(OddsError::NothingVaries { .. }) => match (plain(before), plain(after)) {
            (Some(before), Some(after)) if before > 0.0 => Seen::Uniform(1.0 - after / before),
            _ => Seen::Nothing("it is 0 before the change already".to_owned()),
        },
        Err(OddsError::NoDenominator { .. }) if after.is_empty() => {
            Seen::Nothing("nothing came after the change".to_owned())
        }
        Err(OddsError::NoDenominator { .. }) => Seen::Nothing("it is 0 before the change already".to_owned()),
        Err(_) => Seen::Nothing("on one side there are fewer than two units".to_owned()),
    };
    let measured = Measured::of(Quantity::Share, seen, before.len().min(after.len()));
    measured.between(plain(before).unwrap_or_default(), plain(after).unwrap_or_default())
}

/// How many of so many units.
pub(crate) fn share(events: usize, units: usize, confidence: Confidence) -> Measured {
    let seen = match (Tally::new(events as u64, units as u64), units) {
        (Ok(tally), 1..) => {
            let value = events as f64 / units as f64;
            Seen::Estimated(Estimate { value, interval: rate_interval(tally, confidence) })
        }
        _ => Seen::Nothing("nothing came after the change".to_owned()),
    };
    Measured::of(Quantity::Share, seen, units)
}

/// How many, to the last one.
pub(crate) fn count(events: usize, units: usize, confidence: Confidence) -> Measured {
    let interval = event_interval(events as u64, 1.0, confidence);
    Measured::of(Quantity::Count, Seen::Counted(events as u64, interval), units)
}

fn unestimated(error: &OddsError, units: &[UnitSums]) -> Seen {
    match error {
        OddsError::NothingVaries { value } => Seen::Uniform(*value),
        _ if units.is_empty() => Seen::Nothing("nothing came after the change".to_owned()),
        OddsError::NoDenominator { .. } => Seen::Nothing("there is nothing to divide by".to_owned()),
        _ => Seen::Nothing("fewer than two units came after the change".to_owned()),
    }
}

fn fallen(estimate: Estimate) -> Estimate {
    let Interval { low, high, confidence } = estimate.interval;
    Estimate {
        value: 1.0 - estimate.value,
        interval: Interval { low: 1.0 - high, high: 1.0 - low, confidence },
    }
}

fn plain(units: &[UnitSums]) -> Option<f64> {
    let (above, below) = units
        .iter()
        .fold((0.0, 0.0), |(above, below), unit| (above + unit.numerator, below + unit.denominator));
    (below > 0.0).then(|| above / below)
}
