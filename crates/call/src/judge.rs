//! What came back, held against what was expected.

use memchr::memmem;

use crate::Kind;
use crate::plan::Integer;
use crate::program::{Probe, Test, TextTest, WordTest};
use crate::template::{Moment, Text, without_nul};
use crate::value::{Value, quoted};

/// What serial runs have to do with it.
pub(crate) enum Measure<'a> {
    /// Nothing.
    Nothing,
    /// This is one: what comes back is written down.
    Taken(&'a mut [Value]),
    /// They gave this. Nothing is there for what differed in them.
    Given(&'a [Option<Value>]),
}

/// What came back, as it lies there.
#[derive(Clone, Copy)]
pub(crate) struct Answer<'a> {
    pub(crate) word: u64,
    /// What the word points to, where it is a string and not null; what a buffer holds.
    pub(crate) text: Option<&'a [u8]>,
}

impl Answer<'_> {
    /// In words.
    pub(crate) fn shown(self, kind: Kind) -> String {
        self.text.map_or_else(|| kind.shown(self.word), quoted)
    }
}

/// A probe with its texts written for one thread.
pub(crate) struct Judge<'a> {
    probe: &'a Probe,
    tests: Vec<Ready>,
}

enum Ready {
    Text(TextTest, Text),
    Word(WordTest),
    Length(usize),
}

impl<'a> Judge<'a> {
    pub(crate) fn new(probe: &'a Probe) -> Self {
        let ready = |test: &Test| match test {
            Test::Text(test, template) => Ready::Text(*test, Text::new(template.clone())),
            Test::Word(test) => Ready::Word(*test),
            Test::Length(operand) => Ready::Length(*operand),
        };
        Self { probe, tests: probe.tests.iter().map(ready).collect() }
    }

    pub(crate) fn probe(&self) -> &'a Probe {
        self.probe
    }

    /// What does not hold, in words; nothing where all holds. `written` gives what the call wrote to an operand.
    pub(crate) fn complaint(
        &mut self,
        answer: Answer<'_>,
        moment: &Moment,
        written: impl Fn(usize) -> i128,
        measure: &mut Measure<'_>,
    ) -> Option<String> {
        let kind = self.probe.kind;
        for test in &mut self.tests {
            if !test.holds(kind, answer, moment, &written) {
                return Some(test.said(kind, moment, &written));
            }
        }
        self.measured(answer, measure)
    }

    fn measured(&self, answer: Answer<'_>, measure: &mut Measure<'_>) -> Option<String> {
        let Probe { kind, only_null, compared, .. } = *self.probe;
        let index = compared?;
        match measure {
            Measure::Nothing => None,
            Measure::Taken(values) => {
                values[index] = Value::new(kind, only_null, answer.word, answer.text);
                None
            }
            Measure::Given(values) => {
                let value = values[index].as_ref()?;
                let same = value.is(kind, only_null, answer.word, answer.text);
                (!same).then(|| format!("{}, as in a serial run", value.shown(kind)))
            }
        }
    }
}

impl Ready {
    fn holds(
        &mut self,
        kind: Kind,
        answer: Answer<'_>,
        moment: &Moment,
        written: &impl Fn(usize) -> i128,
    ) -> bool {
        let Answer { word, text } = answer;
        match self {
            Self::Text(test, wanted) => {
                text.is_some_and(|text| test.holds(text, without_nul(wanted.at(moment))))
            }
            Self::Word(test) => test.holds(kind, word, moment),
            Self::Length(operand) => text.is_some_and(|text| text.len() as i128 == written(*operand)),
        }
    }

    /// What should have been, in words.
    fn said(&mut self, kind: Kind, moment: &Moment, written: &impl Fn(usize) -> i128) -> String {
        match self {
            Self::Text(test, wanted) => format!("{}{}", test.verb(), quoted(without_nul(wanted.at(moment)))),
            Self::Word(test) => test.said(kind, moment),
            Self::Length(operand) => format!("a string of {} bytes", written(*operand)),
        }
    }
}

impl TextTest {
    fn holds(self, text: &[u8], wanted: &[u8]) -> bool {
        match self {
            Self::Contains => memmem::find(text, wanted).is_some(),
            Self::StartsWith => text.starts_with(wanted),
            Self::Equals => text == wanted,
        }
    }

    fn verb(self) -> &'static str {
        match self {
            Self::Contains => "something with ",
            Self::StartsWith => "something that starts with ",
            Self::Equals => "",
        }
    }
}

impl WordTest {
    fn holds(self, kind: Kind, word: u64, moment: &Moment) -> bool {
        match self {
            Self::Integer(wanted) => kind.integer(word) == integer(wanted, moment),
            Self::Real(wanted) => kind.real(word) == wanted,
            Self::Null => kind.trimmed(word) == 0,
            Self::NotNull => kind.trimmed(word) != 0,
            Self::AtLeast(low) => kind.real(word) >= low,
            Self::AtMost(high) => kind.real(word) <= high,
        }
    }

    fn said(self, kind: Kind, moment: &Moment) -> String {
        match self {
            Self::Integer(wanted) if kind == Kind::Bool => (integer(wanted, moment) != 0).to_string(),
            Self::Integer(wanted) => integer(wanted, moment).to_string(),
            Self::Real(wanted) if kind == Kind::F32 => (wanted as f32).to_string(),
            Self::Real(wanted) => wanted.to_string(),
            Self::Null => Value::Null.shown(kind),
            Self::NotNull => Value::Something.shown(kind),
            Self::AtLeast(low) => format!("at least {low}"),
            Self::AtMost(high) => format!("at most {high}"),
        }
    }
}

/// The integer at that moment.
pub(crate) fn integer(value: Integer, moment: &Moment) -> i128 {
    match value {
        Integer::Fixed(number) => number,
        Integer::Token => moment.integer.into(),
        Integer::Thread => moment.owner.thread.into(),
        Integer::Number => moment.owner.iteration.into(),
    }
}
