//! The serial run: the same calls from one thread, to know what is right, or whether anything is.

use std::time::{Duration, Instant};

use jostle_model::Caller;

use crate::board::{Part, Row};
use crate::judge::Measure;
use crate::linked::Linked;
use crate::performer::{Desk, Performer};
use crate::program::Program;
use crate::reporter::Reporter;
use crate::results::Results;
use crate::template::Moment;
use crate::token::Tokens;
use crate::value::Value;

/// So many iterations of each thread are measured, and repeated by it: enough that its arguments differ from call to call.
const MOST_ROUNDS: u64 = 64;
/// No further round begins after this time. Slow libraries are measured with fewer arguments.
const ENOUGH: Duration = Duration::from_millis(500);

/// What serial runs gave.
pub(crate) struct Serial {
    /// How many iterations of each thread were made.
    rounds: u64,
    /// What came back: for each thread, each iteration and each comparison. Nothing where it differed.
    values: Vec<Option<Value>>,
    compared: usize,
    /// What was not the same each time.
    pub(crate) left_out: Vec<String>,
    /// Whether a call came back wrong.
    pub(crate) is_wrong: bool,
}

/// With what serial runs are made.
pub(crate) struct Setting<'a> {
    pub(crate) program: &'a Program,
    pub(crate) linked: &'a Linked,
    pub(crate) threads: u32,
    pub(crate) tokens: Tokens,
    pub(crate) row: Row,
    pub(crate) reporter: &'a Reporter,
    pub(crate) results: &'a Results,
}

impl Setting<'_> {
    fn performer(&self, is_serial: bool) -> Performer<'_> {
        let desk = Desk { row: self.row, reporter: self.reporter, tokens: self.tokens, is_serial };
        Performer::new(Part::Step, &self.program.steps, &self.linked.steps, desk, self.results.copy())
    }
}

impl Serial {
    /// Makes the run: once, to see whether what is expected holds; twice where it is the measure itself, so that what
    /// differs from one time to the next is not blamed on anybody.
    pub(crate) fn run(setting: &Setting<'_>) -> Self {
        let Setting { program, threads, .. } = *setting;
        let mut first = Pass::new(setting);
        let started = Instant::now();
        let mut rounds = 0;
        while rounds < MOST_ROUNDS && (rounds == 0 || started.elapsed() < ENOUGH) {
            (0..threads).for_each(|thread| first.iterate(Caller { thread, iteration: rounds }));
            rounds += 1;
        }
        let values = first.values;
        let mut serial = Self {
            rounds,
            values: Vec::new(),
            compared: program.compared,
            left_out: Vec::new(),
            is_wrong: first.is_wrong,
        };
        if program.compared > 0 && !serial.is_wrong {
            let mut second = Pass::new(setting);
            // In another order: what depends on who came before is no property of the arguments.
            for iteration in (0..rounds).rev() {
                (0..threads).rev().for_each(|thread| second.iterate(Caller { thread, iteration }));
            }
            serial.is_wrong = second.is_wrong;
            second.values.reverse();
            serial.compare(program, threads, values, second.values);
        }
        serial
    }

    /// Keeps what was the same both times, of what was always so.
    fn compare(&mut self, program: &Program, threads: u32, first: Vec<Vec<Value>>, second: Vec<Vec<Value>>) {
        let mut is_steady = vec![true; self.compared];
        for (one, other) in first.iter().zip(&second) {
            for (steady, (one, other)) in is_steady.iter_mut().zip(one.iter().zip(other)) {
                *steady &= one == other;
            }
        }
        let all = program.steps.iter().flat_map(|call| call.probes.iter().map(move |probe| (call, probe)));
        for (call, probe) in all {
            if probe.compared.is_some_and(|index| !is_steady[index]) {
                self.left_out.push(format!("{}{}", call.label, probe.label));
            }
        }
        // From "round by round" to "thread by thread".
        let threads = threads as usize;
        for thread in 0..threads {
            for round in 0..self.rounds as usize {
                let row = &first[round * threads + thread];
                let kept = row.iter().zip(&is_steady).map(|(value, steady)| steady.then(|| value.clone()));
                self.values.extend(kept);
            }
        }
    }

    /// The number of the `index`th iteration of a thread: the measured ones again and again, or those after them.
    pub(crate) fn iteration(&self, index: u64) -> u64 {
        if self.compared == 0 { self.rounds + index } else { index % self.rounds }
    }

    /// What is to come back in an iteration.
    pub(crate) fn measure(&self, owner: Caller) -> Measure<'_> {
        if self.compared == 0 {
            return Measure::Nothing;
        }
        let row = u64::from(owner.thread) * self.rounds + owner.iteration;
        Measure::Given(&self.values[row as usize * self.compared..][..self.compared])
    }
}

/// All iterations, one after the other.
struct Pass<'a> {
    setting: &'a Setting<'a>,
    /// Each thread has texts of its own.
    performers: Vec<Performer<'a>>,
    values: Vec<Vec<Value>>,
    is_wrong: bool,
}

impl<'a> Pass<'a> {
    fn new(setting: &'a Setting<'a>) -> Self {
        let performers = (0..setting.threads).map(|_| setting.performer(true)).collect();
        Self { setting, performers, values: Vec::new(), is_wrong: false }
    }

    fn iterate(&mut self, owner: Caller) {
        let mut values = vec![Value::Absent; self.setting.program.compared];
        let moment = Moment::new(self.setting.tokens, owner);
        let is_wrong = &mut self.is_wrong;
        let fault = |_: &str, _: &str, _: &str| *is_wrong = true;
        self.performers[owner.thread as usize].iterate(&moment, &mut Measure::Taken(&mut values), fault);
        self.values.push(values);
    }
}
