use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// Keeps all clients together below a rate.
#[derive(Debug)]
pub(crate) struct Pace {
    start: Instant,
    /// Between two requests, in nanoseconds; 0 for no limit.
    gap: u64,
    /// When the next request may go, in nanoseconds after the start.
    next: AtomicU64,
}

impl Pace {
    /// At most `rate` requests a second, from now on.
    pub(crate) fn new(rate: Option<f64>) -> Self {
        let gap = rate.map_or(0, |rate| (1e9 / rate).min(3.6e12) as u64);
        Self { start: Instant::now(), gap, next: AtomicU64::new(0) }
    }

    /// Waits for its turn, but not beyond `deadline`.
    pub(crate) async fn wait(&self, deadline: Instant) {
        if self.gap == 0 {
            return;
        }
        let due = self.start + Duration::from_nanos(self.book(self.start.elapsed()));
        tokio::time::sleep_until(due.min(deadline).into()).await;
    }

    /// The time for one request. What was not used while nobody asked is not made up for later.
    fn book(&self, elapsed: Duration) -> u64 {
        let now = elapsed.as_nanos() as u64;
        let turn = |next: u64| next.max(now);
        let booked = self.next.fetch_update(Relaxed, Relaxed, |next| Some(turn(next) + self.gap));
        turn(booked.unwrap_or(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_spread_evenly() {
        let pace = Pace::new(Some(1_000.0));
        let due: Vec<u64> = (0..3).map(|_| pace.book(Duration::from_secs(1)) / 1_000_000).collect();
        assert_eq!(due, [1_000, 1_001, 1_002]);
        assert_eq!(pace.book(Duration::from_secs(9)) / 1_000_000, 9_000);
    }
}
