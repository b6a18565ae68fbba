use std::cell::Cell;
use std::time::Duration;

use tokio::sync::Notify;

/// Where clients of one thread wait for each other, to end their requests at once.
#[derive(Debug)]
pub(crate) struct Rendezvous {
    size: usize,
    waiting: Cell<usize>,
    bell: Notify,
}

/// How long the first of them waits for the last. Longer, and the server may give up on requests without their last byte;
/// shorter, and clients of a slow server never meet.
const PATIENCE: Duration = Duration::from_millis(50);

impl Rendezvous {
    /// Of so many clients.
    pub(crate) fn of(size: usize) -> Self {
        Self { size, waiting: Cell::new(0), bell: Notify::new() }
    }

    /// Waits until there are enough, or until it has taken too long: then those who are there go together.
    pub(crate) async fn wait(&self) {
        let bell = self.bell.notified();
        self.waiting.set(self.waiting.get() + 1);
        if self.waiting.get() < self.size && tokio::time::timeout(PATIENCE, bell).await.is_ok() {
            return;
        }
        self.waiting.set(0);
        self.bell.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use tokio::task::LocalSet;

    use super::*;

    fn gone(size: usize, clients: usize) -> usize {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
        let (rendezvous, gone) = (Rc::new(Rendezvous::of(size)), Rc::new(Cell::new(0)));
        LocalSet::new().block_on(&runtime, async {
            let all: Vec<_> = (0..clients)
                .map(|_| {
                    let (rendezvous, gone) = (Rc::clone(&rendezvous), Rc::clone(&gone));
                    tokio::task::spawn_local(async move {
                        rendezvous.wait().await;
                        gone.set(gone.get() + 1);
                    })
                })
                .collect();
            for client in all {
                client.await.expect("it ends");
            }
        });
        gone.get()
    }

    #[test]
    fn all_go_when_the_last_has_come() {
        assert_eq!(gone(4, 4), 4);
    }

    #[test]
    fn nobody_waits_for_ever() {
        assert_eq!(gone(4, 3), 3);
    }
}
