//! One run of a program, attended from its start to its end: what it wrote, how it ended, what it left behind.

use std::ffi::{OsStr, OsString};
use std::io::{self, PipeReader};
use std::panic;
use std::path::PathBuf;
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use jostle_model::{ExitStatus, Finding};

use crate::sys::pipes::Listening;
use crate::sys::signals::{Blocked, SignalFile};
use crate::sys::{descendants, launch};
use crate::tracer::Tracer;
use crate::{Observer, Options, Target, WatchError, preflight, start_error, summary};

/// How a run ended.
#[derive(Debug)]
pub struct Ended {
    /// The program's status.
    pub status: ExitStatus,
    /// Whether it was still there when its time was up.
    pub timed_out: bool,
    /// From its start to its end.
    pub elapsed: Duration,
    /// The crash, the hang, the collisions.
    pub findings: Vec<Finding>,
    /// How many processes it left behind, all of them killed.
    pub left_behind: usize,
}

/// A run that goes on, for those who do something beside it.
#[derive(Debug)]
pub struct Beside {
    /// The program's process.
    pub pid: i32,
    is_over: Mutex<bool>,
    over: Condvar,
}

impl Beside {
    fn new(pid: i32) -> Self {
        Self { pid, is_over: Mutex::new(false), over: Condvar::new() }
    }

    /// Waits for so long, or until the run is over. Whether it goes on.
    pub fn wait(&self, at_most: Duration) -> bool {
        let is_over = self.is_over.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.over.wait_timeout_while(is_over, at_most, |is_over| !*is_over);
        !*waited.unwrap_or_else(PoisonError::into_inner).0
    }

    fn end(&self) {
        *self.is_over.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.over.notify_all();
    }
}

/// Ends a run for those beside it when dropped.
struct Over<'a>(&'a Beside);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// Nobody is told of what happens: all of it is in [`Ended`].
struct Nobody;
impl Observer for Nobody {}

/// Attends runs of programs, one after the other: one for each process, since signals and orphans are a process's affair.
/// SIGINT, SIGTERM, SIGHUP and SIGQUIT come to it as long as it is there.
pub struct Attendant {
    blocked: Blocked,
    pub(crate) signals: SignalFile,
    /// For what programs write.
    bytes: Vec<u8>,
    /// The program that was run last, by its name.
    known: Option<(OsString, PathBuf)>,
}

impl Attendant {
    /// Has everything at hand that a run needs.
    pub(crate) fn new() -> io::Result<Self> {
        let blocked = Blocked::to_work();
        let signals = blocked.as_file()?;
        Ok(Self { blocked, signals, bytes: Vec::new(), known: None })
    }

    /// Runs the program of `options` to its end, or until its time is up, and kills whatever it leaves behind. What it writes
    /// goes to `output`, in pieces as they come; `beside` runs in a thread of its own meanwhile, and has to end when
    /// [`Beside::wait`] says so.
    ///
    /// All descendants of the calling process are taken for the program's.
    ///
    /// # Errors
    /// When it cannot be started or traced.
    pub fn attend(
        &mut self,
        options: &Options,
        output: impl FnMut(&[u8]),
        beside: Option<impl FnOnce(&Beside) + Send>,
    ) -> Result<Ended, WatchError> {
        let started = Instant::now();
        let (pid, written) = self.launch(options)?;
        let run = Beside::new(pid);
        let mut listening = Listening::new(&mut self.signals, written, &mut self.bytes, output);
        let mut nobody = Nobody;
        let ended = thread::scope(|scope| {
            // Also when a bug of ours ends this thread: the companion waits for it.
            let over = Over(&run);
            let companion = beside.map(|beside| scope.spawn(|| beside(&run)));
            let mut tracer = Tracer::new(options, &mut nobody, &mut listening);
            tracer.begin(pid);
            let traced = tracer.run();
            let elapsed = started.elapsed();
            let left_behind = descendants::kill_all(&Default::default());
            drop(over);
            if let Some(Err(panic)) = companion.map(|companion| companion.join()) {
                // What it panics about is a bug of ours.
                panic::resume_unwind(panic);
            }
            traced?;
            let (status, timed_out) = (tracer.status, tracer.timed_out);
            let findings = summary::outcome(tracer)?.findings;
            Ok(Ended { status, timed_out, elapsed, findings, left_behind })
        });
        // A writer that got away, into a service of the system for example, is not waited for.
        listening.hear_the_rest();
        ended
    }

    /// Starts the program, and returns its process and what it writes.
    fn launch(&mut self, options: &Options) -> Result<(i32, PipeReader), WatchError> {
        let Target::Command(command) = &options.target else {
            return Err(WatchError::NotFound("".into()));
        };
        let program = command.first().ok_or_else(|| WatchError::NotFound("".into()))?;
        let path = self.find(program)?;
        let (written, write) =
            io::pipe().map_err(|error| start_error(program, launch::LaunchError::Start(error)))?;
        let launched = launch::launch(&path, command, self.blocked.before(), &options.launch, Some(write));
        match launched {
            Ok(pid) => Ok((pid, written)),
            Err(error) => {
                // The program may be another one by now, of which more can be said.
                self.known = None;
                self.find(program)?;
                Err(start_error(program, error))
            }
        }
    }

    /// Looks at a program only once as long as it is the same.
    fn find(&mut self, program: &OsStr) -> Result<PathBuf, WatchError> {
        if let Some((name, path)) = &self.known
            && name == program
        {
            return Ok(path.clone());
        }
        let path = preflight::find(program)?.path;
        self.known = Some((program.to_owned(), path.clone()));
        Ok(path)
    }
}
