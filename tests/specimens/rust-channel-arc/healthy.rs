//! The standard library's ways to share: `Arc` (and `Weak`, `get_mut`), `RwLock`, `Mutex` with `Condvar`, `OnceLock`,
//! `mpsc` and `thread::scope`, all around plain memory.
#[path = "../stage/stage.rs"]
mod stage;

use std::collections::HashMap;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, OnceLock, RwLock};
use std::thread;
use std::time::Duration;

static TABLE: OnceLock<Vec<u64>> = OnceLock::new();

struct Shared {
    names: RwLock<HashMap<u64, String>>,
    latest: Mutex<Arc<Vec<u64>>>,
    turns: Mutex<u64>,
    turned: Condvar,
}

fn table() -> &'static [u64] {
    TABLE.get_or_init(|| (0..64).map(|i| i * i).collect())
}

fn publish(shared: &Shared, turn: u64) {
    *shared.latest.lock().unwrap() = Arc::new(vec![turn; 8]);
    shared.names.write().unwrap().insert(turn % 32, turn.to_string());
    *shared.turns.lock().unwrap() += 1;
    shared.turned.notify_all();
}

/// Waits for a turn, then borrows in all ways.
fn look(shared: &Shared, seen: u64) -> u64 {
    let turns = shared.turns.lock().unwrap();
    let waited = shared.turned.wait_timeout_while(turns, Duration::from_millis(1), |turns| *turns == seen);
    let turns = *waited.unwrap().0;
    let mut latest = Arc::clone(&shared.latest.lock().unwrap());
    let weak = Arc::downgrade(&latest);
    let length = shared.names.read().unwrap().get(&(turns % 32)).map_or(0, String::len) as u64;
    let own = Arc::make_mut(&mut latest);
    own[0] += length;
    stage::work(own[0] & 127);
    let gone = weak.upgrade().is_none();
    turns + u64::from(gone)
}

/// Threads that borrow from the stack of the one that waits for them.
fn scoped_sums(turn: u64) -> u64 {
    let mut halves = [0, 0];
    let (left, right) = table().split_at(32);
    let [first, second] = &mut halves;
    thread::scope(|scope| {
        scope.spawn(|| *first = left.iter().sum::<u64>() + turn);
        scope.spawn(|| *second = right.iter().sum());
    });
    halves[0] + halves[1]
}

fn publisher(shared: &Shared, boxes: &SyncSender<Box<[u64; 8]>>) -> u64 {
    let mut operations = 0;
    while !stage::over() {
        publish(shared, operations);
        let _ = boxes.try_send(Box::new([operations; 8]));
        stage::work(1000);
        if operations % 256 == 0 {
            stage::work(scoped_sums(operations) & 255);
        }
        operations += 1;
    }
    operations
}

fn looker(shared: &Shared, boxes: Receiver<Box<[u64; 8]>>) -> u64 {
    let (mut operations, mut seen) = (0, 0);
    while !stage::over() {
        seen = look(shared, seen);
        for mut gift in boxes.try_iter() {
            gift[0] += table()[(gift[7] % 64) as usize];
        }
        operations += 1;
    }
    operations
}

fn main() {
    let shared = Arc::new(Shared {
        names: RwLock::default(),
        latest: Mutex::new(Arc::new(vec![0; 8])),
        turns: Mutex::new(0),
        turned: Condvar::new(),
    });
    let (send, receive) = sync_channel(8);
    let with_publisher = Arc::clone(&shared);
    let threads = [
        thread::spawn(move || publisher(&with_publisher, &send)),
        thread::spawn(move || looker(&shared, receive)),
    ];
    stage::curtain();
    println!("ops {}", threads.map(|thread| thread.join().unwrap()).iter().sum::<u64>());
}
