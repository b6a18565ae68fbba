use crate::{OddsError, Tally};

/// No matrix that anybody has run has more combinations; a slip of the keyboard may.
const MOST_CELLS: usize = 1 << 20;

/// One setting of one factor: such as version 3 of the library, or the mitigation being on. Both are numbered from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Level {
    /// Which factor.
    pub factor: usize,
    /// Which of its levels.
    pub level: usize,
}

/// A replicated factorial: some factors, each at one of its levels, and what happened in the trials of every
/// combination, called a cell. Cells may be empty, where a combination cannot be built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Factorial {
    /// How many levels each factor has.
    levels: Vec<usize>,
    /// By number: the level of the last factor changes fastest.
    cells: Vec<Tally>,
}

impl Factorial {
    /// Factors with so many levels each, and no trials yet.
    ///
    /// # Errors
    ///
    /// [`OddsError::NotADesign`] where a factor has fewer than two levels, or there would be more than a million cells.
    pub fn new(levels: &[usize]) -> Result<Self, OddsError> {
        let mut cells = 1usize;
        for &count in levels {
            cells = cells.saturating_mul(count);
            if count < 2 || cells > MOST_CELLS {
                return Err(OddsError::NotADesign { levels: count, most: MOST_CELLS });
            }
        }
        Ok(Self { levels: levels.to_vec(), cells: vec![Tally::default(); cells] })
    }

    /// How many levels each factor has.
    pub fn levels(&self) -> &[usize] {
        &self.levels
    }

    /// What happened in every cell, by number.
    pub fn cells(&self) -> &[Tally] {
        &self.cells
    }

    /// The number of the cell with these levels, one for each factor; `None` if there is no such cell.
    pub fn cell(&self, setting: &[usize]) -> Option<usize> {
        let fits = setting.len() == self.levels.len();
        let known = setting.iter().zip(&self.levels).all(|(level, levels)| level < levels);
        let number = |number, (level, levels): (&usize, &usize)| number * levels + level;
        (fits && known).then(|| setting.iter().zip(&self.levels).fold(0, number))
    }

    /// The levels of the factors in this cell.
    pub fn setting(&self, cell: usize) -> Vec<usize> {
        let mut rest = cell;
        let mut setting: Vec<usize> = Vec::with_capacity(self.levels.len());
        for levels in self.levels.iter().rev() {
            setting.push(rest % levels);
            rest /= levels;
        }
        setting.reverse();
        setting
    }

    /// Adds trials of a cell.
    ///
    /// # Panics
    ///
    /// Where there is no such cell.
    pub fn add(&mut self, cell: usize, tally: Tally) {
        self.cells[cell] = self.cells[cell] + tally;
    }

    /// Forgets the trials of a cell.
    ///
    /// # Panics
    ///
    /// Where there is no such cell.
    pub fn clear(&mut self, cell: usize) {
        self.cells[cell] = Tally::default();
    }

    /// All trials in which every one of these levels was set, and no others.
    pub fn with(&self, levels: &[Level]) -> Tally {
        self.matching(|setting| levels.iter().all(|level| setting[level.factor] == level.level))
    }

    /// All trials of the cells whose setting is so.
    pub(crate) fn matching(&self, is_so: impl Fn(&[usize]) -> bool) -> Tally {
        let chosen = self.cells.iter().enumerate().filter(|&(cell, _)| is_so(&self.setting(cell)));
        chosen.map(|(_, &tally)| tally).sum()
    }

    /// Every level of every factor.
    pub(crate) fn all_levels(&self) -> Vec<Level> {
        let of_factor =
            |(factor, &levels): (usize, &usize)| (0..levels).map(move |level| Level { factor, level });
        self.levels.iter().enumerate().flat_map(of_factor).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_and_settings_are_each_others_inverse() {
        let design = Factorial::new(&[2, 3, 4]).expect("a design");
        let numbers: Vec<_> = (0..24).map(|cell| design.cell(&design.setting(cell))).collect();
        assert_eq!(numbers, (0..24).map(Some).collect::<Vec<_>>());
        assert_eq!(design.setting(23), [1, 2, 3]);
        assert_eq!((design.cell(&[0, 3, 0]), design.cell(&[0, 0])), (None, None));
    }

    #[test]
    fn trials_are_counted_by_what_was_set() {
        let mut design = Factorial::new(&[2, 2]).expect("a design");
        design.add(0, Tally::of(1, 9));
        design.add(3, Tally::of(5, 5));
        assert_eq!(design.with(&[Level { factor: 0, level: 1 }]), Tally::of(5, 5));
        assert_eq!(design.with(&[]), Tally::of(6, 14));
    }

    #[test]
    fn a_factor_with_one_level_has_nothing_to_be_compared_with() {
        assert!(Factorial::new(&[2, 1]).is_err());
        assert!(Factorial::new(&[1000, 1000, 1000]).is_err());
    }
}
