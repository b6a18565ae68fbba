//! Objects that other languages hold by number.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

/// The objects of one kind, by handle.
///
/// A handle carries its kind in the top byte and is never used twice. So a handle that was released, or one of
/// another kind, finds nothing instead of something else. It is no valid address either: who takes it for one crashes.
pub(crate) struct Registry<T> {
    kind: u8,
    last: AtomicU64,
    objects: RwLock<BTreeMap<u64, Arc<T>>>,
}

impl<T> Registry<T> {
    pub(crate) const fn new(kind: u8) -> Self {
        Self { kind, last: AtomicU64::new(0), objects: RwLock::new(BTreeMap::new()) }
    }

    pub(crate) fn add(&self, object: T) -> u64 {
        let number = self.last.fetch_add(1, Ordering::Relaxed) + 1;
        let handle = u64::from(self.kind) << 56 | number;
        self.objects.write().unwrap_or_else(PoisonError::into_inner).insert(handle, Arc::new(object));
        handle
    }

    pub(crate) fn get(&self, handle: u64) -> Option<Arc<T>> {
        self.objects.read().unwrap_or_else(PoisonError::into_inner).get(&handle).cloned()
    }

    /// Takes the object out. It lives on for as long as calls in flight still use it.
    pub(crate) fn take(&self, handle: u64) -> Option<Arc<T>> {
        self.objects.write().unwrap_or_else(PoisonError::into_inner).remove(&handle)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_is_never_used_twice() {
        let registry = Registry::new(b'U');
        let first = registry.add("one");
        assert_eq!(registry.take(first).as_deref(), Some(&"one"));
        let second = registry.add("two");
        assert_ne!(first, second);
        assert!(registry.get(first).is_none() && registry.take(first).is_none());
    }

    #[test]
    fn a_handle_of_another_kind_finds_nothing() {
        let (users, layers) = (Registry::new(b'U'), Registry::new(b'L'));
        let (user, layer) = (users.add(()), layers.add(()));
        assert!(layers.get(user).is_none() && users.get(layer).is_none());
    }

    #[test]
    fn a_handle_is_not_a_canonical_address() {
        let handle = Registry::new(b'C').add(());
        assert!(handle >> 47 != 0 && handle >> 47 != 0x1_ffff);
    }

    #[test]
    fn what_was_taken_out_lives_on_while_it_is_used() {
        let registry = Registry::new(b'U');
        let handle = registry.add(String::from("in use"));
        let used = registry.get(handle).unwrap();
        drop(registry.take(handle));
        assert_eq!(*used, "in use");
    }
}
