//! The verdict of a matrix in a few words, from what is to be said of every suspect.

use jostle_model::{Cleared, Culprit, Open, Part, Rate, Remedy, Statement};
use jostle_odds::{
    Confidence, Judged, Level, Ruling, Suspect, Tally, chance_of_clean_run, events_at_most, rate_at_most,
    rate_interval,
};

use super::design::{Design, Entity};
use super::hearing::{Hearing, whole};

/// What happened in one cell.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counted {
    pub(crate) tally: Tally,
    /// The operations of those trials that told them, and how many of those failed.
    pub(crate) operations: u64,
    pub(crate) failures_told: u64,
}

impl Counted {
    fn add(&mut self, other: Self) {
        self.tally = self.tally + other.tally;
        self.operations += other.operations;
        self.failures_told += other.failures_told;
    }

    pub(crate) fn rate(&self, confidence: Confidence) -> Rate {
        rate(self.tally, confidence)
    }

    /// Only of trials that say how many operations they did: one that crashes before it has counted them says nothing of
    /// its rate. Where trials failed without telling, nothing is said.
    pub(crate) fn per_operation(&self, confidence: Confidence) -> Option<Rate> {
        let silent = self.tally.failures() - self.failures_told.min(self.tally.failures());
        if self.operations == 0 || silent > 0 {
            return None;
        }
        let bound = events_at_most(self.failures_told, self.operations as f64, confidence);
        Some(Rate {
            events: self.failures_told,
            of: self.operations,
            low: 0.0,
            high: bound.high,
            confidence: bound.confidence,
        })
    }
}

/// Without a failure all of the risk is on one side.
pub(crate) fn rate(tally: Tally, confidence: Confidence) -> Rate {
    let interval = match tally.failures() {
        0 => rate_at_most(tally, confidence),
        _ => rate_interval(tally, confidence),
    };
    Rate {
        events: tally.failures(),
        of: tally.trials(),
        low: interval.low,
        high: interval.high,
        confidence: interval.confidence,
    }
}

/// What is known, to make a statement of.
pub(crate) struct Evidence<'a> {
    pub(crate) design: &'a Design<'a>,
    /// The coordinates of every cell of the plan, and what happened there.
    pub(crate) cells: Vec<(Vec<usize>, Counted)>,
    pub(crate) hearing: &'a Hearing,
    pub(crate) confidence: Confidence,
}

impl Evidence<'_> {
    pub(crate) fn statement(&self) -> Statement {
        let cliques = &self.hearing.culprits;
        let entities = self.design.entities();
        let blamed = |entity: &Entity| cliques.iter().flatten().any(|&level| entity.has(level));
        let (mut exonerated, mut inconclusive) = (Vec::new(), Vec::new());
        for entity in entities.iter().filter(|entity| !blamed(entity)) {
            match self.open(entity) {
                Some(open) => inconclusive.push(open),
                None => exonerated.push(self.cleared(entity, cliques)),
            }
        }
        Statement {
            implicated: cliques.iter().map(|clique| self.culprit(clique)).collect(),
            exonerated,
            inconclusive,
            mitigated: self.remedies(cliques),
        }
    }

    fn culprit(&self, clique: &[Level]) -> Culprit {
        let (bare, rest): (Vec<Level>, Vec<Level>) =
            clique.iter().partition(|&&level| self.design.is_bare(level));
        let parts: Vec<Part> = rest.into_iter().map(|level| self.design.part(level)).collect();
        // A layer with its version needs no other mention.
        let is_said =
            |part: &Part| parts.iter().any(|other| other.name == part.name && other.level.is_some());
        let said = parts.iter().filter(|part| part.level.is_some() || !is_said(part)).cloned().collect();
        Culprit {
            parts: said,
            bare: bare.into_iter().map(|level| self.design.part(level)).collect(),
            rate: self.where_all(clique).rate(self.confidence),
        }
    }

    /// The trials of cells in which all of these levels are set.
    fn where_all(&self, levels: &[Level]) -> Counted {
        self.sum(|coordinates| whole(levels, coordinates))
    }

    fn sum(&self, is_meant: impl Fn(&[usize]) -> bool) -> Counted {
        let mut sum = Counted::default();
        self.cells.iter().filter(|(cell, _)| is_meant(cell)).for_each(|(_, counted)| sum.add(*counted));
        sum
    }

    fn concerns(entity: &Entity, judged: &Judged) -> bool {
        match judged.suspect {
            Suspect::Level(level) => entity.has(level),
            Suspect::Pair(one, other) => entity.has(one) || entity.has(other),
        }
    }

    /// What is missing, where not everything that concerns it is settled: on its own, and with whatever it meets.
    fn open(&self, entity: &Entity) -> Option<Open> {
        let open: Vec<Option<u64>> = (self.hearing.charges.iter())
            .filter(|charge| charge.is_asked && Self::concerns(entity, &charge.judged))
            .map(|charge| &charge.judged)
            .filter_map(|judged| match judged.ruling {
                Ruling::Inconclusive { more_per_cell, .. } => Some(more_per_cell),
                Ruling::Implicated { .. } | Ruling::Exonerated { .. } => None,
            })
            .collect();
        let more_per_cell = open.iter().copied().collect::<Option<Vec<u64>>>();
        (!open.is_empty()).then(|| Open {
            name: entity.name.clone(),
            more_per_cell: more_per_cell.and_then(|more| more.into_iter().max()),
        })
    }

    /// What it fails at where no culprit is whole: that is all that it could be charged with on its own.
    fn cleared(&self, entity: &Entity, cliques: &[Vec<Level>]) -> Cleared {
        let is_meant = |coordinates: &[usize]| {
            entity.is_in(coordinates) && !cliques.iter().any(|clique| whole(clique, coordinates))
        };
        let counted = self.sum(is_meant);
        let high = rate_at_most(counted.tally, self.confidence);
        let rate = Rate { low: 0.0, high: high.high, ..rate(counted.tally, self.confidence) };
        Cleared {
            name: entity.name.clone(),
            rate,
            rate_per_operation: counted.per_operation(self.confidence),
        }
    }

    /// Whatever can be set in the place of a bare level, against the culprits that need it bare.
    fn remedies(&self, cliques: &[Vec<Level>]) -> Vec<Remedy> {
        let bare: Vec<Level> = {
            let all = cliques.iter().flatten().copied().filter(|&level| self.design.is_bare(level));
            let mut all: Vec<Level> = all.collect();
            all.sort_unstable();
            all.dedup();
            all
        };
        let instead: Vec<(Level, Level)> =
            bare.iter().flat_map(|&bare| self.design.others(bare).map(move |other| (bare, other))).collect();
        let each = self.confidence.shared_by(instead.len() as u32);
        let remedy = |&(bare, other): &(Level, Level)| {
            let meant: Vec<&Vec<Level>> = cliques.iter().filter(|clique| clique.contains(&bare)).collect();
            let replaced = |clique: &[Level]| -> Vec<Level> {
                clique.iter().map(|&level| if level == bare { other } else { level }).collect()
            };
            let before = self.sum(|cell| meant.iter().any(|clique| whole(clique, cell))).tally;
            let after = self.sum(|cell| meant.iter().any(|clique| whole(&replaced(clique), cell))).tally;
            let clean = after.failures() == 0 && chance_of_clean_run(before, after.clean()) <= each.alpha();
            Remedy { part: self.design.part(other), rate: rate(after, self.confidence), helps: clean }
        };
        instead.iter().map(remedy).collect()
    }
}
