//! Questions about a user. All answers are JSON objects whose first member is the `user_id`.
//! `length`, where it is not null, receives the length of the answer.

use super::strings::{hand_out, text};
use super::{CLIENTS, LAYERS, USERS, attempt};
use crate::client::Core;
use crate::user::User;
use std::ffi::c_char;
use std::sync::Arc;

/// Who is asked about whom.
fn parties(client: u64, user: u64) -> Option<(Arc<Core>, Arc<User>)> {
    Some((Arc::clone(&CLIENTS.get(client)?.core), USERS.get(user)?))
}

/// The answer to a question about something with a name.
///
/// # Safety
/// As for the functions below.
unsafe fn about(
    (client, user): (u64, u64),
    name: *const c_char,
    length: *mut u64,
    ask: impl FnOnce(&Core, &User, &str) -> Option<String>,
) -> *mut c_char {
    // SAFETY: promised by the caller.
    unsafe {
        hand_out(length, || {
            let (core, user) = parties(client, user)?;
            ask(&core, &user, text(name)?)
        })
    }
}

/// Whether the user passes a gate, and by which rule.
///
/// # Safety
/// `name` is null or a C string; `length` is null or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gates_get_gate(
    client: u64,
    user: u64,
    name: *const c_char,
    length: *mut u64,
) -> *mut c_char {
    // SAFETY: promised by the caller.
    unsafe { about((client, user), name, length, Core::gate) }
}

/// Whether the user passes a gate, and nothing else. False if something is missing.
///
/// # Safety
/// `name` is null or a C string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gates_check_gate(client: u64, user: u64, name: *const c_char) -> bool {
    attempt(|| {
        let (core, user) = parties(client, user)?;
        // SAFETY: promised by the caller.
        Some(core.check_gate(&user, unsafe { text(name) }?))
    })
}

/// The values of a dynamic config.
///
/// # Safety
/// `name` is null or a C string; `length` is null or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gates_get_config(
    client: u64,
    user: u64,
    name: *const c_char,
    length: *mut u64,
) -> *mut c_char {
    // SAFETY: promised by the caller.
    unsafe { about((client, user), name, length, Core::config) }
}

/// The values of the user's group in an experiment.
///
/// # Safety
/// `name` is null or a C string; `length` is null or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gates_get_experiment(
    client: u64,
    user: u64,
    name: *const c_char,
    length: *mut u64,
) -> *mut c_char {
    // SAFETY: promised by the caller.
    unsafe { about((client, user), name, length, Core::experiment) }
}

/// A parameter of a parameter store.
///
/// # Safety
/// `store` and `parameter` are null or C strings; `length` is null or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gates_get_parameter(
    client: u64,
    user: u64,
    store: *const c_char,
    parameter: *const c_char,
    length: *mut u64,
) -> *mut c_char {
    // SAFETY: promised by the caller.
    unsafe {
        about((client, user), store, length, |core, user, store| {
            core.parameter(user, store, text(parameter)?)
        })
    }
}

/// Everything that is decided for the user, for an app to start with.
///
/// # Safety
/// `length` is null or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gates_bootstrap(client: u64, user: u64, length: *mut u64) -> *mut c_char {
    // SAFETY: promised by the caller.
    unsafe {
        hand_out(length, || {
            let (core, user) = parties(client, user)?;
            core.bootstrap(&user)
        })
    }
}

/// A layer as the user sees it now. It goes on when the specs, the client or the user are gone. 0 if something is
/// missing.
///
/// # Safety
/// `name` is null or a C string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gates_layer_create(client: u64, user: u64, name: *const c_char) -> u64 {
    attempt(|| {
        let (core, user) = parties(client, user)?;
        // SAFETY: promised by the caller.
        Some(LAYERS.add(core.layer(user, unsafe { text(name) }?)))
    })
}

/// A parameter of a layer. The first look at it exposes the user.
///
/// # Safety
/// `parameter` is null or a C string; `length` is null or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gates_layer_value(
    layer: u64,
    parameter: *const c_char,
    length: *mut u64,
) -> *mut c_char {
    // SAFETY: promised by the caller.
    unsafe { hand_out(length, || LAYERS.get(layer)?.value(text(parameter)?)) }
}

/// Lets go of a layer.
#[unsafe(no_mangle)]
pub extern "C" fn gates_layer_release(layer: u64) {
    attempt(|| LAYERS.take(layer).map(drop));
}
