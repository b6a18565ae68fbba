//! `core::sync::atomic` with every operation and order. A release or relaxed store and every load are plain MOVs:
//! only the inlined `core::sync::atomic` frames tell them from a race.
#[path = "../stage/stage.rs"]
mod stage;

use std::ptr;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release, SeqCst};
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicPtr, AtomicU8, AtomicU64, AtomicUsize, fence};

static COUNTER: AtomicU64 = AtomicU64::new(0);
static PEAK: AtomicU64 = AtomicU64::new(0);
static READY: AtomicBool = AtomicBool::new(false);
static STATE: AtomicU8 = AtomicU8::new(0);
static SIGNED: AtomicI32 = AtomicI32::new(0);
static INDEX: AtomicUsize = AtomicUsize::new(0);
static FENCED: AtomicU64 = AtomicU64::new(0);
static SLOT: AtomicPtr<u64> = AtomicPtr::new(ptr::null_mut());

fn store_in_every_order(value: u64) {
    COUNTER.store(value, Relaxed);
    PEAK.store(value, Release);
    READY.store(value % 2 == 0, Release);
    STATE.store(value as u8, SeqCst);
    FENCED.store(value, Relaxed);
    fence(Release);
    INDEX.store(value as usize, Relaxed);
}

fn load_in_every_order() -> u64 {
    let mut sum = COUNTER.load(Relaxed) + PEAK.load(Acquire) + u64::from(STATE.load(SeqCst));
    if READY.load(Acquire) {
        sum += 1;
    }
    sum += INDEX.load(Relaxed) as u64;
    fence(Acquire);
    sum + FENCED.load(Relaxed)
}

fn change_in_place(step: u64) {
    COUNTER.fetch_add(step, Relaxed);
    COUNTER.fetch_max(step, AcqRel);
    SIGNED.fetch_sub(1, SeqCst);
    STATE.fetch_xor(3, Relaxed);
    READY.swap(false, AcqRel);
    let _ = PEAK.compare_exchange(step, 0, AcqRel, Relaxed);
    let _ = INDEX.fetch_update(Release, Relaxed, |index| Some(index.wrapping_add(1)));
}

/// Hands a box over by its pointer: what it holds is plain memory, and no race.
fn offer(value: u64) {
    drop_offer(SLOT.swap(Box::into_raw(Box::new(value)), AcqRel));
}

fn take() -> u64 {
    let offer = SLOT.swap(ptr::null_mut(), Acquire);
    // SAFETY: whoever swaps a pointer out owns it.
    if offer.is_null() { 0 } else { *unsafe { Box::from_raw(offer) } }
}

fn drop_offer(offer: *mut u64) {
    if !offer.is_null() {
        // SAFETY: whoever swaps a pointer out owns it.
        drop(unsafe { Box::from_raw(offer) });
    }
}

fn first() -> u64 {
    let mut operations = 0;
    while !stage::over() {
        store_in_every_order(operations);
        offer(operations);
        stage::work(1500);
        operations += 1;
    }
    operations
}

fn second() -> u64 {
    let mut operations = 0;
    while !stage::over() {
        let sum = load_in_every_order().wrapping_add(take());
        change_in_place(sum & 15);
        stage::work(500);
        stage::pause(20);
        operations += 1;
    }
    operations
}

fn main() {
    stage::play(&[first, second]);
}
