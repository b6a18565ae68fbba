//! Processes that run already, disturbed by a watch while somebody else looks at what comes of it.
//!
//! The watch is a process of its own: whoever looks attends runs of programs, and has the end of a program as the end of his
//! work, where a tracer has to let go of everything before it may end.

use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::panic::{self, AssertUnwindSafe};
use std::process;

use super::{descendants, follower, signals};
use crate::{Observer, Options, Outcome, Progress};

/// What the watch says when it has begun. No text of an error begins so.
const BEGUN: u8 = 0;

/// A watch that goes on.
pub(super) struct Disturbance {
    pub(super) pid: i32,
    told: Option<PipeReader>,
}

impl Disturbance {
    /// Begins one as `options` say, and waits until it has. What [`end`](Self::end) returns is what `tell` makes of its
    /// outcome.
    ///
    /// No other thread may run in this process.
    ///
    /// # Errors
    /// Why it could not begin, in one line.
    pub(super) fn begin(options: &Options, tell: impl FnOnce(&Outcome) -> Vec<u8>) -> Result<Self, String> {
        let no_room = |error: io::Error| format!("the system has no room for another process: {error}");
        let (told, telling) = io::pipe().map_err(no_room)?;
        let mut told = Some(told);
        let pid = follower::fork(|| {
            // Whoever has an end of his own to read from never hears that nobody reads.
            told = None;
            // Who kills our group means those who can be killed without harm. We hear of it all the same.
            // SAFETY: takes numbers only.
            unsafe { libc::setpgid(0, 0) };
            // What goes wrong here goes wrong only here.
            let _ = panic::catch_unwind(AssertUnwindSafe(|| disturb(options, telling, tell)));
        });
        let pid = pid.map_err(no_room)?;
        let mut begun = Self { pid, told };
        let mut first = [0];
        match begun.told.as_mut().map(|told| told.read(&mut first)) {
            Some(Ok(1)) if first == [BEGUN] => Ok(begun),
            Some(Ok(1)) => Err(String::from_utf8_lossy(&[&first, &begun.end()[..]].concat()).into_owned()),
            _ => {
                begun.end();
                Err("the process that was to disturb it ended early".to_owned())
            }
        }
    }

    /// Has it let go of everything and end.
    pub(super) fn end(mut self) -> Vec<u8> {
        // It may have ended by itself, with those whom it disturbed.
        let _ = signals::send(self.pid, libc::SIGTERM);
        let mut told = Vec::new();
        self.told.take().map(|mut pipe| pipe.read_to_end(&mut told));
        descendants::wait_for(self.pid);
        told
    }
}

/// What the process of the watch does.
fn disturb(options: &Options, telling: PipeWriter, tell: impl FnOnce(&Outcome) -> Vec<u8>) {
    let mut herald = Herald { telling, has_told: false };
    let told = match crate::watch(options, &mut herald) {
        Ok(outcome) => tell(&outcome),
        Err(error) => error.explained().into_bytes(),
    };
    // Who does not listen any more does not want to know.
    let _ = herald.telling.write_all(&told);
}

/// Tells when the watch has begun.
struct Herald {
    telling: PipeWriter,
    has_told: bool,
}

impl Observer for Herald {
    fn progress(&mut self, _: &Progress) {
        if !std::mem::replace(&mut self.has_told, true) && self.telling.write_all(&[BEGUN]).is_err() {
            // Who waits for it is gone.
            let _ = signals::send(process::id() as i32, libc::SIGTERM);
        }
    }
}
