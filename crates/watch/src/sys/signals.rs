use std::fs::File;
use std::io::{self, Read};
use std::iter;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, FromRawFd, RawFd};
use std::ptr;
use std::time::Duration;

use super::ready::timespec;

/// Signals that come to us instead of ending us: the kernel's word that a task stopped, and the ways in
/// which people and terminals ask a program to end.
const OURS: [i32; 5] = [libc::SIGCHLD, libc::SIGINT, libc::SIGTERM, libc::SIGHUP, libc::SIGQUIT];
/// Signals by which a terminal stops a program. A tracer that stands still lets whoever runs into a trap stand there.
const STOPS: [i32; 3] = [libc::SIGTSTP, libc::SIGTTIN, libc::SIGTTOU];

/// Longer than anybody waits.
pub(crate) const FOREVER: Duration = Duration::from_secs(1 << 30);

/// `si_code` of a signal that the kernel sent, for a key press or a hang-up (asm-generic/siginfo.h).
const SI_KERNEL: i32 = 0x80;

/// What arrived while waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// A task of ours may have something to report.
    Child,
    /// We are asked to end by this signal.
    End {
        /// Which one.
        signal: i32,
        /// Whether the terminal sent it, and so to the target as well.
        from_terminal: bool,
    },
    /// Nothing within the time allowed.
    Nothing,
}

/// Whoever is waited on for what arrives.
pub(crate) trait Inbox {
    /// Waits for something to arrive, at most `timeout`.
    fn wait(&mut self, timeout: Duration) -> Arrival;
}

impl Arrival {
    /// What it means that `signal` came, with this `si_code`.
    fn of(signal: i32, code: i32) -> Self {
        match signal {
            libc::SIGCHLD => Self::Child,
            signal if STOPS.contains(&signal) => Self::Nothing,
            signal if signal > 0 => Self::End { signal, from_terminal: code == SI_KERNEL },
            _ => Self::Nothing,
        }
    }
}

/// Keeps signals blocked that come to us instead, in this thread and in those that it starts, until dropped.
pub(crate) struct Blocked {
    before: libc::sigset_t,
    ours: libc::sigset_t,
}

impl Blocked {
    /// Those of a process that only waits for another one. Call before starting threads.
    pub(crate) fn to_wait() -> Self {
        Self::new(&OURS)
    }

    /// Those of a process that others depend on: nor does the terminal stop it.
    pub(crate) fn to_work() -> Self {
        Self::new(&[&OURS[..], &STOPS].concat())
    }

    fn new(signals: &[i32]) -> Self {
        let ours = set_of(signals);
        let mut before = MaybeUninit::<libc::sigset_t>::zeroed();
        // SAFETY: both sets live through the call; the old one is filled by it.
        let before = unsafe {
            libc::pthread_sigmask(libc::SIG_BLOCK, &ours, before.as_mut_ptr());
            before.assume_init()
        };
        Self { before, ours }
    }

    /// The mask this thread had before: the one a launched target inherits.
    pub(crate) fn before(&self) -> libc::sigset_t {
        self.before
    }

    /// Waits for one of them, at most `timeout`.
    pub(crate) fn wait(&self, timeout: Duration) -> Arrival {
        let timeout = timespec(timeout);
        let mut info = MaybeUninit::<libc::siginfo_t>::zeroed();
        // SAFETY: set, info and timeout live through the call.
        let signal = unsafe { libc::sigtimedwait(&self.ours, info.as_mut_ptr(), &timeout) };
        // SAFETY: all-zero bytes are a valid siginfo_t, should the call have filled nothing.
        let info = unsafe { info.assume_init() };
        Arrival::of(signal, info.si_code)
    }

    /// A file from which they can be read, for whoever waits for other files too.
    pub(crate) fn as_file(&self) -> io::Result<SignalFile> {
        // SAFETY: the set lives through the call.
        match unsafe { libc::signalfd(-1, &self.ours, libc::SFD_CLOEXEC | libc::SFD_NONBLOCK) } {
            -1 => Err(io::Error::last_os_error()),
            // SAFETY: it is open, and nobody else's.
            file => Ok(SignalFile(unsafe { File::from_raw_fd(file) })),
        }
    }
}

/// See [`Blocked::as_file`].
pub(crate) struct SignalFile(File);

impl SignalFile {
    /// What has arrived, if anything has.
    pub(crate) fn read(&mut self) -> Option<Arrival> {
        let mut info = [0; size_of::<libc::signalfd_siginfo>()];
        self.0.read_exact(&mut info).ok()?;
        // `ssi_signo` at 0 and `ssi_code` at 8 (signalfd(2)).
        let number = |at: usize| i32::from_ne_bytes([info[at], info[at + 1], info[at + 2], info[at + 3]]);
        Some(Arrival::of(number(0), number(8)))
    }

    /// The signal that asked us to end, if one has.
    pub(crate) fn read_end(&mut self) -> Option<i32> {
        iter::from_fn(|| self.read()).find_map(|arrival| match arrival {
            Arrival::End { signal, .. } => Some(signal),
            Arrival::Child | Arrival::Nothing => None,
        })
    }
}

impl AsRawFd for SignalFile {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

impl Inbox for Blocked {
    fn wait(&mut self, timeout: Duration) -> Arrival {
        Blocked::wait(self, timeout)
    }
}

impl Drop for Blocked {
    fn drop(&mut self) {
        set_mask(&self.before);
    }
}

/// Gives the calling thread this mask.
pub(crate) fn set_mask(mask: &libc::sigset_t) {
    // SAFETY: the mask is one the kernel gave us.
    unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, mask, ptr::null_mut()) };
}

fn set_of(signals: &[i32]) -> libc::sigset_t {
    let mut set = MaybeUninit::<libc::sigset_t>::zeroed();
    // SAFETY: sigemptyset initializes the set; the numbers are valid signals.
    unsafe {
        libc::sigemptyset(set.as_mut_ptr());
        for &signal in signals {
            libc::sigaddset(set.as_mut_ptr(), signal);
        }
        set.assume_init()
    }
}

/// Sends `signal` to the process `pid`.
pub(crate) fn send(pid: i32, signal: i32) -> io::Result<()> {
    // SAFETY: kill takes no pointers.
    if unsafe { libc::kill(pid, signal) } < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Asks a process to end, by SIGTERM; a watch lets go of its target then.
///
/// # Errors
/// When there is no such process, or it is not ours.
pub fn ask_to_end(pid: u32) -> io::Result<()> {
    let pid = i32::try_from(pid).map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
    send(pid, libc::SIGTERM)
}
