//! A library with a C interface: generics, closures and atomics, inlined into exported functions.
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};

static CALLS: AtomicU64 = AtomicU64::new(0);
pub static mut LAST: u64 = 0;

struct Gates<K> {
    open: HashMap<K, bool>,
}

impl<K: std::hash::Hash + Eq + Copy> Gates<K> {
    #[inline(never)]
    fn is_open(&self, key: K) -> bool {
        CALLS.fetch_add(1, Ordering::Relaxed);
        self.open.get(&key).copied().unwrap_or(false)
    }
}

#[inline(always)]
fn mix(n: u64) -> u64 {
    n.rotate_left(7) ^ CALLS.load(Ordering::Relaxed)
}

#[no_mangle]
pub extern "C" fn gate_open(key: u64) -> bool {
    let gates = Gates { open: (0..16u64).map(|n| (mix(n), n % 2 == 0)).collect() };
    gates.is_open(key)
}
