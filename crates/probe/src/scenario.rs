//! What a client does in several steps, such as logging in and then looking around.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::place::RequestPlace;
use crate::template::Ask;

/// Why a scenario could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    /// It is not TOML, or has other keys.
    #[error("it is no scenario")]
    Toml(#[source] toml::de::Error),
    /// There is nothing to do.
    #[error("it has no [[step]]")]
    Empty,
    /// A step does not say what to ask.
    #[error("step {0} asks for `{1}`; it looks like `GET /me`")]
    Request(usize, String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default)]
    step: Vec<Step>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    request: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    body: String,
}

/// Reads the steps, each a `request` with `headers` and a `body` where it has some; and whether `{token}` stands anywhere.
pub fn parse_scenario(text: &str) -> Result<(Vec<Ask>, Vec<RequestPlace>), ScenarioError> {
    let Document { step } = toml::from_str(text).map_err(ScenarioError::Toml)?;
    let asks: Vec<Ask> =
        step.into_iter().enumerate().map(|(index, step)| ask(index + 1, step)).collect::<Result<_, _>>()?;
    if asks.is_empty() {
        return Err(ScenarioError::Empty);
    }
    let places = asks.iter().any(names_itself).then_some(RequestPlace::Text);
    Ok((asks, places.into_iter().collect()))
}

fn ask(number: usize, step: Step) -> Result<Ask, ScenarioError> {
    let Step { request, headers, body } = step;
    match request.split_once(' ') {
        Some((method, target)) if target.starts_with('/') && !target.contains(' ') => Ok(Ask {
            method: method.to_owned(),
            target: target.to_owned(),
            headers: headers.into_iter().collect(),
            body: body.into_bytes(),
        }),
        _ => Err(ScenarioError::Request(number, request)),
    }
}

/// Where a client's own token goes in a scenario.
pub(crate) const OWN: &str = "{token}";

fn names_itself(ask: &Ask) -> bool {
    let headers = ask.headers.iter().any(|(_, value)| value.contains(OWN));
    headers || ask.target.contains(OWN) || String::from_utf8_lossy(&ask.body).contains(OWN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_read_in_their_order() {
        let text = r#"
            [[step]]
            request = "POST /login"
            headers = { Content-Type = "application/json" }
            body = '{"user":"{token}"}'
            [[step]]
            request = "GET /me"
        "#;
        let (asks, places) = parse_scenario(text).expect("a scenario");
        assert_eq!(asks.iter().map(Ask::name).collect::<Vec<_>>(), ["POST /login", "GET /me"]);
        assert_eq!(places, [RequestPlace::Text]);
    }

    #[test]
    fn what_is_no_scenario_is_told() {
        let message = |text: &str| parse_scenario(text).expect_err("none").to_string();
        assert_eq!(message(""), "it has no [[step]]");
        assert_eq!(message("[[step]]\nrequest = \"/me\""), "step 1 asks for `/me`; it looks like `GET /me`");
        assert_eq!(message("[[steps]]\nrequest = \"GET /\""), "it is no scenario");
    }
}
