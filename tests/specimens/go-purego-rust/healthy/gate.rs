//! The twin of broken/gate.rs: the same struct behind a `Mutex`.
use std::sync::Mutex;

struct Inside {
    opened: u64,
    last_visitor: u64,
}

pub struct Gate(Mutex<Inside>);

#[unsafe(no_mangle)]
pub extern "C" fn gate_new() -> *mut Gate {
    Box::into_raw(Box::new(Gate(Mutex::new(Inside { opened: 0, last_visitor: 0 }))))
}

/// # Safety
/// `gate` comes from `gate_new`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gate_open(gate: *const Gate, visitor: u64) {
    // SAFETY: a live Gate, only ever shared.
    let mut inside = unsafe { &*gate }.0.lock().unwrap();
    inside.opened += 1;
    inside.last_visitor = visitor;
}

/// # Safety
/// As for `gate_open`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gate_opened(gate: *const Gate) -> u64 {
    // SAFETY: a live Gate, only ever shared.
    let inside = unsafe { &*gate }.0.lock().unwrap();
    inside.opened ^ (inside.last_visitor & 1)
}
