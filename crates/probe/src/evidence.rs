//! From a charge to something that can be shown: both requests, their times, and what the answer says there.

use std::time::Duration;

use jostle_model::{Crossing, Exchange, Fingerprint, Rule};

use crate::content;
use crate::knowledge::Knowledge;
use crate::ledger::{Asked, Ledger, Record};
use crate::place::AnswerPlace;
use crate::replay::Pair;
use crate::rules::{Charge, Whose};
use crate::token::Encoding;
use crate::wire::Answer;

/// What stays the same when the same bug is seen again. An identity that crosses shows in several places of an answer at
/// once; what differs, differs in one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key {
    /// What kind of thing.
    pub(crate) rule: Rule,
    /// Of which request: the index of its template.
    pub(crate) template: usize,
    /// Where in its answers, where that tells one bug from another.
    pub(crate) place: Option<AnswerPlace>,
    /// What exactly.
    pub(crate) detail: Option<String>,
}

impl Key {
    /// The key of a charge against the answer to `asked`.
    pub(crate) fn of(asked: &Asked, charge: &Charge) -> Self {
        let Charge { rule, place, detail, .. } = charge;
        let place = (*rule == Rule::DivergesUnderConcurrency).then(|| place.clone());
        Self { rule: *rule, template: asked.template, place, detail: detail.clone() }
    }

    /// The same in the next run: of what is asked for, and where it shows.
    pub(crate) fn fingerprint(&self, knowledge: &Knowledge) -> Fingerprint {
        let request = knowledge.templates[self.template].ask().name();
        let detail = self.detail.as_deref().unwrap_or_default();
        let place = self.place.as_ref().map(ToString::to_string).unwrap_or_default();
        fingerprint(&[self.rule.name(), &request, &place, detail])
    }

    /// One sentence.
    pub(crate) fn title(&self, knowledge: &Knowledge, crossing: &Crossing) -> String {
        let request = knowledge.templates[self.template].ask().name();
        let place = &crossing.place;
        let detail = self.detail.as_deref().unwrap_or_default();
        match (self.rule, &crossing.sent_at) {
            (Rule::MixedResponse, Some(sent_at)) => {
                format!(
                    "one answer to {request} names two clients: {place} is what another one sent as {sent_at}"
                )
            }
            (Rule::SharedSession, _) => format!("two clients are given the same {place} by {request}"),
            (Rule::DivergesUnderConcurrency, _) if self.place == Some(AnswerPlace::Status) => {
                format!("{request} is answered as never in turn: {detail}")
            }
            (Rule::DivergesUnderConcurrency, _) => {
                format!("{place} of {request} is not what it always is in turn: {detail}")
            }
            (Rule::LostResponse, _) => format!("a request is not answered, {request}: {detail}"),
            (_, Some(sent_at)) => {
                format!("{place} in the answer to {request} is what another client sent as {sent_at}")
            }
            (_, None) => format!("{place} in the answer to {request} is another client's"),
        }
    }
}

/// A name that is the same in the next run, by FNV-1a (Fowler, Noll, Vo; RFC 9923) of what makes it up.
pub(crate) fn fingerprint(parts: &[&str]) -> Fingerprint {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3);
    Fingerprint(parts.join("\n").bytes().fold(0xCBF2_9CE4_8422_2325, step))
}

/// What is known when a charge is brought.
pub(crate) struct Scene<'a> {
    /// Of the server.
    pub(crate) knowledge: &'a Knowledge,
    /// Of the requests.
    pub(crate) ledger: &'a Ledger,
    /// The answer, if there was one.
    pub(crate) answer: Option<&'a Answer<'a>>,
    /// Whether requests were sent one after the other.
    pub(crate) in_turn: bool,
}

impl Scene<'_> {
    /// The evidence for `charge` against the answer to `asked`.
    pub(crate) fn crossing(&self, asked: &Asked, charge: &Charge) -> Crossing {
        let now = self.ledger.now();
        let receiver = self.ledger.look(asked.number);
        let (owner, sent_at, encoding) = self.owner(charge);
        let overlap = receiver.zip(owner).map(|(receiver, owner)| micros(receiver.overlap(&owner, now)));
        Crossing {
            receiver: receiver.map_or_else(|| self.forgotten(asked, now), |record| self.exchange(&record)),
            owner: owner.map(|record| self.exchange(&record)),
            sent_at,
            place: charge.place.to_string(),
            also: Vec::new(),
            encoding,
            overlap_us: overlap,
            excerpt: self.answer.and_then(|answer| self.excerpt(answer, charge)),
            detail: charge.detail.clone(),
            in_turn: self.in_turn,
            at_ms: now.as_millis() as u64,
            times: 1,
        }
    }

    /// What was sent, to be sent again.
    pub(crate) fn pair(&self, asked: &Asked, charge: &Charge) -> Pair {
        let owner = match charge.whose {
            Whose::Nobodys => None,
            Whose::Issued(number) => self.ledger.look(number),
            Whose::Token(owner, _) => self.ledger.look(owner.number),
        };
        Pair {
            rule: charge.rule.name().to_owned(),
            receiver: asked.into(),
            owner: owner.map(|record| (&record.asked).into()),
        }
    }

    fn owner(&self, charge: &Charge) -> (Option<Record>, Option<String>, Option<&'static str>) {
        match charge.whose {
            Whose::Nobodys => (None, None, None),
            Whose::Issued(number) => (self.ledger.look(number), None, None),
            Whose::Token(owner, encoding) => {
                let place = self.knowledge.places.get(usize::from(owner.slot)).map(ToString::to_string);
                (self.ledger.look(owner.number), place, name(encoding))
            }
        }
    }

    fn exchange(&self, record: &Record) -> Exchange {
        exchange(self.knowledge, record)
    }

    fn forgotten(&self, asked: &Asked, now: Duration) -> Exchange {
        self.exchange(&Record { asked: *asked, sent: now, answered: None, ended: None, status: None })
    }

    /// The answer around what it is charged with: around the token or the id, or else its beginning.
    fn excerpt(&self, answer: &Answer<'_>, charge: &Charge) -> Option<String> {
        let body = content::plain(answer.head, answer.body);
        let in_head = !matches!(charge.place, AnswerPlace::Json(_) | AnswerPlace::Body);
        let text = if in_head { answer.head } else { &body };
        let at = match (&charge.whose, &charge.place) {
            (Whose::Token(owner, _), _) => {
                self.knowledge.recogniser.find(text).find(|sighting| sighting.owner == *owner)?.at
            }
            (_, AnswerPlace::Cookie(name)) => position(text, format!("{name}=").as_bytes())?,
            (_, AnswerPlace::Json(pointer)) => {
                let key = pointer.rsplit('/').find(|key| *key != "*").unwrap_or_default();
                position(text, format!("\"{key}\"").as_bytes()).unwrap_or(0)
            }
            _ => 0,
        };
        Some(around(text, at))
    }
}

/// What is told of a request.
pub(crate) fn exchange(knowledge: &Knowledge, record: &Record) -> Exchange {
    let Asked { number, template, visitor, mode } = record.asked;
    let parts = knowledge.templates[template].parts(visitor, &knowledge.mint, number);
    Exchange {
        number,
        request: format!("{} {}", parts.method, parts.target),
        mode: mode.name(),
        sent_us: micros(record.sent),
        answered_us: record.answered.map(micros),
        status: record.status,
    }
}

/// The line, or as much of it as tells something.
fn around(text: &[u8], at: usize) -> String {
    const BEFORE: usize = 48;
    const AFTER: usize = 80;
    let is_break = |byte: &u8| matches!(byte, b'\n' | b'\r');
    let start = at.saturating_sub(BEFORE);
    let start = text[start..at].iter().rposition(is_break).map_or(start, |found| start + found + 1);
    let end = text.len().min(at + AFTER);
    let end = text[at..end].iter().position(is_break).map_or(end, |found| at + found);
    String::from_utf8_lossy(&text[start..end]).into_owned()
}

fn position(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|window| window == wanted)
}

fn name(encoding: Encoding) -> Option<&'static str> {
    match encoding {
        Encoding::Plain => None,
        Encoding::UpperCase => Some("capital letters"),
        Encoding::Base64(_) => Some("base64"),
        Encoding::Hex => Some("hexadecimal"),
        Encoding::Percent => Some("percent-encoding"),
        Encoding::Unicode => Some("JSON escapes"),
        Encoding::HexEntity | Encoding::Entity => Some("HTML entities"),
    }
}

fn micros(time: Duration) -> u64 {
    time.as_micros() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_stays_within_its_line() {
        let text = b"first line\r\nSet-Cookie: sid=0123456789; Path=/\r\nlast line";
        assert_eq!(around(text, 28), "Set-Cookie: sid=0123456789; Path=/");
        assert_eq!(around(b"", 0), "");
    }
}
