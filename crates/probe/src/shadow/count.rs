//! How often which of three answers was the odd one out, and what may be said of it.
//!
//! Diffy (Twitter, 2015) sends each request to a candidate, a primary and a secondary copy, and subtracts how often the two
//! copies differ from how often the candidate does. Here the three answers are looked at together: were the new version
//! one more copy of the old one, each of the three would be the odd one out in a third of all cases where one is, whatever
//! the noise. A place is charged when the new one is so more often than both old ones together, by the exact binomial bound
//! (Clopper and Pearson, 1934) at 95 % for all places of a run together (Bonferroni).

use std::collections::BTreeMap;
use std::time::Duration;

use jostle_model::{Discrepancy, Evidence, Finding, OddOneOut, Rule, When};
use jostle_odds::{Confidence, Tally, rate_at_least, rate_at_most};

use super::reading::{Alone, Spot};
use super::saying::{line, said};
use crate::evidence::fingerprint;
use crate::knowledge::Kept;
use crate::place::AnswerPlace;

/// At most so many places that differ are counted; what comes later is one number.
const MOST_CASES: usize = 4_096;

/// A page that is another one altogether differs in all its words. So many lines of it are told.
const MOST_LINES: usize = 20;

/// How requests were sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// One after the other.
    Serial,
    /// At once.
    Concurrent,
}

/// What was counted.
#[derive(Debug, Default)]
pub(crate) struct Book {
    kinds: BTreeMap<usize, Compared>,
    cases: BTreeMap<(usize, Spot), Case>,
    /// Differences in further places.
    pub(crate) uncounted: u64,
}

/// Of one kind of request.
#[derive(Clone, Copy, Debug, Default)]
struct Compared {
    serial: u64,
    concurrent: u64,
    /// The most places that an answer had.
    places: u64,
}

/// Of one place.
#[derive(Debug, Default)]
struct Case {
    /// `of` is counted for all places of the same request together.
    serial: OddOneOut,
    concurrent: OddOneOut,
    /// How often all three differed.
    every: u64,
    first: Option<Example>,
}

/// What was said when the new one was alone for the first time.
#[derive(Clone, Debug)]
struct Example {
    line: usize,
    old: String,
    new: String,
    at: Duration,
}

impl Book {
    /// Three answers to a request of this kind were compared, one of which had so many places.
    pub(crate) fn compared(&mut self, kind: usize, phase: Phase, places: u64) {
        let compared = self.kinds.entry(kind).or_default();
        match phase {
            Phase::Serial => compared.serial += 1,
            Phase::Concurrent => compared.concurrent += 1,
        }
        compared.places = compared.places.max(places);
    }

    /// They differed at `spot`; `answers` are the first old one and the new one.
    pub(crate) fn differed(
        &mut self,
        kind: usize,
        phase: Phase,
        (spot, alone): (Spot, Alone),
        answers: [Option<&Kept>; 2],
        at: Duration,
    ) {
        let key = (kind, spot);
        if self.cases.len() >= MOST_CASES && !self.cases.contains_key(&key) {
            self.uncounted += 1;
            return;
        }
        let spot = key.1.clone();
        let case = self.cases.entry(key).or_default();
        let count = if phase == Phase::Serial { &mut case.serial } else { &mut case.concurrent };
        match alone {
            Alone::New => count.new += 1,
            Alone::Old => count.old += 1,
            Alone::Every => case.every += 1,
        }
        if alone == Alone::New && case.first.is_none() {
            case.first = Some(Example::of(&spot, answers, at));
        }
    }

    /// Requests compared in this phase.
    pub(crate) fn requests(&self, phase: Phase) -> u64 {
        let of = |compared: &Compared| match phase {
            Phase::Serial => compared.serial,
            Phase::Concurrent => compared.concurrent,
        };
        self.kinds.values().map(of).sum()
    }

    /// Different places, of all kinds of requests together.
    pub(crate) fn places(&self) -> u64 {
        self.kinds.values().map(|compared| compared.places).sum()
    }

    /// Places in which the old ones differ, by name.
    pub(crate) fn noise(&self, name: impl Fn(usize) -> String) -> Vec<String> {
        let noisy = |case: &Case| case.every + case.serial.old + case.concurrent.old > 0;
        let noisy = self.cases.iter().filter(|(_, case)| noisy(case));
        let mut names: Vec<String> =
            noisy.map(|((kind, spot), _)| format!("{spot} of {}", name(*kind))).collect();
        names.sort();
        names.dedup();
        names
    }

    /// Whether more requests in turn could tell when something differs.
    pub(crate) fn has_doubts(&self) -> bool {
        self.charged().iter().any(|(_, case)| case.when() == When::Unclear)
    }

    /// Places where the new one was alone, too seldom to be charged, and no old one ever was, or so seldom that it would be
    /// charged if only what differs were asked about: by name, how often.
    pub(crate) fn undecided(&self, name: impl Fn(usize) -> String) -> Vec<(String, u64)> {
        let (confidence, lenient) = (self.confidence(), shared(self.cases.len() as u64));
        let open = |case: &Case| {
            let all = case.pooled();
            all.new > 0 && (all.old == 0 || is_charged(all, lenient)) && !is_charged(all, confidence)
        };
        let open = self.cases.iter().filter(|(_, case)| open(case));
        open.map(|((kind, spot), case)| (format!("{spot} of {}", name(*kind)), case.pooled().new)).collect()
    }

    fn confidence(&self) -> Confidence {
        // What only the new one has are places as well.
        shared(self.places().max(self.cases.len() as u64))
    }

    /// The places that are charged, with how often requests of their kind were compared.
    fn charged(&self) -> Vec<(&(usize, Spot), Case)> {
        let confidence = self.confidence();
        let charged = self.cases.iter().filter(|(_, case)| is_charged(case.pooled(), confidence));
        charged.map(|(key, case)| (key, case.of(&self.kinds[&key.0]))).collect()
    }

    /// What is to be told, what differs under concurrency only first. Words of one line are one finding.
    pub(crate) fn findings(&self, name: impl Fn(usize) -> String) -> (Vec<Finding>, u64) {
        let mut told: BTreeMap<(usize, String), Discrepancy> = BTreeMap::new();
        let (mut lines, mut left_out) = (BTreeMap::<usize, usize>::new(), 0);
        for ((kind, spot), case) in self.charged() {
            let Some(discrepancy) = case.told(spot, name(*kind)) else { continue };
            let key = (*kind, discrepancy.place.clone());
            if let Some(known) = told.get_mut(&key) {
                if known.times < discrepancy.times {
                    *known = discrepancy;
                }
                continue;
            }
            let lines = lines.entry(*kind).or_default();
            *lines += usize::from(matches!(spot, Spot::Word(_)));
            match *lines > MOST_LINES {
                true => left_out += 1,
                false => drop(told.insert(key, discrepancy)),
            }
        }
        let mut findings: Vec<Finding> = told.into_values().map(finding).collect();
        findings.sort_by_key(|finding| (gravity(finding), std::cmp::Reverse(finding.times())));
        (findings, left_out)
    }
}

impl Case {
    fn pooled(&self) -> OddOneOut {
        let OddOneOut { new, old, of } = self.serial;
        let more = self.concurrent;
        OddOneOut { new: new + more.new, old: old + more.old, of: of + more.of }
    }

    /// The same, with how many requests were compared.
    fn of(&self, compared: &Compared) -> Self {
        Self {
            serial: OddOneOut { of: compared.serial, ..self.serial },
            concurrent: OddOneOut { of: compared.concurrent, ..self.concurrent },
            every: self.every,
            first: self.first.clone(),
        }
    }

    /// When it differs.
    fn when(&self) -> When {
        let (serial, concurrent) = (self.serial, self.concurrent);
        let differs = |phase| is_charged(phase, Confidence::NINETY_FIVE);
        match (differs(serial), differs(concurrent)) {
            (true, true) => When::Both,
            (true, false) if is_rarer(concurrent, serial) => When::SerialOnly,
            (false, true) if is_rarer(serial, concurrent) => When::ConcurrentOnly,
            _ => When::Unclear,
        }
    }

    fn told(&self, spot: &Spot, request: String) -> Option<Discrepancy> {
        let first = self.first.as_ref()?;
        let place = match spot {
            Spot::Word(_) => format!("body:{}", first.line),
            other => other.to_string(),
        };
        Some(Discrepancy {
            request,
            place,
            when: self.when(),
            serial: self.serial,
            concurrent: self.concurrent,
            old: first.old.clone(),
            new: first.new.clone(),
            at_ms: first.at.as_millis() as u64,
            times: self.pooled().new,
        })
    }
}

impl Example {
    fn of(spot: &Spot, [old, new]: [Option<&Kept>; 2], at: Duration) -> Self {
        let line = match (spot, old) {
            (Spot::Word(index), Some(old)) => line(old, *index).0,
            _ => 1,
        };
        Self { line, old: said(old, spot), new: said(new, spot), at }
    }
}

/// Whether the new one is alone more often than both old ones together.
fn is_charged(count: OddOneOut, confidence: Confidence) -> bool {
    count.new > 0 && rate_at_least(Tally::of(count.new, count.old), confidence).low > 0.5
}

/// 95 % for so many questions together.
fn shared(questions: u64) -> Confidence {
    Confidence::NINETY_FIVE.shared_by(u32::try_from(questions.max(1)).unwrap_or(u32::MAX))
}

/// Whether there is no sign of a difference in `phase`, and the new one was alone in it less often than in the `other`.
fn is_rarer(phase: OddOneOut, other: OddOneOut) -> bool {
    let rate = other.new as f64 / other.of.max(1) as f64;
    let tally = Tally::of(phase.new, phase.of.saturating_sub(phase.new));
    phase.of > 0 && phase.new <= phase.old && rate_at_most(tally, Confidence::NINETY_FIVE).high < rate
}

fn finding(discrepancy: Discrepancy) -> Finding {
    let Discrepancy { request, place, when, .. } = &discrepancy;
    let when = match when {
        When::ConcurrentOnly => ", under concurrency only",
        When::SerialOnly => ", in turn only",
        When::Both => ", in turn and under concurrency",
        When::Unclear => "",
    };
    let place_told = match place.split_once("body:") {
        Some(("", line)) => format!("line {line} of the body"),
        _ => place.clone(),
    };
    Finding {
        rule: Rule::DiffersFromOld,
        id: fingerprint(&[Rule::DiffersFromOld.name(), request, place]),
        title: format!("{place_told} of {request} differs from the old version's{when}"),
        places: Vec::new(),
        evidence: Evidence::Discrepancy(Box::new(discrepancy)),
    }
}

fn gravity(finding: &Finding) -> u8 {
    match &finding.evidence {
        Evidence::Discrepancy(discrepancy) => match discrepancy.when {
            When::ConcurrentOnly => 0,
            When::Unclear => 1,
            When::Both => 2,
            When::SerialOnly => 3,
        },
        _ => 4,
    }
}

/// The place of an answer that a user would name to leave `spot` out.
pub(crate) fn named(spot: &Spot) -> AnswerPlace {
    match spot {
        Spot::Place(place) => place.clone(),
        Spot::Form | Spot::Word(_) => AnswerPlace::Body,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A book of one place, in which `[new, old]` were alone so often in so many requests, in turn and at once.
    fn book(serial: ([u64; 2], u64), concurrent: ([u64; 2], u64)) -> Book {
        let mut book = Book::default();
        for (phase, ([new, old], of)) in [(Phase::Serial, serial), (Phase::Concurrent, concurrent)] {
            (0..of).for_each(|_| book.compared(0, phase, 10));
            let alone = [(Alone::New, new), (Alone::Old, old)];
            for (alone, times) in alone {
                let spot = || Spot::Place(AnswerPlace::Json("/total".to_owned()));
                (0..times).for_each(|_| {
                    book.differed(0, phase, (spot(), alone), [None, None], Duration::ZERO);
                });
            }
        }
        book
    }

    fn told(book: &Book) -> Option<When> {
        let (findings, _) = book.findings(|_| "GET /".to_owned());
        findings.first().map(|finding| match &finding.evidence {
            Evidence::Discrepancy(discrepancy) => discrepancy.when,
            other => panic!("{other:?}"),
        })
    }

    #[test]
    fn it_is_told_when_a_place_differs() {
        assert_eq!(told(&book(([20, 0], 20), ([500, 0], 500))), Some(When::Both));
        assert_eq!(told(&book(([0, 0], 20), ([500, 0], 500))), Some(When::ConcurrentOnly));
        assert_eq!(told(&book(([20, 0], 20), ([0, 0], 500))), Some(When::SerialOnly));
        // One in a hundred might have been missed in twenty requests in turn.
        assert_eq!(told(&book(([0, 0], 20), ([50, 0], 5_000))), Some(When::Unclear));
        assert!(book(([0, 0], 20), ([50, 0], 5_000)).has_doubts());
        assert_eq!(told(&book(([0, 0], 400), ([50, 0], 5_000))), Some(When::ConcurrentOnly));
    }

    #[test]
    fn what_the_old_ones_do_as_well_is_noise() {
        let noisy = book(([5, 9], 20), ([100, 190], 500));
        assert_eq!(told(&noisy), None);
        assert_eq!(noisy.noise(|_| "GET /".to_owned()), ["json:/total of GET /"]);
        assert_eq!(noisy.undecided(|_| "GET /".to_owned()), []);
        // What varies may differ all the same.
        assert_eq!(told(&book(([18, 1], 20), ([450, 20], 500))), Some(When::Both));
    }

    #[test]
    fn what_was_seen_once_is_not_decided() {
        let once = book(([0, 0], 20), ([1, 0], 5_000));
        assert_eq!(told(&once), None);
        assert_eq!(once.undecided(|_| "GET /".to_owned()), [("json:/total of GET /".to_owned(), 1)]);
    }
}
