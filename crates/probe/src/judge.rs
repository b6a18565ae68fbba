//! Looks through every answer.

use std::sync::{Arc, Mutex, PoisonError};

use crate::anatomy::Anatomy;
use crate::glance::Found;
use crate::knowledge::Knowledge;
use crate::ledger::Asked;
use crate::rules::{Charge, Issued, diverging, shared};
use crate::token::Sighting;
use crate::wire::Answer;

/// A page up to this size is always compared word by word; of a larger one so many bytes are, on average. Every page is
/// searched for tokens in any case.
const COMPARED: usize = 32 * 1024;

/// One for each thread.
#[derive(Debug)]
pub(crate) struct Judge {
    knowledge: Arc<Knowledge>,
    issued: Arc<Mutex<Issued>>,
    head: Vec<Sighting>,
    body: Vec<Sighting>,
    random: fastrand::Rng,
}

impl Judge {
    /// One that knows what is normal. `issued` is what all threads know of ids.
    pub(crate) fn new(knowledge: Arc<Knowledge>, issued: Arc<Mutex<Issued>>, random: fastrand::Rng) -> Self {
        Self { knowledge, issued, head: Vec::new(), body: Vec::new(), random }
    }

    /// What is wrong with the answer to `asked`; most often nothing.
    pub(crate) fn judge(&mut self, asked: &Asked, answer: &Answer<'_>) -> Vec<Charge> {
        let recogniser = &self.knowledge.recogniser;
        self.head.clear();
        self.head.extend(recogniser.find(answer.head));
        self.body.clear();
        self.body.extend(recogniser.find(answer.body));
        let found = Found { head: &self.head, body: &self.body };
        match &self.knowledge.kind(asked).glance {
            Some(glance) if glance.is(answer, asked.number, found) => Vec::new(),
            _ => self.study(asked, answer),
        }
    }

    /// Takes the answer apart.
    fn study(&mut self, asked: &Asked, answer: &Answer<'_>) -> Vec<Charge> {
        let compared = self.random.usize(..answer.body.len().max(1)) < COMPARED;
        let knowledge = &self.knowledge;
        let anatomy = Anatomy::with_words(answer, asked.number, &knowledge.recogniser, compared);
        let mut charges = knowledge.foreign(asked, &anatomy);
        if !knowledge.sessions.is_empty() {
            let mut issued = self.issued.lock().unwrap_or_else(PoisonError::into_inner);
            charges.extend(shared(&anatomy, asked.number, &knowledge.sessions, &mut issued));
        }
        // An answer of which somebody else has a part is not the asker's: that it differs goes without saying.
        if charges.is_empty() && compared && answer.whole {
            let diverging = diverging(&anatomy, &knowledge.kind(asked).profile).into_iter();
            charges.extend(diverging.filter(|charge| !knowledge.ignored.contains(&charge.place)));
        }
        charges
    }
}
