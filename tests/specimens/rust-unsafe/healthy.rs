//! The twin of broken.rs: the same struct in a `Mutex`.
#[path = "../stage/stage.rs"]
mod stage;

use std::sync::Mutex;

#[derive(Default)]
struct Stats {
    count: u64,
    total: u64,
}

impl Stats {
    #[inline(never)]
    fn record(&mut self, value: u64) {
        self.count += 1;
        self.total += value;
    }

    #[inline(never)]
    fn mean(&self) -> u64 {
        self.total / self.count.max(1)
    }
}

static STATS: Mutex<Stats> = Mutex::new(Stats { count: 0, total: 0 });

fn recorder() -> u64 {
    let mut operations = 0;
    while !stage::over() {
        let value = stage::work(2000) & 1023;
        STATS.lock().unwrap().record(value);
        operations += 1;
    }
    operations
}

fn watcher() -> u64 {
    let mut operations = 0;
    while !stage::over() {
        let mean = STATS.lock().unwrap().mean();
        stage::work(mean & 511);
        stage::pause(20);
        operations += 1;
    }
    operations
}

fn main() {
    stage::play(&[recorder, watcher]);
}
