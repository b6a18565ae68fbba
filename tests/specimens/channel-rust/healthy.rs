//! Rust channels: values, boxes and buffers move from thread to thread, and the memory behind them is plain.
#[path = "../stage/stage.rs"]
mod stage;

use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, channel, sync_channel};
use std::thread;
use std::time::Duration;

const BUFFER: usize = 32;

/// Fills buffers that come back empty, so that both sides keep touching the same memory.
fn fill(empty: Receiver<Vec<u64>>, full: SyncSender<Vec<u64>>) -> u64 {
    let mut operations = 0;
    for mut buffer in empty {
        buffer.clear();
        buffer.extend((0..BUFFER as u64).map(|i| i + operations));
        stage::work(1000);
        if stage::over() || full.send(buffer).is_err() {
            break;
        }
        operations += 1;
    }
    operations
}

fn drain(full: Receiver<Vec<u64>>, empty: impl Fn(Vec<u64>) -> bool) -> u64 {
    let mut operations = 0;
    loop {
        match full.recv_timeout(Duration::from_millis(5)) {
            Ok(mut buffer) => {
                buffer[0] = buffer.iter().sum();
                stage::work(buffer[0] & 255);
                if !empty(buffer) {
                    return operations;
                }
                operations += 1;
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return operations,
        }
    }
}

fn main() {
    let (give_back, empty) = channel();
    let (full, take) = sync_channel(4);
    for _ in 0..6 {
        give_back.send(Vec::with_capacity(BUFFER)).unwrap();
    }
    let filler = thread::spawn(move || fill(empty, full));
    let drainer = thread::spawn(move || drain(take, |buffer| give_back.send(buffer).is_ok()));
    stage::curtain();
    println!("ops {}", filler.join().unwrap() + drainer.join().unwrap());
}
