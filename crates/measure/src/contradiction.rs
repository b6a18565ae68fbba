//! Expectations that no data could meet together.

use std::collections::BTreeMap;

use crate::expectation::{Comparison, Expectation};

/// Between what a number may lie, and whether its ends belong to it.
#[derive(Clone, Copy)]
struct Room {
    low: f64,
    low_itself: bool,
    high: f64,
    high_itself: bool,
}

/// The first pair of expectations that exclude each other.
pub(crate) fn contradiction(expectations: &[Expectation]) -> Option<(&Expectation, &Expectation)> {
    let mut same: BTreeMap<String, Vec<&Expectation>> = BTreeMap::new();
    for expectation in expectations {
        let share = if expectation.counts() { "count" } else { "share" };
        let others = same.entry(format!("{} {share}", expectation.number)).or_default();
        if let Some(other) =
            others.iter().copied().find(|other| room(other).meets(&room(expectation)).is_empty())
        {
            return Some((other, expectation));
        }
        others.push(expectation);
    }
    None
}

fn room(expectation: &Expectation) -> Room {
    let limit = expectation.limit;
    let all = Room { low: f64::NEG_INFINITY, low_itself: false, high: f64::INFINITY, high_itself: false };
    match expectation.comparison {
        Comparison::Below => Room { high: limit, ..all },
        Comparison::AtMost => Room { high: limit, high_itself: true, ..all },
        Comparison::Equal => Room { low: limit, low_itself: true, high: limit, high_itself: true },
        Comparison::AtLeast => Room { low: limit, low_itself: true, ..all },
        Comparison::Above => Room { low: limit, ..all },
    }
}

impl Room {
    fn meets(&self, other: &Self) -> Self {
        let (low, low_itself) = if self.low == other.low {
            (self.low, self.low_itself && other.low_itself)
        } else if self.low > other.low {
            (self.low, self.low_itself)
        } else {
            (other.low, other.low_itself)
        };
        let (high, high_itself) = if self.high == other.high {
            (self.high, self.high_itself && other.high_itself)
        } else if self.high < other.high {
            (self.high, self.high_itself)
        } else {
            (other.high, other.high_itself)
        };
        Self { low, low_itself, high, high_itself }
    }

    fn is_empty(&self) -> bool {
        self.low > self.high || self.low == self.high && !(self.low_itself && self.high_itself)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grammar::read;

    fn contradict(texts: &[&str]) -> bool {
        let expectations: Vec<Expectation> =
            texts.iter().map(|text| read(text, &[]).expect("an expectation")).collect();
        contradiction(&expectations).is_some()
    }

    #[test]
    fn a_number_cannot_be_on_both_sides() {
        assert!(contradict(&["ratio < 2", "ratio > 2"]));
        assert!(contradict(&["ratio < 2", "ratio >= 2"]));
        assert!(contradict(&["outliers(> 10 in 24h) == 0", "drop > 5%", "outliers(>10 in 24h) > 1"]));
        assert!(contradict(&["drop in 24h >= 90%", "drop in 1d < 50%"]));
    }

    #[test]
    fn different_numbers_never_contradict() {
        assert!(!contradict(&["ratio < 2", "ratio of new units > 2"]));
        assert!(!contradict(&["ratio <= 2", "ratio >= 2"]));
        assert!(!contradict(&["outliers(> 10 in 24h) == 0", "outliers(> 100 in 24h) >= 1"]));
        assert!(!contradict(&["orphans < 5%", "orphans > 3"]));
    }
}
