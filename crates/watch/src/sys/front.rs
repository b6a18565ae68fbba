//! The tracer as a process of its own, apart from the one that people see and kill.
//!
//! Whoever kills a tracer with SIGKILL may leave a thread of the target in a trap that nobody sees to. So what the
//! user started only waits: it passes signals on, and when it dies, in whatever way, the tracer is told, takes
//! everything back, and lets go.

use std::io;
use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicI32, Ordering};

use super::signals;

/// The process id of the front; 0 when there is none.
static FRONT: AtomicI32 = AtomicI32::new(0);

/// What the tracer is sent when the front is gone.
const FAREWELL: i32 = libc::SIGTERM;

/// How the tracer's process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TracerEnd {
    /// By itself, with this exit code.
    Code(u8),
    /// By this signal.
    Signal(i32),
}

/// Splits this process in two. Returns how the tracer ended in the front, and `None` in the tracer, which does the work.
/// To be called before any thread is started.
///
/// # Errors
/// When the system has no room for another process.
pub fn stand_apart() -> io::Result<Option<TracerEnd>> {
    let blocked = signals::Blocked::to_wait();
    FRONT.store(std::process::id() as i32, Ordering::Relaxed);
    // SAFETY: no other thread exists whose locks the child could inherit.
    match unsafe { libc::fork() } {
        -1 => Err(io::Error::last_os_error()),
        0 => {
            mourn();
            Ok(None)
        }
        tracer => wait_for(tracer, &blocked).map(Some),
    }
}

/// Whether there was a front, and it is gone.
pub(crate) fn is_gone() -> bool {
    let front = FRONT.load(Ordering::Relaxed);
    front != 0 && std::os::unix::process::parent_id() != front as u32
}

/// Makes process `parent`, which has just forked us, the one without which we do not go on. It knows its own number; who our
/// parent is by now may be another one.
pub(crate) fn follow(parent: u32) {
    FRONT.store(parent as i32, Ordering::Relaxed);
    mourn();
}

/// Asks the kernel to tell us when the front dies, and tells ourselves if it has already.
fn mourn() {
    // SAFETY: both take numbers only.
    unsafe {
        libc::prctl(libc::PR_SET_PDEATHSIG, FAREWELL);
        if is_gone() {
            libc::raise(FAREWELL);
        }
    }
}

/// Waits until the tracer ends; whatever asks us to end meanwhile is passed on. The terminal's signals have reached it
/// already: both belong to the same process group.
fn wait_for(tracer: i32, blocked: &signals::Blocked) -> io::Result<TracerEnd> {
    loop {
        if let signals::Arrival::End { signal, from_terminal: false } = blocked.wait(signals::FOREVER) {
            // It may have ended meanwhile.
            let _ = signals::send(tracer, signal);
        }
        let mut status = MaybeUninit::<libc::c_int>::zeroed();
        // SAFETY: `status` outlives the call.
        match unsafe { libc::waitpid(tracer, status.as_mut_ptr(), libc::WNOHANG) } {
            -1 => return Err(io::Error::last_os_error()),
            0 => {}
            // SAFETY: waitpid has filled it.
            _ => return Ok(end(unsafe { status.assume_init() })),
        }
    }
}

fn end(status: libc::c_int) -> TracerEnd {
    if libc::WIFSIGNALED(status) {
        TracerEnd::Signal(libc::WTERMSIG(status))
    } else {
        TracerEnd::Code(libc::WEXITSTATUS(status) as u8)
    }
}
