use std::time::{Duration, Instant};

/// For how long after the latest news the whole budget is spent.
const ATTENTIVE: Duration = Duration::from_secs(10);
/// After how much longer it is half of that, then half of what is left.
const HALF_LIFE: Duration = Duration::from_secs(5);
/// What is always spent: what has not happened for an hour may happen now.
const LEAST: f64 = 0.125;
/// How much more code than before has to be seen to run for that to be news: a service goes on reaching a few rare
/// corners for as long as it lives.
const MORE_CODE: f64 = 1.25;

/// Exponential backoff of the budget while nothing new is seen. What is found is nearly always found soon after the code
/// that does it was seen to run for the first time, and what a watch costs is paid for as long as it lasts.
#[derive(Debug)]
pub(crate) struct Backoff {
    latest_news: Instant,
    /// How many sites of the program's own code were seen to run, now and when there had last become many more.
    sites: u64,
    sites_then: u64,
}

impl Backoff {
    /// Everything is new from `now` on.
    pub(crate) fn new(now: Instant) -> Self {
        Self { latest_news: now, sites: 0, sites_then: 0 }
    }

    /// Something new was seen: code that was loaded, more threads, or a bug.
    pub(crate) fn note_news(&mut self, now: Instant) {
        self.latest_news = now;
    }

    /// A site of the program's own was seen to run for the first time. Those of libraries are looked for one by one, and
    /// there is no end to them.
    pub(crate) fn note_site(&mut self, now: Instant) {
        self.sites += 1;
        if self.sites as f64 > self.sites_then as f64 * MORE_CODE {
            self.sites_then = self.sites;
            self.note_news(now);
        }
    }

    /// The share of the budget that is to be spent, between 0 and 1.
    pub(crate) fn share(&self, now: Instant) -> f64 {
        let late = now.saturating_duration_since(self.latest_news).saturating_sub(ATTENTIVE);
        0.5_f64.powf(late.as_secs_f64() / HALF_LIFE.as_secs_f64()).max(LEAST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share_after(backoff: &Backoff, start: Instant, seconds: u64) -> f64 {
        backoff.share(start + Duration::from_secs(seconds))
    }

    #[test]
    fn the_longer_nothing_is_new_the_less_is_spent_but_never_nothing() {
        let start = Instant::now();
        let backoff = Backoff::new(start);
        let shares = [0, 10, 15, 20, 25, 3600].map(|seconds| share_after(&backoff, start, seconds));
        assert_eq!(shares, [1.0, 1.0, 0.5, 0.25, 0.125, 0.125]);
    }

    #[test]
    fn whatever_is_new_has_all_of_it_again() {
        let start = Instant::now();
        let mut backoff = Backoff::new(start);
        backoff.note_news(start + Duration::from_secs(60));
        assert_eq!(share_after(&backoff, start, 70), 1.0);
        assert_eq!(share_after(&backoff, start, 75), 0.5);
    }

    #[test]
    fn a_few_more_sites_are_no_news_many_are() {
        let start = Instant::now();
        let mut backoff = Backoff { latest_news: start, sites: 100, sites_then: 100 };
        let later = start + Duration::from_secs(60);
        (0..25).for_each(|_| backoff.note_site(later));
        assert_eq!(backoff.share(later), LEAST);
        backoff.note_site(later);
        assert_eq!(backoff.share(later), 1.0);
    }
}
