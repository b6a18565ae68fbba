//! Who is blamed, and what is left to be said of all others.

use jostle_odds::{Confidence, Factorial, Judged, Level, Ruling, Suspect, culprits};

use super::design::Design;

/// What is to be said of one suspect.
#[derive(Debug)]
pub(crate) struct Charge {
    pub(crate) judged: Judged,
    /// Whether the suspect has anything to answer for where no culprit is whole.
    pub(crate) is_asked: bool,
}

/// What was found out about all suspects.
#[derive(Debug)]
pub(crate) struct Hearing {
    /// Levels that fail where all of them meet.
    pub(crate) culprits: Vec<Vec<Level>>,
    pub(crate) charges: Vec<Charge>,
}

impl Hearing {
    /// First all cells tell who is implicated. Where a culprit is whole it fails anyway, and such cells say little of anybody
    /// else; so those that were not implicated are then judged by the other cells. That decision is the first one's: who
    /// would be implicated by the other cells only stays undecided.
    pub(crate) fn of(design: &Design<'_>, confidence: Confidence, worth: f64) -> Self {
        let judge = |factorial: &Factorial| {
            factorial.judge_only(|level| design.is_suspected(level), confidence, worth)
        };
        let judged = judge(&design.factorial);
        let culprits = cliques(&judged);
        let rest = judge(&without(&design.factorial, &culprits));
        let charges = judged.into_iter().zip(rest).map(|(judged, rest)| charge(judged, rest)).collect();
        Self { culprits, charges }
    }
}

fn charge(judged: Judged, rest: Judged) -> Charge {
    let is_asked = rest.with.trials() > 0;
    if matches!(judged.ruling, Ruling::Implicated { .. }) || !is_asked {
        return Charge { is_asked: is_asked && !matches!(judged.ruling, Ruling::Implicated { .. }), judged };
    }
    let ruling = match rest.ruling {
        Ruling::Implicated { excess } => {
            Ruling::Inconclusive { excess_below: excess.high, more_per_cell: None }
        }
        other => other,
    };
    Charge { judged: Judged { chance: judged.chance, ruling, ..rest }, is_asked }
}

/// The cells in which no culprit is whole.
fn without(factorial: &Factorial, culprits: &[Vec<Level>]) -> Factorial {
    let mut rest = factorial.clone();
    for cell in 0..factorial.cells().len() {
        let setting = factorial.setting(cell);
        if culprits.iter().any(|culprit| whole(culprit, &setting)) {
            rest.clear(cell);
        }
    }
    rest
}

/// Whether all of these levels are set.
pub(crate) fn whole(levels: &[Level], coordinates: &[usize]) -> bool {
    levels.iter().all(|level| coordinates[level.factor] == level.level)
}

/// Levels every two of which are implicated together, and those that are implicated alone. What takes three levels to
/// meet shows as three pairs.
fn cliques(judged: &[Judged]) -> Vec<Vec<Level>> {
    let named = culprits(judged);
    let pair = |judged: &&Judged| match judged.suspect {
        Suspect::Pair(one, other) => Some((one, other)),
        Suspect::Level(_) => None,
    };
    let alone = |judged: &&Judged| match judged.suspect {
        Suspect::Level(level) => Some(vec![level]),
        Suspect::Pair(..) => None,
    };
    let pairs: Vec<(Level, Level)> = named.iter().filter_map(pair).collect();
    let joined = |one: Level, other: Level| pairs.contains(&(one.min(other), one.max(other)));
    let members: std::collections::BTreeSet<Level> =
        pairs.iter().flat_map(|&(one, other)| [one, other]).collect();
    let grown = |&(one, other): &(Level, Level)| {
        let mut clique = vec![one, other];
        for &next in &members {
            if clique.iter().all(|&member| member != next && joined(member, next)) {
                clique.push(next);
            }
        }
        clique.sort_unstable();
        clique
    };
    let mut cliques: Vec<Vec<Level>> = pairs.iter().map(grown).collect();
    cliques.extend(named.iter().filter_map(alone));
    cliques.sort();
    cliques.dedup();
    cliques
}

#[cfg(test)]
mod tests {
    use jostle_odds::{Interval, Tally};

    use super::*;

    fn level(factor: usize) -> Level {
        Level { factor, level: 1 }
    }

    fn implicated(suspect: Suspect) -> Judged {
        let excess = Interval { low: 0.2, high: 0.4, confidence: 0.95 };
        let (with, without) = (Tally::of(9, 1), Tally::of(0, 10));
        Judged { suspect, with, without, chance: 0.001, ruling: Ruling::Implicated { excess } }
    }

    #[test]
    fn three_pairs_are_one_culprit_and_two_are_two() {
        let pair = |one, other| implicated(Suspect::Pair(level(one), level(other)));
        assert_eq!(cliques(&[pair(0, 1), pair(0, 2), pair(1, 2)]), [[level(0), level(1), level(2)]]);
        assert_eq!(cliques(&[pair(0, 1), pair(1, 2)]), [[level(0), level(1)], [level(1), level(2)]]);
    }

    #[test]
    fn a_level_in_no_pair_is_a_culprit_alone() {
        assert_eq!(cliques(&[implicated(Suspect::Level(level(3)))]), [[level(3)]]);
    }
}
