//! A layer as one user sees it. Looking at a parameter is what exposes the user, and only once.

use crate::answer::ParameterAnswer;
use crate::client::{Core, LayerDecision};
use crate::user::User;
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

/// A layer that was asked for.
pub(crate) struct Layer {
    core: Arc<Core>,
    user: Arc<User>,
    name: String,
    decision: LayerDecision,
    experiment: Option<String>,
    specs: u64,
    looked_at: Mutex<BTreeSet<String>>,
}

impl Layer {
    pub(crate) fn new(
        core: Arc<Core>,
        user: Arc<User>,
        name: &str,
        decision: LayerDecision,
        experiment: Option<String>,
        specs: u64,
    ) -> Self {
        Self { core, user, name: name.to_owned(), decision, experiment, specs, looked_at: Mutex::default() }
    }

    /// The answer for a parameter. An unknown one is null and exposes nobody.
    pub(crate) fn value(&self, parameter: &str) -> Option<String> {
        let value = self.decision.value.get(parameter);
        if let Some(value) = value {
            self.expose(parameter, value);
        }
        let answer = ParameterAnswer {
            user_id: &self.user.user_id,
            name: &self.name,
            parameter,
            value: value.unwrap_or(&Value::Null),
            rule: &self.decision.rule,
            reason: self.decision.reason,
            specs: self.specs,
        };
        serde_json::to_string(&answer).ok()
    }

    /// Values that no experiment decided expose nobody to anything.
    fn expose(&self, parameter: &str, value: &Value) {
        let Some(experiment) = &self.experiment else { return };
        let first =
            self.looked_at.lock().unwrap_or_else(PoisonError::into_inner).insert(parameter.to_owned());
        if first {
            self.core.expose(&self.user, "layer", experiment, &self.decision.rule, || value.to_string());
        }
    }
}
