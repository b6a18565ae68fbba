//! Where the threads of a process run, sampled by the kernel's clock: for a spell now and then, and often at first.
//!
//! The clock of a thread is set anew whenever that one begins to run. Between two threads that wake each other on one processor
//! of a virtual machine, a switch took 2.6 µs with no clock, 11 with one of a millisecond, and 15 with one of a quarter of that;
//! 3.2 with one that is paused. A thread that runs all the time is hardly ever switched to. One that runs only for moments is
//! asked more often in a shorter spell, and has no clock between them.

use std::collections::BTreeMap;
use std::time::Duration;

use jostle_model::Address;

use crate::sys::profile::Profile;

/// Of how many threads it is sampled where they run.
const MOST: usize = 32;
/// How long the first time lasts.
const AT_FIRST: Duration = Duration::from_secs(1);

/// How often there are spells, and what they are like.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Pace {
    /// How long a spell lasts.
    spell: Duration,
    /// From one to the next: at first, and later.
    every_at_first: Duration,
    every: Duration,
    /// The time that a thread runs between two samples.
    period: Duration,
    /// Whether the clocks are kept, paused, from one spell to the next: to stop and start them takes half of making new ones.
    keeps_clocks: bool,
}

/// For a process that is busy: at first all the time.
pub(super) const BUSY: Pace = Pace {
    spell: Duration::from_millis(40),
    every_at_first: Duration::from_millis(40),
    every: Duration::from_millis(400),
    period: Duration::from_nanos(1_000_003),
    keeps_clocks: true,
};

/// For one that waits for others most of the time: as many samples of the time that it runs, but for those of the first second, of
/// which it has four fifths.
pub(super) const IDLE: Pace = Pace {
    spell: Duration::from_millis(10),
    every_at_first: Duration::from_millis(50),
    every: Duration::from_millis(400),
    period: Duration::from_nanos(250_007),
    keeps_clocks: false,
};

impl Pace {
    /// Whether it is time for a spell, so long after the program began, and with this share of the budget being spent; and for how
    /// long that stays so.
    pub(super) fn at(&self, age: Duration, attention: f64) -> (bool, Duration) {
        let is_first = age < AT_FIRST;
        let every = if is_first { self.every_at_first } else { self.every.div_f64(attention) };
        let passed = Duration::from_micros((age.as_micros() % every.as_micros()) as u64);
        if passed < self.spell { (true, self.spell - passed) } else { (false, every - passed) }
    }
}

/// The clocks of the threads of a process.
#[derive(Debug)]
pub(super) struct Profiles {
    /// Nothing for those that may not be sampled: once is enough to know.
    threads: BTreeMap<i32, Option<Profile>>,
    pace: &'static Pace,
    is_running: bool,
}

impl Default for Profiles {
    fn default() -> Self {
        Self { threads: BTreeMap::new(), pace: &IDLE, is_running: false }
    }
}

impl Profiles {
    /// Samples these threads from now on.
    pub(super) fn run(&mut self, threads: impl Iterator<Item = i32>, pace: &'static Pace) {
        if self.pace != pace {
            self.let_go();
            self.pace = pace;
        }
        if !self.is_running {
            self.is_running = true;
            self.threads.values_mut().flatten().for_each(|profile| profile.run(true));
        }
        for tid in threads.take(MOST) {
            self.threads.entry(tid).or_insert_with(|| Profile::begin(tid, pace.period).ok());
        }
    }

    /// Samples nobody until further notice.
    pub(super) fn pause(&mut self) {
        if !self.is_running {
            return;
        }
        self.is_running = false;
        if self.pace.keeps_clocks {
            self.threads.values_mut().flatten().for_each(|profile| profile.run(false));
        } else {
            self.let_go();
        }
    }

    fn let_go(&mut self) {
        self.threads.retain(|_, profile| profile.is_none());
    }

    /// Where threads were since the last call, of those that ran.
    pub(super) fn drain(&mut self) -> Vec<(i32, Vec<Address>)> {
        let drained =
            self.threads.iter_mut().filter_map(|(&tid, profile)| Some((tid, profile.as_mut()?.drain())));
        drained.filter(|(_, samples)| !samples.is_empty()).collect()
    }

    /// Forgets a thread that is gone.
    pub(super) fn remove_thread(&mut self, tid: i32) {
        self.threads.remove(&tid);
    }

    /// Lets go of all.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The share of time in spells, from one age in seconds to another.
    fn share_of_spells(pace: &Pace, from: u64, to: u64, attention: f64) -> f64 {
        let ages = (from * 1000..to * 1000).map(Duration::from_millis);
        ages.filter(|&age| pace.at(age, attention).0).count() as f64 / ((to - from) * 1000) as f64
    }

    #[test]
    fn a_busy_process_is_sampled_at_first_all_the_time_and_then_for_a_tenth() {
        assert_eq!(share_of_spells(&BUSY, 0, 1, 1.0), 1.0);
        assert!((share_of_spells(&BUSY, 2, 42, 1.0) - 0.1).abs() < 0.005);
        assert!((share_of_spells(&BUSY, 2, 42, 0.25) - 0.025).abs() < 0.005);
    }

    #[test]
    fn an_idle_one_gives_as_many_samples_in_a_quarter_of_the_time() {
        let samples =
            |pace: &Pace, from, to| share_of_spells(pace, from, to, 1.0) / pace.period.as_secs_f64();
        let ratio = |from, to| samples(&IDLE, from, to) / samples(&BUSY, from, to);
        assert!((ratio(2, 42) - 1.0).abs() < 0.05, "{}", ratio(2, 42));
        assert!((ratio(0, 1) - 0.8).abs() < 0.05, "{}", ratio(0, 1));
    }

    #[test]
    fn it_is_told_for_how_long_it_stays_so() {
        for (pace, attention) in [(&BUSY, 1.0), (&IDLE, 0.125)] {
            let mut age = Duration::from_secs(1);
            let (mut is_time, mut lasts) = pace.at(age, attention);
            for _ in 0..10 {
                assert_eq!(pace.at(age + lasts - Duration::from_micros(2), attention).0, is_time);
                age += lasts;
                let next = pace.at(age, attention);
                assert_ne!(next.0, is_time, "at {age:?}");
                (is_time, lasts) = next;
            }
        }
    }
}
