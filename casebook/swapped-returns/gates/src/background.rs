//! The client's own thread: asks the data store for newer specs, hands exposures over, tells the observer.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Wakes the thread before its time, for work or for good.
#[derive(Default)]
pub(crate) struct Bell {
    state: Mutex<State>,
    rung: Condvar,
}

#[derive(Clone, Copy, Default)]
struct State {
    work: bool,
    ended: bool,
}

impl Bell {
    pub(crate) fn ring(&self) {
        self.change(|state| state.work = true);
    }

    fn end(&self) {
        self.change(|state| state.ended = true);
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.lock());
        self.rung.notify_one();
    }

    /// Waits to be rung, or for so long. Whether there is to be more work.
    fn wait(&self, longest: Duration) -> bool {
        let waiting = self.rung.wait_timeout_while(self.lock(), longest, |state| !state.work && !state.ended);
        let (mut state, _) = waiting.unwrap_or_else(PoisonError::into_inner);
        state.work = false;
        !state.ended
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A running thread. It ends when this is dropped.
pub(crate) struct Background {
    bell: Arc<Bell>,
    thread: Option<JoinHandle<()>>,
}

impl Background {
    /// Does the work every `interval`, whenever the bell rings, and once more at the end.
    pub(crate) fn start(
        bell: Arc<Bell>,
        interval: Duration,
        work: impl Fn() + Send + 'static,
    ) -> Option<Self> {
        let awaited = Arc::clone(&bell);
        let round = move || {
            while awaited.wait(interval) {
                work();
            }
            work();
        };
        let thread = thread::Builder::new().name("gates".to_owned()).spawn(round).ok()?;
        Some(Self { bell, thread: Some(thread) })
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        self.bell.end();
        // A host may let go of the client in a callback, on this very thread; that one ends by itself.
        let thread = self.thread.take().filter(|thread| thread.thread().id() != thread::current().id());
        if let Some(thread) = thread {
            let _ = thread.join(); // a panic in there has been told already
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn it_works_when_rung_and_once_more_at_the_end() {
        let (bell, rounds) = (Arc::new(Bell::default()), Arc::new(AtomicUsize::new(0)));
        let counted = Arc::clone(&rounds);
        let work = move || {
            counted.fetch_add(1, Ordering::SeqCst);
        };
        let background = Background::start(Arc::clone(&bell), Duration::from_secs(3600), work).unwrap();
        bell.ring();
        while rounds.load(Ordering::SeqCst) == 0 {
            thread::yield_now();
        }
        drop(background);
        assert_eq!(rounds.load(Ordering::SeqCst), 2);
    }
}
