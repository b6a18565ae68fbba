//! What the host lends: functions of its own, called from whatever thread comes along.

use std::ffi::{CStr, CString, c_char};

/// Gives the text that is kept under a key, or null. The text stays the host's and is copied at once.
pub type StoreGet = Option<extern "C" fn(key: *const c_char) -> *const c_char>;
/// Keeps a text under a key.
pub type StoreSet = Option<extern "C" fn(key: *const c_char, text: *const c_char)>;
/// Takes note of a count since the last one.
pub type Observe = Option<extern "C" fn(name: *const c_char, count: u64)>;
/// Takes a JSON list of exposures.
pub type TakeExposures = Option<extern "C" fn(exposures: *const c_char)>;

/// Where specs are kept between runs and between machines.
pub(crate) struct DataStore {
    pub(crate) get: extern "C" fn(*const c_char) -> *const c_char,
    pub(crate) set: extern "C" fn(*const c_char, *const c_char),
}

impl DataStore {
    pub(crate) fn get(&self, key: &CStr) -> Option<String> {
        let text = (self.get)(key.as_ptr());
        if text.is_null() {
            return None;
        }
        // SAFETY: the host promises that what it returns is null or a text that lasts until we have copied it.
        unsafe { CStr::from_ptr(text) }.to_str().ok().map(str::to_owned)
    }

    pub(crate) fn set(&self, key: &CStr, text: &str) {
        if let Ok(text) = CString::new(text) {
            (self.set)(key.as_ptr(), text.as_ptr());
        }
    }
}

/// Who counts what happens in here.
pub(crate) struct Observer {
    pub(crate) observe: extern "C" fn(*const c_char, u64),
}

impl Observer {
    pub(crate) fn count(&self, name: &CStr, count: u64) {
        if count > 0 {
            (self.observe)(name.as_ptr(), count);
        }
    }
}
