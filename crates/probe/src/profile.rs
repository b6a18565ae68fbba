//! What is normal, learnt from requests that are sent one after the other.
//!
//! Only what stays the same there, or is the asker's own, can be missed or different later. Whatever differs between two
//! answers in turn (time stamps, CSRF tokens, request ids, counters) is noise, and no concurrent answer is blamed for it.

use std::collections::{BTreeMap, BTreeSet};

use crate::anatomy::{Anatomy, Content};
use crate::place::AnswerPlace;

/// With fewer answers than this nothing is known to be constant.
const FEWEST: u32 = 3;

/// What one kind of request is answered with, in turn.
#[derive(Clone, Debug, Default)]
pub(crate) struct Profile {
    shapes: BTreeMap<u16, Shape>,
    answers: u32,
    /// Places that show other people's tokens to everybody: a list of visitors, or a page that is cached.
    pub(crate) open: BTreeSet<AnswerPlace>,
}

/// What answers of one status have in common.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shape {
    answers: u32,
    fields: BTreeMap<AnswerPlace, Field>,
    words: Words,
}

/// What a place says in turn.
#[derive(Clone, Debug)]
struct Field {
    /// In how many answers it is there.
    seen: u32,
    /// The slots whose own token is there in each of them.
    own: u16,
    /// What it says, if always the same.
    constant: Option<u64>,
}

/// The words of a page, those left out that differ.
#[derive(Clone, Debug, Default)]
enum Words {
    #[default]
    None,
    Some(Vec<Option<u64>>),
    /// Not even their number is always the same.
    Vary,
}

/// How an answer differs from what is normal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Difference {
    /// The asker's own token is not where it always is in turn.
    OwnMissing,
    /// A status that never comes in turn.
    Status,
    /// A place that is always there in turn is not.
    Absent,
    /// A place never seen in turn.
    New,
    /// It says something else than what it always says in turn.
    Changed,
}

impl Profile {
    /// Learns from one more answer.
    pub(crate) fn learn(&mut self, anatomy: &Anatomy) {
        self.answers += 1;
        self.open.extend(
            anatomy
                .fields
                .iter()
                .filter(|(_, content)| shows_several(content))
                .map(|(place, _)| place.clone()),
        );
        self.shapes.entry(anatomy.status).or_default().learn(anatomy);
    }

    /// Whether enough was learnt to tell anything.
    pub(crate) fn knows_enough(&self) -> bool {
        self.answers >= FEWEST
    }

    /// The places that name the asker, whenever the answer has its usual status, with the slots.
    pub(crate) fn own_places(&self) -> impl Iterator<Item = (&AnswerPlace, u16)> {
        self.shapes.values().flat_map(|shape| {
            let always =
                |field: &Field| shape.answers >= FEWEST && field.seen == shape.answers && field.own != 0;
            shape
                .fields
                .iter()
                .filter(move |(_, field)| always(field))
                .map(|(place, field)| (place, field.own))
        })
    }

    /// How `anatomy` differs from all that came in turn.
    pub(crate) fn differences(&self, anatomy: &Anatomy) -> Vec<(AnswerPlace, Difference)> {
        if !self.knows_enough() {
            return Vec::new();
        }
        match self.shapes.get(&anatomy.status) {
            Some(shape) if shape.answers >= FEWEST => shape.differences(anatomy),
            Some(_) => Vec::new(),
            None => vec![(AnswerPlace::Status, Difference::Status)],
        }
    }

    /// How many answers in turn it knows.
    pub(crate) fn answers(&self) -> u64 {
        u64::from(self.answers)
    }

    /// Whether a difference seen in between is still one, now that more was learnt.
    pub(crate) fn still_differs(&self, status: u16, place: &AnswerPlace, difference: Difference) -> bool {
        let Some(shape) = self.shapes.get(&status) else { return true };
        match difference {
            Difference::Status => false,
            Difference::OwnMissing => shape.field(place).is_some_and(|field| field.own != 0),
            Difference::Absent => shape.field(place).is_some(),
            Difference::New => !shape.fields.contains_key(place),
            Difference::Changed if *place == AnswerPlace::Body => matches!(shape.words, Words::Some(_)),
            Difference::Changed => shape.field(place).is_some_and(|field| field.constant.is_some()),
        }
    }
}

/// Whether a place holds tokens of several clients in one answer.
fn shows_several(content: &Content) -> bool {
    let others: BTreeSet<u64> = content.foreign.iter().map(|(owner, _)| owner.number).collect();
    others.len() + usize::from(content.own != 0) > 1
}

impl Shape {
    fn learn(&mut self, anatomy: &Anatomy) {
        for (place, content) in &anatomy.fields {
            let new = Field { seen: 0, own: u16::MAX, constant: Some(content.hash) };
            let field = self.fields.entry(place.clone()).or_insert(new);
            field.seen += 1;
            field.own &= content.own;
            field.constant = field.constant.filter(|constant| *constant == content.hash);
        }
        self.words = match (std::mem::take(&mut self.words), &anatomy.words) {
            (Words::None, Some(words)) if self.answers == 0 => {
                Words::Some(words.iter().copied().map(Some).collect())
            }
            (Words::Some(known), Some(words)) if known.len() == words.len() => {
                let same = |(known, word): (Option<u64>, &u64)| known.filter(|known| known == word);
                Words::Some(known.into_iter().zip(words).map(same).collect())
            }
            (Words::None, None) => Words::None,
            _ => Words::Vary,
        };
        self.answers += 1;
    }

    /// What is known of a place that is there in every answer.
    fn field(&self, place: &AnswerPlace) -> Option<&Field> {
        self.fields.get(place).filter(|field| field.seen == self.answers)
    }

    fn differences(&self, anatomy: &Anatomy) -> Vec<(AnswerPlace, Difference)> {
        let mut found = Vec::new();
        for (place, field) in &self.fields {
            if field.seen == self.answers {
                found.extend(field.difference(anatomy.fields.get(place)).map(|how| (place.clone(), how)));
            }
        }
        let json = |place: &AnswerPlace| matches!(place, AnswerPlace::Json(_));
        // Where places come and go in turn, another one says nothing.
        let settled = self.fields.values().all(|field| field.seen == self.answers);
        let is_new = |place: &&AnswerPlace| settled && json(place) && !self.fields.contains_key(*place);
        let new = anatomy.fields.keys().filter(is_new);
        found.extend(new.map(|place| (place.clone(), Difference::New)));
        if self.words_differ(anatomy) {
            found.push((AnswerPlace::Body, Difference::Changed));
        }
        found
    }

    fn words_differ(&self, anatomy: &Anatomy) -> bool {
        match (&self.words, &anatomy.words) {
            (Words::Some(known), Some(words)) => {
                let other = |(known, word): (&Option<u64>, &u64)| known.is_some_and(|known| known != *word);
                known.len() != words.len() || known.iter().zip(words).any(other)
            }
            (Words::Some(_), None) => true,
            (Words::None | Words::Vary, _) => false,
        }
    }
}

impl Field {
    /// How `content` differs from what is always there. Whoever is named instead of the asker is another rule's business.
    fn difference(&self, content: Option<&Content>) -> Option<Difference> {
        match content {
            None if self.own != 0 => Some(Difference::OwnMissing),
            None => Some(Difference::Absent),
            Some(content) if !content.foreign.is_empty() => None,
            Some(content) if self.own & !content.own != 0 => Some(Difference::OwnMissing),
            Some(content) if self.constant.is_some_and(|constant| constant != content.hash) => {
                Some(Difference::Changed)
            }
            Some(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::anatomy::tests::{anatomy, token};
    use crate::token::Mint;

    /// A profile of the pages that `page` gives to the first ten requests, and what it says of another page.
    fn differences(
        page: impl Fn(&str, u64) -> String,
        later: impl Fn(&str) -> String,
    ) -> Vec<(String, Difference)> {
        let mint = Mint::new();
        let mut profile = Profile::default();
        for number in 0..10 {
            profile.learn(&anatomy(&mint, number, "", &page(&token(&mint, number), number)));
        }
        let found = profile.differences(&anatomy(&mint, 99, "", &later(&token(&mint, 99))));
        found.into_iter().map(|(place, how)| (place.to_string(), how)).collect()
    }

    #[test]
    fn a_page_that_is_always_the_same_may_not_change() {
        let page = |_: &str, _| "<html>Hello</html>".to_owned();
        assert_eq!(differences(page, |_| page("", 0)), []);
        assert_eq!(
            differences(page, |_| "<html>Hallo</html>".to_owned()),
            [("body".to_owned(), Difference::Changed)]
        );
    }

    #[test]
    fn what_varies_in_turn_may_vary() {
        let page = |own: &str, time: u64| format!("<p>{own}</p> <i>csrf {time}</i> the end");
        assert_eq!(differences(page, |own| page(own, 7_777)), []);
        assert_eq!(
            differences(page, |own| page(own, 7) + " of all"),
            [("body".to_owned(), Difference::Changed)]
        );
        let length = |own: &str, time: u64| format!("{own}{}", " x".repeat(time as usize));
        assert_eq!(differences(length, |own| length(own, 99)), []);
    }

    #[test]
    fn the_askers_own_token_may_not_go_missing() {
        let json = |own: &str, n: u64| format!(r#"{{"user":"{own}","n":{n},"ok":true}}"#);
        assert_eq!(differences(json, |own| json(own, 0)), []);
        let missing = [("json:/user".to_owned(), Difference::OwnMissing)];
        assert_eq!(differences(json, |_| json("", 0)), missing);
        assert_eq!(differences(json, |_| r#"{"n":1,"ok":true}"#.to_owned()), missing);
        let changed = [("json:/ok".to_owned(), Difference::Changed)];
        assert_eq!(differences(json, |own| json(own, 0).replace("true", "false")), changed);
    }

    #[test]
    fn somebody_elses_token_is_not_told_twice() {
        let json = |own: &str, _| format!(r#"{{"user":"{own}"}}"#);
        let mint = Mint::new();
        let mut profile = Profile::default();
        (0..5).for_each(|number| profile.learn(&anatomy(&mint, number, "", &json(&token(&mint, number), 0))));
        assert_eq!(profile.differences(&anatomy(&mint, 9, "", &json(&token(&mint, 8), 0))), []);
    }

    #[test]
    fn a_list_of_visitors_is_open() {
        let mint = Mint::new();
        let mut profile = Profile::default();
        let list =
            format!(r#"{{"last":["{}","{}"],"me":"{}"}}"#, token(&mint, 1), token(&mint, 2), token(&mint, 3));
        profile.learn(&anatomy(&mint, 3, "", &list));
        assert_eq!(
            profile.open.into_iter().map(|place| place.to_string()).collect::<Vec<_>>(),
            ["json:/last/*"]
        );
    }

    #[test]
    fn what_drifts_is_found_out_by_looking_again() {
        let mint = Mint::new();
        let mut profile = Profile::default();
        let at = |profile: &mut Profile, second: u32, numbers: std::ops::Range<u64>| {
            numbers.for_each(|number| {
                profile.learn(&anatomy(&mint, number, "", &format!(r#"{{"at":{second}}}"#)))
            });
        };
        at(&mut profile, 1, 0..5);
        let later = anatomy(&mint, 9, "", r#"{"at":2}"#);
        let found = profile.differences(&later);
        assert_eq!(found.len(), 1);
        assert!(profile.still_differs(200, &found[0].0, found[0].1));
        at(&mut profile, 3, 10..15);
        assert!(!profile.still_differs(200, &found[0].0, found[0].1));
    }

    #[test]
    fn two_answers_prove_nothing() {
        let mint = Mint::new();
        let mut profile = Profile::default();
        (0..2).for_each(|number| profile.learn(&anatomy(&mint, number, "", "same")));
        assert_eq!(profile.differences(&anatomy(&mint, 9, "", "other")), []);
    }
}
