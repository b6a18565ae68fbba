//! The stage on which the Rust specimens play: it starts each role in a thread of its own, lets them run for
//! argv[1] seconds (10 by default), raises an atomic flag, joins them and prints `ops N`.
#![allow(dead_code, reason = "each specimen includes this file and uses what it needs")]

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// On a cache line of its own, so that it is no neighbour of what the specimens share.
#[repr(align(64))]
struct Flag(AtomicBool);

static FLAG: Flag = Flag(AtomicBool::new(false));

/// Plays until [`over`], then returns how many operations it did.
pub type Role = fn() -> u64;

pub fn over() -> bool {
    FLAG.0.load(Ordering::Acquire)
}

/// A little of what programs do between two shared accesses: about a nanosecond a step, on memory of its own.
#[inline(never)]
pub fn work(steps: u64) -> u64 {
    thread_local!(static CELLS: [Cell<u64>; 64] = const { [const { Cell::new(0) }; 64] });
    CELLS.with(|cells| {
        let mut mix = cells[0].get().wrapping_add(steps);
        for _ in 0..steps {
            mix = (mix ^ (mix >> 29)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let cell = &cells[(mix & 63) as usize];
            cell.set(cell.get().wrapping_add(mix));
        }
        mix
    })
}

/// Sleeps for `microseconds`, and what the timer adds: about 60.
pub fn pause(microseconds: u64) {
    thread::sleep(Duration::from_micros(microseconds));
}

pub fn seconds() -> f64 {
    std::env::args().nth(1).map_or(10.0, |text| text.parse().expect("argv[1] is a number of seconds"))
}

/// Waits out the play's time, then tells every role that it is over.
pub fn curtain() {
    thread::sleep(Duration::from_secs_f64(seconds()));
    FLAG.0.store(true, Ordering::SeqCst);
}

/// The whole play.
pub fn play(roles: &[Role]) {
    let threads: Vec<_> = roles.iter().map(|role| thread::spawn(*role)).collect();
    curtain();
    let operations: u64 = threads.into_iter().map(|thread| thread.join().expect("a role panicked")).sum();
    println!("ops {operations}");
}
