use std::time::{Duration, Instant};

/// How much may be spent at once at the start, before anything was saved up: the first second finds most,
/// and a program that lives 200 ms would else be held for 4 ms in all.
const CREDIT: Duration = Duration::from_millis(35);
/// The share of income that pays the credit back, so that a run of ten seconds keeps to its budget.
const REPAYMENT: f64 = 0.35;
/// What can be saved up at most: more would come out as a burst later.
const CAPACITY: Duration = Duration::from_millis(40);

/// A token bucket over wall time: income is the budget's share of it, spending is what threads stood still.
#[derive(Debug)]
pub(crate) struct Budget {
    share: f64,
    balance: f64,
    debt: f64,
    spent: Duration,
    updated: Instant,
}

impl Budget {
    /// A budget of `share` (between 0 and 1) of wall time, from `now` on, with credit.
    pub(crate) fn new(share: f64, now: Instant) -> Self {
        let mut budget = Self { share, balance: 0.0, debt: 0.0, spent: Duration::ZERO, updated: now };
        budget.grant_credit();
        budget
    }

    /// Allows what may be spent ahead at the start.
    pub(crate) fn grant_credit(&mut self) {
        self.grant(CREDIT);
    }

    /// Allows so much to be spent ahead. It grows with the share: a budget of nothing buys nothing.
    pub(crate) fn grant(&mut self, ahead: Duration) {
        let credit = ahead.as_secs_f64() * (self.share / 0.01).min(1.0);
        self.balance += credit;
        self.debt += credit;
    }

    /// Earns another share of wall time from now on.
    pub(crate) fn set_share(&mut self, share: f64) {
        self.share = share;
    }

    /// The same with nothing in hand at first.
    pub(crate) fn without_credit(self) -> Self {
        Self { balance: 0.0, debt: 0.0, ..self }
    }

    /// What is in hand, in seconds; negative after a stop that took longer than expected.
    pub(crate) fn balance(&mut self, now: Instant) -> f64 {
        let income = now.saturating_duration_since(self.updated).as_secs_f64() * self.share;
        self.updated = now;
        let repaid = (income * REPAYMENT).min(self.debt);
        self.debt -= repaid;
        // What was granted is not cut by that.
        let most = self.balance.max(CAPACITY.as_secs_f64());
        self.balance = (self.balance + income - repaid).min(most);
        self.balance
    }

    /// How long it takes until this much is in hand, at least: some of what comes in may go into what was granted.
    pub(crate) fn time_to(&mut self, amount: Duration, now: Instant) -> Duration {
        let missing = (amount.as_secs_f64() - self.balance(now)).max(0.0);
        Duration::try_from_secs_f64(missing / self.share).unwrap_or(Duration::MAX)
    }

    /// Pays for a thread that stood still for `duration`.
    pub(crate) fn spend(&mut self, duration: Duration) {
        self.balance -= duration.as_secs_f64();
        self.spent += duration;
    }

    /// Everything spent so far.
    pub(crate) fn spent(&self) -> Duration {
        self.spent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Spends greedily, 1 ms at a time, for `seconds`, and returns the share of time spent.
    fn greedy_share(share: f64, seconds: u64) -> f64 {
        let start = Instant::now();
        let mut budget = Budget::new(share, start);
        for tick in 0..seconds * 1000 {
            if budget.balance(start + Duration::from_millis(tick)) > 0.0 {
                budget.spend(Duration::from_millis(1));
            }
        }
        budget.spent().as_secs_f64() / seconds as f64
    }

    #[test]
    fn a_run_of_ten_seconds_keeps_to_its_share() {
        for share in [0.005, 0.02, 0.1] {
            let spent = greedy_share(share, 10);
            assert!(spent < share * 1.12, "{spent} of {share}");
            assert!(spent > share * 0.9, "{spent} of {share}");
        }
    }

    #[test]
    fn the_start_may_spend_ahead() {
        assert!(greedy_share(0.02, 1) > 0.02);
    }

    #[test]
    fn what_is_granted_may_be_more_than_can_be_saved_up() {
        let start = Instant::now();
        let mut budget = Budget::new(0.02, start).without_credit();
        budget.grant(5 * CAPACITY);
        assert!(budget.balance(start) > 4.9 * CAPACITY.as_secs_f64());
        budget.spend(5 * CAPACITY);
        let saved_up = budget.balance(start + Duration::from_secs(3600));
        assert!(saved_up <= CAPACITY.as_secs_f64(), "{saved_up}");
    }

    #[test]
    fn a_budget_of_nothing_buys_nothing() {
        assert_eq!(greedy_share(0.0, 2), 0.0);
    }
}
