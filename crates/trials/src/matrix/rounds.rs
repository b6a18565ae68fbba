use fastrand::Rng;

use jostle_model::Seed;

/// Whose turn it is in a matrix: every cell once in each round, in an order drawn anew for each (R. A. Fisher, The Design
/// of Experiments (1935), §§20–26), so that whatever drifts falls on all cells alike. Cells that have fewer trials than
/// others catch up first.
#[derive(Clone, Debug)]
pub struct Rounds {
    given: Vec<u64>,
    wanted: u64,
    /// What is left of this round, the next one last.
    round: Vec<usize>,
    random: Rng,
}

impl Rounds {
    /// For cells that have so many trials already and want so many in all.
    pub fn new(made: Vec<u64>, wanted: u64, seed: Seed) -> Self {
        Self { given: made, wanted, round: Vec::new(), random: Rng::with_seed(seed.0) }
    }

    /// A trial that was given out did not run: it has to be given out again.
    pub fn take_back(&mut self, cell: usize) {
        self.given[cell] = self.given[cell].saturating_sub(1);
    }

    /// How many trials are still to be given out.
    pub fn left(&self) -> u64 {
        self.given.iter().map(|&given| self.wanted.saturating_sub(given)).sum()
    }
}

impl Iterator for Rounds {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        if self.round.is_empty() {
            let fewest = self.given.iter().copied().min().filter(|&fewest| fewest < self.wanted)?;
            self.round = (0..self.given.len()).filter(|&cell| self.given[cell] == fewest).collect();
            self.random.shuffle(&mut self.round);
        }
        let cell = self.round.pop()?;
        self.given[cell] += 1;
        Some(cell)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cell_comes_once_in_a_round() {
        let order: Vec<usize> = Rounds::new(vec![0; 4], 50, Seed(1)).collect();
        assert_eq!(order.len(), 200);
        assert!(order.chunks(4).all(|round| (0..4).all(|cell| round.contains(&cell))));
        assert!(order.chunks(4).any(|round| round != &order[..4]), "each round has an order of its own");
    }

    #[test]
    fn who_has_fewer_trials_catches_up_first() {
        let mut rounds = Rounds::new(vec![3, 1, 3], 3, Seed(1));
        assert_eq!((rounds.left(), rounds.next(), rounds.next(), rounds.next()), (2, Some(1), Some(1), None));
    }

    #[test]
    fn what_did_not_run_is_given_out_again() {
        let mut rounds = Rounds::new(vec![0, 0], 1, Seed(1));
        assert_eq!(rounds.by_ref().count(), 2);
        rounds.take_back(1);
        assert_eq!((rounds.next(), rounds.next()), (Some(1), None));
    }
}
