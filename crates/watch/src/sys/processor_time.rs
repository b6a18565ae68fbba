use std::mem::MaybeUninit;
use std::time::Duration;

/// The processor time that the calling thread has taken since it began. Unlike wall time it does not run on while
/// somebody else has the processor.
pub(crate) fn of_this_thread() -> Duration {
    let mut time = MaybeUninit::<libc::timespec>::zeroed();
    // SAFETY: the pointer is valid for the call; all-zero bytes are a valid value, should it fail.
    let time = unsafe {
        libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, time.as_mut_ptr());
        time.assume_init()
    };
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}
