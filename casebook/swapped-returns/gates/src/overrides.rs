//! What is decided by hand, before any rule.

use serde_json::{Map, Value};
use std::borrow::Borrow;
use std::collections::BTreeMap;

/// Overrides of all kinds. An empty user id stands for everybody.
#[derive(Debug, Default)]
pub(crate) struct Overrides {
    pub(crate) gates: ByName<bool>,
    pub(crate) configs: ByName<Map<String, Value>>,
    pub(crate) groups: ByName<String>,
}

/// Values by name and then by user.
#[derive(Debug)]
pub(crate) struct ByName<V>(BTreeMap<String, BTreeMap<String, V>>);

impl<V> Default for ByName<V> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<V> ByName<V> {
    pub(crate) fn set(&mut self, name: &str, user_id: &str, value: V) {
        self.0.entry(name.to_owned()).or_default().insert(user_id.to_owned(), value);
    }

    /// The user's own, or else everybody's.
    pub(crate) fn get<B: ?Sized>(&self, name: &str, user_id: &str) -> Option<&B>
    where
        V: Borrow<B>,
    {
        let users = self.0.get(name)?;
        users.get(user_id).or_else(|| users.get("")).map(Borrow::borrow)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_users_own_goes_before_everybodys() {
        let mut gates = ByName::default();
        gates.set("sale", "", true);
        gates.set("sale", "ada", false);
        assert_eq!(gates.get::<bool>("sale", "ada"), Some(&false));
        assert_eq!(gates.get::<bool>("sale", "bob"), Some(&true));
        assert_eq!(gates.get::<bool>("other", "ada"), None);
    }
}
