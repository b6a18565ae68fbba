//! Decisions by hand. An empty `user_id` stands for everybody.

use super::strings::text;
use super::{CLIENTS, attempt};
use crate::overrides::Overrides;
use std::ffi::c_char;

fn change(client: u64, change: impl FnOnce(&mut Overrides)) -> Option<bool> {
    CLIENTS.get(client)?.core.change_overrides(change);
    Some(true)
}

/// The gate is open or shut for the user from now on. False if something is missing.
///
/// # Safety
/// `name` and `user_id` are null or C strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gates_override_gate(
    client: u64,
    name: *const c_char,
    user_id: *const c_char,
    open: bool,
) -> bool {
    // SAFETY: promised by the caller.
    let (name, user_id) = unsafe { (text(name), text(user_id)) };
    attempt(|| {
        let (name, user_id) = (name?, user_id?);
        change(client, |overrides| overrides.gates.set(name, user_id, open))
    })
}

/// The config has these values, a JSON object, for the user from now on. False if something is missing.
///
/// # Safety
/// `name`, `user_id` and `values` are null or C strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gates_override_config(
    client: u64,
    name: *const c_char,
    user_id: *const c_char,
    values: *const c_char,
) -> bool {
    // SAFETY: promised by the caller.
    let (name, user_id, values) = unsafe { (text(name), text(user_id), text(values)) };
    attempt(|| {
        let (name, user_id, values) = (name?, user_id?, serde_json::from_str(values?).ok()?);
        change(client, |overrides| overrides.configs.set(name, user_id, values))
    })
}

/// The user is in this group of the experiment from now on. False if something is missing.
///
/// # Safety
/// `experiment`, `user_id` and `group` are null or C strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gates_override_group(
    client: u64,
    experiment: *const c_char,
    user_id: *const c_char,
    group: *const c_char,
) -> bool {
    // SAFETY: promised by the caller.
    let (experiment, user_id, group) = unsafe { (text(experiment), text(user_id), text(group)) };
    attempt(|| {
        let (experiment, user_id, group) = (experiment?, user_id?, group?.to_owned());
        change(client, |overrides| overrides.groups.set(experiment, user_id, group))
    })
}

/// All overrides are gone.
#[unsafe(no_mangle)]
pub extern "C" fn gates_override_clear(client: u64) {
    attempt(|| change(client, |overrides| *overrides = Overrides::default()));
}
