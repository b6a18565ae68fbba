//! The process that waits for the one that makes the calls, and says what became of it.

use std::fs::File;
use std::io::{self, BufRead, BufReader, ErrorKind, Write};
use std::net::Shutdown;
use std::ops::ControlFlow;
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

use jostle_model::{CallPhase, CallSummary, WrongAnswer};

use crate::board::{Board, Count, Layout, Sight};
use crate::message::{Message, Order};
use crate::program::Program;
use crate::sum_up::{Ended, Seen, sum_up};
use crate::worker::Worker;
use crate::{CallError, Plan};

/// How often we look how far it is.
const LOOK: Duration = Duration::from_millis(100);

/// How far it is.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// What is being done.
    pub phase: CallPhase,
    /// For how long we have waited.
    pub elapsed: Duration,
    /// How many calls of steps the threads have made.
    pub calls: u64,
    /// How many of those came back wrong.
    pub wrong: u64,
}

/// Has a plan carried out by a process of its own, which `process` starts and in which [`crate::serve`] runs, and waits
/// for it; `on_the_way` hears several times a second how far it is, and may end it, with a signal's number as the reason.
///
/// A library that crashes, ends the process, or never returns is a result, and no error. Without a `process` it is this
/// one that makes the calls, for somebody who traces it and wants to see them; what the library does to it is then theirs
/// to tell.
///
/// # Errors
/// When the plan makes no sense, the library cannot be loaded, lacks a function or cannot be set up, or when the system
/// does not let us work.
pub fn conduct(
    plan: &Plan,
    seed: u64,
    process: Option<&mut Command>,
    mut on_the_way: impl FnMut(Progress) -> ControlFlow<i32>,
) -> Result<CallSummary, CallError> {
    let program = Program::new(plan)?;
    let mut errand = Errand::start(plan, &program, seed, process)?;
    let ended = errand.wait(&mut on_the_way)?;
    let seen = Seen {
        ended,
        phase: errand.phase,
        sight: errand.look(),
        left_out: errand.left_out,
        elapsed_ms: errand.elapsed_ms.unwrap_or_else(|| {
            let called = errand.concurrent_since.map(|since| errand.last_change.duration_since(since));
            called.unwrap_or_default().as_millis() as u64
        }),
        examples: errand.examples,
    };
    Ok(sum_up(plan, &program, seed, seen))
}

/// The process, and what it has told.
struct Errand {
    worker: Worker,
    line: BufReader<UnixStream>,
    layout: Layout,
    patience: Duration,
    /// When the threads should have come back, counted from when they began.
    limit: Option<Duration>,
    started: Instant,
    board: File,
    /// Whether it has said anything at all.
    is_heard: bool,
    sight: Sight,
    phase: CallPhase,
    /// When something was last seen to happen.
    last_change: Instant,
    concurrent_since: Option<Instant>,
    elapsed_ms: Option<u64>,
    asked: Option<Asked>,
    left_out: Vec<String>,
    examples: Vec<WrongAnswer>,
}

/// Somebody wants it to end.
#[derive(Clone, Copy)]
struct Asked {
    signal: i32,
    during: CallPhase,
    since: Instant,
}

/// Whether it goes on.
enum Turn {
    On,
    /// It has nothing more to say.
    Over,
}

impl Errand {
    fn start(
        plan: &Plan,
        program: &Program,
        seed: u64,
        process: Option<&mut Command>,
    ) -> Result<Self, CallError> {
        let layout = Layout { threads: plan.threads as usize, steps: program.steps.len() };
        let board = Board::file(layout).map_err(CallError::Start)?;
        let (ours, theirs) = UnixStream::pair().map_err(CallError::Start)?;
        let worker = Worker::start(process, theirs).map_err(CallError::Start)?;
        let mut errand = Self {
            worker,
            line: BufReader::new(ours),
            layout,
            patience: Duration::from_secs_f64(plan.patience),
            limit: plan.duration(),
            started: Instant::now(),
            board,
            is_heard: false,
            sight: Sight::default(),
            phase: CallPhase::Loading,
            last_change: Instant::now(),
            concurrent_since: None,
            elapsed_ms: None,
            asked: None,
            left_out: Vec::new(),
            examples: Vec::new(),
        };
        let order = Order::new(plan, seed, &errand.board);
        errand.order(&order).map_err(CallError::Start)?;
        Ok(errand)
    }

    fn order(&mut self, order: &Order) -> io::Result<()> {
        let line = self.line.get_mut();
        line.set_read_timeout(Some(LOOK))?;
        let text = serde_json::to_string(order)? + "\n";
        match line.write_all(text.as_bytes()) {
            // It has died already: how, is told by its status.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
            written => written,
        }
    }

    /// Until it has ended, or has to be ended.
    fn wait(
        &mut self,
        on_the_way: &mut impl FnMut(Progress) -> ControlFlow<i32>,
    ) -> Result<Ended, CallError> {
        let mut text = Vec::new();
        loop {
            match self.line.read_until(b'\n', &mut text) {
                Ok(0) => return self.bury(on_the_way),
                Ok(_) if text.ends_with(b"\n") => {
                    let turn = self.hear(&text)?;
                    text.clear();
                    if matches!(turn, Turn::Over) {
                        return self.bury(on_the_way);
                    }
                }
                Ok(_) => return self.bury(on_the_way),
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {
                    if self.is_over(on_the_way) {
                        return Ok(Ended::Hung);
                    }
                }
                // It was killed with something unread.
                Err(error) if error.kind() == ErrorKind::ConnectionReset => return self.bury(on_the_way),
                Err(error) => return Err(self.give_up(CallError::Start(error))),
            }
        }
    }

    fn hear(&mut self, text: &[u8]) -> Result<Turn, CallError> {
        let message: Message = serde_json::from_slice(text).map_err(|error| {
            // Whoever overwrites memory overwrites messages.
            self.give_up(CallError::Broken(format!("its process wrote what makes no sense: {error}")))
        })?;
        self.is_heard = true;
        self.last_change = Instant::now();
        match message {
            Message::Phase(phase) => {
                self.phase = phase;
                if phase == CallPhase::Concurrent {
                    self.concurrent_since = Some(Instant::now());
                }
            }
            Message::Serial { left_out } => self.left_out = left_out,
            Message::Wrong(wrong) => self.examples.push(wrong),
            Message::Concurrent { elapsed_ms } => self.elapsed_ms = Some(elapsed_ms),
            Message::Done => return Ok(Turn::Over),
            Message::Refused(refusal) => return Err(self.give_up(refusal.into())),
        }
        Ok(Turn::On)
    }

    fn progress(&mut self) -> Progress {
        let sight = self.look();
        if sight != self.sight {
            self.sight = sight;
            self.last_change = Instant::now();
        }
        let count = |of: fn(&Count) -> u64| self.sight.counts.iter().map(of).sum::<u64>();
        Progress {
            phase: self.phase,
            elapsed: self.started.elapsed(),
            calls: count(|count| count.calls),
            wrong: count(|count| count.wrong),
        }
    }

    fn look(&self) -> Sight {
        Sight::of(&self.board, self.layout).unwrap_or_else(|_| self.sight.clone())
    }

    /// Hears whether it is to end, and ends it when it does not do so by itself.
    fn is_over(&mut self, on_the_way: &mut impl FnMut(Progress) -> ControlFlow<i32>) -> bool {
        if let ControlFlow::Break(signal) = on_the_way(self.progress())
            && self.asked.is_none()
        {
            self.asked = Some(Asked { signal, during: self.phase, since: Instant::now() });
            // The threads come back when there is nobody any more who could order anything.
            let _ = self.line.get_ref().shutdown(Shutdown::Write);
        }
        let is_hung = self.is_hung();
        if is_hung {
            self.worker.end();
        }
        is_hung
    }

    /// Whether nothing at all has happened for too long, or some have not come back though their time is over.
    fn is_hung(&self) -> bool {
        if self.asked.is_some_and(|asked| asked.since.elapsed() > self.patience) {
            return true;
        }
        if matches!(self.worker, Worker::Thread(_)) {
            // Who traces us may have stopped us, and judges by himself what takes too long.
            return false;
        }
        let is_late = match (self.phase, self.concurrent_since, self.limit) {
            (CallPhase::Concurrent, Some(since), Some(limit)) => since.elapsed() > limit + self.patience,
            _ => false,
        };
        is_late || self.last_change.elapsed() > self.patience
    }

    fn give_up(&mut self, error: CallError) -> CallError {
        self.worker.end();
        error
    }

    /// Waits for the end of a process that has closed its line, or is done.
    fn bury(
        &mut self,
        on_the_way: &mut impl FnMut(Progress) -> ControlFlow<i32>,
    ) -> Result<Ended, CallError> {
        /// It takes about a millisecond to take down a process with many threads.
        const SOON: Duration = Duration::from_millis(1);
        loop {
            if let Some(status) = self.worker.ended().map_err(CallError::Start)? {
                return self.autopsy(status);
            }
            if self.is_over(on_the_way) {
                return Ok(Ended::Hung);
            }
            thread::sleep(SOON);
        }
    }

    fn autopsy(&self, status: ExitStatus) -> Result<Ended, CallError> {
        match (status.signal(), status.code()) {
            (Some(signal), _) => Ok(Ended::Crashed(signal)),
            (None, Some(0)) if self.phase == CallPhase::Ending => Ok(match self.asked {
                None => Ended::Well,
                Some(Asked { signal, during, .. }) => Ended::Interrupted { signal, during },
            }),
            (None, Some(code)) if self.is_heard => Ok(Ended::Exited(code)),
            (None, code) => Err(CallError::Broken(format!("its process ended with code {code:?} at once"))),
        }
    }
}
