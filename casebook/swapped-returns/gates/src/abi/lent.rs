//! What the host lends.

use super::{OBSERVERS, STORES, attempt};
use crate::host::{DataStore, Observe, Observer, StoreGet, StoreSet};

/// A data store of the host's. The functions are called from any thread. 0 if one of them is null.
#[unsafe(no_mangle)]
pub extern "C" fn gates_store_create(get: StoreGet, set: StoreSet) -> u64 {
    attempt(|| Some(STORES.add(DataStore { get: get?, set: set? })))
}

/// Lets go of a data store. Clients that use it go on doing so.
#[unsafe(no_mangle)]
pub extern "C" fn gates_store_release(store: u64) {
    attempt(|| STORES.take(store).map(drop));
}

/// An observer of the host's. The function is called from any thread. 0 if it is null.
#[unsafe(no_mangle)]
pub extern "C" fn gates_observer_create(observe: Observe) -> u64 {
    attempt(|| Some(OBSERVERS.add(Observer { observe: observe? })))
}

/// Lets go of an observer. Clients that use it go on doing so.
#[unsafe(no_mangle)]
pub extern "C" fn gates_observer_release(observer: u64) {
    attempt(|| OBSERVERS.take(observer).map(drop));
}
