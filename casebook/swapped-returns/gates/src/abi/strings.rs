//! Texts on their way in and out.

use super::attempt;
use std::ffi::{CStr, CString, c_char};
use std::ptr;

/// The text behind a pointer of the host's, if there is one and it is UTF-8.
///
/// # Safety
/// `text` is null or points to a C string that outlives `'a`.
pub(super) unsafe fn text<'a>(text: *const c_char) -> Option<&'a str> {
    // SAFETY: not null here; the rest is promised by the caller.
    (!text.is_null()).then(|| unsafe { CStr::from_ptr(text) })?.to_str().ok()
}

/// Gives an answer out of hand: null, or a C string that the host has to give back with `free_string`.
///
/// # Safety
/// `length` is null or points to a `u64` that may be written.
pub(super) unsafe fn hand_out(length: *mut u64, answer: impl FnOnce() -> Option<String>) -> *mut c_char {
    let Some(answer) = attempt(|| answer().and_then(|answer| CString::new(answer).ok()).map(Some)) else {
        return ptr::null_mut();
    };
    if !length.is_null() {
        // SAFETY: promised by the caller.
        unsafe { length.write(answer.as_bytes().len() as u64) };
    }
    answer.into_raw()
}

/// Gives back the memory of an answer. Null is allowed and does nothing.
///
/// # Safety
/// `answer` is null or came out of this library and was not given back before.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn free_string(answer: *mut c_char) {
    if !answer.is_null() {
        // SAFETY: promised by the caller.
        drop(unsafe { CString::from_raw(answer) });
    }
}
