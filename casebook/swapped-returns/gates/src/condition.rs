//! What a rule asks of a user.

use crate::hash;
use crate::user::User;
use crate::version::Range;
use serde::Deserialize;

/// One condition of a rule.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Condition {
    UserId(Vec<String>),
    Country(Vec<String>),
    EmailSuffix(Vec<String>),
    AppVersion(Range),
    Custom { field: String, any_of: Vec<String> },
    Percent { salt: String, below: f64 },
    Gate(String),
    Not(Box<Condition>),
}

impl Condition {
    /// Whether it holds for the user; `gate` tells whether the user passes another gate.
    pub(crate) fn holds(&self, user: &User, gate: &dyn Fn(&str) -> bool) -> bool {
        match self {
            Condition::UserId(ids) => ids.contains(&user.user_id),
            Condition::Country(codes) => codes.iter().any(|code| code.eq_ignore_ascii_case(&user.country)),
            Condition::EmailSuffix(suffixes) => suffixes.iter().any(|suffix| ends_with(&user.email, suffix)),
            Condition::AppVersion(range) => range.holds(&user.app_version),
            Condition::Custom { field, any_of } => {
                user.custom.get(field).is_some_and(|value| any_of.contains(value))
            }
            Condition::Percent { salt, below } => hash::within(salt, &user.user_id, *below),
            Condition::Gate(name) => gate(name),
            Condition::Not(condition) => !condition.holds(user, gate),
        }
    }

    /// The gate that it asks for.
    pub(crate) fn gate(&self) -> Option<&str> {
        match self {
            Condition::Gate(name) => Some(name),
            Condition::Not(condition) => condition.gate(),
            _ => None,
        }
    }
}

/// Whether the address ends so, whatever the case.
fn ends_with(address: &str, suffix: &str) -> bool {
    let start = address.len().checked_sub(suffix.len());
    start.and_then(|start| address.get(start..)).is_some_and(|end| end.eq_ignore_ascii_case(suffix))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ada() -> User {
        let text = r#"{"user_id":"ada","email":"ada@Example.org","country":"de","app_version":"2.4.1",
                       "custom":{"plan":"team"}}"#;
        User::parse(text).unwrap()
    }

    fn holds(condition: &str) -> bool {
        let condition: Condition = serde_json::from_str(condition).unwrap();
        condition.holds(&ada(), &|gate| gate == "open")
    }

    #[test]
    fn each_condition_tells_users_apart() {
        for (yes, no) in [
            (r#"{"user_id":["bob","ada"]}"#, r#"{"user_id":["bob"]}"#),
            (r#"{"country":["AT","DE"]}"#, r#"{"country":["AT"]}"#),
            (r#"{"email_suffix":["@example.org"]}"#, r#"{"email_suffix":["@example.com"]}"#),
            (r#"{"app_version":">=2.4"}"#, r#"{"app_version":"<2.4"}"#),
            (
                r#"{"custom":{"field":"plan","any_of":["team"]}}"#,
                r#"{"custom":{"field":"age","any_of":["team"]}}"#,
            ),
            (r#"{"percent":{"salt":"s","below":100}}"#, r#"{"percent":{"salt":"s","below":0}}"#),
            (r#"{"gate":"open"}"#, r#"{"gate":"shut"}"#),
            (r#"{"not":{"country":["AT"]}}"#, r#"{"not":{"country":["DE"]}}"#),
        ] {
            assert!(holds(yes) && !holds(no), "{yes} {no}");
        }
    }

    #[test]
    fn a_suffix_longer_than_the_address_does_not_match() {
        assert!(!ends_with("a@b", "very.long@b") && !ends_with("ü", "\u{00bc}"));
    }
}
