//! Clients.

use super::strings::text;
use super::{CLIENTS, OBSERVERS, STORES, USERS, attempt};
use crate::client::{Client, Lent, Options};
use crate::host::TakeExposures;
use std::ffi::c_char;

/// A client that decides by the specs, or by those in the data store if `specs` is null. `options` is JSON or null:
/// `interval_ms`, `batch`, `exposure_percent`. `store` and `observer` may be 0, `take_exposures` null.
/// 0 if the specs or the options are of no use.
///
/// # Safety
/// `specs` and `options` are null or C strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gates_client_create(
    specs: *const c_char,
    options: *const c_char,
    store: u64,
    observer: u64,
    take_exposures: TakeExposures,
) -> u64 {
    // SAFETY: promised by the caller.
    let (specs, options) = unsafe { (text(specs), text(options)) };
    attempt(|| {
        let options = options.map_or(Some(Options::default()), |json| serde_json::from_str(json).ok())?;
        let lent = Lent { store: STORES.get(store), observer: OBSERVERS.get(observer), take_exposures };
        Some(CLIENTS.add(Client::new(specs, options, lent)?))
    })
}

/// Hands over the last exposures, ends the background thread and lets go of the client.
#[unsafe(no_mangle)]
pub extern "C" fn gates_client_release(client: u64) {
    attempt(|| CLIENTS.take(client).map(drop));
}

/// Decides by newer specs from now on, and keeps them in the data store. False if they are older or of no use.
///
/// # Safety
/// `specs` is null or a C string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gates_client_update(client: u64, specs: *const c_char) -> bool {
    // SAFETY: promised by the caller.
    attempt(|| Some(CLIENTS.get(client)?.core.publish(unsafe { text(specs) }?)))
}

/// Hands over the exposures that wait, in the calling thread. How many.
#[unsafe(no_mangle)]
pub extern "C" fn gates_client_flush(client: u64) -> u64 {
    attempt(|| Some(CLIENTS.get(client)?.core.flush()))
}

/// Notes an event beside the exposures. False if something is missing.
///
/// # Safety
/// `name` and `value` are null or C strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gates_log_event(
    client: u64,
    user: u64,
    name: *const c_char,
    value: *const c_char,
) -> bool {
    // SAFETY: promised by the caller.
    let (name, value) = unsafe { (text(name), text(value)) };
    attempt(|| {
        CLIENTS.get(client)?.core.log_event(&*USERS.get(user)?, name?, value?);
        Some(true)
    })
}
