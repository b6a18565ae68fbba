//! Who is asked about.

use serde::Deserialize;
use std::collections::BTreeMap;

/// What a host says of a user.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct User {
    pub(crate) user_id: String,
    #[serde(default)]
    pub(crate) email: String,
    #[serde(default)]
    pub(crate) country: String,
    #[serde(default)]
    pub(crate) app_version: String,
    #[serde(default)]
    pub(crate) custom: BTreeMap<String, String>,
}

impl User {
    /// The user that the JSON text describes; one without an id is refused.
    pub(crate) fn parse(text: &str) -> Option<User> {
        serde_json::from_str(text).ok().filter(|user: &User| !user.user_id.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_needs_an_id() {
        assert_eq!(User::parse(r#"{"user_id":"ada"}"#).unwrap().user_id, "ada");
        for text in ["", "{}", r#"{"user_id":""}"#, r#"{"user_id":7}"#, r#"{"user_id":"ada","mail":"?"}"#] {
            assert!(User::parse(text).is_none(), "{text}");
        }
    }
}
