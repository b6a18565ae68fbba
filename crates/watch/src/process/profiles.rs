//! Where the threads of a process run, sampled by the kernel's clock: for a spell now and then, and often at first.
//!
//! The clock of a thread is set anew whenever that one begins to run. Between two threads that wake each other on one processor
//! of a virtual machine, a switch took 2.6 µs with no clock, 11 with one of a millisecond, and 15 with one of a quarter of that;
//! 3.2 with one that is paused. A thread that runs all the time is hardly ever switched to. One that runs only for moments is
//! asked more often in a shorter spell, and has no clock between them. What it has run without being asked is kept in mind: in a
//! server with a thread for each connection, none runs for as long as a period in any one spell.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

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
    /// For how many samples there is room until we look at them.
    room: usize,
    /// Whether the clocks are kept, paused, from one spell to the next: to stop and start them takes half of making new ones.
    keeps_clocks: bool,
}

/// For a process that is busy: at first all the time.
pub(super) const BUSY: Pace = Pace {
    spell: Duration::from_millis(40),
    every_at_first: Duration::from_millis(40),
    every: Duration::from_millis(400),
    period: Duration::from_nanos(1_000_003),
    room: 200,
    keeps_clocks: true,
};

/// For one that waits for others most of the time: as many samples of the time that it runs, but for those of the first second, of
/// which it has four fifths.
pub(super) const IDLE: Pace = Pace {
    spell: Duration::from_millis(10),
    every_at_first: Duration::from_millis(50),
    every: Duration::from_millis(400),
    period: Duration::from_nanos(250_007),
    room: 40,
    keeps_clocks: false,
};

impl Pace {
    /// How long it takes from one spell to the next in a process of this `age`, while this share of the budget is spent on it.
    pub(super) fn every(&self, age: Duration, attention: f64) -> Duration {
        if age < AT_FIRST { self.every_at_first } else { self.every.div_f64(attention) }
    }
}

/// The spells of one process: when the latest began. How often they come changes all the time, as less is spent or more.
#[derive(Debug, Default)]
struct Spells {
    began: Option<Instant>,
}

impl Spells {
    /// Whether there is one `now`, where they last for `spell` and come `every` so often.
    fn is_one(&mut self, now: Instant, spell: Duration, every: Duration) -> bool {
        let passed = self.began.map(|began| now.saturating_duration_since(began));
        match passed.filter(|&passed| passed < every) {
            Some(passed) => passed < spell,
            None => {
                self.began = Some(now);
                true
            }
        }
    }

    /// How long it takes until the latest is over, or the next is due.
    fn change_in(&self, now: Instant, spell: Duration, every: Duration) -> Duration {
        let Some(began) = self.began else { return Duration::ZERO };
        let passed = now.saturating_duration_since(began);
        let lasts = if passed < spell { spell } else { every };
        lasts.saturating_sub(passed)
    }
}

/// The clock of a thread.
#[derive(Debug)]
enum Clock {
    /// It is there, and asks for the first time when the thread has run for so long.
    Set(Profile, Duration),
    /// It is not; to be asked is the thread when it has run for so long.
    Unset(Duration),
    /// The thread may not be sampled: once is enough to know.
    Refused,
}

impl Clock {
    /// Asks the thread from now on, where it is not asked already.
    fn set(&mut self, tid: i32, &Pace { period, room, .. }: &Pace) {
        let Self::Unset(left) = *self else { return };
        let profile =
            if left < period { Profile::once(tid, left) } else { Profile::begin(tid, period, room) };
        *self = profile.map_or(Self::Refused, |profile| Self::Set(profile, left));
    }

    /// Asks it no more. What it has run without being asked counts the next time.
    fn unset(&mut self, period: Duration) {
        if let Self::Set(profile, left) = self {
            *self = Self::Unset(still_left(*left, profile.ran(), period));
        }
    }

    fn profile(&mut self) -> Option<&mut Profile> {
        match self {
            Self::Set(profile, _) => Some(profile),
            Self::Unset(_) | Self::Refused => None,
        }
    }
}

/// How long a thread still has to run until it is to be asked, of which so much was left before it ran.
fn still_left(left: Duration, ran: Duration, period: Duration) -> Duration {
    if ran < left { left - ran } else { period }
}

/// The clocks of the threads of a process.
#[derive(Debug)]
pub(super) struct Profiles {
    threads: BTreeMap<i32, Clock>,
    pace: &'static Pace,
    spells: Spells,
    is_running: bool,
}

impl Default for Profiles {
    fn default() -> Self {
        Self { threads: BTreeMap::new(), pace: &IDLE, spells: Spells::default(), is_running: false }
    }
}

impl Profiles {
    /// Samples these threads while it is time for a spell at this pace, where they come `every` so often; else nobody.
    pub(super) fn keep(
        &mut self,
        pace: &'static Pace,
        every: Duration,
        now: Instant,
        threads: impl Iterator<Item = i32>,
    ) {
        if self.pace != pace {
            self.threads.retain(|_, clock| matches!(clock, Clock::Refused));
            self.is_running = false;
            self.pace = pace;
        }
        if self.spells.is_one(now, pace.spell, every) {
            self.run(threads);
        } else {
            self.pause();
        }
    }

    /// How long it takes until that is to be seen to again.
    pub(super) fn change_in(&self, every: Duration, now: Instant) -> Duration {
        self.spells.change_in(now, self.pace.spell, every)
    }

    fn run(&mut self, threads: impl Iterator<Item = i32>) {
        if !self.is_running {
            self.is_running = true;
            self.profiles().for_each(|profile| profile.run(true));
        }
        for tid in threads.take(MOST) {
            self.threads.entry(tid).or_insert(Clock::Unset(self.pace.period)).set(tid, self.pace);
        }
    }

    fn pause(&mut self) {
        if !self.is_running {
            return;
        }
        self.is_running = false;
        if self.pace.keeps_clocks {
            self.profiles().for_each(|profile| profile.run(false));
        } else {
            self.let_go();
        }
    }

    fn let_go(&mut self) {
        self.threads.values_mut().for_each(|clock| clock.unset(self.pace.period));
    }

    fn profiles(&mut self) -> impl Iterator<Item = &mut Profile> {
        self.threads.values_mut().filter_map(Clock::profile)
    }

    /// Where threads were since the last call, of those that ran.
    pub(super) fn drain(&mut self) -> Vec<(i32, Vec<Address>)> {
        let drained =
            self.threads.iter_mut().filter_map(|(&tid, clock)| Some((tid, clock.profile()?.drain())));
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

    /// The share of time in spells, from one age in seconds to another, with this share of the budget being spent at each age;
    /// and how long the longest lasts.
    fn spells(pace: &Pace, from: u64, to: u64, attention: impl Fn(Duration) -> f64) -> (f64, Duration) {
        let (start, mut spells) = (Instant::now(), Spells::default());
        let (mut in_spells, mut lasted, mut longest) = (0, Duration::ZERO, Duration::ZERO);
        for age in (from * 1000..to * 1000).map(Duration::from_millis) {
            let is_one = spells.is_one(start + age, pace.spell, pace.every(age, attention(age)));
            in_spells += u64::from(is_one);
            lasted = if is_one { lasted + Duration::from_millis(1) } else { Duration::ZERO };
            longest = longest.max(lasted);
        }
        (in_spells as f64 / ((to - from) * 1000) as f64, longest)
    }

    #[test]
    fn a_busy_process_is_sampled_at_first_all_the_time_and_then_for_a_tenth() {
        assert_eq!(spells(&BUSY, 0, 1, |_| 1.0).0, 1.0);
        assert!((spells(&BUSY, 2, 42, |_| 1.0).0 - 0.1).abs() < 0.005);
        assert!((spells(&BUSY, 2, 42, |_| 0.25).0 - 0.025).abs() < 0.005);
    }

    #[test]
    fn an_idle_one_gives_as_many_samples_in_a_quarter_of_the_time() {
        let samples = |pace: &Pace, from, to| spells(pace, from, to, |_| 1.0).0 / pace.period.as_secs_f64();
        let ratio = |from, to| samples(&IDLE, from, to) / samples(&BUSY, from, to);
        assert!((ratio(2, 42) - 1.0).abs() < 0.05, "{}", ratio(2, 42));
        assert!((ratio(0, 1) - 0.8).abs() < 0.05, "{}", ratio(0, 1));
    }

    #[test]
    fn while_less_and_less_is_spent_spells_get_rarer_but_no_longer() {
        let backs_off = |age: Duration| 0.5_f64.powf(age.as_secs_f64() / 5.0).max(0.125);
        let (share, longest) = spells(&IDLE, 2, 42, backs_off);
        assert!((0.004..0.012).contains(&share), "{share}");
        assert_eq!(longest, IDLE.spell);
    }

    #[test]
    fn one_that_never_runs_for_a_period_in_one_spell_is_asked_once_for_every_period_that_it_runs() {
        let (mut left, mut asked) = (IDLE.period, 0);
        for _ in 0..100 {
            let ran = Duration::from_micros(70);
            asked += u32::from(ran >= left);
            left = still_left(left, ran, IDLE.period);
        }
        assert_eq!(asked, 100 / 4, "a fourth time is the first that makes it 250 µs");
    }

    #[test]
    fn it_is_told_how_long_it_stays_so() {
        let (mut now, mut spells) = (Instant::now(), Spells::default());
        let every = IDLE.every(Duration::from_secs(2), 0.125);
        let mut is_one = spells.is_one(now, IDLE.spell, every);
        for _ in 0..10 {
            let lasts = spells.change_in(now, IDLE.spell, every);
            assert_eq!(spells.is_one(now + lasts - Duration::from_micros(1), IDLE.spell, every), is_one);
            now += lasts;
            assert_ne!(spells.is_one(now, IDLE.spell, every), is_one);
            is_one = !is_one;
        }
    }
}
