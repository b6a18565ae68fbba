//! Sends two requests again, until what they did shows again.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use jostle_model::{Crossing, Failure, Rate, ReplaySummary, Rule, Signature, Verdict};
use jostle_odds::{Confidence, Interval, Tally, rate_interval};
use serde::{Deserialize, Serialize};

use crate::drive::{Batch, Client, Desk, Reading, Streams};
use crate::error::ProbeError;
use crate::evidence::Scene;
use crate::jar::Jar;
use crate::judge::Judge;
use crate::knowledge::Knowledge;
use crate::ledger::{Asked, Ledger};
use crate::mode::Mode;
use crate::options::{Observer, Options, Order};
use crate::rules::{Charge, Issued, loss};
use crate::run::{Run, quantile};
use crate::target::Target;
use crate::template::Visitor;
use crate::wire::Answer;

/// What was sent when something was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pair {
    /// The rule that was broken.
    pub rule: String,
    /// The request whose answer was wrong.
    pub receiver: Sent,
    /// The one whose identity it held. Where there was none, another of the same kind is sent beside it.
    pub owner: Option<Sent>,
}

impl Pair {
    /// What is sent beside the receiver's request. An id that two were given was made for a new visitor, who may have been a
    /// third; and where nobody is known to have been there, it may have been a new visitor or not.
    fn other(&self, new: bool) -> Sent {
        let owner = self.owner.unwrap_or(self.receiver);
        let new = self.rule == Rule::SharedSession.name() || (self.owner.is_none() && new);
        if new { Sent { visitor: Visitor::New, ..owner } } else { owner }
    }
}

/// One of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// Index into what was asked.
    pub ask: usize,
    /// Who sent it.
    pub visitor: Visitor,
    /// How it was sent.
    pub mode: Mode,
}

impl From<&Asked> for Sent {
    fn from(asked: &Asked) -> Self {
        Self { ask: asked.template, visitor: asked.visitor, mode: asked.mode }
    }
}

impl Sent {
    /// The same, sent as request `number`.
    pub(crate) fn asked(self, number: u64) -> Asked {
        Asked { number, template: self.ask, visitor: self.visitor, mode: self.mode }
    }
}

/// What came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Again {
    /// How often the two were sent.
    pub rounds: u64,
    /// In how many of these it showed.
    pub shown: u64,
    /// What was seen the first time.
    pub first: Option<Crossing>,
}

impl Again {
    /// The same in the words that every replay is told in.
    pub fn told(&self, pair: &Pair) -> (ReplaySummary, Failure) {
        let tally = Tally::of(self.shown, self.rounds - self.shown);
        let Interval { low, high, confidence } = rate_interval(tally, Confidence::NINETY_FIVE);
        let summary = ReplaySummary {
            verb: "replay",
            verdict: if self.shown > 0 { Verdict::Found } else { Verdict::Inconclusive },
            perturbation: "none".to_owned(),
            again: Rate { events: self.shown, of: self.rounds, low, high, confidence },
            same_kind: self.shown,
            unperturbed: None,
            ratio: None,
            chance: None,
        };
        let title = self
            .first
            .as_ref()
            .map_or_else(|| pair.rule.clone(), |first| format!("{} at {}", pair.rule, first.place));
        let signature = Signature { kind: pair.rule.clone(), exact: title.clone() };
        (summary, Failure { signature, title, details: String::new() })
    }
}

impl Options {
    /// What a probe recorded, to be replayed.
    ///
    /// # Errors
    ///
    /// What was recorded is no URL.
    pub fn again(order: &Order) -> Result<Self, ProbeError> {
        Ok(Self {
            target: Target::parse(&order.url)?,
            asks: order.asks.clone(),
            steps: order.steps,
            tokens: order.tokens.iter().filter_map(|place| place.parse().ok()).collect(),
            sessions: order.sessions.iter().filter_map(|place| place.parse().ok()).collect(),
            ignore: Vec::new(),
            duration: REPLAY,
            requests: None,
            concurrency: 2,
            rate: None,
            modes: Vec::new(),
            http2: order.http2,
            patience: PATIENCE,
            tls_ca: order.tls_ca.clone(),
            elsewhere: order.elsewhere,
            seed: 0,
            threads: 1,
            remember: false,
            stop: Default::default(),
        })
    }
}

/// A replay ends after so long, however many rounds are left.
const REPLAY: Duration = Duration::from_secs(60);

/// How long an answer may take in a replay.
const PATIENCE: Duration = Duration::from_secs(10);

/// Sends just the two requests of `pair`, overlapped, so many times. Each round they begin a little further apart or closer
/// together, drawn from the seed: which of them has to be first is not known.
///
/// # Errors
///
/// As [`crate::probe`].
pub fn replay(
    options: &Options,
    pair: &Pair,
    rounds: u64,
    observer: &mut dyn Observer,
) -> Result<Again, ProbeError> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(ProbeError::Start)?;
    let mut run = Run::begin(options, observer, &runtime)?;
    let (knowledge, before, _) = run.acquaint()?;
    let mut took: Vec<Duration> = before.iter().map(|kept| kept.took).collect();
    took.sort_unstable();
    let knowledge = Arc::new(knowledge);
    let random = fastrand::Rng::with_seed(options.seed);
    let bench = Bench {
        run: &run,
        knowledge: &knowledge,
        judge: RefCell::new(Judge::new(
            Arc::clone(&knowledge),
            Arc::new(Mutex::new(Issued::default())),
            random.clone(),
        )),
        rule: &pair.rule,
        streams: options.http2.then(Streams::default),
        jars: RefCell::default(),
        shown: Cell::new(false),
        first: RefCell::default(),
    };
    let again = runtime.block_on(bench.repeat(pair, rounds, quantile(&took, 0.5), random))?;
    Ok(again)
}

/// Where the two meet.
struct Bench<'a> {
    run: &'a Run<'a>,
    knowledge: &'a Knowledge,
    judge: RefCell<Judge>,
    rule: &'a str,
    /// Where both share a connection of HTTP/2.
    streams: Option<Streams>,
    /// Where clients take steps, what each was given; by its number.
    jars: RefCell<BTreeMap<u64, Jar>>,
    /// Whether it has shown in this round.
    shown: Cell<bool>,
    first: RefCell<Option<Crossing>>,
}

impl Bench<'_> {
    async fn repeat(
        &self,
        pair: &Pair,
        rounds: u64,
        usual: Duration,
        mut random: fastrand::Rng,
    ) -> Result<Again, ProbeError> {
        let mut clients = [Client::default(), Client::default()];
        let (mut sent, mut shown) = (0, 0);
        let deadline = Instant::now() + self.run.options.duration;
        while sent < rounds && Instant::now() < deadline {
            let number = self.run.next + 2 * sent;
            let asked = [pair.receiver.asked(number), pair.other(random.bool()).asked(number + 1)];
            self.shown.set(false);
            let apart = usual.mul_f64(random.f64());
            self.round(&mut clients, asked, apart, random.bool(), usual.mul_f64(random.f64() * 1.5)).await?;
            sent += 1;
            shown += u64::from(self.shown.get());
        }
        Ok(Again { rounds: sent, shown, first: self.first.borrow_mut().take() })
    }

    /// Sends both, the second so much later.
    async fn round(
        &self,
        clients: &mut [Client; 2],
        asked: [Asked; 2],
        apart: Duration,
        swapped: bool,
        patience: Duration,
    ) -> Result<(), ProbeError> {
        let [one, other] = clients;
        if asked.iter().all(|asked| asked.mode == Mode::Pipelined) {
            one.connect(&self.run.door).await?;
            self.send(one, &asked).await;
            return Ok(());
        }
        if self.streams.is_none() {
            one.connect(&self.run.door).await?;
            other.connect(&self.run.door).await?;
        }
        let [receiver, owner] = asked;
        let delay = |first: bool| if first == swapped { apart } else { Duration::ZERO };
        let receive = self.after(delay(true), one, receiver, patience);
        let own = self.after(delay(false), other, owner, patience);
        tokio::join!(receive, own);
        Ok(())
    }

    async fn after(&self, delay: Duration, client: &mut Client, asked: Asked, patience: Duration) {
        tokio::time::sleep(delay).await;
        match &self.streams {
            Some(streams) => self.send_on(streams, asked, patience).await,
            None if self.knowledge.steps => self.take_steps(client, asked).await,
            None if asked.mode == Mode::Cancelled => self.cancel(client, asked, patience).await,
            None => self.send(client, &[asked]).await,
        }
    }

    /// All steps up to the one in question, with the cookies that were given on the way.
    async fn take_steps(&self, client: &mut Client, asked: Asked) {
        for template in 0..=asked.template {
            if client.connect(&self.run.door).await.is_ok() {
                self.send(client, &[Asked { template, ..asked }]).await;
            }
        }
        self.jars.borrow_mut().remove(&asked.number);
    }

    async fn send_on(&self, streams: &Streams, asked: Asked, patience: Duration) {
        let template = &self.knowledge.templates[asked.template];
        let parts = template.parts(asked.visitor, &self.knowledge.mint, asked.number);
        if streams.connect(&self.run.door).await.is_err() {
            return;
        }
        let Ok(begun) = streams.begin(&self.run.door, &parts).await else { return };
        if asked.mode == Mode::Cancelled {
            self.sending(&asked);
            tokio::time::sleep(patience).await;
            begun.cancel();
            return self.ledger().given_up(&asked);
        }
        if let Err(ending) = streams.finish(begun, &asked, self, self.run.options.patience).await {
            self.ledger().given_up(&asked);
            loss(&ending).iter().for_each(|charge| self.charge(&asked, None, charge));
        }
    }

    async fn cancel(&self, client: &mut Client, asked: Asked, patience: Duration) {
        let mut bytes = Vec::new();
        let template = &self.knowledge.templates[asked.template];
        template.write(asked.visitor, &self.knowledge.mint, asked.number, &mut bytes);
        self.sending(&asked);
        if client.begin(&bytes).await.is_ok() {
            tokio::time::sleep(patience).await;
        }
        client.abort();
        self.ledger().given_up(&asked);
    }

    async fn send(&self, client: &mut Client, asked: &[Asked]) {
        let mut bytes = Vec::new();
        for one in asked {
            let cookies = self.jars.borrow().get(&one.number).map(Jar::header).unwrap_or_default();
            let template = &self.knowledge.templates[one.template];
            template.write_with(&cookies, one.visitor, &self.knowledge.mint, one.number, &mut bytes);
        }
        let to_head = self.knowledge.templates[asked[0].template].ask().method == "HEAD";
        let patience = self.run.options.patience;
        let batch = Batch { asked, bytes: &bytes, to_head, patience, pace: Reading::AtOnce };
        let mut answered = 0;
        let done = client.exchange(&batch, self, &mut answered).await;
        asked[answered..].iter().for_each(|asked| self.ledger().given_up(asked));
        if let Err(ending) = done {
            client.hang_up();
            loss(&ending)
                .iter()
                .for_each(|charge| self.charge(&asked[answered.min(asked.len() - 1)], None, charge));
        }
    }

    fn ledger(&self) -> &Ledger {
        &self.run.ledger
    }

    fn charge(&self, asked: &Asked, answer: Option<&Answer<'_>>, charge: &Charge) {
        if charge.rule.name() != self.rule {
            return;
        }
        self.shown.set(true);
        let scene = Scene { knowledge: self.knowledge, ledger: self.ledger(), answer, in_turn: false };
        self.first.borrow_mut().get_or_insert_with(|| scene.crossing(asked, charge));
    }
}

impl Desk for Bench<'_> {
    fn sending(&self, asked: &Asked) {
        self.ledger().begin(asked);
    }

    fn answered(&self, asked: &Asked, answer: &Answer<'_>) {
        self.ledger().answered(asked, answer.status);
        if self.knowledge.steps {
            self.jars.borrow_mut().entry(asked.number).or_default().take(answer.head);
        }
        let charges = self.judge.borrow_mut().judge(asked, answer);
        charges.iter().for_each(|charge| self.charge(asked, Some(answer), charge));
    }
}
