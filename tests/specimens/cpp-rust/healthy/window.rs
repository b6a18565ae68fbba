//! The Rust half of the twin: C++ calls it with the lock of the buffer held.

/// # Safety
/// `cells` points to `length` cells, more than none, that nobody else touches during the call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn window_push(cells: *mut u64, length: usize, turn: u64, value: u64) {
    // SAFETY: the caller's promise.
    let cells = unsafe { std::slice::from_raw_parts_mut(cells, length) };
    let slot = (turn % length as u64) as usize;
    cells[slot] = value;
}
