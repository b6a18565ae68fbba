//! Deciding: specs, overrides and a user in, a decision out. Nothing is logged here.

use crate::condition::Condition;
use crate::hash;
use crate::overrides::Overrides;
use crate::specs::{Experiment, Group, Parameter, Rule, Specs};
use crate::user::User;
use serde::Serialize;
use serde_json::{Map, Value};

/// Why a decision is what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Reason {
    Override,
    Rule,
    Group,
    Default,
    Disabled,
    Unknown,
}

/// What was decided, and by which rule or group.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Decision<V> {
    pub(crate) value: V,
    pub(crate) rule: String,
    pub(crate) reason: Reason,
}

impl<V> Decision<V> {
    fn new(value: V, rule: &str, reason: Reason) -> Self {
        Self { value, rule: rule.to_owned(), reason }
    }
}

/// Named values.
pub(crate) type Values = Map<String, Value>;

/// Decides for one user by one state of the specs.
pub(crate) struct Evaluator<'a> {
    pub(crate) specs: &'a Specs,
    pub(crate) overrides: &'a Overrides,
    pub(crate) user: &'a User,
}

impl Evaluator<'_> {
    pub(crate) fn gate(&self, name: &str) -> Decision<bool> {
        if let Some(value) = self.overrides.gates.get(name, &self.user.user_id) {
            return Decision::new(*value, "", Reason::Override);
        }
        match self.specs.gates.get(name) {
            None => Decision::new(false, "", Reason::Unknown),
            Some(gate) if !gate.enabled => Decision::new(false, "", Reason::Disabled),
            Some(gate) => self.by_rule(name, &gate.rules, &false),
        }
    }

    pub(crate) fn config(&self, name: &str) -> Decision<Values> {
        if let Some(values) = self.overrides.configs.get::<Values>(name, &self.user.user_id) {
            return Decision::new(values.clone(), "", Reason::Override);
        }
        match self.specs.configs.get(name) {
            None => Decision::new(Values::new(), "", Reason::Unknown),
            Some(config) => self.by_rule(name, &config.rules, &config.default),
        }
    }

    /// The rule of an experiment's decision is the group.
    pub(crate) fn experiment(&self, name: &str) -> Decision<Values> {
        let Some(experiment) = self.specs.experiments.get(name) else {
            return Decision::new(Values::new(), "", Reason::Unknown);
        };
        if let Some(group) = self.overridden_group(name, experiment) {
            return Decision::new(group.parameters.clone(), &group.name, Reason::Override);
        }
        match self.takes_part(name, experiment) {
            None => Decision::new(Values::new(), "", Reason::Default),
            Some(group) => Decision::new(group.parameters.clone(), &group.name, Reason::Group),
        }
    }

    /// The layer's parameters, and the experiment that decided some of them.
    pub(crate) fn layer(&self, name: &str) -> (Decision<Values>, Option<&str>) {
        let Some(layer) = self.specs.layers.get(name) else {
            return (Decision::new(Values::new(), "", Reason::Unknown), None);
        };
        for experiment in &layer.experiments {
            let decided = self.experiment(experiment);
            if matches!(decided.reason, Reason::Group | Reason::Override) {
                let mut value = layer.defaults.clone();
                value.extend(decided.value);
                return (Decision { value, ..decided }, Some(experiment));
            }
        }
        (Decision::new(layer.defaults.clone(), "", Reason::Default), None)
    }

    /// A parameter of a parameter store.
    pub(crate) fn parameter(&self, store: &str, name: &str) -> Decision<Value> {
        let Some(parameter) = self.specs.parameter_stores.get(store).and_then(|store| store.get(name)) else {
            return Decision::new(Value::Null, "", Reason::Unknown);
        };
        match parameter {
            Parameter::Static(value) => Decision::new(value.clone(), "", Reason::Default),
            Parameter::Gate { name, pass, fail } => {
                let gate = self.gate(name);
                let value = if gate.value { pass } else { fail };
                Decision { value: value.clone(), rule: gate.rule, reason: gate.reason }
            }
            Parameter::Config { name, parameter } => one_of(self.config(name), parameter),
            Parameter::Experiment { name, parameter } => one_of(self.experiment(name), parameter),
            Parameter::Layer { name, parameter } => one_of(self.layer(name).0, parameter),
        }
    }

    /// The first rule whose conditions hold decides; users outside its share get the default.
    fn by_rule<V: Clone>(&self, name: &str, rules: &[Rule<V>], default: &V) -> Decision<V> {
        match rules.iter().find(|rule| self.holds(&rule.conditions)) {
            Some(rule) if self.within(&[name, &rule.name], rule.percent) => {
                Decision::new(rule.value.clone(), &rule.name, Reason::Rule)
            }
            Some(rule) => Decision::new(default.clone(), &rule.name, Reason::Default),
            None => Decision::new(default.clone(), "", Reason::Default),
        }
    }

    fn overridden_group<'e>(&self, name: &str, experiment: &'e Experiment) -> Option<&'e Group> {
        let wanted = self.overrides.groups.get::<str>(name, &self.user.user_id)?;
        experiment.groups.iter().find(|group| group.name == wanted)
    }

    fn takes_part<'e>(&self, name: &str, experiment: &'e Experiment) -> Option<&'e Group> {
        let taken =
            self.holds(&experiment.conditions) && self.within(&[name, "allocation"], experiment.allocation);
        taken.then(|| self.group(name, &experiment.groups)).flatten()
    }

    /// The group in whose share of all weights the user's bucket lies.
    fn group<'e>(&self, name: &str, groups: &'e [Group]) -> Option<&'e Group> {
        let weights: u64 = groups.iter().map(|group| group.weight).sum();
        let place = hash::bucket(&format!("{name}.group"), &self.user.user_id) * weights / hash::BUCKETS;
        let mut end = 0;
        groups.iter().find(|group| {
            end += group.weight;
            place < end
        })
    }

    fn within(&self, salt: &[&str], percent: f64) -> bool {
        percent >= 100.0 || hash::within(&salt.join("."), &self.user.user_id, percent)
    }

    fn holds(&self, conditions: &[Condition]) -> bool {
        conditions.iter().all(|condition| condition.holds(self.user, &|gate| self.gate(gate).value))
    }
}

fn one_of(mut decided: Decision<Values>, parameter: &str) -> Decision<Value> {
    let value = decided.value.remove(parameter).unwrap_or(Value::Null);
    Decision { value, rule: decided.rule, reason: decided.reason }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const SPECS: &str = r#"{"version": 1,
        "gates": {
            "staff": {"rules": [{"name": "ours", "conditions": [{"email_suffix": ["@shop.test"]}], "value": true}]},
            "new": {"rules": [{"name": "first", "conditions": [{"gate": "staff"}], "value": true},
                              {"name": "half", "percent": 50, "value": true}]},
            "off": {"enabled": false, "rules": [{"name": "all", "value": true}]}},
        "configs": {"search": {"default": {"depth": 1},
            "rules": [{"name": "de", "conditions": [{"country": ["DE"]}], "value": {"depth": 3}}]}},
        "experiments": {
            "title": {"allocation": 50, "groups": [
                {"name": "short", "weight": 1, "parameters": {"title": "s"}},
                {"name": "long", "weight": 3, "parameters": {"title": "l"}}]}},
        "layers": {"page": {"defaults": {"title": "d", "size": 2}, "experiments": ["title"]}},
        "parameter_stores": {"app": {
            "limit": {"static": 20},
            "banner": {"gate": {"name": "staff", "pass": "hello", "fail": ""}},
            "depth": {"config": {"name": "search", "parameter": "depth"}},
            "title": {"layer": {"name": "page", "parameter": "title"}}}}}"#;

    fn with<T>(user: &str, overrides: &Overrides, decide: impl FnOnce(&Evaluator<'_>) -> T) -> T {
        let specs = Specs::parse(SPECS).unwrap();
        let user = User::parse(user).unwrap();
        decide(&Evaluator { specs: &specs, overrides, user: &user })
    }

    fn many<T>(decide: impl Fn(&Evaluator<'_>) -> T) -> Vec<T> {
        let specs = Specs::parse(SPECS).unwrap();
        let decide_for = |n: u32| {
            let user = User { user_id: format!("user-{n}"), ..User::default() };
            decide(&Evaluator { specs: &specs, overrides: &Overrides::default(), user: &user })
        };
        (0..20_000).map(decide_for).collect()
    }

    const ADA: &str = r#"{"user_id": "ada", "email": "ada@shop.test", "country": "DE"}"#;
    const BOB: &str = r#"{"user_id": "bob"}"#;

    #[test]
    fn a_rule_may_ask_for_another_gate() {
        let of_ada = with(ADA, &Overrides::default(), |e| e.gate("new"));
        assert_eq!(of_ada, Decision::new(true, "first", Reason::Rule));
    }

    #[test]
    fn a_rule_for_half_of_all_takes_half() {
        let passed = many(|e| e.gate("new").value).into_iter().filter(|passed| *passed).count();
        assert!((9_580..10_420).contains(&passed), "{passed} of 20,000");
    }

    #[test]
    fn a_gate_that_is_off_or_unknown_is_shut() {
        with(ADA, &Overrides::default(), |e| {
            assert_eq!(e.gate("off"), Decision::new(false, "", Reason::Disabled));
            assert_eq!(e.gate("none"), Decision::new(false, "", Reason::Unknown));
        });
    }

    #[test]
    fn a_config_is_its_rules_value_or_the_default() {
        let depth = |user| with(user, &Overrides::default(), |e| e.config("search").value["depth"].clone());
        assert_eq!((depth(ADA), depth(BOB)), (json!(3), json!(1)));
    }

    #[test]
    fn groups_are_filled_by_weight_among_those_who_take_part() {
        let decided = many(|e| e.experiment("title").rule);
        let in_group = |name: &str| decided.iter().filter(|group| *group == name).count();
        assert!((9_580..10_420).contains(&in_group("")), "{} of 20,000 outside", in_group(""));
        assert!((2_200..2_800).contains(&in_group("short")), "{} of 20,000 short", in_group("short"));
        assert!((7_100..7_900).contains(&in_group("long")), "{} of 20,000 long", in_group("long"));
    }

    #[test]
    fn a_layer_has_its_experiments_values_over_its_defaults() {
        for (title, size, group, experiment) in many(|e| {
            let (decided, experiment) = e.layer("page");
            let value = |name: &str| decided.value[name].clone();
            (value("title"), value("size"), decided.rule.clone(), experiment.is_some())
        }) {
            assert_eq!(size, json!(2));
            let wanted = match group.as_str() {
                "short" => "s",
                "long" => "l",
                _ => "d",
            };
            assert_eq!((title, experiment), (json!(wanted), wanted != "d"));
        }
    }

    #[test]
    fn a_parameter_comes_from_what_stands_behind_it() {
        with(ADA, &Overrides::default(), |e| {
            let value = |name: &str| e.parameter("app", name).value;
            assert_eq!(
                (value("limit"), value("banner"), value("depth")),
                (json!(20), json!("hello"), json!(3))
            );
            assert_eq!(value("title"), e.layer("page").0.value["title"]);
            assert_eq!(e.parameter("app", "none").reason, Reason::Unknown);
        });
    }

    #[test]
    fn overrides_go_before_rules() {
        let mut overrides = Overrides::default();
        overrides.gates.set("off", "ada", true);
        overrides.configs.set("search", "", Map::from_iter([("depth".to_owned(), json!(9))]));
        overrides.groups.set("title", "ada", "long".to_owned());
        with(ADA, &overrides, |e| {
            assert_eq!(e.gate("off"), Decision::new(true, "", Reason::Override));
            assert_eq!(e.config("search").value["depth"], json!(9));
            assert_eq!(e.layer("page").0.value["title"], json!("l"));
        });
        with(BOB, &overrides, |e| assert!(!e.gate("off").value));
    }
}
