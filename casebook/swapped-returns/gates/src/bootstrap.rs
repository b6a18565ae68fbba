//! Everything that is decided for one user, in one answer: a browser or an app starts with it.

use crate::evaluate::{Decision, Evaluator, Values};
use serde::Serialize;
use std::collections::BTreeMap;

#[derive(Serialize)]
pub(crate) struct Response<'a> {
    user_id: &'a str,
    specs: u64,
    gates: BTreeMap<&'a str, Decision<bool>>,
    configs: BTreeMap<&'a str, Decision<Values>>,
    experiments: BTreeMap<&'a str, Decision<Values>>,
    layers: BTreeMap<&'a str, Decision<Values>>,
}

pub(crate) fn response<'a>(evaluator: &Evaluator<'a>) -> Response<'a> {
    let specs = evaluator.specs;
    Response {
        user_id: &evaluator.user.user_id,
        specs: specs.version,
        gates: each(&specs.gates, |name| evaluator.gate(name)),
        configs: each(&specs.configs, |name| evaluator.config(name)),
        experiments: each(&specs.experiments, |name| evaluator.experiment(name)),
        layers: each(&specs.layers, |name| evaluator.layer(name).0),
    }
}

fn each<S, V>(named: &BTreeMap<String, S>, decide: impl Fn(&str) -> V) -> BTreeMap<&str, V> {
    named.keys().map(|name| (name.as_str(), decide(name))).collect()
}
