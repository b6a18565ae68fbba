use crate::Tally;
use crate::binomial::{lower_end, upper_end};
use crate::hypergeometric::Hypergeometric;

/// Trials with and without something, compared only where all else was equal: one pair of tallies for each setting of
/// everything else.
#[derive(Clone, Debug, Default)]
pub(crate) struct Strata(Vec<(Tally, Tally)>);

/// A rate in trials that need not be whole numbers.
#[derive(Clone, Copy, Debug)]
struct Weighted {
    failures: f64,
    clean: f64,
}

impl Strata {
    /// The pairs in which there is something to compare.
    pub(crate) fn of(pairs: impl Iterator<Item = (Tally, Tally)>) -> Self {
        Self(pairs.filter(|(with, without)| with.trials() > 0 && without.trials() > 0).collect())
    }

    /// How likely so many failures, or more, are to fall on the trials with it, if it makes no difference anywhere: the
    /// exact form of Cochran, Mantel and Haenszel's test. Within each stratum the failures fall at random on the two
    /// sides; over all strata their numbers add up.
    ///
    /// Sources: N. Mantel and W. Haenszel, Journal of the National Cancer Institute 22 (1959) 719–748; M. Birch, "The
    /// detection of partial association, I", Journal of the Royal Statistical Society B 26 (1964) 313–324.
    pub(crate) fn chance_more_often(&self) -> f64 {
        let failures = self.0.iter().map(|(with, _)| with.failures()).sum();
        let parts = self.0.iter().map(|&(with, without)| Hypergeometric::of(with, without));
        parts.reduce(|sum, part| sum.plus(&part)).map_or(1.0, |sum| sum.at_least(failures))
    }

    /// The rate that the failure rate with it, less the one without it, is at most; wrong in `tail` of all cases. Each
    /// stratum counts the same.
    ///
    /// Each of the two rates has its Clopper–Pearson limits, and what the two are uncertain by is added up as squares:
    /// R. Newcombe, "Interval estimation for the difference between independent proportions", Statistics in Medicine
    /// 17 (1998) 873–890, with exact limits in the place of Wilson's; the principle is G. Zou's and A. Donner's,
    /// Statistics in Medicine 27 (2008) 1693–1702. Taking strata with different rates for one binomial count overstates
    /// what it varies by (W. Hoeffding, Annals of Mathematical Statistics 27 (1956) 713–721), which errs on the safe
    /// side.
    pub(crate) fn excess_at_most(&self, tail: f64) -> f64 {
        let [with, without] = self.rates();
        bounded(with.share() - without.share() + hypotenuse(with.above(tail), without.below(tail)))
    }

    /// The rate that this difference is at least.
    pub(crate) fn excess_at_least(&self, tail: f64) -> f64 {
        let [with, without] = self.rates();
        bounded(with.share() - without.share() - hypotenuse(with.below(tail), without.above(tail)))
    }

    /// What [`excess_at_most`](Self::excess_at_most) would be with `times` as many trials, if there is no difference.
    pub(crate) fn excess_foreseen(&self, times: f64, tail: f64) -> f64 {
        let [with, without] = self.rates();
        let both = Weighted { failures: with.failures + without.failures, clean: with.clean + without.clean };
        let [with, without] = [with, without].map(|rate| Weighted::at(both.share(), rate.trials() * times));
        bounded(hypotenuse(with.above(tail), without.below(tail)))
    }

    /// The rates with and without it. Where all strata are of one size these are plain sums; otherwise a stratum with few
    /// trials, counting as much as the others, makes the whole worth fewer.
    fn rates(&self) -> [Weighted; 2] {
        let (with, without): (Vec<Tally>, Vec<Tally>) = self.0.iter().copied().unzip();
        [with, without].map(|tallies| {
            let count = tallies.len() as f64;
            let share = tallies.iter().filter_map(|tally| tally.share()).sum::<f64>() / count;
            let trials = count * count / tallies.iter().map(|tally| 1.0 / tally.trials() as f64).sum::<f64>();
            if tallies.is_empty() {
                Weighted { failures: 0.0, clean: 0.0 }
            } else {
                Weighted::at(share, trials)
            }
        })
    }
}

impl Weighted {
    fn at(share: f64, trials: f64) -> Self {
        Self { failures: share * trials, clean: (1.0 - share) * trials }
    }

    fn trials(self) -> f64 {
        self.failures + self.clean
    }

    fn share(self) -> f64 {
        if self.trials() > 0.0 { self.failures / self.trials() } else { 0.0 }
    }

    /// How far the rate may lie above the share.
    fn above(self, tail: f64) -> f64 {
        upper_end(self.failures, self.clean, tail) - self.share()
    }

    /// How far the rate may lie below the share.
    fn below(self, tail: f64) -> f64 {
        self.share() - lower_end(self.failures, self.clean, tail)
    }
}

fn hypotenuse(one: f64, other: f64) -> f64 {
    one.hypot(other)
}

/// No rate exceeds another by more than 1.
fn bounded(difference: f64) -> f64 {
    difference.clamp(-1.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rabbits that were cured by penicillin given at once or 1.5 hours later, at five doses: A. Agresti, Categorical Data
    /// Analysis (1990), 231–237; the exact chance is the one that R's `mantelhaen.test` gives.
    #[test]
    fn the_chance_is_that_of_the_textbook() {
        let doses =
            [((0, 6), (0, 5)), ((3, 3), (0, 6)), ((6, 0), (2, 4)), ((5, 1), (6, 0)), ((2, 0), (5, 0))];
        let tally = |(cured, died)| Tally::of(cured, died);
        let strata = Strata::of(doses.into_iter().map(|(once, later)| (tally(once), tally(later))));
        assert!((strata.chance_more_often() - 0.019_972_45).abs() < 1e-8);
    }

    #[test]
    fn where_nothing_can_be_compared_nothing_is_said() {
        let strata = Strata::of([(Tally::of(3, 4), Tally::default())].into_iter());
        assert_eq!((strata.chance_more_often(), strata.excess_at_most(0.05)), (1.0, 1.0));
        assert_eq!(strata.excess_at_least(0.05), -1.0);
    }

    #[test]
    fn without_failures_the_excess_is_bounded_as_a_rate_is() {
        let strata = Strata::of([(Tally::of(0, 150), Tally::of(0, 150)); 2].into_iter());
        assert!((strata.excess_at_most(0.05) - 0.009_94).abs() < 1e-5, "{}", strata.excess_at_most(0.05));
    }

    #[test]
    fn a_stratum_with_few_trials_widens_the_bound() {
        let even = Strata::of(
            [(Tally::of(0, 50), Tally::of(0, 50)), (Tally::of(0, 50), Tally::of(0, 50))].into_iter(),
        );
        let uneven = Strata::of(
            [(Tally::of(0, 90), Tally::of(0, 50)), (Tally::of(0, 10), Tally::of(0, 50))].into_iter(),
        );
        assert!(uneven.excess_at_most(0.05) > 1.5 * even.excess_at_most(0.05));
    }
}
