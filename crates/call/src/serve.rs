//! The process that makes the calls. It may die of them.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;

use jostle_model::{CallPhase, Caller};
use rustix::process::{Signal, set_parent_process_death_signal};
use rustix::stdio::dup2_stdin;

use crate::board::{Board, Layout, Part, Row};
use crate::crowd::Crowd;
use crate::judge::Measure;
use crate::linked::Linked;
use crate::message::{Message, Order};
use crate::performer::{Desk, Performer};
use crate::program::Program;
use crate::reporter::Reporter;
use crate::results::Results;
use crate::serial::{Serial, Setting};
use crate::template::Moment;
use crate::token::Tokens;
use crate::{CallError, Plan};

/// Makes the calls that the other end of standard input orders, and tells it what came of them.
///
/// It is to be all that its process does: the library may end it, and any memory may be overwritten.
///
/// # Errors
/// When nobody is there who orders anything, or listens.
pub fn serve() -> io::Result<()> {
    // Whoever waits for us may be killed; nobody wants to know then.
    set_parent_process_death_signal(Some(Signal::KILL))?;
    let line = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    // A library that reads from standard input gets nothing, and not our orders.
    dup2_stdin(File::open("/dev/null")?)?;
    obey(line)
}

/// Makes the calls that the other end of `line` orders, for as long as it keeps its side open.
///
/// # Errors
/// When nobody is there who orders anything, or listens.
pub(crate) fn obey(line: UnixStream) -> io::Result<()> {
    let mut text = String::new();
    BufReader::new(&line).read_line(&mut text)?;
    let order: Order = serde_json::from_str(&text)?;
    let stop = stop_at_its_end(line.try_clone()?)?;
    let reporter = Reporter::new(line);
    let done = panic::catch_unwind(AssertUnwindSafe(|| carry_out(&order, &reporter, &stop)));
    // Where memory is overwritten, that may be why.
    let bug = |_| Err(CallError::Broken("our own code there ran into a bug".to_owned()));
    match done.unwrap_or_else(bug) {
        Ok(()) => reporter.tell(&Message::Done),
        Err(error) => reporter.tell(&Message::Refused(error.into())),
    }
}

/// What is set when the other end has closed its side.
fn stop_at_its_end(mut line: UnixStream) -> io::Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    let closed = Arc::clone(&stop);
    let listen = move || {
        let _ = io::copy(&mut line, &mut io::sink());
        closed.store(true, Relaxed);
    };
    thread::Builder::new().name("listener".to_owned()).spawn(listen)?;
    Ok(stop)
}

fn carry_out(order: &Order, reporter: &Reporter, stop: &AtomicBool) -> Result<(), CallError> {
    let plan = order.plan()?;
    let program = Program::new(&plan)?;
    let layout = Layout { threads: plan.threads as usize, steps: program.steps.len() };
    let board = order.board().and_then(|file| Board::on(&file, layout)).map_err(CallError::Start)?;
    tell(reporter, &Message::Phase(CallPhase::Loading))?;
    let linked = Linked::new(&plan, &program)?;
    let tokens = Tokens::new(order.seed);
    let once = Once { program: &program, linked: &linked, reporter, tokens, row: board.first_row(), stop };
    tell(reporter, &Message::Phase(CallPhase::SetUp))?;
    let results = once.set_up()?;
    let results = once.steps(&plan, board, results)?;
    tell(reporter, &Message::Phase(CallPhase::TearDown))?;
    once.tear_down(results);
    tell(reporter, &Message::Phase(CallPhase::Ending))
}

fn tell(reporter: &Reporter, message: &Message) -> Result<(), CallError> {
    reporter.tell(message).map_err(|error| CallError::Broken(error.to_string()))
}

/// What a single thread does before and after the others.
struct Once<'a> {
    program: &'a Program,
    linked: &'a Linked,
    reporter: &'a Reporter,
    tokens: Tokens,
    row: Row,
    stop: &'a AtomicBool,
}

impl Once<'_> {
    fn desk(&self) -> Desk<'_> {
        Desk { row: self.row, reporter: self.reporter, tokens: self.tokens, is_serial: true }
    }

    fn moment(&self) -> Moment {
        Moment::new(self.tokens, Caller { thread: 0, iteration: 0 })
    }

    fn set_up(&self) -> Result<Results, CallError> {
        let calls = &self.program.setup;
        let results = Results::new(self.program.slots);
        let mut performer = Performer::new(Part::SetUp, calls, &self.linked.setup, self.desk(), results);
        let mut refused = None;
        performer.iterate(&self.moment(), &mut Measure::Nothing, |step, expected, got| {
            let why = format!("expected {expected}, got {got}");
            refused.get_or_insert(CallError::SetUp { step: step.to_owned(), why });
        });
        performer.end();
        match refused {
            Some(error) => Err(error),
            None => Ok(performer.into_results()),
        }
    }

    /// The serial run and, where nothing was wrong in it, the concurrent one.
    fn steps(&self, plan: &Plan, board: Board, results: Results) -> Result<Results, CallError> {
        tell(self.reporter, &Message::Phase(CallPhase::Serial))?;
        let serial = Serial::run(&Setting {
            program: self.program,
            linked: self.linked,
            threads: plan.threads,
            tokens: self.tokens,
            row: self.row,
            reporter: self.reporter,
            results: &results,
        });
        self.row.nowhere();
        tell(self.reporter, &Message::Serial { left_out: serial.left_out.clone() })?;
        if serial.is_wrong {
            return Ok(results);
        }
        tell(self.reporter, &Message::Phase(CallPhase::Concurrent))?;
        let crowd = Crowd {
            program: self.program,
            linked: self.linked,
            serial: &serial,
            results: &results,
            reporter: self.reporter,
            board,
            tokens: self.tokens,
            threads: plan.threads,
            duration: plan.duration(),
            calls: plan.calls,
            stop: self.stop,
        };
        let elapsed = crowd.run().map_err(CallError::Start)?;
        tell(self.reporter, &Message::Concurrent { elapsed_ms: elapsed.as_millis() as u64 })?;
        Ok(results)
    }

    fn tear_down(&self, results: Results) {
        let calls = &self.program.teardown;
        let mut performer =
            Performer::new(Part::TearDown, calls, &self.linked.teardown, self.desk(), results);
        performer.iterate(&self.moment(), &mut Measure::Nothing, |_, _, _| {});
        performer.end();
    }
}
