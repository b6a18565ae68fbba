//! How the kernel shares its processors out: what may be asked of it for a target without any privilege.

use std::io;
use std::mem::MaybeUninit;
use std::num::NonZero;
use std::sync::OnceLock;
use std::thread;

/// How a thread is scheduled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Policy {
    /// As everybody (`SCHED_OTHER`).
    #[default]
    Usual,
    /// As one that never hurries (`SCHED_BATCH`): it does not interrupt others when it wakes up.
    Batch,
    /// Only when nobody else wants to run (`SCHED_IDLE`).
    Idle,
}

/// What is asked of the scheduler for a thread, and for those that it starts from then on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Schedule {
    /// The processors that it may run on, counted from 0; all when empty.
    pub processors: Vec<usize>,
    /// How it is scheduled.
    pub policy: Policy,
    /// How nice it is to others, from 0 to 19. Nobody without privileges becomes less nice again.
    pub nice: i32,
}

/// How many processors we may run on; 1 where the kernel does not say. Asked once: the answer stands in files of the
/// kernel's.
pub fn processors() -> usize {
    static PROCESSORS: OnceLock<usize> = OnceLock::new();
    *PROCESSORS.get_or_init(|| thread::available_parallelism().map_or(1, NonZero::get))
}

impl Schedule {
    /// Asks for it on behalf of task `tid`, 0 for the calling one. Async-signal-safe: does not allocate.
    ///
    /// # Errors
    /// The kernel's: ESRCH when the task is gone, EINVAL when it may use none of the processors.
    pub fn apply(&self, tid: i32) -> io::Result<()> {
        if !self.processors.is_empty() {
            set_processors(tid, &self.processors)?;
        }
        if self.policy != Policy::Usual {
            set_policy(tid, self.policy)?;
        }
        if self.nice != 0 {
            set_nice(tid, self.nice)?;
        }
        Ok(())
    }
}

/// Lets task `tid` run on these processors only.
fn set_processors(tid: i32, processors: &[usize]) -> io::Result<()> {
    // SAFETY: all-zero bits are the empty set.
    let mut set: libc::cpu_set_t = unsafe { MaybeUninit::zeroed().assume_init() };
    for &processor in processors.iter().filter(|&&processor| processor < libc::CPU_SETSIZE as usize) {
        // SAFETY: the number is within the set.
        unsafe { libc::CPU_SET(processor, &mut set) };
    }
    // SAFETY: the set lives through the call and is as large as said.
    checked(unsafe { libc::sched_setaffinity(tid, size_of_val(&set), &set) })
}

/// Schedules task `tid` by another policy.
///
/// # Errors
/// The kernel's: ESRCH when the task is gone, EPERM for leaving `Idle` again without privileges on old kernels.
pub fn set_policy(tid: i32, policy: Policy) -> io::Result<()> {
    let policy = match policy {
        Policy::Usual => libc::SCHED_OTHER,
        Policy::Batch => libc::SCHED_BATCH,
        Policy::Idle => libc::SCHED_IDLE,
    };
    // SAFETY: all-zero bytes are a valid sched_param, and the only one for these policies.
    let parameters: libc::sched_param = unsafe { MaybeUninit::zeroed().assume_init() };
    // SAFETY: the parameters live through the call.
    checked(unsafe { libc::sched_setscheduler(tid, policy, &parameters) })
}

fn set_nice(tid: i32, nice: i32) -> io::Result<()> {
    // SAFETY: takes numbers only.
    checked(unsafe { libc::setpriority(libc::PRIO_PROCESS, tid as libc::id_t, nice) })
}

/// What a system call has answered.
pub(super) fn checked(result: libc::c_int) -> io::Result<()> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
