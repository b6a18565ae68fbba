//! Who was shown what: noted when it is decided, handed to the host in batches.

use crate::hash;
use crate::host::TakeExposures;
use serde::Serialize;
use std::ffi::CString;
use std::mem;
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

/// So many full batches may wait; what comes then is dropped, and counted.
const PATIENCE: usize = 10;

/// One user, shown one thing.
#[derive(Debug, Serialize)]
pub(crate) struct Exposure {
    pub(crate) kind: &'static str,
    pub(crate) name: String,
    pub(crate) rule: String,
    pub(crate) value: String,
    pub(crate) user_id: String,
    time_ms: u128,
}

impl Exposure {
    pub(crate) fn new(kind: &'static str, name: &str, rule: &str, value: String, user_id: &str) -> Self {
        let time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self {
            kind,
            name: name.to_owned(),
            rule: rule.to_owned(),
            value,
            user_id: user_id.to_owned(),
            time_ms: time.as_millis(),
        }
    }
}

/// The exposures that wait to be handed over.
pub(crate) struct Exposures {
    pub(crate) batch: usize,
    /// The share of users whose exposures are noted.
    pub(crate) percent: f64,
    pub(crate) take: TakeExposures,
    pub(crate) waiting: Mutex<Waiting>,
}

#[derive(Default)]
pub(crate) struct Waiting {
    exposures: Vec<Exposure>,
    dropped: u64,
}

impl Exposures {
    /// Whether anything about the user is noted at all.
    pub(crate) fn wanted(&self, user_id: &str) -> bool {
        self.take.is_some() && hash::within("exposures", user_id, self.percent)
    }

    /// Whether a batch is full now.
    pub(crate) fn note(&self, exposure: Exposure) -> bool {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.exposures.len() >= self.batch * PATIENCE {
            waiting.dropped += 1;
        } else {
            waiting.exposures.push(exposure);
        }
        waiting.exposures.len() == self.batch
    }

    /// Hands over what waits, in the calling thread. Tells how many were handed over and how many dropped before.
    pub(crate) fn hand_over(&self) -> (u64, u64) {
        let Waiting { exposures, dropped } =
            mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        let Some(take) = self.take.filter(|_| !exposures.is_empty()) else { return (0, dropped) };
        // JSON escapes control characters, so there is no NUL in it.
        let text = serde_json::to_string(&exposures).ok().and_then(|text| CString::new(text).ok());
        if let Some(text) = text {
            take(text.as_ptr());
        }
        (exposures.len() as u64, dropped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::{CStr, c_char};
    use std::sync::atomic::{AtomicUsize, Ordering};

    static TAKEN: AtomicUsize = AtomicUsize::new(0);

    extern "C" fn take(text: *const c_char) {
        // SAFETY: `hand_over` passes a text that outlives the call.
        let text = unsafe { CStr::from_ptr(text) }.to_str().unwrap();
        let list: Vec<serde_json::Value> = serde_json::from_str(text).unwrap();
        TAKEN.fetch_add(list.len(), Ordering::Relaxed);
    }

    #[test]
    fn what_is_noted_is_handed_over_or_counted_as_dropped() {
        let exposures = Exposures { batch: 5, percent: 100.0, take: Some(take), waiting: Mutex::default() };
        let full =
            (0..60).filter(|n| exposures.note(Exposure::new("gate", "g", "", n.to_string(), "ada"))).count();
        assert_eq!(full, 1, "the bell is rung once a batch, not once an exposure");
        assert_eq!(exposures.hand_over(), (50, 10));
        assert_eq!(TAKEN.load(Ordering::Relaxed), 50);
        assert_eq!(exposures.hand_over(), (0, 0));
    }

    #[test]
    fn nothing_is_noted_for_a_host_that_does_not_listen() {
        let deaf = Exposures { batch: 5, percent: 100.0, take: None, waiting: Mutex::default() };
        assert!(!deaf.wanted("ada"));
    }
}
