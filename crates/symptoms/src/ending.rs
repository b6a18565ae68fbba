//! What the way a program ended says by itself.

use jostle_model::{ExitStatus, Failure, Signature};

use crate::signal::{self, Fault};
use crate::text;
use crate::varying;

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// With code 0.
    Well,
    /// With another code.
    Code(i32),
    /// By a signal; maybe only by the word of a shell.
    Signal { number: i32, by_code: Option<i32> },
    /// Not at all.
    Hung,
}

/// What shells add to the number of the signal that ended a command (POSIX, 2.8.2: more than 128).
const SHELLS: i32 = 128;

impl Ending {
    pub(crate) fn of(status: ExitStatus) -> Self {
        match status {
            ExitStatus::Code(0) => Self::Well,
            ExitStatus::Code(code) if signal::is_known(code - SHELLS) => {
                Self::Signal { number: code - SHELLS, by_code: Some(code) }
            }
            ExitStatus::Code(code) => Self::Code(code),
            ExitStatus::Signal(number) => Self::Signal { number, by_code: None },
            ExitStatus::Running => Self::Hung,
        }
    }
}

/// As much of the end of an output as the details hold, in bytes: without a report nobody knows what matters in it.
const TAIL: usize = 8 << 10;

/// The failure of a program that ended so and reported nothing.
pub(crate) fn failure(output: &[u8], ending: Ending) -> Option<Failure> {
    let (kind, title) = match ending {
        Ending::Well => return None,
        Ending::Code(code) => (format!("exit-code-{code}"), format!("exit code {code}")),
        Ending::Signal { number, by_code } => (signal::kind(number, Fault::Unknown), killed(number, by_code)),
        Ending::Hung => ("hang".to_owned(), "still running when its time was up".to_owned()),
    };
    let tail = tail(output);
    // What it said last tells two failures with one code apart; of a hang it says only how far the program had come.
    let last = tail.lines().rev().map(varying::message).find(|line| !line.is_empty());
    let exact = match (last, ending) {
        (Some(last), Ending::Code(_)) => format!("{kind}: {last}"),
        _ => kind.clone(),
    };
    Some(Failure { signature: Signature { kind, exact }, title, details: tail })
}

fn killed(number: i32, by_code: Option<i32>) -> String {
    let name = signal::name(number);
    match by_code {
        None => format!("killed by {name}"),
        Some(code) => format!("exit code {code}, which is how a shell tells {name}"),
    }
}

/// The last lines, readable.
fn tail(output: &[u8]) -> String {
    let output = String::from_utf8_lossy(output);
    let lines = text::lines(&output);
    let mut size = 0;
    let kept = lines.iter().rev().take_while(|line| {
        size += line.text.len() + 1;
        size <= TAIL
    });
    let mut kept: Vec<&str> = kept.map(|line| line.text.as_ref()).collect();
    kept.reverse();
    kept.join("\n").trim_end().to_owned()
}
