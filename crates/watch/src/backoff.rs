use std::time::{Duration, Instant};

/// For how long after the latest news the whole budget is spent on a process that always runs. Of half-atomics' nine pairs, the
/// last was found 0.6 to 5.1 s after the start, in eight runs, and never later than 3.3 s after the one before.
const ATTENTIVE: Duration = Duration::from_secs(5);
/// After how much longer it is half of that, then half of what is left.
const HALF_LIFE: Duration = Duration::from_millis(2500);
/// How fast time passes at least: in a service that only runs when it is asked something, as much happens later. In one with
/// three races at 2,000 requests a second, the last was found after 5 to 18 s, in ten runs.
const SLOWEST: f64 = 0.5;
/// What is always spent: what has not happened for an hour may happen now.
const LEAST: f64 = 0.125;
/// How much more code than before has to be seen to run for that to be news: a service goes on reaching a few rare
/// corners for as long as it lives.
const MORE_CODE: f64 = 1.25;

/// Exponential backoff of the budget while nothing new is seen. What is found is nearly always found soon after the code
/// that does it was seen to run for the first time, and what a watch costs is paid for as long as it lasts.
#[derive(Debug)]
pub(crate) struct Backoff {
    /// How much time has passed since the latest news, for the process.
    quiet: Duration,
    now: Instant,
    /// How many sites of the program's own code were seen to run, now and when there had last become many more.
    sites: u64,
    sites_then: u64,
}

impl Backoff {
    /// Everything is new from `now` on.
    pub(crate) fn new(now: Instant) -> Self {
        Self { quiet: Duration::ZERO, now, sites: 0, sites_then: 0 }
    }

    /// It is `now`, and the process ran for this share of the time since it was last told.
    pub(crate) fn go_on(&mut self, now: Instant, running: f64) {
        self.quiet += now.saturating_duration_since(self.now).mul_f64(running.max(SLOWEST));
        self.now = now;
    }

    /// Something new was seen: code that was loaded, more threads, or a bug.
    pub(crate) fn note_news(&mut self) {
        self.quiet = Duration::ZERO;
    }

    /// A site of the program's own was seen to run for the first time. Those of libraries are looked for one by one, and
    /// there is no end to them.
    pub(crate) fn note_site(&mut self) {
        self.sites += 1;
        if self.sites as f64 > self.sites_then as f64 * MORE_CODE {
            self.sites_then = self.sites;
            self.note_news();
        }
    }

    /// The share of the budget that is to be spent, between 0 and 1.
    pub(crate) fn share(&self) -> f64 {
        let late = self.quiet.saturating_sub(ATTENTIVE);
        0.5_f64.powf(late.as_secs_f64() / HALF_LIFE.as_secs_f64()).max(LEAST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// After so many seconds in which it ran for such a share of the time.
    fn after(mut backoff: Backoff, seconds: u64, running: f64) -> Backoff {
        backoff.go_on(backoff.now + Duration::from_secs(seconds), running);
        backoff
    }

    fn fresh() -> Backoff {
        Backoff::new(Instant::now())
    }

    #[test]
    fn the_longer_nothing_is_new_the_less_is_spent_but_never_nothing() {
        let shares = [0, 5, 10, 3600].map(|seconds| after(fresh(), seconds, 1.0).share());
        assert_eq!(shares, [1.0, 1.0, 0.25, 0.125]);
    }

    #[test]
    fn who_runs_rarely_is_attended_to_for_longer_but_not_for_ever() {
        let shares = [0.8, 0.5, 0.0].map(|running| after(fresh(), 15, running).share());
        assert!(shares[0] < shares[1] && shares[1] == shares[2], "{shares:?}");
        assert_eq!(shares[2], 0.5);
    }

    #[test]
    fn whatever_is_new_has_all_of_it_again() {
        let mut backoff = after(fresh(), 60, 1.0);
        backoff.note_news();
        assert_eq!(after(backoff, 5, 1.0).share(), 1.0);
    }

    #[test]
    fn a_few_more_sites_are_no_news_many_are() {
        let mut backoff = after(Backoff { sites: 100, sites_then: 100, ..fresh() }, 60, 1.0);
        (0..25).for_each(|_| backoff.note_site());
        assert_eq!(backoff.share(), LEAST);
        backoff.note_site();
        assert_eq!(backoff.share(), 1.0);
    }
}
