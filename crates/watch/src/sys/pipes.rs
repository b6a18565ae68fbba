use std::io::{ErrorKind, PipeReader, Read};
use std::os::fd::AsRawFd;
use std::ptr;
use std::time::Duration;

use super::signals::{Arrival, Inbox, SignalFile};

/// What a pipe of the kernel holds by default (pipe(7)).
const PIPE: usize = 1 << 16;

/// Signals, and what somebody writes: the one is waited for and the other read, by one thread.
pub(crate) struct Listening<F> {
    signals: SignalFile,
    /// Nothing when nobody is left who could write.
    written: Option<PipeReader>,
    bytes: Vec<u8>,
    hear: F,
}

impl<F: FnMut(&[u8])> Listening<F> {
    /// What is written comes to `hear`, in pieces.
    pub(crate) fn new(signals: SignalFile, written: PipeReader, hear: F) -> Self {
        Self { signals, written: Some(written), bytes: vec![0; PIPE], hear }
    }

    /// Hears what is in the pipe, without waiting for more. Whoever writes on and on is not heard out.
    pub(crate) fn hear_the_rest(&mut self) {
        const PIECES: usize = 64;
        for _ in 0..PIECES {
            let Some(written) = &self.written else { return };
            if !is_ready(&mut [readable(written)], Duration::ZERO) {
                return;
            }
            self.hear_a_piece();
        }
    }

    fn hear_a_piece(&mut self) {
        let Some(written) = &mut self.written else { return };
        match written.read(&mut self.bytes) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Ok(0) | Err(_) => self.written = None,
            Ok(length) => (self.hear)(&self.bytes[..length]),
        }
    }
}

impl<F: FnMut(&[u8])> Inbox for Listening<F> {
    fn wait(&mut self, timeout: Duration) -> Arrival {
        let written = self.written.iter().map(readable);
        let mut wanted: Vec<libc::pollfd> = [readable(&self.signals)].into_iter().chain(written).collect();
        if !is_ready(&mut wanted, timeout) {
            return Arrival::Nothing;
        }
        if wanted.get(1).is_some_and(|pipe| pipe.revents != 0) {
            self.hear_a_piece();
        }
        self.signals.read().unwrap_or(Arrival::Nothing)
    }
}

fn readable(file: &impl AsRawFd) -> libc::pollfd {
    libc::pollfd { fd: file.as_raw_fd(), events: libc::POLLIN, revents: 0 }
}

/// Waits until one of them is, at most so long.
fn is_ready(wanted: &mut [libc::pollfd], at_most: Duration) -> bool {
    let at_most = libc::timespec {
        tv_sec: at_most.as_secs() as libc::time_t,
        tv_nsec: libc::c_long::from(at_most.subsec_nanos() as i32),
    };
    // SAFETY: list and time live through the call; a null mask leaves ours as it is.
    unsafe { libc::ppoll(wanted.as_mut_ptr(), wanted.len() as libc::nfds_t, &at_most, ptr::null()) > 0 }
}
