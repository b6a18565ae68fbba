//! One thread's clients: what each sends next, and what is made of the answers.

mod passes;
mod streams;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use super::client::{Batch, Client, Desk, Reading};
use super::crew::{Message, Orders};
use super::rendezvous::Rendezvous;
use crate::error::ProbeError;
use crate::evidence::{Key, Scene};
use crate::judge::Judge;
use crate::ledger::Asked;
use crate::mode::{Mixture, Mode};
use crate::place::AnswerPlace;
use crate::rules::{Charge, Ending, is_shed, loss};
use crate::template::Visitor;
use crate::wire::Answer;

/// How many requests go out before the first answer where they are pipelined.
const PIPELINED: usize = 3;

/// How many clients end their requests at once. More would hardly overlap more, and take longer to come together.
const BURST: usize = 16;

/// Of a hundred visitors so many are new, where the server knows visitors.
const NEW_VISITORS: u32 = 30;

/// How many different things can be charged before further ones are only counted together with others of their kind.
const MOST_KEYS: usize = 512;

/// How many places of answers are told apart for one of them.
const MOST_PLACES: usize = 32;

/// When nobody has been let in for so long, the server is gone.
const GONE: Duration = Duration::from_millis(1_500);

/// Between two tries to connect that fail.
const REST: Duration = Duration::from_millis(20);

/// What one thread has counted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    /// Whole answers.
    pub(crate) answers: u64,
    /// Those that say that there is too much to do.
    pub(crate) shed: u64,
    /// Requests given up on purpose.
    pub(crate) cancelled: u64,
    /// Pairs of requests under way at once.
    pub(crate) pairs: u64,
    /// Requests by mode.
    pub(crate) modes: [u64; Mode::ALL.len()],
    /// Connections that were not accepted, and closed ones that were to be used again.
    pub(crate) refused: u64,
    /// Whole answers by kind of request: the index of the template, and who sent it.
    pub(crate) kinds: BTreeMap<(usize, Visitor), u64>,
    /// How often each thing was charged.
    pub(crate) charges: BTreeMap<Key, Count>,
}

/// How often something was charged, and where in answers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Count {
    /// In how many answers.
    pub(crate) answers: u64,
    /// The request of the last of them: an answer with the same in several places counts once.
    last: u64,
    /// The places.
    pub(crate) places: BTreeSet<AnswerPlace>,
}

impl Count {
    fn add(&mut self, asked: &Asked, place: &AnswerPlace) {
        self.answers += u64::from(self.answers == 0 || self.last != asked.number);
        self.last = asked.number;
        if !self.places.contains(place) && self.places.len() < MOST_PLACES {
            self.places.insert(place.clone());
        }
    }

    /// Adds what another thread has counted.
    pub(crate) fn merge(&mut self, other: Self) {
        self.answers += other.answers;
        self.places.extend(other.places);
    }
}

/// One thread's share of the work.
pub(crate) struct Worker {
    pub(crate) orders: Arc<Orders>,
    judge: RefCell<Judge>,
    tally: RefCell<Tally>,
    rendezvous: Rendezvous,
    mixture: Mixture,
    random: RefCell<fastrand::Rng>,
    messages: Sender<Message>,
    /// The number of the next request; those of different threads are interleaved.
    next: Cell<u64>,
    index: usize,
    /// When somebody was last let in.
    let_in: Cell<Instant>,
}

impl Worker {
    pub(crate) fn new(orders: Arc<Orders>, index: usize, clients: usize, messages: Sender<Message>) -> Self {
        let mut random = fastrand::Rng::with_seed(orders.seed.wrapping_add(index as u64));
        let judge = Judge::new(Arc::clone(&orders.knowledge), Arc::clone(&orders.issued), random.fork());
        Self {
            judge: RefCell::new(judge),
            tally: RefCell::default(),
            rendezvous: Rendezvous::of(clients.div_ceil(2).min(BURST)),
            mixture: Mixture::of(&orders.modes),
            random: RefCell::new(random),
            messages,
            next: Cell::new(orders.first + index as u64),
            index,
            let_in: Cell::new(Instant::now()),
            orders,
        }
    }

    /// What was counted.
    pub(crate) fn tally(&self) -> Tally {
        self.tally.borrow().clone()
    }

    /// One client, until the time is up.
    pub(crate) async fn work(self: Rc<Self>) {
        let mut client = Client::default();
        let mut bytes = Vec::with_capacity(4 * 1024);
        loop {
            self.orders.pace.wait(self.orders.deadline).await;
            if self.is_over() {
                break;
            }
            let mode = self.mixture.choose(|below| self.random.borrow_mut().u32(..below));
            if mode == Mode::NewConnection {
                client.hang_up();
            }
            if let Err(error) = client.connect(&self.orders.door).await {
                self.not_let_in(&error).await;
                continue;
            }
            self.let_in.set(Instant::now());
            match self.orders.knowledge.steps {
                true => self.pass(&mut client, mode, &mut bytes).await,
                false => self.send(&mut client, mode, &mut bytes).await,
            }
        }
    }

    fn is_over(&self) -> bool {
        let Orders { deadline, stop, last, .. } = &*self.orders;
        stop.load(Relaxed) || self.next.get() >= *last || Instant::now() >= *deadline
    }

    /// The next request, sent in `mode`.
    fn ask(&self, mode: Mode) -> Asked {
        let Orders { knowledge, threads, .. } = &*self.orders;
        let number = self.next.replace(self.next.get() + *threads as u64);
        self.orders.sent[self.index].store(number, Relaxed);
        let mut random = self.random.borrow_mut();
        let template = match knowledge.templates.len() {
            1 => 0,
            several => random.usize(..several),
        };
        let knows = knowledge.templates[template].knows_visitors();
        let visitor = if knows && random.u32(..100) < NEW_VISITORS { Visitor::New } else { Visitor::Known };
        Asked { number, template, visitor, mode }
    }

    async fn send(&self, client: &mut Client, mode: Mode, bytes: &mut Vec<u8>) {
        match mode {
            Mode::Cancelled => self.cancel(client, bytes).await,
            Mode::Burst => self.burst(client, bytes).await,
            Mode::Pipelined => {
                let asked: [Asked; PIPELINED] = std::array::from_fn(|_| self.ask(mode));
                self.write(&asked, bytes);
                self.exchange(client, &asked, bytes, Reading::AtOnce).await;
            }
            _ => {
                let asked = [self.ask(mode)];
                self.write(&asked, bytes);
                let reading = if mode == Mode::SlowReader { Reading::Slowly } else { Reading::AtOnce };
                self.exchange(client, &asked, bytes, reading).await;
            }
        }
    }

    fn write(&self, asked: &[Asked], bytes: &mut Vec<u8>) {
        let knowledge = &self.orders.knowledge;
        bytes.clear();
        for one in asked {
            let template = &knowledge.templates[one.template];
            match one.mode {
                Mode::NewConnection => template.write_last(one.visitor, &knowledge.mint, one.number, bytes),
                _ => template.write(one.visitor, &knowledge.mint, one.number, bytes),
            }
        }
    }

    async fn exchange(&self, client: &mut Client, asked: &[Asked], bytes: &[u8], pace: Reading) {
        let to_head = self.orders.knowledge.templates[asked[0].template].ask().method == "HEAD";
        let batch = Batch { asked, bytes, to_head, patience: self.orders.patience, pace };
        let mut answered = 0;
        let done = client.exchange(&batch, self, &mut answered).await;
        asked[answered..].iter().for_each(|asked| self.orders.ledger.given_up(asked));
        if let Err(ending) = done {
            let unanswered = asked.get(answered).or(asked.last());
            unanswered.into_iter().for_each(|asked| self.lost(asked, &ending));
        }
    }

    /// Sends all but the last byte, waits until others have come as far, and then ends the request.
    async fn burst(&self, client: &mut Client, bytes: &mut Vec<u8>) {
        let asked = [self.ask(Mode::Burst)];
        self.write(&asked, bytes);
        let last = bytes.len().saturating_sub(1);
        if client.begin(&bytes[..last]).await.is_err() {
            client.hang_up();
            self.tally.borrow_mut().refused += 1;
            return;
        }
        self.rendezvous.wait().await;
        self.exchange(client, &asked, &bytes[last..], Reading::AtOnce).await;
    }

    /// Sends a request and goes away, some time within what an answer takes.
    async fn cancel(&self, client: &mut Client, bytes: &mut Vec<u8>) {
        let asked = self.ask(Mode::Cancelled);
        self.write(&[asked], bytes);
        let (whole, wait) = {
            let mut random = self.random.borrow_mut();
            (random.u32(..4) > 0, self.orders.usual.mul_f64(random.f64() * 1.5))
        };
        let end = if whole { bytes.len() } else { bytes.len() / 2 };
        self.sending(&asked);
        if client.begin(&bytes[..end]).await.is_ok() {
            tokio::time::sleep(wait).await;
        }
        client.abort();
        self.orders.ledger.given_up(&asked);
        self.tally.borrow_mut().cancelled += 1;
    }

    /// Notes that a connection was not accepted, or is not to be had on this machine.
    async fn not_let_in(&self, error: &ProbeError) {
        self.tally.borrow_mut().refused += 1;
        if self.let_in.get().elapsed() > GONE && !self.orders.stop.swap(true, Relaxed) {
            // Whoever receives has gone away only when everything is over.
            let _ = self.messages.send(Message::Gone(error.to_string()));
        }
        tokio::time::sleep(REST).await;
    }

    fn lost(&self, asked: &Asked, ending: &Ending) {
        match loss(ending) {
            Some(charge) if self.orders.judge_losses => self.charge(asked, None, &charge),
            _ => self.tally.borrow_mut().refused += 1,
        }
    }

    /// Counts a charge, and shows the first of its kind.
    fn charge(&self, asked: &Asked, answer: Option<&Answer<'_>>, charge: &Charge) {
        let key = Key::of(asked, charge);
        let charges = &mut self.tally.borrow_mut().charges;
        if let Some(count) = charges.get_mut(&key) {
            count.add(asked, &charge.place);
            return;
        }
        if charges.len() >= MOST_KEYS {
            return;
        }
        charges.entry(key.clone()).or_default().add(asked, &charge.place);
        let Orders { knowledge, ledger, .. } = &*self.orders;
        let scene = Scene { knowledge, ledger, answer, in_turn: false };
        let (crossing, pair) = (scene.crossing(asked, charge), scene.pair(asked, charge));
        let (status, difference) = (answer.map_or(0, |answer| answer.status), charge.difference);
        let message = Message::Charged { key, crossing: Box::new(crossing), pair, status, difference };
        // Whoever receives has gone away only when everything is over.
        let _ = self.messages.send(message);
    }
}

impl Desk for Worker {
    fn sending(&self, asked: &Asked) {
        let others = self.orders.ledger.begin(asked);
        let tally = &mut self.tally.borrow_mut();
        tally.pairs += others;
        tally.modes[asked.mode as usize] += 1;
    }

    fn answered(&self, asked: &Asked, answer: &Answer<'_>) {
        self.orders.ledger.answered(asked, answer.status);
        {
            let tally = &mut self.tally.borrow_mut();
            tally.answers += 1;
            *tally.kinds.entry((asked.template, asked.visitor)).or_default() += 1;
            tally.shed += u64::from(is_shed(answer.status));
        }
        let charges = self.judge.borrow_mut().judge(asked, answer);
        charges.iter().for_each(|charge| self.charge(asked, Some(answer), charge));
    }
}
