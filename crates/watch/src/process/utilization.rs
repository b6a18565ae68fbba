//! How much of its time a process runs.
//!
//! A thread that is held for a hundredth of wall time delays a hundredth of what a busy process does, but far more of what an
//! idle one does: it only runs while somebody waits for an answer. What may be taken of a process that serves others is
//! therefore a share of the time that it runs.

use std::time::{Duration, Instant};

use crate::sys::processor_time;

/// Over how long it is measured.
const INTERVAL: Duration = Duration::from_millis(100);
/// What is made of the latest measurement, the rest being the ones before: half of what is known is half a second old.
const LATEST: f64 = 0.15;
/// A process is never taken for idler than that: something would have to be seen of it all the same.
const LEAST: f64 = 0.05;

/// The share of wall time for which a process runs, in all of its threads together, 1 at most.
#[derive(Debug)]
pub(super) struct Utilization {
    measured: Instant,
    used: Option<Duration>,
    share: Option<f64>,
}

impl Utilization {
    /// Nothing is known yet of a process that is looked at from `now` on.
    pub(super) fn new(now: Instant) -> Self {
        Self { measured: now, used: None, share: None }
    }

    /// What is known of it.
    pub(super) fn share(&self) -> f64 {
        self.share.map_or(LEAST, |share| share.max(LEAST))
    }

    /// Whether it waits for others most of the time.
    pub(super) fn is_mostly_idle(&self) -> bool {
        self.share() < 0.5
    }

    /// Measures process `pid` again if it is time to. Returns whether it was the first time.
    pub(super) fn measure(&mut self, pid: i32, now: Instant) -> bool {
        let passed = now.saturating_duration_since(self.measured);
        if self.used.is_some() && passed < INTERVAL {
            return false;
        }
        // A process that is gone has nothing to tell any more.
        let Some(used) = processor_time::of_process(pid) else { return false };
        let before = self.used.replace(used);
        self.measured = now;
        before.is_some_and(|before| self.note(used.saturating_sub(before), passed))
    }

    fn note(&mut self, used: Duration, passed: Duration) -> bool {
        let latest = (used.as_secs_f64() / passed.as_secs_f64()).min(1.0);
        let is_first = self.share.is_none();
        let before = self.share.unwrap_or(latest);
        self.share = Some(before + LATEST * (latest - before));
        is_first
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noted(shares: &[f64]) -> Utilization {
        let mut utilization = Utilization::new(Instant::now());
        for share in shares {
            utilization.note(INTERVAL.mul_f64(*share), INTERVAL);
        }
        utilization
    }

    #[test]
    fn a_process_of_which_nothing_is_known_is_taken_for_idle() {
        assert_eq!(noted(&[]).share(), LEAST);
        assert_eq!(noted(&[0.0]).share(), LEAST);
    }

    #[test]
    fn several_threads_that_run_all_the_time_are_no_more_than_one() {
        assert_eq!(noted(&[7.9]).share(), 1.0);
    }

    #[test]
    fn the_first_measurement_counts_whole_and_later_ones_move_it() {
        assert!((noted(&[0.4]).share() - 0.4).abs() < 1e-6);
        let busier = noted(&[0.4, 1.0, 1.0, 1.0, 1.0]).share();
        assert!(busier > 0.6 && busier < 0.8, "{busier}");
    }

    #[test]
    fn a_process_that_spins_is_seen_to_run() {
        let pid = std::process::id() as i32;
        let mut utilization = Utilization::new(Instant::now());
        assert!(!utilization.measure(pid, Instant::now()), "it takes two looks");
        let until = Instant::now() + INTERVAL;
        while Instant::now() < until {}
        assert!(utilization.measure(pid, Instant::now()));
        assert!(utilization.share() > LEAST, "{utilization:?}");
    }

    #[test]
    fn a_process_that_is_gone_has_nothing_to_tell() {
        assert!(!Utilization::new(Instant::now()).measure(i32::MAX, Instant::now()));
    }
}
