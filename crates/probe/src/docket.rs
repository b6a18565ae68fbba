//! All charges of a run, until they are findings.

use std::collections::{BTreeMap, BTreeSet};

use jostle_model::{Crossing, Evidence, Finding, Rule};
use jostle_odds::{Confidence, Tally, clean_trials_to_exclude};

use crate::drive::{Message, Tally as Counted};
use crate::evidence::Key;
use crate::knowledge::Knowledge;
use crate::profile::Difference;
use crate::replay::Pair;

/// What was charged, once each.
#[derive(Debug, Default)]
pub(crate) struct Docket {
    cases: BTreeMap<Key, Case>,
}

#[derive(Debug)]
struct Case {
    crossing: Crossing,
    pair: Pair,
    status: u16,
    /// Of a difference from what is normal: it waits until that was looked at again.
    difference: Option<Difference>,
    /// All places of answers where it was seen.
    places: BTreeSet<String>,
    /// The request it was charged against last, in turn.
    last: u64,
    /// How many answers of that kind there were.
    of: u64,
}

impl Case {
    fn of(crossing: Crossing, pair: Pair) -> Self {
        let places = BTreeSet::from([crossing.place.clone()]);
        Self { crossing, pair, status: 0, difference: None, places, last: 0, of: 0 }
    }

    /// In how many answers of its kind it came.
    fn share(&self) -> Tally {
        let times = self.crossing.times.min(self.of);
        Tally::of(times, self.of - times)
    }

    /// The evidence, with all places.
    fn crossing(&self) -> Crossing {
        let also = self.places.iter().filter(|place| **place != self.crossing.place).cloned().collect();
        Crossing { also, ..self.crossing.clone() }
    }
}

impl Docket {
    /// Takes in a charge from requests in turn. Returns whether it is the first of its kind.
    pub(crate) fn charge_in_turn(&mut self, key: Key, crossing: Crossing, pair: Pair, number: u64) -> bool {
        match self.cases.get_mut(&key) {
            Some(case) => {
                case.crossing.times += u64::from(case.last != number);
                case.last = number;
                case.places.insert(crossing.place);
                false
            }
            None => {
                self.cases.insert(key, Case { last: number, ..Case::of(crossing, pair) });
                true
            }
        }
    }

    /// Takes in what a thread says. Returns the key if it is a new finding already.
    pub(crate) fn charge(&mut self, message: Message) -> Option<Key> {
        let Message::Charged { key, crossing, pair, status, difference } = message else { return None };
        if self.cases.contains_key(&key) {
            return None;
        }
        self.cases.insert(key.clone(), Case { status, difference, ..Case::of(*crossing, pair) });
        difference.is_none().then_some(key)
    }

    /// How many different findings there are, not counting what waits.
    pub(crate) fn len(&self) -> u64 {
        self.cases.values().filter(|case| case.difference.is_none()).count() as u64
    }

    /// The counts of all threads.
    pub(crate) fn count(&mut self, tally: &Counted) {
        for (key, count) in &tally.charges {
            if let Some(case) = self.cases.get_mut(key) {
                let kind = (case.pair.receiver.ask, case.pair.receiver.visitor);
                case.of = tally.kinds.get(&kind).copied().unwrap_or(0);
                let in_turn = if case.crossing.in_turn { case.crossing.times } else { 0 };
                case.crossing.times = in_turn + count.answers;
                case.places.extend(count.places.iter().map(ToString::to_string));
            }
        }
    }

    /// What was charged as a difference, with how often it came: of so many answers of that kind.
    pub(crate) fn waiting(&self) -> impl Iterator<Item = (&Key, &Pair, Tally)> {
        let waiting = self.cases.iter().filter(|(_, case)| case.difference.is_some());
        waiting.map(|(key, case)| (key, &case.pair, case.share()))
    }

    /// Acquits what differs in turn as well, now that this was looked at again, and what comes so seldom that it need not have
    /// come up in turn. Returns what stands, and how many were too rare.
    pub(crate) fn acquit(&mut self, knowledge: &Knowledge) -> (Vec<Key>, usize) {
        let mut rare = 0;
        self.cases.retain(|key, case| {
            let (Some(difference), Some(place)) = (case.difference, &key.place) else { return true };
            let profile = &knowledge.kind(&case.pair.receiver.asked(0)).profile;
            if !profile.still_differs(case.status, place, difference) {
                return false;
            }
            let sure = profile.answers() >= in_turn_needed(case.share());
            rare += usize::from(!sure);
            sure
        });
        let stands = self.cases.iter().filter(|(_, case)| case.difference.is_some());
        (stands.map(|(key, _)| key.clone()).collect(), rare)
    }

    /// One of them as a finding.
    pub(crate) fn finding(&self, key: &Key, knowledge: &Knowledge) -> Option<Finding> {
        let crossing = self.cases.get(key)?.crossing();
        Some(Finding {
            rule: key.rule,
            id: key.fingerprint(knowledge),
            title: key.title(knowledge, &crossing),
            places: Vec::new(),
            evidence: Evidence::Crossing(Box::new(crossing)),
        })
    }

    /// All of them, the gravest first, each with what was sent.
    pub(crate) fn findings(&self, knowledge: &Knowledge) -> Vec<(Finding, Pair)> {
        let cases = self.cases.iter();
        let mut findings: Vec<(Finding, Pair)> = cases
            .filter_map(|(key, case)| Some((self.finding(key, knowledge)?, case.pair.clone())))
            .collect();
        findings.sort_by_key(|(finding, _)| (gravity(finding.rule), std::cmp::Reverse(finding.times())));
        findings
    }
}

/// How many answers in turn it takes to be sure that what came in this share of concurrent ones does not come as often in turn.
pub(crate) fn in_turn_needed(share: Tally) -> u64 {
    let rate = share.share().unwrap_or(1.0);
    clean_trials_to_exclude(rate, Confidence::NINETY_FIVE).unwrap_or(u64::MAX)
}

/// Somebody's identity in the wrong hands is worst.
fn gravity(rule: Rule) -> u8 {
    match rule {
        Rule::ForeignIdentity => 0,
        Rule::SharedSession => 1,
        Rule::MixedResponse => 2,
        Rule::LostResponse => 3,
        _ => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_rare_asks_for_a_longer_look_in_turn() {
        let needed = |times, of: u64| in_turn_needed(Tally::of(times, of - times));
        assert!(needed(100, 100) <= 1);
        assert_eq!((needed(50, 100), needed(1, 100)), (5, 299));
    }
}
