//! Users as the host describes them.

use super::strings::text;
use super::{USERS, attempt};
use crate::user::User;
use std::ffi::c_char;

/// A user described in JSON: `user_id`, and if known `email`, `country`, `app_version` and `custom` (text by name).
/// 0 if the description is of no use.
///
/// # Safety
/// `json` is null or a C string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gates_user_create(json: *const c_char) -> u64 {
    // SAFETY: promised by the caller.
    attempt(|| Some(USERS.add(User::parse(unsafe { text(json) }?)?)))
}

/// Lets go of a user.
#[unsafe(no_mangle)]
pub extern "C" fn gates_user_release(user: u64) {
    attempt(|| USERS.take(user).map(drop));
}
