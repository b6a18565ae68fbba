use jostle_model::Seed;

use crate::{Case, CaseError, PlanFingerprint};

/// A set of seeds. Seeds that follow each other take the room of one, so that those of a hunt, which are mostly
/// consecutive, take next to none, and others 16 bytes each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SeedSet {
    /// First and last of each run, ascending, none of which touches the next.
    runs: Vec<(u64, u64)>,
}

impl SeedSet {
    /// Whether `seed` is one of them.
    pub fn contains(&self, seed: Seed) -> bool {
        let after = self.runs.partition_point(|&(first, _)| first <= seed.0);
        after.checked_sub(1).is_some_and(|run| seed.0 <= self.runs[run].1)
    }

    /// How many there are.
    pub fn len(&self) -> u64 {
        self.runs.iter().map(|&(first, last)| last - first + 1).sum()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// All of them, ascending.
    pub fn iter(&self) -> impl Iterator<Item = Seed> {
        self.runs.iter().flat_map(|&(first, last)| first..=last).map(Seed)
    }

    /// Adds one that is greater than all others.
    fn push(&mut self, seed: u64) {
        match self.runs.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(seed) => *last = seed,
            _ => self.runs.push((seed, seed)),
        }
    }
}

impl FromIterator<Seed> for SeedSet {
    fn from_iter<I: IntoIterator<Item = Seed>>(seeds: I) -> Self {
        let mut sorted: Vec<u64> = seeds.into_iter().map(|seed| seed.0).collect();
        sorted.sort_unstable();
        sorted.dedup();
        let mut set = Self::default();
        sorted.into_iter().for_each(|seed| set.push(seed));
        set
    }
}

impl Case {
    /// The seeds of a plan whose trials ran: what need not be run again. An attempt that could not run is worth another.
    ///
    /// # Errors
    ///
    /// The file is damaged or cannot be read.
    pub fn seeds(&self, plan: PlanFingerprint) -> Result<SeedSet, CaseError> {
        let mut seeds = SeedSet::default();
        // The greater half of all seeds is negative in the file, and would come first.
        for half in ["seed >= 0", "seed < 0"] {
            let query = format!(
                "SELECT seed FROM trial WHERE plan = (SELECT id FROM plan WHERE fingerprint = ?1)
                 AND {half} AND outcome <> 'could-not-run' ORDER BY seed"
            );
            let read = |row: &rusqlite::Row<'_>| row.get(0).map(i64::cast_unsigned);
            self.stream(&query, [plan.to_string()], read, |seed| {
                seeds.push(seed);
                Ok::<(), CaseError>(())
            })?;
        }
        Ok(seeds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(seeds: &[u64]) -> SeedSet {
        seeds.iter().copied().map(Seed).collect()
    }

    #[test]
    fn consecutive_seeds_take_the_room_of_one() {
        let seeds = set(&[3, 1, 2, 2, 7, u64::MAX, u64::MAX - 1]);
        assert_eq!(seeds.runs, [(1, 3), (7, 7), (u64::MAX - 1, u64::MAX)]);
        assert_eq!(seeds.len(), 6);
    }

    #[test]
    fn only_what_was_put_in_is_contained() {
        let seeds = set(&[1, 2, 3, 7, u64::MAX]);
        let found: Vec<u64> = [0, 1, 2, 3, 4, 6, 7, 8, u64::MAX - 1, u64::MAX]
            .into_iter()
            .filter(|&seed| seeds.contains(Seed(seed)))
            .collect();
        assert_eq!(found, [1, 2, 3, 7, u64::MAX]);
    }

    #[test]
    fn an_empty_set_contains_nothing() {
        assert!(!SeedSet::default().contains(Seed(0)));
        assert!(SeedSet::default().is_empty());
    }

    #[test]
    fn seeds_come_out_ascending() {
        let out: Vec<u64> = set(&[9, 1, 2]).iter().map(|seed| seed.0).collect();
        assert_eq!(out, [1, 2, 9]);
    }
}
