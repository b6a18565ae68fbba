//! One thread's way through the calls of a part of the plan.

use crate::board::{At, Doing, Part, Row};
use crate::judge::Measure;
use crate::linked::Functions;
use crate::prepared::Prepared;
use crate::program::Call;
use crate::reporter::{Reporter, Witness};
use crate::results::Results;
use crate::template::Moment;
use crate::token::Tokens;

/// Makes the calls of one part, in one thread, again and again.
pub(crate) struct Performer<'a> {
    part: Part,
    calls: Vec<Prepared<'a>>,
    row: Row,
    reporter: &'a Reporter,
    tokens: Tokens,
    is_serial: bool,
    results: Results,
}

/// Where calls are written down and told.
#[derive(Clone, Copy)]
pub(crate) struct Desk<'a> {
    pub(crate) row: Row,
    pub(crate) reporter: &'a Reporter,
    pub(crate) tokens: Tokens,
    pub(crate) is_serial: bool,
}

impl<'a> Performer<'a> {
    pub(crate) fn new(
        part: Part,
        calls: &'a [Call],
        functions: &'a [Functions],
        desk: Desk<'a>,
        results: Results,
    ) -> Self {
        let calls =
            calls.iter().zip(functions).map(|(call, functions)| Prepared::new(call, functions)).collect();
        let Desk { row, reporter, tokens, is_serial } = desk;
        Self { part, calls, row, reporter, tokens, is_serial, results }
    }

    /// Makes all calls once, and says how many they were. `fault` is told of each that came back wrong.
    pub(crate) fn iterate(
        &mut self,
        moment: &Moment,
        measure: &mut Measure<'_>,
        mut fault: impl FnMut(&str, &str, &str),
    ) -> u64 {
        self.results.begin();
        let mut made = 0;
        for index in 0..self.calls.len() {
            let call = self.calls[index].call;
            if !call.is_made(moment.owner.thread, moment.owner.iteration) {
                continue;
            }
            if self.results.is_any_gone() && self.calls[index].needs_what_is_gone(&self.results) {
                self.calls[index].lose_all(&mut self.results);
                continue;
            }
            made += 1;
            self.perform(index, moment, measure, &mut fault);
        }
        made
    }

    /// Says that this thread is in no call any more.
    pub(crate) fn end(&self) {
        self.row.nowhere();
    }

    pub(crate) fn into_results(self) -> Results {
        self.results
    }

    fn perform(
        &mut self,
        index: usize,
        moment: &Moment,
        measure: &mut Measure<'_>,
        fault: &mut impl FnMut(&str, &str, &str),
    ) {
        let at = |doing| At { part: self.part, index, doing };
        let prepared = &mut self.calls[index];
        prepared.pass(moment, &self.results);
        self.row.at(at(Doing::Calling));
        let word = prepared.frame.call();
        self.row.at(at(Doing::Reading));
        prepared.keep(word, &mut self.results);
        let witness = Witness {
            call: prepared.call,
            moment,
            reporter: self.reporter,
            tokens: self.tokens,
            is_serial: self.is_serial,
        };
        let is_wrong = prepared.judge(word, &witness, measure, &mut self.results, fault);
        if prepared.gives_back {
            self.row.at(at(Doing::Freeing));
            prepared.give_back(word);
        }
        if self.part == Part::Step {
            self.row.called(index);
            if is_wrong {
                self.row.wrong(index);
            }
        }
    }
}
