//! How much debug registers may be used in a process that is looked at without traps: for how long they wait for somebody, and
//! what it takes to set and lift them.
//!
//! While one is enabled in a thread, each switch to it and from it writes debug registers, which takes a virtual machine out to
//! its host; and whoever is mostly idle is switched to for every request. To set or lift one interrupts the processor on which the
//! thread ran last. What is allowed in such a process comes in spells: some breakpoints one after the other, then a rest in which
//! nothing is reserved, the process runs as if nobody watched, and we need not wake up either.

use std::time::{Duration, Instant};

use crate::budget::Budget;

/// For what part of the time one may wait, as a multiple of the budget: an eighth of the time at the default one. Beside a server
/// at 2,000 requests a second, the slowest hundredth took 1.05 ± 0.09 and 1.20 ± 0.06 of what it takes unwatched with that much
/// (in 36 and 72 windows of 2 s each), 1.32 ± 0.09 with twice as much, and 1.29 ± 0.11 and 1.52 ± 0.05 with no limit.
const OF_BUDGET: f64 = 6.0;
/// How much processor time may go into setting and lifting, as a share of the budget, which is not spent by it.
const SETTING_SHARE: f64 = 0.5;
/// The least part of that in a process that has little to do: whoever is mostly idle is interrupted in the middle of an answer.
const LEAST_SETTING: f64 = 0.3;
/// After a rest one may wait for so long, and set and lift for so long, and then for as long as the last of them takes: about six
/// looks. Where each look had a rest of its own, it took twice as long to set it, since everything was to be reserved anew.
const WAITING_SPELL: Duration = Duration::from_millis(25);
const SETTING_SPELL: Duration = Duration::from_micros(1500);

/// What may be spent on debug registers.
#[derive(Debug)]
pub(crate) struct Arming {
    /// Wall time in which they wait.
    waiting: Budget,
    /// Processor time of ours to set and lift them.
    setting: Budget,
    /// Whether a process is mostly idle, where looks come in spells.
    is_idle: bool,
    is_resting: bool,
}

impl Arming {
    /// As a part of this budget, from `now` on.
    pub(crate) fn new(budget: f64, now: Instant) -> Self {
        Self {
            waiting: Budget::new(allowed(budget, 0.0), now),
            setting: Budget::new(budget * SETTING_SHARE, now),
            is_idle: false,
            is_resting: false,
        }
    }

    /// The same with nothing in hand at first.
    pub(crate) fn without_credit(self) -> Self {
        Self { waiting: self.waiting.without_credit(), setting: self.setting.without_credit(), ..self }
    }

    /// Allows what may be spent ahead at the start.
    pub(crate) fn grant_credit(&mut self) {
        self.waiting.grant_credit();
        self.setting.grant_credit();
    }

    /// Keeps to what is allowed with this budget in a process that is `running` for such a share of the time, which may be mostly
    /// idle, and gets such a share of our `attention`.
    pub(crate) fn keep_to(&mut self, budget: f64, running: f64, is_idle: bool, attention: f64) {
        self.is_idle = is_idle;
        self.waiting.set_share(attention * allowed(budget, running));
        self.setting.set_share(attention * budget * SETTING_SHARE * running.max(LEAST_SETTING));
    }

    /// A register has waited for so long.
    pub(crate) fn waited(&mut self, waited: Duration) {
        self.waiting.spend(waited);
    }

    /// To set or lift some took so much of our processor time.
    pub(crate) fn set(&mut self, took: Duration) {
        self.setting.spend(took);
    }

    /// Whether one may be set now.
    pub(crate) fn may(&mut self, now: Instant) -> bool {
        let (waiting, setting) = self.enough();
        let is_enough = |budget: &mut Budget, enough: Duration| budget.balance(now) > enough.as_secs_f64();
        self.is_resting = !is_enough(&mut self.waiting, waiting) || !is_enough(&mut self.setting, setting);
        !self.is_resting
    }

    /// How long the rest still lasts, if there is one.
    pub(crate) fn rests_for(&mut self, now: Instant) -> Duration {
        if !self.is_resting {
            return Duration::ZERO;
        }
        let (waiting, setting) = self.enough();
        self.waiting.time_to(waiting, now).max(self.setting.time_to(setting, now))
    }

    /// What must be in hand, to wait and to set, for one to be set.
    fn enough(&self) -> (Duration, Duration) {
        match (self.is_resting, self.is_idle) {
            (true, true) => (WAITING_SPELL, SETTING_SPELL),
            (true, false) => (WAITING_SPELL, Duration::ZERO),
            (false, _) => (Duration::ZERO, Duration::ZERO),
        }
    }
}

/// The share of time for which one may wait: whoever is always busy is hardly ever switched to.
fn allowed(budget: f64, running: f64) -> f64 {
    (running * running).max(OF_BUDGET * budget).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Uses registers whenever it may, for ten seconds, each time for so long. Returns how often it did and how often it rested, and
    /// how long all that took.
    fn play(running: f64, each: Duration, pay: fn(&mut Arming, Duration)) -> (u32, u32, Duration) {
        let start = Instant::now();
        let mut arming = Arming::new(0.02, start).without_credit();
        arming.keep_to(0.02, running, running < 0.5, 1.0);
        let (mut at, mut uses, mut rests) = (Duration::ZERO, 0, 0);
        while at < Duration::from_secs(10) {
            let now = start + at;
            if arming.may(now) {
                pay(&mut arming, each);
                uses += 1;
                at += each;
            } else {
                rests += 1;
                at += arming.rests_for(now) + Duration::from_micros(1);
            }
        }
        (uses, rests, at)
    }

    /// Waits for 5 ms at a time. Returns the share of time spent waiting, and how often it rested.
    fn waited(running: f64) -> (f64, u32) {
        let each = Duration::from_millis(5);
        let (uses, rests, at) = play(running, each, Arming::waited);
        ((each * uses).as_secs_f64() / at.as_secs_f64(), rests)
    }

    /// Sets and lifts for 0.25 ms at a time. Returns the time that took, and how often it rested.
    fn set(running: f64) -> (Duration, u32) {
        let each = Duration::from_micros(250);
        let (uses, rests, _) = play(running, each, Arming::set);
        (each * uses, rests)
    }

    #[test]
    fn in_an_idle_process_it_waits_for_an_eighth_of_the_time_in_turns() {
        let (share, rests) = waited(0.1);
        assert!((0.11..0.13).contains(&share), "{share}");
        assert!((30..60).contains(&rests), "{rests}");
    }

    #[test]
    fn with_more_of_a_budget_it_waits_for_longer_but_never_for_longer_than_there_is() {
        assert_eq!(allowed(0.04, 0.1), 0.24);
        assert_eq!(allowed(0.5, 0.1), 1.0);
    }

    #[test]
    fn in_an_idle_process_it_is_saved_up_for_several_and_in_a_busy_one_it_is_not() {
        let (took, rests) = set(0.1);
        assert!((0.025..0.032).contains(&took.as_secs_f64()), "{took:?}");
        assert!((10..25).contains(&rests), "{rests} rests in idle");
        let (took, rests) = set(1.0);
        assert!((0.09..0.11).contains(&took.as_secs_f64()), "{took:?}");
        assert!(rests > 300, "{rests} rests in a busy one");
    }

    #[test]
    fn in_a_busy_process_it_waits_nearly_always() {
        let (share, _) = waited(1.0);
        assert!(share > 0.95, "{share}");
    }
}
