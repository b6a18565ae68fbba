//! Which requests were under way when, so that a finding can say with whom it overlapped.
//!
//! Every request writes here, from every thread, and hardly anybody reads: so it is a ring of atomics, and old requests
//! are forgotten when their place is taken. Nothing is ever waited for, and memory does not grow with a run.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use crate::mode::Mode;
use crate::template::Visitor;

/// How many requests are remembered: at 100,000 a second more than half a second of them, which is longer than anything
/// under way at such a rate can be.
const REMEMBERED: usize = 1 << 16;

/// How many are, where somebody will ask later what was under way at a moment: some 32 MiB.
const REMEMBERED_LONG: usize = 1 << 20;

/// Instead of a status: no answer came, and none is waited for any more.
const GIVEN_UP: u64 = 0xFFFF;

/// A request that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    /// Counted from 0 in a run.
    pub(crate) number: u64,
    /// Index of its template.
    pub(crate) template: usize,
    /// Who sent it.
    pub(crate) visitor: Visitor,
    /// How it was sent.
    pub(crate) mode: Mode,
}

/// What is remembered of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    /// What was sent.
    pub(crate) asked: Asked,
    /// When its last byte was sent, after the start of the run.
    pub(crate) sent: Duration,
    /// When its answer was whole, if it was.
    pub(crate) answered: Option<Duration>,
    /// When nothing was waited for any more: an answer, or none.
    pub(crate) ended: Option<Duration>,
    /// The answer's status.
    pub(crate) status: Option<u16>,
}

/// The latest requests of a run.
#[derive(Debug)]
pub(crate) struct Ledger {
    start: Instant,
    lines: Box<[Line]>,
    under_way: AtomicU64,
}

/// Numbers are kept increased by one: 0 is nobody. The four are not written at once, so a reader may see a mixture of two
/// requests when it looks for one that is being forgotten; it then finds another number behind what it read.
#[derive(Debug, Default)]
struct Line {
    number: AtomicU64,
    sent: AtomicU64,
    answered: AtomicU64,
    what: AtomicU64,
}

impl Ledger {
    /// An empty one, for a run that starts now.
    pub(crate) fn new() -> Self {
        Self::of(REMEMBERED)
    }

    /// One that remembers more, for whoever asks afterwards.
    pub(crate) fn long() -> Self {
        Self::of(REMEMBERED_LONG)
    }

    /// One that remembers `size` requests.
    pub(crate) fn of(size: usize) -> Self {
        let lines = (0..size).map(|_| Line::default()).collect();
        Self { start: Instant::now(), lines, under_way: AtomicU64::new(0) }
    }

    /// When the run started.
    pub(crate) fn start(&self) -> Instant {
        self.start
    }

    /// All that is remembered, in no order.
    pub(crate) fn all(&self) -> impl Iterator<Item = Record> {
        let numbers = self.lines.iter().filter_map(|line| line.number.load(Relaxed).checked_sub(1));
        numbers.filter_map(|number| self.look(number))
    }

    /// The time since the start of the run.
    pub(crate) fn now(&self) -> Duration {
        self.start.elapsed()
    }

    /// The request is about to be sent whole. Returns how many others are under way.
    pub(crate) fn begin(&self, asked: &Asked) -> u64 {
        let line = self.line(asked.number);
        line.number.store(0, Relaxed);
        line.answered.store(0, Relaxed);
        line.what.store(packed(asked), Relaxed);
        line.sent.store(micros(self.now()), Relaxed);
        line.number.store(asked.number + 1, Relaxed);
        self.under_way.fetch_add(1, Relaxed)
    }

    /// Its answer has come whole, with `status`.
    pub(crate) fn answered(&self, asked: &Asked, status: u16) {
        let line = self.line(asked.number);
        line.what.store(packed(asked) | u64::from(status), Relaxed);
        line.answered.store(micros(self.now()).max(1), Relaxed);
        self.under_way.fetch_sub(1, Relaxed);
    }

    /// No answer is waited for any more.
    pub(crate) fn given_up(&self, asked: &Asked) {
        let line = self.line(asked.number);
        line.what.store(packed(asked) | GIVEN_UP, Relaxed);
        line.answered.store(micros(self.now()).max(1), Relaxed);
        self.under_way.fetch_sub(1, Relaxed);
    }

    /// What is remembered of request `number`.
    pub(crate) fn look(&self, number: u64) -> Option<Record> {
        let line = self.line(number);
        let (sent, answered) = (line.sent.load(Relaxed), line.answered.load(Relaxed));
        let what = line.what.load(Relaxed);
        if line.number.load(Relaxed) != number + 1 {
            return None;
        }
        let status = what & 0xFFFF;
        let ended = (answered > 0).then(|| Duration::from_micros(answered));
        Some(Record {
            asked: unpacked(number, what),
            sent: Duration::from_micros(sent),
            answered: ended.filter(|_| status != GIVEN_UP),
            ended,
            status: (status > 0 && status != GIVEN_UP).then_some(status as u16),
        })
    }

    fn line(&self, number: u64) -> &Line {
        &self.lines[number as usize % self.lines.len()]
    }
}

impl Record {
    /// For how long both were under way; one that is not answered is so until `now`.
    pub(crate) fn overlap(&self, other: &Self, now: Duration) -> Duration {
        let end = |record: &Self| record.answered.unwrap_or(now);
        end(self).min(end(other)).saturating_sub(self.sent.max(other.sent))
    }
}

fn micros(time: Duration) -> u64 {
    time.as_micros() as u64
}

/// 16 bits of status, 8 each of mode and visitor, and the template above.
fn packed(asked: &Asked) -> u64 {
    let visitor = u64::from(asked.visitor == Visitor::New);
    (asked.template as u64) << 32 | visitor << 24 | (asked.mode as u64) << 16
}

fn unpacked(number: u64, what: u64) -> Asked {
    let visitor = if what >> 24 & 0xFF == 0 { Visitor::Known } else { Visitor::New };
    let mode = Mode::ALL[(what >> 16 & 0xFF) as usize % Mode::ALL.len()];
    Asked { number, template: (what >> 32) as usize, visitor, mode }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(number: u64) -> Asked {
        Asked { number, template: 3, visitor: Visitor::New, mode: Mode::Burst }
    }

    #[test]
    fn a_request_is_remembered_as_it_was() {
        let ledger = Ledger::new();
        assert_eq!((ledger.begin(&asked(7)), ledger.begin(&asked(8))), (0, 1));
        ledger.answered(&asked(7), 302);
        let record = ledger.look(7).expect("it was just sent");
        assert_eq!((record.asked, record.status), (asked(7), Some(302)));
        assert!(record.answered.expect("answered") >= record.sent);
        assert_eq!(ledger.look(8).expect("it was just sent").answered, None);
        assert_eq!(ledger.begin(&asked(9)), 1);
    }

    #[test]
    fn a_request_that_was_given_up_has_ended_without_an_answer() {
        let ledger = Ledger::new();
        ledger.begin(&asked(7));
        ledger.given_up(&asked(7));
        let record = ledger.look(7).expect("it was just sent");
        assert_eq!((record.answered, record.status, record.asked), (None, None, asked(7)));
        assert!(record.ended.is_some());
        assert_eq!(ledger.all().count(), 1);
    }

    #[test]
    fn an_old_request_is_forgotten_and_not_mistaken() {
        let ledger = Ledger::new();
        ledger.begin(&asked(7));
        ledger.begin(&asked(7 + REMEMBERED as u64));
        assert_eq!(ledger.look(7), None);
    }

    #[test]
    fn two_requests_overlap_while_both_are_under_way() {
        let record = |sent, answered: Option<u64>| Record {
            asked: asked(0),
            sent: Duration::from_micros(sent),
            answered: answered.map(Duration::from_micros),
            ended: answered.map(Duration::from_micros),
            status: None,
        };
        let overlap = |a: &Record, b: &Record| a.overlap(b, Duration::from_micros(50)).as_micros();
        assert_eq!(overlap(&record(10, Some(30)), &record(20, Some(40))), 10);
        assert_eq!(overlap(&record(10, Some(20)), &record(20, Some(40))), 0);
        assert_eq!(overlap(&record(10, None), &record(20, None)), 30);
    }
}
