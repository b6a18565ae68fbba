//! What an answer says, place by place, and which of three answers is the odd one out.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::anatomy::{Anatomy, Content};
use crate::knowledge::Kept;
use crate::place::AnswerPlace;
use crate::token::Recogniser;

/// A place that can differ between two versions.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Spot {
    /// One that has a name.
    Place(AnswerPlace),
    /// Whether a body is JSON, or how many words it has.
    Form,
    /// A word of a body that is not JSON, counted from 0.
    Word(usize),
}

impl fmt::Display for Spot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Place(place) => place.fmt(f),
            Self::Form | Self::Word(_) => f.write_str("body"),
        }
    }
}

/// Of three answers, the two old ones before the new one, which is alone with what it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Alone {
    /// The new one.
    New,
    /// One of the old ones.
    Old,
    /// Each.
    Every,
}

/// An answer, read to be compared.
#[derive(Clone, Debug)]
pub(crate) struct Reading {
    /// 0 where no answer came.
    status: u16,
    fields: BTreeMap<AnswerPlace, u64>,
    words: Option<Vec<u64>>,
}

impl Reading {
    /// Of an answer of the server that was asked by the name `server`; of none where a request was lost.
    pub(crate) fn of(kept: Option<&Kept>, recogniser: &Recogniser, server: &str) -> Self {
        let Some(kept) = kept else { return Self { status: 0, fields: BTreeMap::new(), words: None } };
        let Anatomy { status, fields, words } =
            Anatomy::of_server(&kept.answer(), kept.asked.number, recogniser, server);
        let fields = fields.into_iter().map(|(place, content)| (place, told(&content))).collect();
        Self { status, fields, words }
    }

    /// How many places it has.
    pub(crate) fn places(&self) -> u64 {
        let words = self.words.as_ref().map_or(0, Vec::len);
        // And the status, and the form.
        (self.fields.len() + words + 2) as u64
    }
}

/// A number that is the same for the same; whose tokens stand there counts as what it says.
fn told(content: &Content) -> u64 {
    content.hash ^ u64::from(content.own).rotate_right(16) ^ (content.foreign.len() as u64).rotate_right(32)
}

/// Where the three answers `[old, old again, new]` to one request differ.
pub(crate) fn differences(readings: &[Reading; 3]) -> Vec<(Spot, Alone)> {
    let status = Spot::Place(AnswerPlace::Status);
    if let Some(alone) = alone(readings.each_ref().map(|reading| reading.status)) {
        // What another status says is another page.
        return vec![(status, alone)];
    }
    let mut found = Vec::new();
    let form = alone(readings.each_ref().map(|reading| reading.words.as_ref().map(Vec::len)));
    found.extend(form.map(|alone| (Spot::Form, alone)));
    let is_json = readings.each_ref().map(|reading| reading.words.is_none());
    let same_kind = alone(is_json).is_none();
    let places: BTreeSet<&AnswerPlace> = readings.iter().flat_map(|reading| reading.fields.keys()).collect();
    for place in places {
        let in_body = matches!(place, AnswerPlace::Json(_) | AnswerPlace::Body);
        let says = readings.each_ref().map(|reading| reading.fields.get(place));
        if same_kind || !in_body {
            found.extend(alone(says).map(|alone| (Spot::Place(place.clone()), alone)));
        }
    }
    if let (None, [Some(one), Some(two), Some(new)]) =
        (form, readings.each_ref().map(|reading| reading.words.as_ref()))
    {
        let words = one.iter().zip(two).zip(new).enumerate();
        let differ = words.filter_map(|(index, ((one, two), new))| {
            alone([one, two, new]).map(|alone| (Spot::Word(index), alone))
        });
        found.extend(differ);
    }
    found
}

fn alone<T: PartialEq>([one, two, new]: [T; 3]) -> Option<Alone> {
    match (one == two, one == new, two == new) {
        (true, true, _) => None,
        (true, false, _) => Some(Alone::New),
        (false, true, _) | (false, _, true) => Some(Alone::Old),
        (false, false, false) => Some(Alone::Every),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Asked;
    use crate::mode::Mode;
    use crate::template::Visitor;
    use crate::token::Mint;

    /// Where answers with these bodies differ; of an empty one the request was lost.
    fn compared(bodies: [&str; 3]) -> Vec<(String, Alone)> {
        let recogniser = Recogniser::new(&Mint::new());
        let asked = Asked { number: 1, template: 0, visitor: Visitor::Known, mode: Mode::InTurn };
        let readings = bodies.map(|body| {
            let kept = Kept {
                asked,
                status: 200,
                head: b"HTTP/1.1 200 OK\r\n\r\n".to_vec(),
                body: body.as_bytes().to_vec(),
                whole: true,
                took: Default::default(),
            };
            Reading::of(Some(kept).filter(|_| !body.is_empty()).as_ref(), &recogniser, "h")
        });
        differences(&readings).into_iter().map(|(spot, alone)| (spot.to_string(), alone)).collect()
    }

    #[test]
    fn the_odd_one_out_is_told_place_by_place() {
        let json = |total: u32, at: u32| format!(r#"{{"total":{total},"at":{at}}}"#);
        let told = compared([&json(1, 1), &json(1, 2), &json(2, 3)]);
        assert_eq!(told, [("json:/at".to_owned(), Alone::Every), ("json:/total".to_owned(), Alone::New)]);
        assert_eq!(
            compared([&json(1, 1), &json(2, 1), &json(1, 1)]),
            [("json:/total".to_owned(), Alone::Old)]
        );
        assert_eq!(compared([&json(1, 1); 3].map(|json| &**json)), []);
    }

    #[test]
    fn pages_are_compared_word_by_word() {
        let body = |alone| [("body".to_owned(), alone)];
        assert_eq!(compared(["a b c", "a b c", "a x c"]), body(Alone::New));
        assert_eq!(compared(["a b c", "a b c", "a b"]), body(Alone::New));
        assert_eq!(compared(["a b c", "a x c", "a b c"]), body(Alone::Old));
        assert_eq!(compared(["a b c", "a b c", r#"{"a":1}"#]), body(Alone::New));
    }

    #[test]
    fn no_answer_differs_from_one() {
        assert_eq!(compared(["a", "a", ""]), [("status".to_owned(), Alone::New)]);
    }
}
