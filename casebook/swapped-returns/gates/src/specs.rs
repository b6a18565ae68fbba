//! What is to be decided, as it is written in JSON.

use crate::condition::Condition;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Everything a client decides by. Names are keys, so that none stands twice.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Specs {
    pub(crate) version: u64,
    #[serde(default)]
    pub(crate) gates: BTreeMap<String, Gate>,
    #[serde(default)]
    pub(crate) configs: BTreeMap<String, Config>,
    #[serde(default)]
    pub(crate) experiments: BTreeMap<String, Experiment>,
    #[serde(default)]
    pub(crate) layers: BTreeMap<String, LayerSpec>,
    #[serde(default)]
    pub(crate) parameter_stores: BTreeMap<String, BTreeMap<String, Parameter>>,
}

/// A question with yes or no. The first rule whose conditions all hold decides for its share of users.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Gate {
    #[serde(default = "yes")]
    pub(crate) enabled: bool,
    pub(crate) rules: Vec<Rule<bool>>,
}

/// A set of values.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    pub(crate) default: Map<String, Value>,
    #[serde(default)]
    pub(crate) rules: Vec<Rule<Map<String, Value>>>,
}

/// Who gets what.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rule<V> {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) conditions: Vec<Condition>,
    #[serde(default = "all")]
    pub(crate) percent: f64,
    pub(crate) value: V,
}

/// Users who are divided into groups.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Experiment {
    #[serde(default)]
    pub(crate) conditions: Vec<Condition>,
    /// The share of users who take part, in percent.
    #[serde(default = "all")]
    pub(crate) allocation: f64,
    pub(crate) groups: Vec<Group>,
}

/// One group of an experiment.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Group {
    pub(crate) name: String,
    pub(crate) weight: u64,
    pub(crate) parameters: Map<String, Value>,
}

/// Parameters that several experiments share; a user takes part in the first that takes them.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LayerSpec {
    pub(crate) defaults: Map<String, Value>,
    pub(crate) experiments: Vec<String>,
}

/// Where a parameter of a store comes from. Apps ask for the parameter; what stands behind it can be changed.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Parameter {
    Static(Value),
    Gate { name: String, pass: Value, fail: Value },
    Config { name: String, parameter: String },
    Experiment { name: String, parameter: String },
    Layer { name: String, parameter: String },
}

fn yes() -> bool {
    true
}

fn all() -> f64 {
    100.0
}

impl Specs {
    /// Reads and checks specs, so that deciding by them cannot fail.
    pub(crate) fn parse(text: &str) -> Result<Specs, String> {
        let specs: Specs = serde_json::from_str(text).map_err(|error| error.to_string())?;
        specs.check()?;
        Ok(specs)
    }

    fn check(&self) -> Result<(), String> {
        for (name, experiment) in &self.experiments {
            if experiment.groups.iter().map(|group| group.weight).sum::<u64>() == 0 {
                return Err(format!("experiment `{name}` has no group with a weight"));
            }
        }
        for (name, layer) in &self.layers {
            if let Some(missing) =
                layer.experiments.iter().find(|wanted| !self.experiments.contains_key(*wanted))
            {
                return Err(format!("layer `{name}` names experiment `{missing}`, which is missing"));
            }
        }
        self.gates.keys().try_for_each(|name| self.check_circle(name, &mut vec![]))
    }

    /// A gate must not hang on itself.
    fn check_circle<'a>(&'a self, name: &'a str, path: &mut Vec<&'a str>) -> Result<(), String> {
        if path.contains(&name) {
            return Err(format!("gate `{name}` hangs on itself"));
        }
        path.push(name);
        for asked in self.gates.get(name).into_iter().flat_map(Gate::asked) {
            self.check_circle(asked, path)?;
        }
        path.pop();
        Ok(())
    }
}

impl Gate {
    /// The gates it asks for.
    fn asked(&self) -> impl Iterator<Item = &str> {
        self.rules.iter().flat_map(|rule| &rule.conditions).filter_map(Condition::gate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_specs_of_this_case_are_fine() {
        let specs = Specs::parse(include_str!("../../specs/shop.json")).unwrap();
        assert!(!specs.gates.is_empty() && !specs.layers.is_empty() && !specs.parameter_stores.is_empty());
    }

    #[test]
    fn a_gate_that_hangs_on_itself_is_refused() {
        let text = r#"{"version":1,"gates":{
            "a":{"rules":[{"name":"r","conditions":[{"not":{"gate":"b"}}],"value":true}]},
            "b":{"rules":[{"name":"r","conditions":[{"gate":"a"}],"value":true}]}}}"#;
        assert!(Specs::parse(text).unwrap_err().contains("hangs on itself"));
    }

    #[test]
    fn what_leads_nowhere_is_refused() {
        for (text, why) in [
            ("", "EOF"),
            (r#"{"gates":{}}"#, "version"),
            (r#"{"version":1,"gate":{}}"#, "unknown field"),
            (r#"{"version":1,"experiments":{"e":{"groups":[]}}}"#, "no group"),
            (r#"{"version":1,"layers":{"l":{"defaults":{},"experiments":["e"]}}}"#, "missing"),
        ] {
            let refusal = Specs::parse(text).unwrap_err();
            assert!(refusal.contains(why), "{text}: {refusal}");
        }
    }
}
