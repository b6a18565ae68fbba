//! All threads together.

use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use jostle_model::Crossing;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::LocalSet;

use super::pace::Pace;
use super::streams::Streams;
use super::worker::{Tally, Worker};
use crate::connection::Door;
use crate::error::ProbeError;
use crate::evidence::Key;
use crate::knowledge::Knowledge;
use crate::ledger::Ledger;
use crate::mode::Mode;
use crate::profile::Difference;
use crate::replay::Pair;
use crate::rules::Issued;

/// What all threads are told.
#[derive(Debug)]
pub(crate) struct Orders {
    pub(crate) door: Door,
    pub(crate) knowledge: Arc<Knowledge>,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) issued: Arc<Mutex<Issued>>,
    pub(crate) pace: Pace,
    pub(crate) modes: Vec<Mode>,
    /// Whether clients share connections of HTTP/2.
    pub(crate) http2: bool,
    pub(crate) seed: u64,
    pub(crate) threads: usize,
    /// The number of the first request, and the one behind the last.
    pub(crate) first: u64,
    pub(crate) last: u64,
    pub(crate) deadline: Instant,
    /// How long answers may take.
    pub(crate) patience: Duration,
    /// How long one usually takes.
    pub(crate) usual: Duration,
    /// Whether a request that is not answered is held against the server.
    pub(crate) judge_losses: bool,
    /// Says to all that it is over.
    pub(crate) stop: Arc<AtomicBool>,
    /// By thread, the number of the request that it sent last.
    pub(crate) sent: Vec<AtomicU64>,
}

/// How many clients share a connection of HTTP/2; servers allow a hundred streams and more.
const STREAMS: usize = 16;

/// What a thread has to say while it works.
#[derive(Debug)]
pub(crate) enum Message {
    /// The first charge of its kind.
    Charged {
        /// What makes it the same as another.
        key: Key,
        /// The evidence.
        crossing: Box<Crossing>,
        /// What was sent.
        pair: Pair,
        /// The status of the answer.
        status: u16,
        /// How it differs from what is normal, where that is the charge.
        difference: Option<Difference>,
    },
    /// The server lets nobody in any more.
    Gone(String),
}

/// The threads at work.
pub(crate) struct Crew {
    orders: Arc<Orders>,
    threads: Vec<JoinHandle<Tally>>,
    messages: Receiver<Message>,
}

impl Crew {
    /// Sets so many clients to work.
    pub(crate) fn start(orders: Orders, clients: usize) -> Result<Self, ProbeError> {
        let orders = Arc::new(orders);
        let (sender, messages) = channel();
        let mut threads = Vec::new();
        for index in 0..orders.threads {
            let share = clients / orders.threads + usize::from(index < clients % orders.threads);
            let (orders, sender) = (Arc::clone(&orders), sender.clone());
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .map_err(ProbeError::Start)?;
            let work = move || LocalSet::new().block_on(&runtime, serve(orders, index, share, sender));
            let thread = std::thread::Builder::new().name(format!("probe-{index}")).spawn(work);
            threads.push(thread.map_err(ProbeError::Start)?);
        }
        Ok(Self { orders, threads, messages })
    }

    /// The next message, if one comes within `patience`; an error when none will come any more.
    pub(crate) fn listen(&self, patience: Duration) -> Result<Option<Message>, ()> {
        match self.messages.recv_timeout(patience) {
            Ok(message) => Ok(Some(message)),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => Err(()),
        }
    }

    /// How many requests were sent so far.
    pub(crate) fn requests(&self) -> u64 {
        let Orders { first, threads, sent, .. } = &*self.orders;
        let of_thread =
            |number: u64| number.checked_sub(*first).map_or(0, |since| since / *threads as u64 + 1);
        sent.iter().map(|number| of_thread(number.load(Relaxed))).sum()
    }

    /// How far numbers may be ahead of the number of requests, because threads do not send equally many.
    pub(crate) fn slack(&self) -> u64 {
        let Orders { first, threads, sent, .. } = &*self.orders;
        let highest = sent.iter().map(|number| number.load(Relaxed)).max().unwrap_or(0);
        (highest + *threads as u64).saturating_sub(*first)
    }

    /// What all threads have counted, when they are done.
    pub(crate) fn end(self) -> Tally {
        let tallies = self
            .threads
            .into_iter()
            .map(|thread| thread.join().expect("a thread that counts does not panic"));
        tallies.fold(Tally::default(), Tally::with)
    }
}

/// Ctrl-C and SIGTERM end the sending, and what was found is told.
pub(crate) async fn end_when_asked(stop: Arc<AtomicBool>) {
    let (Ok(mut interrupt), Ok(mut terminate)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    stop.store(true, Relaxed);
}

async fn serve(orders: Arc<Orders>, index: usize, clients: usize, messages: Sender<Message>) -> Tally {
    let connections: Vec<Rc<Streams>> = match orders.http2 {
        true => (0..clients.div_ceil(STREAMS)).map(|_| Rc::default()).collect(),
        false => Vec::new(),
    };
    let worker = Rc::new(Worker::new(orders, index, clients, messages));
    let clients: Vec<_> = (0..clients)
        .map(|client| match connections.get(client / STREAMS) {
            Some(streams) => tokio::task::spawn_local(Rc::clone(&worker).work_on(Rc::clone(streams))),
            None => tokio::task::spawn_local(Rc::clone(&worker).work()),
        })
        .collect();
    if index == 0 {
        tokio::task::spawn_local(end_when_asked(Arc::clone(&worker.orders.stop)));
    }
    for client in clients {
        client.await.expect("a client does not panic");
    }
    worker.tally()
}

impl Tally {
    /// Both together.
    fn with(mut self, other: Self) -> Self {
        self.answers += other.answers;
        self.shed += other.shed;
        self.cancelled += other.cancelled;
        self.pairs += other.pairs;
        self.refused += other.refused;
        self.modes.iter_mut().zip(other.modes).for_each(|(mine, others)| *mine += others);
        for (kind, answers) in other.kinds {
            *self.kinds.entry(kind).or_default() += answers;
        }
        for (key, count) in other.charges {
            self.charges.entry(key).or_default().merge(count);
        }
        self
    }
}
