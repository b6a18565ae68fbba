//! A struct in an `UnsafeCell`, shared by a promise (`unsafe impl Sync`) that nobody keeps.
//! The race: the two stores in `Stats::record` against the two loads in `Stats::mean`.
#[path = "../stage/stage.rs"]
mod stage;

use std::cell::UnsafeCell;

#[derive(Default)]
struct Stats {
    count: u64,
    total: u64,
}

impl Stats {
    #[inline(never)]
    fn record(&mut self, value: u64) {
        self.count += 1; // races with mean
        self.total += value; // races with mean
    }

    #[inline(never)]
    fn mean(&self) -> u64 {
        self.total / self.count.max(1) // races with record
    }
}

struct Shared(UnsafeCell<Stats>);

// SAFETY: there is none; this line is the bug.
unsafe impl Sync for Shared {}

static STATS: Shared = Shared(UnsafeCell::new(Stats { count: 0, total: 0 }));

fn recorder() -> u64 {
    let mut operations = 0;
    while !stage::over() {
        let value = stage::work(2000) & 1023;
        // SAFETY: none, see above.
        unsafe { (*STATS.0.get()).record(value) };
        operations += 1;
    }
    operations
}

fn watcher() -> u64 {
    let mut operations = 0;
    while !stage::over() {
        // SAFETY: none, see above.
        let mean = unsafe { (*STATS.0.get()).mean() };
        stage::work(mean & 511);
        stage::pause(20);
        operations += 1;
    }
    operations
}

fn main() {
    stage::play(&[recorder, watcher]);
}
