use std::mem::MaybeUninit;

/// Allows ourselves as many open files as we may have: a thread that is watched takes up to four. To be called when the
/// target is started: it is to have the limit that it would have without us.
pub(crate) fn raise_limit() {
    let mut limit = MaybeUninit::<libc::rlimit>::zeroed();
    // SAFETY: the limit lives through the calls, and is filled before it is read.
    unsafe {
        if libc::getrlimit(libc::RLIMIT_NOFILE, limit.as_mut_ptr()) == 0 {
            let mut limit = limit.assume_init();
            limit.rlim_cur = limit.rlim_max;
            libc::setrlimit(libc::RLIMIT_NOFILE, &limit);
        }
    }
}
