//! `foreign-identity` and `mixed-response`: an answer holds another request's token.

use std::collections::BTreeSet;

use jostle_model::Rule;

use super::{Charge, Whose};
use crate::anatomy::{Anatomy, Content};
use crate::place::AnswerPlace;
use crate::token::Owner;

/// A charge for each place that holds somebody else's token. `open` are the places that show other people's tokens to
/// everybody in turn; `forgiven` says of a token's slot that an answer in turn has it as well.
pub(crate) fn foreign(
    anatomy: &Anatomy,
    open: &BTreeSet<AnswerPlace>,
    forgiven: impl Fn(Owner) -> bool,
) -> Vec<Charge> {
    let guilty = |content: &Content| content.foreign.iter().find(|(owner, _)| !forgiven(*owner)).copied();
    let fields = anatomy.fields.iter().filter(|(place, _)| !open.contains(*place));
    let found = fields.filter_map(|(place, content)| Some((place, guilty(content)?)));
    let mixed = names_two(anatomy, open);
    found
        .map(|(place, (owner, encoding))| Charge {
            rule: if mixed && in_body(place) { Rule::MixedResponse } else { Rule::ForeignIdentity },
            place: place.clone(),
            whose: Whose::Token(owner, encoding),
            detail: None,
            difference: None,
        })
        .collect()
}

/// Whether the body names two clients, one of which may be the asker.
fn names_two(anatomy: &Anatomy, open: &BTreeSet<AnswerPlace>) -> bool {
    let body = anatomy.fields.iter().filter(|(place, _)| in_body(place) && !open.contains(*place));
    let mut clients = BTreeSet::new();
    for (_, content) in body {
        clients.extend((content.own != 0).then_some(None));
        clients.extend(content.foreign.iter().map(|(owner, _)| Some(owner.number)));
    }
    clients.len() > 1
}

fn in_body(place: &AnswerPlace) -> bool {
    matches!(place, AnswerPlace::Json(_) | AnswerPlace::Body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::anatomy::tests::{anatomy, token};
    use crate::token::Mint;

    fn charges(head: &str, body: &str, mint: &Mint) -> Vec<(Rule, String)> {
        let found = foreign(&anatomy(mint, 1, head, body), &BTreeSet::new(), |_| false);
        found.into_iter().map(|charge| (charge.rule, charge.place.to_string())).collect()
    }

    #[test]
    fn ones_own_token_is_no_charge() {
        let mint = Mint::new();
        assert_eq!(charges("", &token(&mint, 1), &mint), []);
    }

    #[test]
    fn somebody_elses_is_one_wherever_it_stands() {
        let mint = Mint::new();
        let other = token(&mint, 2);
        let foreign = |place: &str| vec![(Rule::ForeignIdentity, place.to_owned())];
        assert_eq!(charges("", &format!("<p>{other}</p>"), &mint), foreign("body"));
        assert_eq!(charges("", &format!(r#"{{"id":"{other}"}}"#), &mint), foreign("json:/id"));
        assert_eq!(
            charges(&format!("Set-Cookie: sid={other}\r\n"), &token(&mint, 1), &mint),
            foreign("cookie:sid")
        );
    }

    #[test]
    fn two_in_one_body_are_mixed() {
        let mint = Mint::new();
        let (own, other) = (token(&mint, 1), token(&mint, 2));
        let mixed = |place: &str| vec![(Rule::MixedResponse, place.to_owned())];
        assert_eq!(charges("", &format!("{own} {other}"), &mint), mixed("body"));
        assert_eq!(charges("", &format!(r#"{{"a":"{own}","b":"{other}"}}"#), &mint), mixed("json:/b"));
    }

    #[test]
    fn what_is_shown_openly_in_turn_is_no_charge() {
        let mint = Mint::new();
        let page = anatomy(&mint, 1, "", &format!("{} {}", token(&mint, 1), token(&mint, 2)));
        assert_eq!(foreign(&page, &BTreeSet::from([AnswerPlace::Body]), |_| false), []);
        assert_eq!(foreign(&page, &BTreeSet::new(), |owner| owner.slot == 0), []);
    }
}
