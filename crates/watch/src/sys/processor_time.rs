//! Processor time, for what should be paid for by those who cause it.

use std::mem::MaybeUninit;
use std::time::Duration;

/// The processor time that some work takes. Unlike wall time it does not run on while somebody else has the processor.
pub(crate) fn of(work: impl FnOnce()) -> Duration {
    let before = of_this_thread();
    work();
    of_this_thread().saturating_sub(before)
}

/// What all threads of a process have taken since it began; nothing if there is no such process.
pub(crate) fn of_process(pid: i32) -> Option<Duration> {
    let mut clock = 0;
    // SAFETY: the pointer is valid for the call.
    let found = unsafe { libc::clock_getcpuclockid(pid, &raw mut clock) };
    if found == 0 { read(clock) } else { None }
}

/// What the calling thread has taken since it began.
fn of_this_thread() -> Duration {
    read(libc::CLOCK_THREAD_CPUTIME_ID).unwrap_or_default()
}

pub(super) fn read(clock: libc::clockid_t) -> Option<Duration> {
    let mut time = MaybeUninit::<libc::timespec>::zeroed();
    // SAFETY: the pointer is valid for the call; all-zero bytes are a valid value, should it fail.
    let (read, time) = unsafe { (libc::clock_gettime(clock, time.as_mut_ptr()), time.assume_init()) };
    (read == 0).then(|| Duration::new(time.tv_sec as u64, time.tv_nsec as u32))
}
