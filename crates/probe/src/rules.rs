//! What is wrong with an answer: one file for each rule. Answers in, charges out; nothing here knows a connection.

mod diverges;
mod foreign;
mod lost;
mod shared;

use jostle_model::Rule;

use crate::place::AnswerPlace;
use crate::token::{Encoding, Owner};

pub(crate) use diverges::{diverging, is_shed};
pub(crate) use foreign::foreign;
pub(crate) use lost::{Ending, loss};
pub(crate) use shared::{Issued, shared};

/// Something wrong with one answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Charge {
    /// What kind of thing.
    pub(crate) rule: Rule,
    /// Where in the answer.
    pub(crate) place: AnswerPlace,
    /// Whose identity it holds, if it holds somebody's.
    pub(crate) whose: Whose,
    /// What exactly, where the rule leaves it open: the same text for the same bug.
    pub(crate) detail: Option<String>,
    /// Whether the second look at what is normal may still acquit it.
    pub(crate) difference: Option<crate::profile::Difference>,
}

/// Who is on the other side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    /// Nobody that is known.
    Nobodys,
    /// The request that sent this token.
    Token(Owner, Encoding),
    /// The request that was given the same id before.
    Issued(u64),
}
