use std::io::{ErrorKind, PipeReader, Read};
use std::time::Duration;

use super::ready::{is_ready, readable};
use super::signals::{Arrival, Inbox, SignalFile};

/// What a pipe of the kernel holds by default (pipe(7)).
const PIPE: usize = 1 << 16;

/// Signals, and what somebody writes: the one is waited for and the other read, by one thread.
pub(crate) struct Listening<'a, F> {
    signals: &'a mut SignalFile,
    /// Nothing when nobody is left who could write.
    written: Option<PipeReader>,
    bytes: &'a mut Vec<u8>,
    hear: F,
}

impl<'a, F: FnMut(&[u8])> Listening<'a, F> {
    /// What is written comes to `hear`, in pieces; `bytes` is room for them.
    pub(crate) fn new(
        signals: &'a mut SignalFile,
        written: PipeReader,
        bytes: &'a mut Vec<u8>,
        hear: F,
    ) -> Self {
        bytes.resize(PIPE, 0);
        Self { signals, written: Some(written), bytes, hear }
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
        match written.read(self.bytes) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Ok(0) | Err(_) => self.written = None,
            Ok(length) => (self.hear)(&self.bytes[..length]),
        }
    }
}

impl<F: FnMut(&[u8])> Inbox for Listening<'_, F> {
    fn wait(&mut self, timeout: Duration) -> Arrival {
        let written = self.written.iter().map(readable);
        let mut wanted: Vec<libc::pollfd> = [readable(self.signals)].into_iter().chain(written).collect();
        if !is_ready(&mut wanted, timeout) {
            return Arrival::Nothing;
        }
        if wanted.get(1).is_some_and(|pipe| pipe.revents != 0) {
            self.hear_a_piece();
        }
        self.signals.read().unwrap_or(Arrival::Nothing)
    }
}
