//! The Rust library that main.go calls: one struct, handed out as a handle, mutated by whoever calls.
//! The race: `gate.opened += 1` in `gate_open` against the load of `opened` in `gate_opened`.

pub struct Gate {
    opened: u64,
    last_visitor: u64,
}

#[unsafe(no_mangle)]
pub extern "C" fn gate_new() -> *mut Gate {
    Box::into_raw(Box::new(Gate { opened: 0, last_visitor: 0 }))
}

/// # Safety
/// `gate` comes from `gate_new`, and no other thread is in here: the promise that the Go side breaks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gate_open(gate: *mut Gate, visitor: u64) {
    // SAFETY: the caller promised, and lied.
    let gate = unsafe { &mut *gate };
    gate.opened += 1; // races with gate_opened
    gate.last_visitor = visitor; // races with gate_opened
}

/// # Safety
/// As for `gate_open`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gate_opened(gate: *const Gate) -> u64 {
    // SAFETY: the caller promised, and lied.
    let gate = unsafe { &*gate };
    gate.opened ^ (gate.last_visitor & 1) // races with gate_open
}
