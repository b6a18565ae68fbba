//! Panics in the way that its argument names.
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::thread;

struct Book {
    orders: HashMap<String, u32>,
}

impl Book {
    #[inline(never)]
    fn total(&self, name: &str) -> u32 {
        *self.orders.get(name).unwrap()
    }
}

#[inline(never)]
fn element(values: &[u32], at: usize) -> u32 {
    values[at]
}

struct Guard;

impl Drop for Guard {
    fn drop(&mut self) {
        panic!("could not close");
    }
}

fn poison() {
    let shared = Arc::new(Mutex::new(0));
    let other = Arc::clone(&shared);
    let worker = thread::Builder::new().name("worker-3".into()).spawn(move || {
        let _held = other.lock().unwrap();
        panic!("the first line\nthe second line");
    });
    let _ = worker.unwrap().join();
    drop(shared.lock().unwrap());
}

fn main() {
    match std::env::args().nth(1).as_deref() {
        Some("unwrap") => println!("{}", Book { orders: HashMap::new() }.total("none")),
        Some("bounds") => println!("{}", element(&[1, 2, 3], std::env::args().count() + 5)),
        Some("poison") => poison(),
        Some("thread") => drop(thread::spawn(|| panic!("left alone")).join()),
        Some("twice") => {
            let _guard = Guard;
            panic!("while working");
        }
        Some("result") => drop("x17".parse::<u32>().expect("a number of orders")),
        Some("exit") => std::process::abort(),
        _ => assert_eq!(1 + 1, 3, "orders are counted twice"),
    }
}
