//! From a number and what is expected of it to a verdict.

use jostle_model::{Expected, Standing};
use jostle_odds::Interval;

use crate::expectation::Expectation;
use crate::measured::{Measured, Seen};
use crate::moment::{Moment, Span};
use crate::periods::{Periods, Short};

/// How many units it takes to say anything. With fewer, what every twentieth unit does is missed in more than one of
/// twenty cases: 0.95^59 < 0.05. It is also far above the twenty or so below which resampled intervals are too narrow.
const ENOUGH_UNITS: u64 = 59;
/// Beyond so many times the time that was looked at, nobody should be told to wait.
const FORESEEABLE: f64 = 100.0;

/// What is missing to say more.
struct Lacking {
    why: String,
    /// How many times as long after the change would be enough, if it is foreseeable.
    times: Option<f64>,
}

/// Whether the expectation is met by what was measured.
pub(crate) fn judge(
    expectation: &Expectation,
    measured: Result<Measured, Short>,
    periods: Option<&Periods>,
) -> Expected {
    let measured = match measured {
        Ok(measured) => measured,
        Err(short) => return too_short(expectation, &short, periods),
    };
    let (standing, lacking) = standing(expectation, &measured, periods);
    let (value, interval) = numbers(&measured.seen);
    let over = |times: f64| look_again(expectation, times, periods);
    Expected {
        expectation: expectation.text.clone(),
        standing,
        quantity: measured.quantity,
        value,
        low: interval.map(|interval| interval.low),
        high: interval.map(|interval| interval.high).filter(|high| high.is_finite()),
        units: measured.units,
        before: measured.before,
        after: measured.after,
        look_again: lacking
            .as_ref()
            .and_then(|lacking| lacking.times)
            .and_then(over)
            .map(|moment| moment.to_string()),
        lacking: lacking.map(|lacking| lacking.why),
        chance_if_unchanged: measured.chance_if_unchanged,
        outliers: measured.outliers,
        known_outliers: measured.known_outliers,
        known: measured.known,
    }
}

fn standing(
    expectation: &Expectation,
    measured: &Measured,
    periods: Option<&Periods>,
) -> (Standing, Option<Lacking>) {
    let admits = |value| expectation.comparison.admits(value, expectation.limit);
    let sure = |admitted| if admitted { Standing::Holds } else { Standing::Fails };
    let few = few_units(measured.units);
    let (standing, lacking) = match &measured.seen {
        Seen::Nothing(why) => (Standing::CannotTellYet, Some(Lacking { why: why.clone(), times: None })),
        // What was counted to the last one is no estimate: one too many is one too many. None is only something if
        // there was occasion.
        &Seen::Counted(number, _) => {
            let counted = sure(admits(number as f64));
            let ceiling = expectation.comparison.is_ceiling();
            let open = if (counted == Standing::Holds) == ceiling {
                few.or_else(|| no_occasion(measured, periods))
            } else {
                None
            };
            (counted, open)
        }
        &Seen::Uniform(value) => (sure(admits(value)), few),
        Seen::Estimated(estimate) => match (admits(estimate.interval.low), admits(estimate.interval.high)) {
            (low, high) if low == high => (sure(low), few),
            _ => (Standing::CannotTellYet, Some(across(expectation, estimate.value, &estimate.interval))),
        },
    };
    if lacking.is_some() { (Standing::CannotTellYet, lacking) } else { (standing, None) }
}

fn few_units(units: u64) -> Option<Lacking> {
    let why =
        || format!("{units} units are too few: it takes {ENOUGH_UNITS} to see what every twentieth does");
    (units < ENOUGH_UNITS)
        .then(|| Lacking { why: why(), times: (units > 0).then(|| ENOUGH_UNITS as f64 / units as f64) })
}

/// Less time than the one within which something is counted.
fn no_occasion(measured: &Measured, periods: Option<&Periods>) -> Option<Lacking> {
    let (needs, there) = (measured.needs?, periods?.length_after());
    let short = (there.0 as f64) < needs.0 as f64 * 0.99;
    short
        .then(|| Lacking { why: not_over(needs, there), times: Some(needs.0 as f64 / there.0.max(1) as f64) })
}

fn not_over(wanted: Span, there: Span) -> String {
    format!("of the {wanted} after the change only {:.1}h are over", there.0 as f64 / Span::HOUR.0 as f64)
}

/// An interval narrows with the square root of how much there is.
fn across(expectation: &Expectation, value: f64, interval: &Interval) -> Lacking {
    let limit = expectation.limit;
    let end = if value < limit { interval.high } else { interval.low };
    let times = ((end - value) / (limit - value)).powi(2);
    let widen = if expectation.number.period.is_some() { ", so look at a longer period then" } else { "" };
    Lacking {
        why: format!("the interval has the limit in it{widen}"),
        // A little more, for what is just enough on average is too little in half of the cases.
        times: Some(times * 1.1).filter(|times| times.is_finite()),
    }
}

fn look_again(expectation: &Expectation, times: f64, periods: Option<&Periods>) -> Option<Moment> {
    let periods = periods?;
    let looked = expectation.number.period.unwrap_or_else(|| periods.length_after());
    let foreseeable = times <= FORESEEABLE && looked > Span::ZERO;
    foreseeable.then(|| periods.changed.plus(looked.times(times.max(1.0))))
}

fn too_short(expectation: &Expectation, short: &Short, periods: Option<&Periods>) -> Expected {
    let (why, wanted) = match *short {
        Short::Before { wanted, there } => {
            let hours = there.0 as f64 / Span::HOUR.0 as f64;
            (format!("the data begin {hours:.1}h before the change, and {wanted} are asked for"), None)
        }
        Short::After { wanted, there } => (not_over(wanted, there), Some(wanted)),
    };
    let again = wanted.and_then(|wanted| Some(periods?.changed.plus(wanted)));
    let nothing = Measured::nothing(quantity(expectation), &why);
    let judged = judge(expectation, Ok(nothing), periods);
    Expected { look_again: again.map(|moment| moment.to_string()), ..judged }
}

fn quantity(expectation: &Expectation) -> jostle_model::Quantity {
    use jostle_model::Quantity;
    match expectation.number.drop || expectation.percent {
        true => Quantity::Share,
        false if expectation.counts() => Quantity::Count,
        false => Quantity::PerUnit,
    }
}

fn numbers(seen: &Seen) -> (Option<f64>, Option<Interval>) {
    match seen {
        Seen::Nothing(_) => (None, None),
        Seen::Estimated(estimate) => (Some(estimate.value), Some(estimate.interval)),
        Seen::Uniform(value) => (Some(*value), None),
        Seen::Counted(number, interval) => (Some(*number as f64), Some(*interval)),
    }
}

#[cfg(test)]
mod tests {
    use jostle_model::Quantity;
    use jostle_odds::{Confidence, Estimate, event_interval};

    use super::*;
    use crate::grammar::read;

    fn judged(text: &str, seen: Seen, units: usize) -> Expected {
        let expectation = read(text, &[]).expect("an expectation");
        judge(&expectation, Ok(Measured::of(Quantity::PerUnit, seen, units)), None)
    }

    fn between(low: f64, value: f64, high: f64) -> Seen {
        Seen::Estimated(Estimate { value, interval: Interval { low, high, confidence: 0.95 } })
    }

    fn counted(number: u64) -> Seen {
        Seen::Counted(number, event_interval(number, 1.0, Confidence::NINETY_FIVE))
    }

    #[test]
    fn the_whole_interval_has_to_agree() {
        for (low, value, high, standing) in [
            (1.1, 1.2, 1.3, Standing::Holds),
            (1.8, 1.9, 2.0, Standing::CannotTellYet),
            (1.9, 2.0, 2.1, Standing::CannotTellYet),
            (2.0, 2.1, 2.2, Standing::Fails),
            (2.5, 2.6, 2.7, Standing::Fails),
        ] {
            assert_eq!(judged("ratio < 2", between(low, value, high), 1000).standing, standing, "{low}");
        }
    }

    #[test]
    fn a_few_units_say_nothing_however_much_they_agree() {
        let judged = judged("ratio < 2", between(1.1, 1.2, 1.3), 58);
        assert_eq!(judged.standing, Standing::CannotTellYet);
        assert!(judged.lacking.expect("why").starts_with("58 units are too few"));
    }

    #[test]
    fn one_outlier_is_enough_but_none_of_a_few_is_not() {
        let standing = |text, number, units| judged(text, counted(number), units).standing;
        assert_eq!(standing("outliers(> 10 in 24h) == 0", 0, 59), Standing::Holds);
        assert_eq!(standing("outliers(> 10 in 24h) == 0", 0, 58), Standing::CannotTellYet);
        assert_eq!(standing("outliers(> 10 in 24h) == 0", 1, 2), Standing::Fails);
        assert_eq!(standing("outliers(> 10 in 24h) <= 3", 3, 100), Standing::Holds);
        assert_eq!(standing("outliers(> 10 in 24h) <= 3", 4, 100), Standing::Fails);
    }

    #[test]
    fn nothing_is_no_pass() {
        let judged = judged("ratio < 2", Seen::Nothing("nothing came after the change".to_owned()), 0);
        assert_eq!((judged.standing, judged.value), (Standing::CannotTellYet, None));
    }

    #[test]
    fn when_to_look_again_grows_with_the_square_of_what_is_missing() {
        let lacking = across(
            &read("ratio < 2", &[]).expect("an expectation"),
            1.9,
            &Interval { low: 1.7, high: 2.1, confidence: 0.95 },
        );
        assert!((lacking.times.expect("foreseeable") - 4.4).abs() < 1e-9);
    }
}
