use crate::ledger::{Ledger, Period};
use crate::moment::{Moment, Span};

/// What may be missing at the end of a period that counts as whole, as a share of it: the last row is rarely the last
/// moment.
const SLACK: f64 = 0.01;

/// What there are data of, before the change and after it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Periods {
    pub(crate) changed: Moment,
    first: Moment,
    pub(crate) until: Moment,
}

/// The two that are compared, equally long.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pair {
    pub(crate) before: Period,
    pub(crate) after: Period,
}

/// Why a period cannot be looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Short {
    /// It began before the data do.
    Before { wanted: Span, there: Span },
    /// It is not over yet.
    After { wanted: Span, there: Span },
}

impl Periods {
    /// What the rows cover, up to `until` where the plan says it.
    pub(crate) fn of(ledger: &Ledger, changed: Moment, until: Option<Moment>) -> Self {
        let (first, last) = ledger.extent().unwrap_or((changed, changed));
        Self { changed, first: first.min(changed), until: until.unwrap_or(last.plus(Span(1))).max(changed) }
    }

    pub(crate) fn length_before(&self) -> Span {
        self.changed.since(self.first)
    }

    pub(crate) fn length_after(&self) -> Span {
        self.until.since(self.changed)
    }

    /// All before the change.
    pub(crate) fn before(&self) -> Period {
        Period { from: self.first, to: self.changed }
    }

    /// So long after the change, or all there is.
    pub(crate) fn after(&self, length: Option<Span>) -> Result<Period, Short> {
        let there = self.length_after();
        let to = match length {
            None => self.until,
            Some(wanted) if covers(there, wanted) => self.changed.plus(wanted),
            Some(wanted) => return Err(Short::After { wanted, there }),
        };
        Ok(Period { from: self.changed, to })
    }

    /// So long on both sides; where nobody says, as long as both have, in whole days where that is at least one.
    pub(crate) fn pair(&self, length: Option<Span>) -> Result<Pair, Short> {
        let shorter = self.length_before().min(self.length_after());
        let length = length.unwrap_or_else(|| {
            let rounded = shorter.times(1.0 + SLACK).whole_days();
            if rounded >= Span::DAY { rounded } else { shorter }
        });
        if !covers(self.length_before(), length) {
            return Err(Short::Before { wanted: length, there: self.length_before() });
        }
        let after = self.after(Some(length))?;
        Ok(Pair { before: Period { from: self.changed.minus(length), to: self.changed }, after })
    }
}

fn covers(there: Span, wanted: Span) -> bool {
    there.0 as f64 >= wanted.0 as f64 * (1.0 - SLACK)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn periods(hours_before: i64, hours_after: i64) -> Periods {
        let hours = |hours: i64| Moment(hours * Span::HOUR.0);
        Periods { changed: hours(0), first: hours(-hours_before), until: hours(hours_after) }
    }

    fn length(period: Period) -> Span {
        period.to.since(period.from)
    }

    #[test]
    fn without_a_length_whole_days_are_compared() {
        let pair = periods(7 * 24, 60).pair(None).expect("a pair");
        assert_eq!((length(pair.before), length(pair.after)), (Span(2 * Span::DAY.0), Span(2 * Span::DAY.0)));
        let pair = periods(7 * 24, 5).pair(None).expect("a pair");
        assert_eq!(length(pair.after), Span(5 * Span::HOUR.0));
    }

    #[test]
    fn a_period_that_is_not_over_is_told() {
        let day = Some(Span::DAY);
        assert!(matches!(periods(48, 20).pair(day), Err(Short::After { .. })));
        assert!(matches!(periods(20, 48).pair(day), Err(Short::Before { .. })));
        assert!(matches!(periods(48, 20).after(day), Err(Short::After { .. })));
        assert!(periods(48, 24).pair(day).is_ok());
    }
}
