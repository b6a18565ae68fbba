//! Waiting for files that have something to read.

use std::os::fd::AsRawFd;
use std::ptr;
use std::time::Duration;

/// An entry for [`is_ready`]: the file, awaited until it can be read or its other end is gone.
pub(super) fn readable(file: &impl AsRawFd) -> libc::pollfd {
    libc::pollfd { fd: file.as_raw_fd(), events: libc::POLLIN, revents: 0 }
}

/// Waits until one of them is, at most so long; says whether one is.
pub(super) fn is_ready(wanted: &mut [libc::pollfd], at_most: Duration) -> bool {
    let at_most = timespec(at_most);
    // SAFETY: list and time live through the call; a null mask leaves ours as it is.
    unsafe { libc::ppoll(wanted.as_mut_ptr(), wanted.len() as libc::nfds_t, &at_most, ptr::null()) > 0 }
}

/// As the kernel takes it.
pub(super) fn timespec(time: Duration) -> libc::timespec {
    libc::timespec {
        tv_sec: time.as_secs() as libc::time_t,
        tv_nsec: libc::c_long::from(time.subsec_nanos() as i32),
    }
}
