//! Most answers are what they always are. That is seen at a glance: without taking them apart, at the cost of a search
//! and a comparison.

use crate::token::{Encoding, LENGTH, Sighting};
use crate::wire::Answer;

/// An answer that is always the same, but for the asker's tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Glance {
    status: u16,
    /// The slots of the tokens in the head, in their order.
    head: Vec<u8>,
    body: Vec<u8>,
    /// Where in the body which slot's token stands.
    tokens: Vec<(usize, u8)>,
}

/// What was found in one answer: all tokens in its head and its body.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Found<'a> {
    /// In the head.
    pub(crate) head: &'a [Sighting],
    /// In the body, as it was sent.
    pub(crate) body: &'a [Sighting],
}

impl Glance {
    /// The answer to request `number`, to be compared with others. None where it cannot be compared so.
    pub(crate) fn of(answer: &Answer<'_>, number: u64, found: Found<'_>) -> Option<Self> {
        let plain =
            |sighting: &Sighting| sighting.owner.number == number && sighting.encoding == Encoding::Plain;
        let comparable = answer.whole && found.head.iter().chain(found.body).all(plain);
        comparable.then(|| Self {
            status: answer.status,
            head: found.head.iter().map(|sighting| sighting.owner.slot).collect(),
            body: answer.body.to_vec(),
            tokens: found.body.iter().map(|sighting| (sighting.at, sighting.owner.slot)).collect(),
        })
    }

    /// Whether the answer to request `number` is the same.
    pub(crate) fn is(&self, answer: &Answer<'_>, number: u64, found: Found<'_>) -> bool {
        let own =
            |sighting: &Sighting| sighting.owner.number == number && sighting.encoding == Encoding::Plain;
        let in_head = found.head.iter().zip(&self.head);
        let in_body = found.body.iter().zip(&self.tokens);
        answer.status == self.status
            && answer.whole
            && answer.body.len() == self.body.len()
            && found.head.len() == self.head.len()
            && found.body.len() == self.tokens.len()
            && in_head.clone().all(|(sighting, slot)| own(sighting) && sighting.owner.slot == *slot)
            && in_body.clone().all(|(sighting, (at, slot))| {
                own(sighting) && sighting.owner.slot == *slot && sighting.at == *at
            })
            && self.same_between(answer.body)
    }

    /// Whether all is the same that stands between the tokens.
    fn same_between(&self, body: &[u8]) -> bool {
        let mut start = 0;
        for (at, _) in &self.tokens {
            if body[start..*at] != self.body[start..*at] {
                return false;
            }
            start = at + LENGTH;
        }
        body[start..] == self.body[start..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::{Mint, Owner, Recogniser};

    fn compared(first: impl Fn(&str) -> String, second: impl Fn(&str) -> String) -> bool {
        let mint = Mint::new();
        let recogniser = Recogniser::new(&mint);
        let token = |number| mint.token(Owner { number, slot: 1 });
        let with = |text: &str, then: &mut dyn FnMut(&Answer<'_>, Found<'_>)| {
            let head = b"HTTP/1.1 200 OK\r\n\r\n";
            let answer = Answer { status: 200, head, body: text.as_bytes(), whole: true, reusable: true };
            let body: Vec<Sighting> = recogniser.find(text.as_bytes()).collect();
            then(&answer, Found { head: &[], body: &body });
        };
        let (mut glance, mut same) = (None, false);
        with(&first(&token(1)), &mut |answer, found| glance = Glance::of(answer, 1, found));
        let glance = glance.expect("comparable");
        with(&second(&token(2)), &mut |answer, found| same = glance.is(answer, 2, found));
        same
    }

    #[test]
    fn two_answers_that_differ_in_their_tokens_are_the_same() {
        let page = |own: &str| format!("<p>{own}</p> and {own}!");
        assert!(compared(page, page));
        assert!(!compared(page, |own| page(own) + "!"));
        assert!(!compared(page, |own| page(own).replace("and", "AND")));
        assert!(!compared(page, |own| page(own).replace('!', "?")));
        assert!(!compared(page, |own| format!("<p>{own}</p> and {}!", "x".repeat(32))));
        assert!(!compared(page, |own| page(&own.to_uppercase())));
        assert!(compared(|_| String::new(), |_| String::new()));
    }
}
