use std::io::{PipeReader, Read};
use std::os::fd::AsRawFd;
use std::time::Duration;

/// What a pipe of the kernel holds by default (pipe(7)).
const PIPE: usize = 1 << 16;

/// The next bytes from a pipe; `Some(None)` when there are none within `timeout`, and `None` when there will be no more.
pub(crate) fn read(pipe: &mut PipeReader, timeout: Duration) -> Option<Option<Vec<u8>>> {
    let mut wanted = libc::pollfd { fd: pipe.as_raw_fd(), events: libc::POLLIN, revents: 0 };
    // SAFETY: one entry, which lives through the call.
    let ready = unsafe { libc::poll(&mut wanted, 1, timeout.as_millis() as libc::c_int) };
    if ready <= 0 {
        return Some(None);
    }
    let mut bytes = vec![0; PIPE];
    match pipe.read(&mut bytes) {
        Ok(0) | Err(_) => None,
        Ok(length) => {
            bytes.truncate(length);
            Some(Some(bytes))
        }
    }
}
