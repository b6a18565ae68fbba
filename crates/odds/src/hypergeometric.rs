use crate::Tally;

/// How the failures of two groups fall on the first of them, if all that matters is chance and their total is given:
/// the hypergeometric distribution, listed.
#[derive(Clone, Debug)]
pub(crate) struct Hypergeometric {
    /// The fewest failures that can have fallen on the first group.
    fewest: u64,
    /// The chances of so many, of one more, and so on; they add up to 1.
    chances: Vec<f64>,
}

impl Hypergeometric {
    /// All ways in which as many failures as were seen fall on two groups of these sizes.
    ///
    /// Each chance follows from its neighbour by P(x + 1) / P(x) = (K − x)(n − x) / ((x + 1)(m − K + x + 1)), with K
    /// failures in all, n trials in the first group and m in the second. Begun at 1 and divided by their sum at the
    /// end, they need no factorials; what is too improbable for a double becomes 0.
    pub(crate) fn of(first: Tally, second: Tally) -> Self {
        let failures = first.failures() + second.failures();
        let fewest = failures.saturating_sub(second.trials());
        let most = failures.min(first.trials());
        let ratio = |x: u64| {
            let (up, down) = ((failures - x) as f64, (x + 1) as f64);
            let spare = (second.trials() + x + 1 - failures) as f64;
            up * (first.trials() - x) as f64 / (down * spare)
        };
        // From the most probable one to both sides, so that nothing overflows.
        let mode = (fewest..most).find(|&x| ratio(x) <= 1.0).unwrap_or(most);
        let mut chances = vec![0.0; (most - fewest + 1) as usize];
        let at = |x: u64| (x - fewest) as usize;
        chances[at(mode)] = 1.0;
        (mode..most).for_each(|x| chances[at(x + 1)] = chances[at(x)] * ratio(x));
        (fewest..mode).rev().for_each(|x| chances[at(x)] = chances[at(x + 1)] / ratio(x));
        Self { fewest, chances }.normalised()
    }

    /// The sum of two of them that have nothing to do with each other.
    pub(crate) fn plus(&self, other: &Self) -> Self {
        let mut chances = vec![0.0; self.chances.len() + other.chances.len() - 1];
        for (i, mine) in self.chances.iter().enumerate() {
            let sums = chances[i..].iter_mut().zip(&other.chances);
            sums.for_each(|(sum, others)| *sum += mine * others);
        }
        Self { fewest: self.fewest + other.fewest, chances }
    }

    /// The chance of so many failures in the first group, or more.
    pub(crate) fn at_least(&self, failures: u64) -> f64 {
        let skipped = failures.saturating_sub(self.fewest) as usize;
        self.chances.iter().skip(skipped).fold(0.0, |sum, chance| sum + chance).min(1.0)
    }

    /// The chance of whatever is no more probable than so many failures in the first group.
    pub(crate) fn as_improbable_as(&self, failures: u64) -> f64 {
        // Chances that are equal on paper may differ in their last bits.
        const EQUAL: f64 = 1.0 + 1e-7;
        let limit = self.chances[(failures - self.fewest) as usize] * EQUAL;
        self.chances.iter().filter(|&&chance| chance <= limit).sum::<f64>().min(1.0)
    }

    fn normalised(mut self) -> Self {
        let sum: f64 = self.chances.iter().sum();
        self.chances.iter_mut().for_each(|chance| *chance /= sum);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lady_tasting_tea_guesses_all_cups_once_in_seventy() {
        // R. A. Fisher, The Design of Experiments (1935), §5: four of eight cups, chosen at random.
        let cups = Hypergeometric::of(Tally::of(4, 0), Tally::of(0, 4));
        let chances = [1.0, 16.0, 36.0, 16.0, 1.0].map(|ways| ways / 70.0);
        assert!(cups.chances.iter().zip(chances).all(|(found, wanted)| (found - wanted).abs() < 1e-15));
    }

    #[test]
    fn groups_of_unequal_size_have_a_narrower_support() {
        // Seven failures in ten trials: at least two of them among the five of the first group.
        let some = Hypergeometric::of(Tally::of(4, 1), Tally::of(3, 2));
        assert_eq!((some.fewest, some.chances.len()), (2, 4));
        assert!((some.at_least(2) - 1.0).abs() < 1e-12);
        assert_eq!(some.at_least(6), 0.0);
    }

    #[test]
    fn a_large_table_loses_nothing() {
        let large = Hypergeometric::of(Tally::of(50_000, 950_000), Tally::of(50_000, 950_000));
        assert!((large.at_least(50_000) - 0.5).abs() < 1e-2);
        assert!((large.chances.iter().sum::<f64>() - 1.0).abs() < 1e-9);
    }

    #[test]
    fn a_sum_with_a_certainty_is_shifted() {
        let some = Hypergeometric::of(Tally::of(1, 3), Tally::of(1, 3));
        let sum = some.plus(&Hypergeometric::of(Tally::of(2, 0), Tally::of(2, 0)));
        assert_eq!((sum.fewest, &sum.chances), (some.fewest + 2, &some.chances));
    }
}
