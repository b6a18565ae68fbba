//! `shared-session`: an id that the server issues was given to two clients.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use jostle_model::Rule;

use super::{Charge, Whose};
use crate::anatomy::Anatomy;
use crate::place::AnswerPlace;

/// How many ids are remembered for certain; when there are more, the older half goes. Two clients that are given the same
/// id by a race are given it at nearly the same time.
const REMEMBERED: usize = 1 << 17;

/// Who was given which id, of late.
#[derive(Debug, Default)]
pub(crate) struct Issued {
    hasher: RandomState,
    new: HashMap<u64, u64>,
    old: HashMap<u64, u64>,
}

impl Issued {
    /// Notes that `id` was given to request `number`. Returns to whom it was given first, if that was another.
    fn give(&mut self, id: &str, number: u64) -> Option<u64> {
        let id = self.hasher.hash_one(id);
        if let Some(first) = self.new.get(&id).or_else(|| self.old.get(&id)) {
            return Some(*first).filter(|first| *first != number);
        }
        if self.new.len() >= REMEMBERED / 2 {
            self.old = std::mem::take(&mut self.new);
        }
        self.new.insert(id, number);
        None
    }
}

/// A charge for each of `places` where the answer to request `number` issues an id that somebody else was given before.
pub(crate) fn shared(
    anatomy: &Anatomy,
    number: u64,
    places: &[AnswerPlace],
    issued: &mut Issued,
) -> Vec<Charge> {
    let ids = places.iter().filter_map(|place| Some((place, anatomy.fields.get(place)?.id.as_ref()?)));
    let taken = ids.filter_map(|(place, id)| Some((place, issued.give(id, number)?)));
    taken
        .map(|(place, first)| Charge {
            rule: Rule::SharedSession,
            place: place.clone(),
            whose: Whose::Issued(first),
            detail: None,
            difference: None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::anatomy::tests::{anatomy, token};
    use crate::token::Mint;

    #[test]
    fn an_id_given_to_two_is_charged_to_the_second() {
        let mint = Mint::new();
        let places = [AnswerPlace::Cookie("sid".to_owned()), AnswerPlace::Json("/sid".to_owned())];
        let mut issued = Issued::default();
        let mut given = |number, id: &str| {
            let page =
                anatomy(&mint, number, &format!("Set-Cookie: sid={id}\r\n"), &format!(r#"{{"sid":"{id}"}}"#));
            shared(&page, number, &places, &mut issued)
                .into_iter()
                .map(|charge| charge.whose)
                .collect::<Vec<_>>()
        };
        assert_eq!(given(1, "0123456789"), [], "the same in cookie and page");
        assert_eq!(given(2, "another-id"), []);
        assert_eq!(given(3, "0123456789"), [Whose::Issued(1), Whose::Issued(1)]);
        assert_eq!(given(4, "short"), [], "what is too short for an id is none");
        assert_eq!(given(5, "short"), []);
        assert_eq!(given(6, &token(&mint, 2)), [], "a token is another rule's business");
    }

    #[test]
    fn what_is_remembered_does_not_grow() {
        let mut issued = Issued::default();
        for number in 0..300_000 {
            assert_eq!(issued.give(&format!("id-{number}"), number), None);
        }
        assert!(issued.new.len() + issued.old.len() <= REMEMBERED);
        assert_eq!(issued.give("id-299999", 1), Some(299_999));
    }
}
