//! Two versions of a server, asked the same: where do their answers differ beyond what two copies of the old one do?

mod count;
mod reading;
mod saying;
mod sides;
mod verdict;

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

use jostle_model::{Finding, ShadowCounts, ShadowSummary};
use tokio::runtime::Runtime;
use tokio::task::LocalSet;

use crate::drive::{Client, Pace, Rendezvous, end_when_asked};
use crate::error::ProbeError;
use crate::knowledge::Kept;
use crate::ledger::Asked;
use crate::mode::{Mixture, Mode};
use crate::options::{Observer, Options, Progress};
use crate::place::RequestPlace;
use crate::rules::is_shed;
use crate::run::{find_door, quantile, sensible};
use crate::target::Target;
use crate::template::{Ask, Template, Visitor};
use crate::token::{MOST_SLOTS, Mint, Recogniser};
use count::{Book, Phase, named};
use reading::{Reading, differences};
pub(crate) use saying::quote;
use sides::{AGAIN, Answered, NEW, OLD, Side, is_safe};
use verdict::verdict;

/// So many requests of each kind in turn, if they come fast,
const ROUNDS: u64 = 24;
/// and at least so many.
const FEWEST_ROUNDS: u64 = 4;

/// How long the first look in turn may take, and how long the second, where one is needed.
const FIRST_LOOK: Duration = Duration::from_secs(3);
const SECOND_LOOK: Duration = Duration::from_secs(4);

/// In one round of four, each request gets a connection of its own.
const FRESH: u64 = 4;

/// How many clients end their requests at once.
const BURST: usize = 16;

/// How requests are sent when many are under way: these leave every answer to be compared.
const MODES: [Mode; 3] = [Mode::KeepAlive, Mode::Burst, Mode::NewConnection];

/// Between two looks at how far it is.
const TICK: Duration = Duration::from_millis(100);

/// After a request that nobody was there to take.
const REST: Duration = Duration::from_millis(20);

/// So many places are named as noise.
const MOST_NAMED: usize = 32;

/// Against what the old version is compared.
#[derive(Clone, Debug)]
pub struct Against {
    /// The new version. Of its path only that it is the old one's, or none.
    pub new: Target,
    /// A second copy of the old version; where there is none, the old one itself is asked twice.
    pub noise: Option<Target>,
    /// Whether requests may be sent whose methods are meant to change something.
    pub unsafe_methods: bool,
}

/// What came of a comparison.
#[derive(Clone, Debug, PartialEq)]
pub struct ShadowOutcome {
    /// What differs under concurrency only comes first.
    pub findings: Vec<Finding>,
    /// What closes the run.
    pub summary: ShadowSummary,
}

/// Sends each request to two versions, and to the old one twice: first in turn, then many at once.
///
/// Of `options` neither ids that the server issues, modes, steps nor threads are heeded, and HTTP/1.1 is spoken.
///
/// # Errors
///
/// When one of the servers cannot be reached, the old one does not answer, or a request is not safe.
pub fn shadow(
    options: &Options,
    against: &Against,
    observer: &mut dyn Observer,
) -> Result<ShadowOutcome, ProbeError> {
    let asks = match options.asks.as_slice() {
        [] => vec![Ask::get(&options.target.path)],
        asks => asks.to_vec(),
    };
    check(options, against, &asks)?;
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(ProbeError::Start)?;
    let tokens = match options.tokens.as_slice() {
        [] => {
            let tokens = sensible(&[]);
            let names: Vec<String> = tokens.iter().map(ToString::to_string).collect();
            observer.notice(&format!("no --token was given: tokens go into {}", names.join(", ")));
            tokens
        }
        tokens => tokens.to_vec(),
    };
    let comparison = Rc::new(Comparison::prepare(options, against, asks, &tokens, &runtime)?);
    comparison.run(observer, &runtime)?;
    Ok(comparison.close(against, &tokens))
}

/// What is asked must be harmless, or said to be, and the same of all.
fn check(options: &Options, against: &Against, asks: &[Ask]) -> Result<(), ProbeError> {
    if options.tokens.len() > MOST_SLOTS {
        return Err(ProbeError::TooManyPlaces(options.tokens.len()));
    }
    for target in std::iter::once(&against.new).chain(&against.noise) {
        if target.path != "/" && target.path != options.target.path {
            return Err(ProbeError::OtherPath { path: target.path.clone() });
        }
    }
    match asks.iter().find(|ask| !is_safe(&ask.method)) {
        Some(ask) if !against.unsafe_methods => Err(ProbeError::Unsafe { request: ask.name() }),
        _ => Ok(()),
    }
}

/// A comparison under way.
struct Comparison {
    options: Options,
    asks: Vec<Ask>,
    sides: [Side; 3],
    mint: Mint,
    recogniser: Recogniser,
    book: RefCell<Book>,
    rendezvous: Rendezvous,
    mixture: Mixture,
    random: RefCell<fastrand::Rng>,
    pace: Pace,
    stop: Arc<AtomicBool>,
    start: Instant,
    /// The number of the next request.
    next: Cell<u64>,
    /// Requests sent at once.
    sent: Cell<u64>,
    shed: Cell<u64>,
    unanswered: Cell<u64>,
    /// What the new one took in turn.
    took: RefCell<Vec<Duration>>,
    /// Answers of the new one to requests that were sent at once, and for how long they were.
    answered: Cell<u64>,
    compared: Cell<Duration>,
}

impl Comparison {
    fn prepare(
        options: &Options,
        against: &Against,
        asks: Vec<Ask>,
        tokens: &[RequestPlace],
        runtime: &Runtime,
    ) -> Result<Self, ProbeError> {
        let side = |target: &Target| -> Result<Side, ProbeError> {
            let door = find_door(options, target, false, runtime)?;
            let template = |ask: &Ask| Template::new(ask.clone(), &target.authority, tokens, &[]);
            Ok(Side { door, templates: asks.iter().map(template).collect::<Result<_, _>>()? })
        };
        let again = against.noise.as_ref().unwrap_or(&options.target);
        let sides = [side(&options.target)?, side(again)?, side(&against.new)?];
        let mint = Mint::new();
        let clients = options.concurrency.div_ceil(2).min(BURST);
        Ok(Self {
            recogniser: Recogniser::new(&mint),
            mint,
            sides,
            asks,
            book: RefCell::default(),
            rendezvous: Rendezvous::of(clients * 3),
            mixture: Mixture::of(&MODES),
            random: RefCell::new(fastrand::Rng::with_seed(options.seed)),
            pace: Pace::new(options.rate),
            stop: Arc::clone(&options.stop),
            start: Instant::now(),
            next: Cell::new(1),
            sent: Cell::new(0),
            shed: Cell::new(0),
            unanswered: Cell::new(0),
            took: RefCell::default(),
            answered: Cell::new(0),
            compared: Cell::new(Duration::ZERO),
            options: options.clone(),
        })
    }

    fn run(self: &Rc<Self>, observer: &mut dyn Observer, runtime: &Runtime) -> Result<(), ProbeError> {
        self.progress(observer, true);
        runtime.spawn(end_when_asked(Arc::clone(&self.stop)));
        runtime.block_on(self.in_turn(FIRST_LOOK, || true))?;
        LocalSet::new().block_on(runtime, self.at_once(observer));
        if self.book.borrow().has_doubts() && !self.stop.load(Relaxed) {
            self.progress(observer, true);
            runtime.block_on(self.in_turn(SECOND_LOOK, || self.book.borrow().has_doubts()))?;
        }
        Ok(())
    }

    /// Asks one after the other, for so long at most, or until there is enough of it.
    async fn in_turn(&self, time: Duration, go_on: impl Fn() -> bool) -> Result<(), ProbeError> {
        let mut clients = <[Client; 3]>::default();
        let start = Instant::now();
        let first_look = self.next.get() == 1;
        for round in 0.. {
            let enough = if first_look { round >= ROUNDS } else { round % ROUNDS == 0 && !go_on() };
            let late = round >= FEWEST_ROUNDS && start.elapsed() > time;
            if enough || late || self.stop.load(Relaxed) {
                break;
            }
            for template in 0..self.asks.len() {
                if round % FRESH == FRESH - 1 {
                    clients.iter_mut().for_each(Client::hang_up);
                }
                self.pace.wait(Instant::now() + self.options.patience).await;
                let asked = self.asked(template, Mode::InTurn);
                let mut answers = [Answered::Unseen, Answered::Unseen, Answered::Unseen];
                for side in self.order() {
                    answers[side] = self.ask(side, &mut clients[side], &asked).await;
                }
                if round == 0 && first_look {
                    self.must_answer(&asked, &answers)?;
                }
                self.compare(&asked, answers, Phase::Serial);
            }
        }
        Ok(())
    }

    /// A first request that the old version does not answer: there is nothing to compare with.
    fn must_answer(&self, asked: &Asked, answers: &[Answered; 3]) -> Result<(), ProbeError> {
        for side in [OLD, AGAIN] {
            if let Answered::Lost(ending) = &answers[side] {
                let address = self.sides[side].door.target.authority.clone();
                return Err(ProbeError::of_ending(address, self.asks[asked.template].name(), ending));
            }
        }
        Ok(())
    }

    /// All clients, until the time is up.
    async fn at_once(self: &Rc<Self>, observer: &mut dyn Observer) {
        let start = Instant::now();
        let deadline = start + self.options.duration;
        let clients = (0..self.options.concurrency.max(1))
            .map(|_| tokio::task::spawn_local(Rc::clone(self).work(deadline)))
            .collect::<Vec<_>>();
        let mut all = std::pin::pin!(async {
            for client in clients {
                client.await.expect("a client does not panic");
            }
        });
        while tokio::time::timeout(TICK, &mut all).await.is_err() {
            self.progress(observer, false);
        }
        self.compared.set(start.elapsed());
    }

    async fn work(self: Rc<Self>, deadline: Instant) {
        let mut clients = <[Client; 3]>::default();
        loop {
            self.pace.wait(deadline).await;
            let enough = self.options.requests.is_some_and(|requests| self.sent.get() >= requests);
            if enough || self.stop.load(Relaxed) || Instant::now() >= deadline {
                return;
            }
            self.sent.set(self.sent.get() + 1);
            let (template, mode) = self.draw();
            let asked = self.asked(template, mode);
            let answers = self.ask_all(&mut clients, &asked).await;
            let nobody = answers.iter().any(|answer| !matches!(answer, Answered::Whole(_)));
            self.answered.set(self.answered.get() + u64::from(matches!(answers[NEW], Answered::Whole(_))));
            self.compare(&asked, answers, Phase::Concurrent);
            if nobody {
                tokio::time::sleep(REST).await;
            }
        }
    }

    fn draw(&self) -> (usize, Mode) {
        let mut random = self.random.borrow_mut();
        (random.usize(..self.asks.len()), self.mixture.choose(|below| random.u32(..below)))
    }

    fn asked(&self, template: usize, mode: Mode) -> Asked {
        let number = self.next.replace(self.next.get() + 1);
        Asked { number, template, visitor: Visitor::Known, mode }
    }

    /// Who comes first is drawn anew each time: otherwise the clock alone would tell the new version from the others.
    fn order(&self) -> [usize; 3] {
        let mut order = [OLD, AGAIN, NEW];
        self.random.borrow_mut().shuffle(&mut order);
        order
    }

    /// Asks all three at once.
    async fn ask_all(&self, clients: &mut [Client; 3], asked: &Asked) -> [Answered; 3] {
        let order = self.order();
        let mut waiting = clients.each_mut().map(Some);
        let mut ask = |side: usize| {
            let client = waiting[side].take().expect("each of them once");
            self.ask(side, client, asked)
        };
        let (one, two, three) = (ask(order[0]), ask(order[1]), ask(order[2]));
        let (one, two, three) = tokio::join!(one, two, three);
        let mut answers = [Answered::Unseen, Answered::Unseen, Answered::Unseen];
        for (side, answer) in order.into_iter().zip([one, two, three]) {
            answers[side] = answer;
        }
        answers
    }

    async fn ask(&self, side: usize, client: &mut Client, asked: &Asked) -> Answered {
        let together = (asked.mode == Mode::Burst).then_some(&self.rendezvous);
        self.sides[side].ask(client, asked, &self.mint, self.options.patience, together).await
    }

    fn compare(&self, asked: &Asked, answers: [Answered; 3], phase: Phase) {
        let lost = |answer: &Answered| matches!(answer, Answered::Lost(_));
        let unseen = answers.iter().any(|answer| matches!(answer, Answered::Unseen));
        if unseen || lost(&answers[OLD]) || lost(&answers[AGAIN]) {
            return self.unanswered.set(self.unanswered.get() + 1);
        }
        let kept = answers.map(|answer| match answer {
            Answered::Whole(kept) => Some(kept),
            Answered::Lost(_) | Answered::Unseen => None,
        });
        if kept.iter().flatten().any(|kept| is_shed(kept.status)) {
            return self.shed.set(self.shed.get() + 1);
        }
        if let (Phase::Serial, Some(new)) = (phase, &kept[NEW]) {
            self.took.borrow_mut().push(new.took);
        }
        self.note(asked, &kept, phase);
    }

    fn note(&self, asked: &Asked, kept: &[Option<Kept>; 3], phase: Phase) {
        let mut side = 0..;
        let readings = kept.each_ref().map(|kept| {
            let server = &self.sides[side.next().unwrap_or(NEW)].door.target.authority;
            Reading::of(kept.as_ref(), &self.recogniser, server)
        });
        let mut book = self.book.borrow_mut();
        book.compared(asked.template, phase, readings[OLD].places());
        for (spot, alone) in differences(&readings) {
            if !self.options.ignore.contains(&named(&spot)) {
                let answers = [kept[OLD].as_ref(), kept[NEW].as_ref()];
                book.differed(asked.template, phase, (spot, alone), answers, self.start.elapsed());
            }
        }
    }

    fn progress(&self, observer: &mut dyn Observer, in_turn: bool) {
        let elapsed = self.start.elapsed();
        observer.progress(&Progress { elapsed, requests: self.sent.get(), findings: 0, in_turn });
    }

    fn close(&self, against: &Against, tokens: &[RequestPlace]) -> ShadowOutcome {
        let book = self.book.borrow();
        let name = |kind: usize| self.asks[kind].name();
        let (findings, left_out) = book.findings(name);
        let counts = self.counts(&book, tokens);
        let number = findings.len() as u64;
        let mut undecided = book.undecided(name);
        if book.uncounted > 0 {
            undecided.push(("what there was no room to count".to_owned(), book.uncounted));
        }
        let (verdict, bound, missing) = verdict(&counts, number, &undecided);
        let mut warnings = Vec::new();
        if left_out + book.uncounted > 0 {
            warnings.push(format!(
                "there is more: {} lines and places that differ as well are not listed",
                left_out + book.uncounted
            ));
        }
        let summary = ShadowSummary {
            verb: "probe",
            verdict,
            against: against.new.authority.clone(),
            noise_copy: against.noise.as_ref().map(|noise| noise.authority.clone()),
            findings: number,
            bound,
            seed: self.options.seed,
            counts,
            missing,
            warnings,
        };
        ShadowOutcome { findings, summary }
    }

    fn counts(&self, book: &Book, tokens: &[RequestPlace]) -> ShadowCounts {
        let mut took = self.took.borrow().clone();
        took.sort_unstable();
        let compared = self.compared.get();
        let per_second = self.answered.get() as f64 / compared.as_secs_f64().max(1e-9);
        let mut noise = book.noise(|kind| self.asks[kind].name());
        noise.truncate(MOST_NAMED);
        ShadowCounts {
            compared_ms: compared.as_millis() as u64,
            serial: book.requests(Phase::Serial),
            concurrent: book.requests(Phase::Concurrent),
            shed: self.shed.get(),
            unanswered: self.unanswered.get(),
            overlap: (per_second * quantile(&took, 0.25).as_secs_f64() * 100.0).round() / 100.0,
            places: book.places(),
            noise,
            tokens: tokens.iter().map(ToString::to_string).collect(),
        }
    }
}
