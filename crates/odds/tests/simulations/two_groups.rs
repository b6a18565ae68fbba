//! Comparisons of two groups with numbers of trials fixed beforehand. All outcomes are listed.

use jostle_odds::{Confidence, Interval, Tally, fisher_more_often, fisher_two_sided, ratio_interval};

use crate::draws::{binomial, note};

const RATES: [f64; 7] = [0.001, 0.01, 0.05, 0.2, 0.5, 0.8, 0.95];
const SIZES: [(u64, u64); 4] = [(10, 10), (40, 40), (30, 120), (200, 50)];

/// One value for every outcome of two groups.
struct Outcomes<T> {
    sizes: (u64, u64),
    values: Vec<T>,
}

impl<T> Outcomes<T> {
    fn all(sizes: (u64, u64), value: impl Fn(Tally, Tally) -> T) -> Self {
        let tallies = |trials: u64| (0..=trials).map(move |failures| Tally::of(failures, trials - failures));
        let values = tallies(sizes.0).flat_map(|one| tallies(sizes.1).map(move |other| (one, other)));
        Self { sizes, values: values.map(|(one, other)| value(one, other)).collect() }
    }

    /// How often the value is so, if the groups fail at these rates.
    fn chance(&self, rates: (f64, f64), is_so: impl Fn(&T) -> bool) -> f64 {
        let (ones, others) = (binomial(self.sizes.0, rates.0), binomial(self.sizes.1, rates.1));
        let chances = ones.iter().flat_map(|one| others.iter().map(move |other| one * other));
        self.values.iter().zip(chances).filter(|(value, _)| is_so(value)).map(|(_, chance)| chance).sum()
    }
}

#[test]
fn equal_groups_are_seldom_called_different() {
    for sizes in SIZES {
        let two_sided = Outcomes::all(sizes, fisher_two_sided);
        let one_sided = Outcomes::all(sizes, fisher_more_often);
        for rate in RATES {
            let both = two_sided.chance((rate, rate), |&chance| chance <= 0.05);
            let one = one_sided.chance((rate, rate), |&chance| chance <= 0.05);
            note(format!("Fisher {sizes:?} at {rate}: {both:.3}, one-sided {one:.3}"));
            assert!(both <= 0.05 && one <= 0.05, "{sizes:?} at {rate}: {both} {one}");
        }
    }
}

#[test]
fn a_ratio_lies_in_its_interval_at_least_as_often_as_promised() {
    let mut least = 1.0f64;
    for sizes in SIZES {
        let intervals: Outcomes<Interval> =
            Outcomes::all(sizes, |one, other| ratio_interval(one, other, Confidence::NINETY_FIVE));
        for one in RATES {
            for other in RATES {
                let covered = intervals.chance((one, other), |interval| interval.holds(one / other));
                assert!(covered >= 0.95 - 1e-9, "{sizes:?} at {one} and {other}: {covered}");
                least = least.min(covered);
            }
        }
    }
    note(format!("ratio: least coverage {least:.3}"));
    // Not by being endlessly wide.
    assert!(least < 0.985, "{least}");
}
