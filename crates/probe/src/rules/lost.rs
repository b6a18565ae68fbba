//! `lost-response`: a request was sent whole and never answered whole.

use std::time::Duration;

use jostle_model::Rule;

use super::{Charge, Whose};
use crate::place::AnswerPlace;
use crate::wire::Malformed;

/// How a request ended that was not answered whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The connection was closed, or reset, before the first byte of an answer.
    Closed {
        /// Whether an earlier request had been answered on it. Servers close connections that rest, and that may cross
        /// with our request: then nobody has seen it, and it is sent again.
        used_before: bool,
    },
    /// What came was not an answer, or not all of it.
    Malformed(Malformed),
    /// Nothing more came for so long.
    TimedOut(Duration),
}

/// The charge for it, if it is one.
pub(crate) fn loss(ending: &Ending) -> Option<Charge> {
    let detail = match ending {
        Ending::Closed { used_before: true } => return None,
        Ending::Closed { used_before: false } => "the connection was closed instead of an answer".to_owned(),
        Ending::Malformed(malformed) => malformed.to_string(),
        Ending::TimedOut(time) => format!("no whole answer came within {:.1} s", time.as_secs_f64()),
    };
    Some(Charge {
        rule: Rule::LostResponse,
        place: AnswerPlace::Status,
        whose: Whose::Nobodys,
        detail: Some(detail),
        difference: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_that_rested_may_be_closed() {
        assert!(loss(&Ending::Closed { used_before: true }).is_none());
        assert!(loss(&Ending::Closed { used_before: false }).is_some());
        let cut = loss(&Ending::Malformed(Malformed::CutOff)).expect("half an answer is none");
        assert_eq!(cut.detail.as_deref(), Some("the answer was cut off"));
    }
}
