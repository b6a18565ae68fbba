//! All charges of a run, until they are findings.

use std::collections::{BTreeMap, BTreeSet};

use jostle_model::{Crossing, Evidence, Finding, Rule};

use crate::drive::{Message, Tally};
use crate::evidence::Key;
use crate::knowledge::Knowledge;
use crate::ledger::Asked;
use crate::mode::Mode;
use crate::profile::Difference;
use crate::template::Visitor;

/// What was charged, once each.
#[derive(Debug, Default)]
pub(crate) struct Docket {
    cases: BTreeMap<Key, Case>,
}

#[derive(Debug)]
struct Case {
    crossing: Crossing,
    visitor: Visitor,
    status: u16,
    /// Of a difference from what is normal: it waits until that was looked at again.
    difference: Option<Difference>,
    /// All places of answers where it was seen.
    places: BTreeSet<String>,
    /// The request it was charged against last, in turn.
    last: u64,
}

impl Case {
    fn of(crossing: Crossing) -> Self {
        let places = BTreeSet::from([crossing.place.clone()]);
        Self { crossing, visitor: Visitor::Known, status: 0, difference: None, places, last: 0 }
    }

    /// The evidence, with all places.
    fn crossing(&self) -> Crossing {
        let also = self.places.iter().filter(|place| **place != self.crossing.place).cloned().collect();
        Crossing { also, ..self.crossing.clone() }
    }
}

impl Docket {
    /// Takes in a charge from requests in turn. Returns whether it is the first of its kind.
    pub(crate) fn charge_in_turn(
        &mut self,
        key: Key,
        crossing: Crossing,
        asked: &Asked,
        status: u16,
    ) -> bool {
        match self.cases.get_mut(&key) {
            Some(case) => {
                case.crossing.times += u64::from(case.last != asked.number);
                case.last = asked.number;
                case.places.insert(crossing.place);
                false
            }
            None => {
                let case = Case { visitor: asked.visitor, status, last: asked.number, ..Case::of(crossing) };
                self.cases.insert(key, case);
                true
            }
        }
    }

    /// Takes in what a thread says. Returns the key if it is a new finding already.
    pub(crate) fn charge(&mut self, message: Message) -> Option<Key> {
        let Message::Charged { key, crossing, visitor, status, difference } = message else { return None };
        if self.cases.contains_key(&key) {
            return None;
        }
        self.cases.insert(key.clone(), Case { visitor, status, difference, ..Case::of(*crossing) });
        difference.is_none().then_some(key)
    }

    /// How many different findings there are, not counting what waits.
    pub(crate) fn len(&self) -> u64 {
        self.cases.values().filter(|case| case.difference.is_none()).count() as u64
    }

    /// The counts of all threads.
    pub(crate) fn count(&mut self, tally: &Tally) {
        for (key, count) in &tally.charges {
            if let Some(case) = self.cases.get_mut(key) {
                let in_turn = if case.crossing.in_turn { case.crossing.times } else { 0 };
                case.crossing.times = in_turn + count.answers;
                case.places.extend(count.places.iter().map(ToString::to_string));
            }
        }
    }

    /// Acquits what differs in turn as well, now that this was looked at again. Returns what stands.
    pub(crate) fn acquit(&mut self, knowledge: &Knowledge) -> Vec<Key> {
        let stands = |key: &Key, case: &Case| {
            let Some(difference) = case.difference else { return true };
            let asked =
                Asked { number: 0, template: key.template, visitor: case.visitor, mode: Mode::InTurn };
            let Some(place) = &key.place else { return true };
            knowledge.kind(&asked).profile.still_differs(case.status, place, difference)
        };
        self.cases.retain(|key, case| stands(key, case));
        let waited = self.cases.iter().filter(|(_, case)| case.difference.is_some());
        waited.map(|(key, _)| key.clone()).collect()
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

    /// All of them, the gravest first.
    pub(crate) fn findings(&self, knowledge: &Knowledge) -> Vec<Finding> {
        let mut findings: Vec<Finding> =
            self.cases.keys().filter_map(|key| self.finding(key, knowledge)).collect();
        findings.sort_by_key(|finding| (gravity(finding.rule), std::cmp::Reverse(finding.times())));
        findings
    }
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
