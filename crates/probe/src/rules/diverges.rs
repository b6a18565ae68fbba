//! `diverges-under-concurrency`: an answer differs from what it always is in turn.

use jostle_model::Rule;

use super::{Charge, Whose};
use crate::anatomy::Anatomy;
use crate::place::AnswerPlace;
use crate::profile::{Difference, Profile};

/// The server says that it has too much to do, which is an answer and no fault.
pub(crate) fn is_shed(status: u16) -> bool {
    matches!(status, 429 | 503)
}

/// A charge for each place that differs.
pub(crate) fn diverging(anatomy: &Anatomy, profile: &Profile) -> Vec<Charge> {
    if is_shed(anatomy.status) {
        return Vec::new();
    }
    let charge = |(place, difference): (AnswerPlace, Difference)| Charge {
        rule: Rule::DivergesUnderConcurrency,
        place,
        whose: Whose::Nobodys,
        detail: Some(detail(difference, anatomy.status)),
        difference: Some(difference),
    };
    profile.differences(anatomy).into_iter().map(charge).collect()
}

fn detail(difference: Difference, status: u16) -> String {
    match difference {
        Difference::OwnMissing => "the client's own token is missing".to_owned(),
        Difference::Status => format!("status {status} never comes in turn"),
        Difference::Absent => "it is missing".to_owned(),
        Difference::New => "it never comes in turn".to_owned(),
        Difference::Changed => "it says something else".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::anatomy::tests::anatomy;
    use crate::token::Mint;

    #[test]
    fn another_status_diverges_unless_it_sheds_load() {
        let mint = Mint::new();
        let mut profile = Profile::default();
        (0..3).for_each(|number| profile.learn(&anatomy(&mint, number, "", "page")));
        let of = |status| {
            let page = Anatomy { status, ..anatomy(&mint, 9, "", "oh") };
            diverging(&page, &profile).into_iter().filter_map(|charge| charge.detail).collect::<Vec<_>>()
        };
        assert_eq!(of(500), ["status 500 never comes in turn"]);
        assert_eq!((of(503).len(), of(429).len()), (0, 0));
        assert_eq!(of(200), ["it says something else"]);
    }
}
