//! Processor time, for what should be paid for by those who cause it.

use std::mem::MaybeUninit;
use std::time::Duration;

/// The processor time that some work takes. Unlike wall time it does not run on while somebody else has the processor.
pub(crate) fn of(work: impl FnOnce()) -> Duration {
    let before = of_this_thread();
    work();
    of_this_thread().saturating_sub(before)
}

/// What the calling thread has taken since it began.
fn of_this_thread() -> Duration {
    let mut time = MaybeUninit::<libc::timespec>::zeroed();
    // SAFETY: the pointer is valid for the call; all-zero bytes are a valid value, should it fail.
    let time = unsafe {
        libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, time.as_mut_ptr());
        time.assume_init()
    };
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}
