//! Which level of which factor carries the failure, and which do not.

use crate::factorial::{Factorial, Level};
use crate::root::least;
use crate::strata::Strata;
use crate::{Confidence, Interval, Tally, holm};

/// What may carry a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Suspect {
    /// One level, on its own.
    Level(Level),
    /// Two levels of different factors, that meet. The factor of the first has the lower number.
    Pair(Level, Level),
}

/// What was found out about a suspect.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// About whom.
    pub suspect: Suspect,
    /// All trials with it.
    pub with: Tally,
    /// All trials with which it was compared: for a level those without it, for a pair those with one of the two.
    pub without: Tally,
    /// How likely so many failures with it are if it makes no difference, adjusted by [`holm`] for the number of suspects.
    pub chance: f64,
    /// What that makes of it.
    pub ruling: Ruling,
}

/// What the evidence says of a suspect. Nothing else is ever said: not having been implicated exonerates nobody.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Ruling {
    /// It raises the failure rate.
    Implicated {
        /// By how much: the rate with it less the rate without it.
        excess: Interval,
    },
    /// It raises the failure rate by less than what matters.
    Exonerated {
        /// By less than this, at the confidence asked for.
        excess_below: f64,
    },
    /// Neither.
    Inconclusive {
        /// It raises the failure rate by less than this.
        excess_below: f64,
        /// How many more trials per cell would exonerate it, if it has nothing to do with the failure; `None` where no
        /// number would, such as where there is nothing to compare it with.
        more_per_cell: Option<u64>,
    },
}

impl Factorial {
    /// Judges every level, and every pair of levels of two factors. `worth` is the excess that matters: a suspect that
    /// raises the failure rate by less than that is exonerated.
    ///
    /// A level is compared with the other levels of its factor, a pair with either of its two levels where the other one
    /// is missing; always within trials that agree in everything else. A level is implicated if it raises the rate. A
    /// pair is implicated if *both* do, each in the presence of the other: the chance of the pair is the greater one
    /// of its two, and needs no correction (R. Berger, "Multiparameter hypothesis testing and acceptance sampling",
    /// Technometrics 24 (1982) 295–300). Over all suspects the chance to implicate any innocent one is at most α.
    ///
    /// Each exoneration is wrong in α of all cases by itself. What takes three levels to meet shows as three pairs. All of
    /// that is for trials whose number was fixed beforehand: whoever judges again after more of them has two chances to be
    /// wrong, and asks each time with [`shared_by`](Confidence::shared_by)`(2)`.
    pub fn judge(&self, confidence: Confidence, worth: f64) -> Vec<Judged> {
        self.judge_only(|_| true, confidence, worth)
    }

    /// The same for some levels and the pairs of those. A level that stands for the lack of something is to be compared
    /// with, and not to be suspected; each suspect more costs all others some certainty.
    pub fn judge_only(
        &self,
        is_suspected: impl Fn(Level) -> bool,
        confidence: Confidence,
        worth: f64,
    ) -> Vec<Judged> {
        let suspects = self.suspects(is_suspected).into_iter();
        let hearings: Vec<Hearing> = suspects.map(|suspect| self.hear(suspect)).collect();
        let chances: Vec<f64> = hearings.iter().map(Hearing::chance).collect();
        let adjusted = holm(&chances).into_iter();
        let largest = self.cells().iter().map(|tally| tally.trials()).max().unwrap_or(0);
        let judge = |(hearing, chance): (Hearing, f64)| hearing.close(chance, confidence, worth, largest);
        hearings.into_iter().zip(adjusted).map(judge).collect()
    }

    fn suspects(&self, is_suspected: impl Fn(Level) -> bool) -> Vec<Suspect> {
        let levels: Vec<Level> = self.all_levels().into_iter().filter(|&level| is_suspected(level)).collect();
        let alone = levels.iter().copied().map(Suspect::Level);
        let pairs = levels.iter().flat_map(|&one| {
            let later = levels.iter().filter(move |other| other.factor > one.factor);
            later.map(move |&other| Suspect::Pair(one, other))
        });
        alone.chain(pairs).collect()
    }

    fn hear(&self, suspect: Suspect) -> Hearing {
        let (with, without, contrasts) = match suspect {
            Suspect::Level(level) => {
                let without = self.matching(|setting| setting[level.factor] != level.level);
                (self.with(&[level]), without, vec![self.contrast(level, None)])
            }
            Suspect::Pair(one, other) => {
                let has = |setting: &[usize], level: Level| setting[level.factor] == level.level;
                let without = self.matching(|setting| has(setting, one) != has(setting, other));
                let contrasts = vec![self.contrast(one, Some(other)), self.contrast(other, Some(one))];
                (self.with(&[one, other]), without, contrasts)
            }
        };
        Hearing { suspect, with, without, contrasts }
    }

    /// `level` against the other levels of its factor, for every setting of all other factors; only for those in which
    /// `given` is set, if there is such.
    fn contrast(&self, level: Level, given: Option<Level>) -> Strata {
        let is_stratum = |setting: &Vec<usize>| {
            setting[level.factor] == level.level
                && given.is_none_or(|given| setting[given.factor] == given.level)
        };
        let settings = (0..self.cells().len()).map(|cell| self.setting(cell)).filter(is_stratum);
        Strata::of(settings.map(|setting| self.stratum(level, setting)))
    }

    /// The trials of one cell, and of those that differ from it in the level of this factor only.
    fn stratum(&self, level: Level, mut setting: Vec<usize>) -> (Tally, Tally) {
        let mut at = |other: usize| {
            setting[level.factor] = other;
            self.cell(&setting).map_or(Tally::default(), |cell| self.cells()[cell])
        };
        let others = (0..self.levels()[level.factor]).filter(|&other| other != level.level);
        let without = others.map(&mut at).sum();
        (at(level.level), without)
    }
}

/// A suspect, and all comparisons that have to speak against it before it is implicated.
struct Hearing {
    suspect: Suspect,
    with: Tally,
    without: Tally,
    contrasts: Vec<Strata>,
}

impl Hearing {
    fn chance(&self) -> f64 {
        self.contrasts.iter().map(Strata::chance_more_often).fold(0.0, f64::max)
    }

    fn close(self, chance: f64, confidence: Confidence, worth: f64, largest_cell: u64) -> Judged {
        let excess_below = self.excess_at_most(confidence.alpha());
        let ruling = if chance <= confidence.alpha() {
            Ruling::Implicated { excess: self.excess(confidence) }
        } else if excess_below <= worth {
            Ruling::Exonerated { excess_below }
        } else {
            let more_per_cell = self.more_per_cell(confidence.alpha(), worth, largest_cell);
            Ruling::Inconclusive { excess_below, more_per_cell }
        };
        Judged { suspect: self.suspect, with: self.with, without: self.without, chance, ruling }
    }

    /// The least of the excesses is what a suspect is charged with. It is below a bound if one of them is, so the risk
    /// that a bound is too low is shared between them.
    fn excess_at_most(&self, tail: f64) -> f64 {
        let tail = tail / self.contrasts.len() as f64;
        self.contrasts.iter().map(|contrast| contrast.excess_at_most(tail)).fold(1.0, f64::min)
    }

    fn excess(&self, confidence: Confidence) -> Interval {
        let tail = confidence.alpha() / 2.0;
        let low = self.contrasts.iter().map(|contrast| contrast.excess_at_least(tail)).fold(1.0, f64::min);
        Interval { low, high: self.excess_at_most(tail), confidence: confidence.share() }
    }

    fn more_per_cell(&self, tail: f64, worth: f64, largest_cell: u64) -> Option<u64> {
        /// Nobody runs a matrix for longer.
        const MOST: u64 = 1_000_000;
        let tail = tail / self.contrasts.len() as f64;
        let enough = |more: u64| {
            let times = 1.0 + more as f64 / largest_cell.max(1) as f64;
            more > MOST
                || self.contrasts.iter().any(|contrast| contrast.excess_foreseen(times, tail) <= worth)
        };
        least(1, enough).filter(|&more| more <= MOST)
    }
}

/// What to name: the implicated pairs, and those implicated levels that are in none of them. A level that makes a
/// difference only where it meets another is implicated too, and the pair says more of it.
pub fn culprits(judged: &[Judged]) -> Vec<&Judged> {
    let implicated = |judged: &&Judged| matches!(judged.ruling, Ruling::Implicated { .. });
    let in_a_pair = |level: Level| {
        let has = |judged: &Judged| matches!(judged.suspect, Suspect::Pair(one, other) if one == level || other == level);
        judged.iter().filter(implicated).any(has)
    };
    let named = |judged: &&Judged| match judged.suspect {
        Suspect::Level(level) => !in_a_pair(level),
        Suspect::Pair(..) => true,
    };
    judged.iter().filter(implicated).filter(named).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORTH: f64 = 0.05;

    fn level(factor: usize, level: usize) -> Level {
        Level { factor, level }
    }

    /// Two libraries with two versions each and a mitigation, 100 trials per cell, and failures where it says so.
    fn matrix(failures: impl Fn(&[usize]) -> u64) -> Factorial {
        let mut design = Factorial::new(&[2, 2, 2]).expect("a design");
        for cell in 0..8 {
            let failed = failures(&design.setting(cell));
            design.add(cell, Tally::of(failed, 100 - failed));
        }
        design
    }

    fn named(design: &Factorial) -> Vec<Suspect> {
        let judged = design.judge(Confidence::NINETY_FIVE, WORTH);
        culprits(&judged).into_iter().map(|judged| judged.suspect).collect()
    }

    #[test]
    fn a_level_that_fails_alone_is_named_alone() {
        let design = matrix(|setting| if setting[1] == 1 { 12 } else { 0 });
        assert_eq!(named(&design), [Suspect::Level(level(1, 1))]);
    }

    #[test]
    fn two_levels_that_fail_only_together_are_named_together() {
        let design = matrix(|setting| if setting[0] == 1 && setting[2] == 0 { 20 } else { 0 });
        assert_eq!(named(&design), [Suspect::Pair(level(0, 1), level(2, 0))]);
    }

    #[test]
    fn the_third_factor_is_exonerated_with_its_bound() {
        let design = matrix(|setting| if setting[0] == 1 && setting[1] == 1 { 20 } else { 0 });
        let judged = design.judge(Confidence::NINETY_FIVE, WORTH);
        let third =
            judged.iter().find(|judged| judged.suspect == Suspect::Level(level(2, 1))).expect("judged");
        assert!(
            matches!(third.ruling, Ruling::Exonerated { excess_below } if excess_below > 0.0 && excess_below < WORTH)
        );
    }

    #[test]
    fn where_nothing_failed_everybody_is_exonerated_below_a_rate() {
        let judged = matrix(|_| 0).judge(Confidence::NINETY_FIVE, WORTH);
        assert_eq!(judged.len(), 6 + 12);
        assert!(judged.iter().all(|judged| matches!(judged.ruling, Ruling::Exonerated { .. })));
    }

    #[test]
    fn too_few_trials_are_inconclusive_and_say_how_many_are_missing() {
        let mut design = Factorial::new(&[2, 2]).expect("a design");
        (0..4).for_each(|cell| design.add(cell, Tally::of(0, 5)));
        let Ruling::Inconclusive { more_per_cell: Some(more), .. } =
            design.judge(Confidence::NINETY_FIVE, WORTH)[0].ruling
        else {
            panic!("ten clean trials exclude no excess of 5 %");
        };
        (0..4).for_each(|cell| design.add(cell, Tally::of(0, more)));
        assert!(matches!(design.judge(Confidence::NINETY_FIVE, WORTH)[0].ruling, Ruling::Exonerated { .. }));
    }

    #[test]
    fn the_lack_of_something_is_not_suspected() {
        let design = matrix(|setting| if setting[0] == 0 { 20 } else { 0 });
        let judged = design.judge_only(|level| level != self::level(0, 0), Confidence::NINETY_FIVE, WORTH);
        assert_eq!(judged.len(), 5 + 8);
        assert!(judged.iter().all(|judged| !matches!(judged.ruling, Ruling::Implicated { .. })));
    }

    #[test]
    fn a_matrix_without_trials_says_nothing() {
        let judged = Factorial::new(&[2, 3]).expect("a design").judge(Confidence::NINETY_FIVE, WORTH);
        let nothing = Ruling::Inconclusive { excess_below: 1.0, more_per_cell: None };
        assert!(judged.iter().all(|judged| judged.ruling == nothing));
    }

    #[test]
    fn a_level_with_more_trials_where_it_fails_is_not_blamed_for_that() {
        // Version 1 fails in 20 %, whatever the third factor; but the two were mostly tried together.
        let mut design = Factorial::new(&[2, 2]).expect("a design");
        for (setting, tally) in
            [([0, 0], (0, 200)), ([0, 1], (0, 20)), ([1, 0], (4, 16)), ([1, 1], (40, 160))]
        {
            design.add(design.cell(&setting).expect("a cell"), Tally::of(tally.0, tally.1));
        }
        assert_eq!(named(&design), [Suspect::Level(level(0, 1))]);
    }
}
