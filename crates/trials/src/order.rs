//! All that it takes to go on with a hunt, or to run one of its trials again.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{Perturb, Perturbation, Plan, UnknownPerturbation};

/// What a hunt was told to do, as a case keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// What its trials run.
    pub plan: Plan,
    /// Where they run.
    pub directory: PathBuf,
    /// What is perturbed.
    pub perturb: Perturb,
    /// What is added to the environment.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub environment: BTreeMap<String, String>,
}

impl Order {
    /// What makes trials of one side of a comparison the same on any machine: its role in it, the plan, and what is added to
    /// the environment.
    pub fn identity(&self, role: &str) -> String {
        // Neither strings nor numbers can fail to become JSON.
        serde_json::to_string(&(role, &self.plan, &self.environment)).unwrap_or_default()
    }

    /// As text.
    pub fn to_text(&self) -> String {
        // Neither strings nor numbers can fail to become JSON.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// From the text that [`to_text`](Self::to_text) gave.
    ///
    /// # Errors
    /// When it is another text.
    pub fn from_text(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }
}

impl fmt::Display for Perturb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::None => f.write_str("none"),
            Self::Only(named) => {
                let names: Vec<&str> = named.iter().map(|named| named.name()).collect();
                f.write_str(&names.join(","))
            }
        }
    }
}

impl FromStr for Perturb {
    type Err = UnknownPerturbation;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "all" => Ok(Self::All),
            "none" => Ok(Self::None),
            list => list
                .split(',')
                .map(|name| Perturbation::from_str(name.trim()))
                .collect::<Result<_, _>>()
                .map(Self::Only),
        }
    }
}

impl From<Perturb> for String {
    fn from(perturb: Perturb) -> Self {
        perturb.to_string()
    }
}

impl TryFrom<String> for Perturb {
    type Error = UnknownPerturbation;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jostle_model::Seed;

    use super::*;

    #[test]
    fn an_order_is_read_back_as_it_was_written() {
        let order = Order {
            plan: Plan {
                command: vec!["./client".into(), "{port}".into()],
                service: Some("/srv/service".into()),
                timeout: Duration::from_millis(1500),
                fail_on: Some("wrong [1-9]".to_owned()),
                operations: Plan::OPERATIONS.to_owned(),
                seed: Seed(7),
            },
            directory: "/src".into(),
            perturb: Perturb::Only(vec![Perturbation::GoCollect, Perturbation::Noise]),
            environment: [("GOGC".into(), "1".into())].into(),
        };
        assert_eq!(Order::from_text(&order.to_text()).expect("its own text"), order);
        assert!(Order::from_text("{}").is_err());
    }

    #[test]
    fn a_list_of_perturbations_is_read() {
        assert_eq!(
            "go-collect, noise".parse(),
            Ok(Perturb::Only(vec![Perturbation::GoCollect, Perturbation::Noise]))
        );
        assert_eq!("all".parse(), Ok(Perturb::All));
        assert!("noise,quiet".parse::<Perturb>().is_err());
    }
}
