//! A process that we fork to work for us, and that ends with us.

use std::io;

use super::front;

/// Forks a process that does `work` and exits. It hears by a signal when we die, in whatever way.
///
/// No other thread may run in this process: the child would inherit its locks, and nobody to release them.
///
/// # Errors
/// When the system has no room for another process.
pub(super) fn fork(work: impl FnOnce()) -> io::Result<i32> {
    let own = std::process::id();
    // SAFETY: no other thread exists whose locks the child could inherit.
    match unsafe { libc::fork() } {
        -1 => Err(io::Error::last_os_error()),
        0 => {
            front::follow(own);
            work();
            // SAFETY: takes a number only. What the parent would do at its exit is not ours to do.
            unsafe { libc::_exit(0) }
        }
        pid => Ok(pid),
    }
}
