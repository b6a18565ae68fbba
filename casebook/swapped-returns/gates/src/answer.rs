//! What is answered, as JSON. Every answer names the user it is about, first of all.

use crate::evaluate::{Decision, Reason};
use serde::Serialize;

/// The answer to a question about one thing.
#[derive(Serialize)]
pub(crate) struct Answer<'a, V> {
    pub(crate) user_id: &'a str,
    pub(crate) name: &'a str,
    #[serde(flatten)]
    pub(crate) decision: &'a Decision<V>,
    /// The version of the specs that it was decided by.
    pub(crate) specs: u64,
}

/// The answer to a question for a parameter of a layer or a parameter store.
#[derive(Serialize)]
pub(crate) struct ParameterAnswer<'a, V> {
    pub(crate) user_id: &'a str,
    pub(crate) name: &'a str,
    pub(crate) parameter: &'a str,
    pub(crate) value: V,
    pub(crate) rule: &'a str,
    pub(crate) reason: Reason,
    pub(crate) specs: u64,
}
