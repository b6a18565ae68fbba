use std::io::{self, Write};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

use jostle_model::{Caller, WrongAnswer};

use crate::Kind;
use crate::judge::Answer;
use crate::message::Message;
use crate::program::Call;
use crate::template::Moment;
use crate::token::Tokens;

/// So many wrong answers are told with all they say; the rest are counted.
const EXAMPLES: u64 = 20;

/// Tells the process that waits.
pub(crate) struct Reporter {
    line: Mutex<UnixStream>,
    examples: AtomicU64,
}

impl Reporter {
    pub(crate) fn new(line: UnixStream) -> Self {
        Self { line: Mutex::new(line), examples: AtomicU64::new(0) }
    }

    /// Tells something.
    ///
    /// # Errors
    /// When nobody listens any more.
    pub(crate) fn tell(&self, message: &Message) -> io::Result<()> {
        let mut text = serde_json::to_string(message)?;
        text.push('\n');
        let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        line.write_all(text.as_bytes())
    }

    /// Whether one more wrong answer is worth its words.
    fn wants_example(&self) -> bool {
        self.examples.load(Relaxed) < EXAMPLES && self.examples.fetch_add(1, Relaxed) < EXAMPLES
    }

    /// Tells a wrong answer. Where nobody listens, we are about to be ended.
    fn example(&self, wrong: WrongAnswer) {
        let _ = self.tell(&Message::Wrong(wrong));
    }
}

/// Who tells of a wrong answer what can be told.
pub(crate) struct Witness<'a> {
    pub(crate) call: &'a Call,
    pub(crate) moment: &'a Moment,
    pub(crate) reporter: &'a Reporter,
    pub(crate) tokens: Tokens,
    pub(crate) is_serial: bool,
}

impl Witness<'_> {
    /// `label` is what of the call it is, behind its own.
    pub(crate) fn tell(&self, kind: Kind, label: &str, expected: &str, answer: Answer<'_>) {
        if !self.reporter.wants_example() {
            return;
        }
        let Caller { thread, iteration } = self.moment.owner;
        self.reporter.example(WrongAnswer {
            step: format!("{}{label}", self.call.label),
            thread,
            iteration,
            serial: self.is_serial,
            expected: expected.to_owned(),
            got: answer.shown(kind),
            owner: match answer.text {
                Some(text) => self.tokens.foreign(text, self.moment.owner),
                None if kind.is_integer() => {
                    self.tokens.foreign_integer(kind.trimmed(answer.word), self.moment.owner)
                }
                None => None,
            },
        });
    }
}
