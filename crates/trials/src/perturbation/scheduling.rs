//! Who runs when, and where.

use std::hint;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use fastrand::Rng;

use jostle_watch::{Beside, Policy, Schedule, processors, set_policy, threads};

use super::{Arrangement, Perturbation};

/// How long a thread stays on its processor.
const STAY_US: std::ops::Range<u64> = 500..30_000;
/// How long others want the processors, and how long they do not.
const BURST_US: std::ops::Range<u64> = 200..20_000;

/// The figures of rr's chaos mode (O'Callahan, "Introducing rr chaos mode", 2016; rr `Scheduler.cc`): a thread is
/// starved with this probability, the main thread with that, for this long, a fifth of the time at most.
const STARVED: f64 = 0.1;
const MAIN_STARVED: f64 = 0.3;
const STARVED_US: std::ops::Range<u64> = 1_000..2_000_000;
const FED_TIMES: u32 = 4;

pub(super) fn arrange(perturbation: Perturbation, trial: &mut Arrangement<'_>) {
    let (processors, mut random) = (processors(), trial.random.fork());
    match perturbation {
        Perturbation::OneProcessor => {
            trial.launch.schedule =
                Schedule { processors: vec![random.usize(..processors)], ..Schedule::default() };
        }
        Perturbation::Wander => trial.companion = Some(Box::new(move |run| wander(run, processors, random))),
        Perturbation::Starve => trial.companion = Some(Box::new(move |run| starve(run, processors, random))),
        Perturbation::Noise => {
            trial.companion = Some(Box::new(move |run| make_noise(run, processors, random)))
        }
        _ => {
            trial.launch.schedule = Schedule { policy: Policy::Idle, ..Schedule::default() };
            trial.companion = Some(Box::new(move |run| make_noise(run, processors, random)));
        }
    }
}

fn wander(run: &Beside, processors: usize, mut random: Rng) {
    while run.wait(Duration::from_micros(random.u64(STAY_US))) {
        for tid in threads(run.pid) {
            put(tid, vec![random.usize(..processors)]);
        }
    }
}

/// A thread that is gone meanwhile cannot be put anywhere.
fn put(tid: i32, processors: Vec<usize>) {
    let _ = Schedule { processors, ..Schedule::default() }.apply(tid);
}

/// Starved threads share one processor with somebody who never rests, and give way to him.
fn starve(run: &Beside, processors: usize, mut random: Rng) {
    let is_over = AtomicBool::new(false);
    loop {
        // Short ones as often as long ones of ten times their length.
        let (shortest, longest) = (STARVED_US.start as f64, STARVED_US.end as f64);
        let window = Duration::from_micros((shortest * (longest / shortest).powf(random.f64())) as u64);
        let chosen: Vec<i32> = (threads(run.pid).into_iter())
            .filter(|&tid| random.f64() < if tid == run.pid { MAIN_STARVED } else { STARVED })
            .collect();
        let desert = random.usize(..processors);
        if !chosen.is_empty() {
            is_over.store(false, Ordering::Relaxed);
            thread::scope(|scope| {
                scope.spawn(|| occupy(desert, &is_over));
                for &tid in &chosen {
                    put(tid, vec![desert]);
                    let _ = set_policy(tid, Policy::Idle);
                }
                run.wait(window);
                for &tid in &chosen {
                    // Without privileges some kernels let nobody back; then it gives way, and has room.
                    let _ = set_policy(tid, Policy::Usual);
                    put(tid, (0..processors).collect());
                }
                is_over.store(true, Ordering::Relaxed);
            });
        }
        if !run.wait(window * FED_TIMES) {
            return;
        }
    }
}

fn occupy(processor: usize, is_over: &AtomicBool) {
    put(0, vec![processor]);
    while !is_over.load(Ordering::Relaxed) {
        hint::spin_loop();
    }
}

/// Everybody's neighbours are busy for a moment, and then rest.
fn make_noise(run: &Beside, processors: usize, mut random: Rng) {
    loop {
        let until = Instant::now() + Duration::from_micros(random.u64(BURST_US));
        thread::scope(|scope| {
            for _ in 0..random.usize(1..=2 * processors) {
                scope.spawn(move || spin_until(until));
            }
        });
        if !run.wait(Duration::from_micros(random.u64(BURST_US))) {
            return;
        }
    }
}

fn spin_until(until: Instant) {
    while Instant::now() < until {
        hint::spin_loop();
    }
}
