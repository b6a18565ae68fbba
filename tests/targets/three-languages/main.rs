//! The outermost: a Rust program that asks Go, which asks C++, and crashes there.

use std::thread;
use std::time::Duration;

unsafe extern "C" {
    fn CheckGate(address: usize, user: i32) -> i32;
}

#[inline(never)]
fn ask(address: usize) -> i32 {
    // SAFETY: it is not; the crash is what this program is for.
    unsafe { CheckGate(address, 7) + 1 }
}

fn main() {
    let waiting = thread::spawn(|| thread::sleep(Duration::from_secs(60)));
    thread::sleep(Duration::from_millis(100));
    println!("{}", ask(0xdead_beef_0000_0000));
    waiting.join().expect("it only sleeps");
}
