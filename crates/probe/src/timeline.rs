//! Which requests were under way when, for whoever knows of something else that happened then.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jostle_model::Exchange;

use crate::evidence::exchange;
use crate::knowledge::Knowledge;
use crate::ledger::{Ledger, Record};

/// The requests of a run, as far as they are remembered: the latest 65,536, or a million where
/// [`Options::remember`](crate::Options::remember) was said.
#[derive(Clone, Debug)]
pub struct Timeline {
    ledger: Arc<Ledger>,
    knowledge: Arc<Knowledge>,
}

/// What was under way at a time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnderWay {
    /// Those that were, in the order in which they were sent; the latest, where there are more than were asked for.
    pub requests: Vec<Exchange>,
    /// How many there were.
    pub all: u64,
    /// How many requests had been sent until then.
    pub sent: u64,
    /// Whether that is so long ago that none of its requests is remembered: the rest says nothing then.
    pub forgotten: bool,
}

impl Timeline {
    pub(crate) fn new(ledger: Arc<Ledger>, knowledge: Arc<Knowledge>) -> Self {
        Self { ledger, knowledge }
    }

    /// When the run started: what times are counted from.
    pub fn start(&self) -> Instant {
        self.ledger.start()
    }

    /// The requests that were under way at some moment between `from` and `until` after the start; `most` of them.
    pub fn under_way(&self, from: Duration, until: Duration, most: usize) -> UnderWay {
        let mut records: Vec<Record> = Vec::new();
        let (mut sent, mut oldest) = (0, u64::MAX);
        for record in self.ledger.all() {
            oldest = oldest.min(record.asked.number);
            if record.sent > until {
                continue;
            }
            sent = sent.max(record.asked.number + 1);
            if record.ended.is_none_or(|ended| ended >= from) {
                records.push(record);
            }
        }
        // Numbers begin at 0: where that is gone, so may be those of this moment.
        let forgotten = sent == 0 && (1..u64::MAX).contains(&oldest);
        records.sort_by_key(|record| (record.sent, record.asked.number));
        let latest = &records[records.len().saturating_sub(most)..];
        let requests = latest.iter().map(|record| exchange(&self.knowledge, record)).collect();
        UnderWay { requests, all: records.len() as u64, sent, forgotten }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Asked;
    use crate::mode::Mode;
    use crate::template::{Ask, Template, Visitor};
    use crate::token::Mint;

    #[test]
    fn those_are_under_way_that_were_sent_and_have_not_ended() {
        let template = Template::new(Ask::get("/a"), "h", &[], &[]).expect("it fits");
        let knowledge = Knowledge::new(vec![template], Vec::new(), Vec::new(), Mint::new());
        let timeline = Timeline::new(Arc::new(Ledger::new()), Arc::new(knowledge));
        let asked = |number| Asked { number, template: 0, visitor: Visitor::Known, mode: Mode::KeepAlive };
        let ledger = &timeline.ledger;
        for number in 0..=3 {
            ledger.begin(&asked(number));
        }
        ledger.answered(&asked(0), 200);
        ledger.given_up(&asked(1));
        while ledger.now()
            < ledger.look(1).and_then(|record| record.ended).expect("ended") + Duration::from_micros(2)
        {
        }
        let now = ledger.now();
        let found = timeline.under_way(now, now, 9);
        let numbers: Vec<u64> = found.requests.iter().map(|request| request.number).collect();
        assert_eq!((numbers, found.all, found.sent), (vec![2, 3], 2, 4));
        assert_eq!(found.requests[0].request, "GET /a");
        assert_eq!(timeline.under_way(Duration::ZERO, now, 1).all, 4);
        assert_eq!(timeline.under_way(Duration::ZERO, now, 1).requests.len(), 1);
    }

    #[test]
    fn a_moment_whose_requests_are_forgotten_is_told_as_such() {
        let template = Template::new(Ask::get("/a"), "h", &[], &[]).expect("it fits");
        let knowledge = Knowledge::new(vec![template], Vec::new(), Vec::new(), Mint::new());
        let timeline = Timeline::new(Arc::new(Ledger::of(4)), Arc::new(knowledge));
        let asked = |number| Asked { number, template: 0, visitor: Visitor::Known, mode: Mode::KeepAlive };
        let begun = || timeline.ledger.now() + Duration::from_micros(1);
        assert!(!timeline.under_way(Duration::ZERO, begun(), 1).forgotten, "there was none yet");
        let early = begun();
        while timeline.ledger.now() <= early + Duration::from_micros(1) {}
        for number in 0..6 {
            timeline.ledger.begin(&asked(number));
        }
        assert!(timeline.under_way(Duration::ZERO, early, 1).forgotten);
        let late = timeline.under_way(Duration::ZERO, begun(), 9);
        assert_eq!((late.forgotten, late.sent, late.all), (false, 6, 4));
    }
}
