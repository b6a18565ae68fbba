//! A probe from its beginning to its end.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use jostle_model::{Finding, ModeCount, ProbeCounts, ProbeSummary, Rule};
use tokio::runtime::Runtime;

use crate::connection::{self, Door};
use crate::docket::{Docket, in_turn_needed};
use crate::drive::{Control, Crew, Message, Orders, Pace, Tally};
use crate::error::ProbeError;
use crate::evidence::{Key, Scene};
use crate::knowledge::{Kept, Knowledge};
use crate::ledger::{Asked, Ledger};
use crate::mode::Mode;
use crate::options::{Observer, Options, Outcome, Progress};
use crate::place::{AnswerPlace, RequestPlace};
use crate::replay::Pair;
use crate::rules::{Charge, Issued, Whose};
use crate::target::Target;
use crate::template::{Ask, Template, Visitor};
use crate::timeline::Timeline;
use crate::token::{MOST_SLOTS, Mint};
use crate::verdict::{Facts, verdict};

/// How long the second look in turn may take, where something rare has to be told from what happens by itself.
const SECOND_LOOK: Duration = Duration::from_secs(4);

/// Between two looks at what the threads say.
const TICK: Duration = Duration::from_millis(100);

/// An answer may take so much longer than the slowest in turn, for each client that is asking as well.
const SLOWER: u32 = 10;

/// But that is never less than this.
const LEAST_PATIENCE: Duration = Duration::from_secs(2);

/// Probes a server: asks in turn, then concurrently, then in turn again.
///
/// # Errors
///
/// When the server cannot be reached, or does not answer requests in turn.
pub fn probe(options: &Options, observer: &mut dyn Observer) -> Result<Outcome, ProbeError> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(ProbeError::Start)?;
    Run::begin(options, observer, &runtime)?.finish()
}

/// A run under way.
pub(crate) struct Run<'a> {
    pub(crate) options: &'a Options,
    observer: &'a mut dyn Observer,
    pub(crate) runtime: &'a Runtime,
    pub(crate) door: Door,
    pub(crate) ledger: Arc<Ledger>,
    docket: Docket,
    issued: Issued,
    warnings: Vec<String>,
    /// The number of the next request.
    pub(crate) next: u64,
    in_turn: u64,
    gone: bool,
}

impl<'a> Run<'a> {
    pub(crate) fn begin(
        options: &'a Options,
        observer: &'a mut dyn Observer,
        runtime: &'a Runtime,
    ) -> Result<Self, ProbeError> {
        let door = find_door(options, &options.target, options.http2, runtime)?;
        Ok(Self {
            options,
            observer,
            runtime,
            door,
            ledger: Arc::new(if options.remember { Ledger::long() } else { Ledger::new() }),
            docket: Docket::default(),
            issued: Issued::default(),
            warnings: Vec::new(),
            next: 1,
            in_turn: 0,
            gone: false,
        })
    }

    fn finish(mut self) -> Result<Outcome, ProbeError> {
        let (mut knowledge, before, lost) = self.acquaint()?;
        self.judge_in_turn(&mut knowledge, &before);
        let knowledge = Arc::new(knowledge);
        let crew = self.set_to_work(&knowledge, &before, lost)?;
        let start = Instant::now();
        self.attend(&crew, &knowledge);
        let probed = start.elapsed();
        let requests = crew.requests();
        self.next = self.next.max(1) + requests + crew.slack();
        let tally = crew.end();
        self.docket.count(&tally);
        let mut knowledge = Arc::into_inner(knowledge).expect("all threads have ended");
        self.look_again(&mut knowledge);
        let counts = self.counts(&knowledge, &tally, probed, &before);
        Ok(self.close(knowledge, counts))
    }

    /// Learns where identities are, and what is normal.
    pub(crate) fn acquaint(&mut self) -> Result<(Knowledge, Vec<Kept>, u64), ProbeError> {
        let asks = match self.options.asks.as_slice() {
            [] => vec![Ask::get(&self.options.target.path)],
            asks => asks.to_vec(),
        };
        let (tokens, sessions) = self.places(&asks)?;
        let mut knowledge = self.knowledge(&asks, tokens, sessions)?;
        knowledge.ignored = self.options.ignore.clone();
        let (answers, lost) = self.ask_in_turn(&knowledge)?;
        knowledge.learn(&answers);
        knowledge.learn_glances(&answers);
        Ok((knowledge, answers, lost))
    }

    /// Where tokens go and ids are issued: where the user says, or where a look at the server suggests.
    fn places(&mut self, asks: &[Ask]) -> Result<(Vec<RequestPlace>, Vec<AnswerPlace>), ProbeError> {
        let (mut tokens, mut sessions) = (self.options.tokens.clone(), self.options.sessions.clone());
        if tokens.is_empty() || sessions.is_empty() {
            let bare = self.knowledge(asks, Vec::new(), Vec::new())?;
            let (answers, _) = self.ask_in_turn(&bare)?;
            let issued = bare.issued_cookies(&answers);
            if tokens.is_empty() {
                tokens = sensible(&issued);
                let names: Vec<String> = tokens.iter().map(ToString::to_string).collect();
                self.observer.notice(&format!("no --token was given: tokens go into {}", names.join(", ")));
            }
            if sessions.is_empty() {
                sessions = issued;
            }
        }
        if tokens.len() > MOST_SLOTS {
            return Err(ProbeError::TooManyPlaces(tokens.len()));
        }
        Ok((tokens, sessions))
    }

    fn knowledge(
        &self,
        asks: &[Ask],
        tokens: Vec<RequestPlace>,
        sessions: Vec<AnswerPlace>,
    ) -> Result<Knowledge, ProbeError> {
        let authority = &self.options.target.authority;
        // Whoever takes steps has no cookies at first: nobody has to leave them out.
        let left_out = if self.options.steps { &[][..] } else { &sessions };
        let template = |ask: &Ask| Template::new(ask.clone(), authority, &tokens, left_out);
        let templates = asks.iter().map(template).collect::<Result<_, _>>()?;
        let mut knowledge = Knowledge::new(templates, tokens, sessions, Mint::new());
        knowledge.steps = self.options.steps;
        Ok(knowledge)
    }

    fn ask_in_turn(&mut self, knowledge: &Knowledge) -> Result<(Vec<Kept>, u64), ProbeError> {
        self.progress(0, true);
        let control = self.control(knowledge, self.options.patience);
        let learnt = self.runtime.block_on(control.ask(self.next))?;
        let sent = learnt.answers.len() as u64 + learnt.lost;
        self.next += sent;
        self.in_turn += sent;
        Ok((learnt.answers, learnt.lost))
    }

    pub(crate) fn control<'k>(&'k self, knowledge: &'k Knowledge, patience: Duration) -> Control<'k> {
        Control { door: &self.door, http2: self.options.http2, knowledge, ledger: &self.ledger, patience }
    }

    /// What is wrong without any concurrency is said as well.
    fn judge_in_turn(&mut self, knowledge: &mut Knowledge, answers: &[Kept]) {
        for (kept, charge) in knowledge.charges_in_turn(answers, &mut self.issued) {
            let answer = kept.answer();
            let scene = Scene { knowledge, ledger: &self.ledger, answer: Some(&answer), in_turn: true };
            let (crossing, pair) = (scene.crossing(&kept.asked, &charge), scene.pair(&kept.asked, &charge));
            let key = Key::of(&kept.asked, &charge);
            if self.docket.charge_in_turn(key.clone(), crossing, pair, kept.asked.number) {
                self.tell(&key, knowledge);
            }
        }
        if !knowledge.cached.is_empty() {
            self.warnings.push(
                "answers in turn name the parameters of other requests, as a cache does: those are not judged".to_owned(),
            );
        }
        let open = knowledge.open();
        if !open.is_empty() {
            self.warnings.push(format!(
                "these show several clients' tokens to everybody, in turn as well, and are not judged: {}",
                open.join(", ")
            ));
        }
    }

    fn set_to_work(
        &mut self,
        knowledge: &Arc<Knowledge>,
        before: &[Kept],
        lost: u64,
    ) -> Result<Crew, ProbeError> {
        let options = self.options;
        let mut took: Vec<Duration> = before.iter().map(|kept| kept.took).collect();
        took.sort_unstable();
        let (usual, slowest) = (quantile(&took, 0.5), quantile(&took, 0.95));
        let clients = u32::try_from(options.concurrency).unwrap_or(u32::MAX);
        let patience = slowest.saturating_mul(clients).saturating_mul(SLOWER);
        if lost > 0 {
            self.warnings.push(format!(
                "{lost} requests in turn were not answered either, so that none is called lost under concurrency"
            ));
        }
        let threads = options.threads.clamp(1, options.concurrency.max(1));
        let orders = Orders {
            door: self.door.clone(),
            knowledge: Arc::clone(knowledge),
            ledger: Arc::clone(&self.ledger),
            issued: Arc::new(Mutex::new(std::mem::take(&mut self.issued))),
            pace: Pace::new(options.rate),
            modes: self.modes(knowledge),
            http2: options.http2,
            seed: options.seed,
            threads,
            first: self.next,
            last: options.requests.map_or(u64::MAX, |requests| self.next + requests),
            deadline: Instant::now() + options.duration,
            patience: patience.clamp(LEAST_PATIENCE.min(options.patience), options.patience),
            usual,
            judge_losses: lost == 0,
            stop: Arc::clone(&options.stop),
            sent: (0..threads).map(|_| 0.into()).collect(),
        };
        Crew::start(orders, options.concurrency)
    }

    /// The modes that this server takes part in.
    fn modes(&mut self, knowledge: &Knowledge) -> Vec<Mode> {
        let mut modes = match self.options.modes.as_slice() {
            [] => Mode::CHOICE.to_vec(),
            chosen => chosen.to_vec(),
        };
        if self.options.http2 {
            return streams(modes);
        }
        if knowledge.steps {
            modes.retain(|mode| !matches!(mode, Mode::Pipelined | Mode::Cancelled));
        }
        let harmless =
            knowledge.templates.iter().all(|template| ["GET", "HEAD"].contains(&&*template.ask().method));
        if modes.len() > 1 && modes.contains(&Mode::Pipelined) {
            let control = self.control(knowledge, LEAST_PATIENCE.min(self.options.patience));
            let taken = harmless && self.runtime.block_on(control.pipelines(self.next));
            self.next += 2;
            if !taken {
                modes.retain(|mode| *mode != Mode::Pipelined);
            }
        }
        modes
    }

    /// Listens to the threads until they are done.
    fn attend(&mut self, crew: &Crew, knowledge: &Knowledge) {
        loop {
            match crew.listen(TICK) {
                Err(()) => return,
                Ok(None) => {}
                Ok(Some(Message::Gone(why))) => self.server_is_gone(&why, knowledge),
                Ok(Some(charged)) => {
                    if let Some(key) = self.docket.charge(charged) {
                        self.tell(&key, knowledge);
                    }
                }
            }
            self.progress(crew.requests(), false);
        }
    }

    /// A server that dies while it is probed has a bug, and nobody has to look for another.
    fn server_is_gone(&mut self, why: &str, knowledge: &Knowledge) {
        self.gone = true;
        let charge = Charge {
            rule: Rule::LostResponse,
            place: AnswerPlace::Status,
            whose: Whose::Nobodys,
            detail: Some("the server stopped answering in mid-run".to_owned()),
            difference: None,
        };
        let asked = Asked { number: self.next, template: 0, visitor: Visitor::Known, mode: Mode::KeepAlive };
        let scene = Scene { knowledge, ledger: &self.ledger, answer: None, in_turn: false };
        let mut crossing = scene.crossing(&asked, &charge);
        crossing.detail = Some(format!("the server stopped answering in mid-run: failed to {why}"));
        let (key, pair) = (Key::of(&asked, &charge), scene.pair(&asked, &charge));
        if self.docket.charge_in_turn(key.clone(), crossing, pair, asked.number) {
            self.tell(&key, knowledge);
        }
    }

    /// Asks in turn once more: what has changed by itself since, concurrency did not change.
    fn look_again(&mut self, knowledge: &mut Knowledge) {
        if self.gone {
            return;
        }
        let start = Instant::now();
        loop {
            match self.ask_in_turn(knowledge) {
                Ok((after, _)) => knowledge.learn(&after),
                Err(error) => return self.server_is_gone(&error.to_string(), knowledge),
            }
            if start.elapsed() > SECOND_LOOK || !self.has_doubts(knowledge) {
                break;
            }
        }
        let (stands, rare) = self.docket.acquit(knowledge);
        stands.iter().for_each(|key| self.tell(key, knowledge));
        if rare > 0 {
            self.warnings.push(format!(
                "{rare} places differed so seldom that it may happen in turn as well: those are not judged"
            ));
        }
    }

    /// Whether more answers in turn could tell what differs by itself.
    fn has_doubts(&self, knowledge: &Knowledge) -> bool {
        let known = |pair: &Pair| knowledge.kind(&pair.receiver.asked(0)).profile.answers();
        self.docket.waiting().any(|(_, pair, share)| known(pair) < in_turn_needed(share))
    }

    fn tell(&mut self, key: &Key, knowledge: &Knowledge) {
        if let Some(finding) = self.docket.finding(key, knowledge) {
            self.observer.found(&finding);
        }
    }

    fn progress(&mut self, requests: u64, in_turn: bool) {
        let (elapsed, findings) = (self.ledger.now(), self.docket.len());
        self.observer.progress(&Progress { elapsed, requests, findings, in_turn });
    }

    fn counts(&self, knowledge: &Knowledge, tally: &Tally, probed: Duration, before: &[Kept]) -> ProbeCounts {
        let mut took: Vec<Duration> = before.iter().map(|kept| kept.took).collect();
        took.sort_unstable();
        let per_second = tally.answers as f64 / probed.as_secs_f64().max(1e-9);
        let modes = Mode::ALL.into_iter().zip(tally.modes).filter(|(_, requests)| *requests > 0);
        ProbeCounts {
            probed_ms: probed.as_millis() as u64,
            requests: tally.modes.iter().sum(),
            answers: tally.answers,
            shed: tally.shed,
            cancelled: tally.cancelled,
            pairs: tally.pairs,
            // The lower quartile: a few slow ones in turn would make a server look busier than it was.
            overlap: (per_second * quantile(&took, 0.25).as_secs_f64() * 100.0).round() / 100.0,
            in_turn: self.in_turn,
            modes: modes.map(|(mode, requests)| ModeCount { mode: mode.name(), requests }).collect(),
            tokens: knowledge.places.iter().map(ToString::to_string).collect(),
            sessions: knowledge.sessions.iter().map(ToString::to_string).collect(),
            echoed: knowledge.echoed(),
        }
    }

    fn close(self, knowledge: Knowledge, counts: ProbeCounts) -> Outcome {
        let (findings, pairs): (Vec<Finding>, Vec<Pair>) =
            self.docket.findings(&knowledge).into_iter().unzip();
        let identities = !counts.echoed.is_empty() || !counts.sessions.is_empty();
        let number = findings.len() as u64;
        let facts = Facts { counts: &counts, findings: number, identities, gone: self.gone };
        let (verdict, bound, missing) = verdict(&facts);
        let summary = ProbeSummary {
            verb: "probe",
            verdict,
            findings: number,
            bound,
            seed: self.options.seed,
            counts,
            missing,
            warnings: self.warnings,
        };
        let timeline = Timeline::new(self.ledger, Arc::new(knowledge));
        Outcome { findings, pairs, summary, timeline }
    }
}

/// The way to `target`, which may be on another machine only where the user says so.
pub(crate) fn find_door(
    options: &Options,
    target: &Target,
    http2: bool,
    runtime: &Runtime,
) -> Result<Door, ProbeError> {
    let protocol: &[u8] = if http2 { b"h2" } else { b"http/1.1" };
    let tls = target.tls.then(|| connection::config(options.tls_ca.as_deref(), protocol)).transpose()?;
    runtime.block_on(async {
        let addresses = target.resolve(options.elsewhere).await?;
        Door::find(target, addresses, tls).await
    })
}

/// Where tokens go when nobody says: into the cookies that the server issues, since those tell its visitors apart, into
/// the header that many servers repeat, and into the query, which pages repeat in their links.
pub(crate) fn sensible(issued: &[AnswerPlace]) -> Vec<RequestPlace> {
    const MOST_COOKIES: usize = 4;
    let cookies = issued.iter().filter_map(|place| match place {
        AnswerPlace::Cookie(name) => Some(RequestPlace::Cookie(name.clone())),
        _ => None,
    });
    let others = [RequestPlace::Header("X-Request-Id".to_owned()), RequestPlace::Query("jostle".to_owned())];
    cookies.take(MOST_COOKIES).chain(others).collect()
}

/// The value below which this share of the `sorted` ones lies.
pub(crate) fn quantile(sorted: &[Duration], share: f64) -> Duration {
    let index = ((sorted.len() as f64 - 1.0) * share).round();
    sorted.get(index.max(0.0) as usize).copied().unwrap_or_default()
}

/// What there is of these modes on HTTP/2, where every request has a stream of its own.
fn streams(modes: Vec<Mode>) -> Vec<Mode> {
    let kept = modes.into_iter().filter(|mode| matches!(mode, Mode::Burst | Mode::Cancelled));
    std::iter::once(Mode::Stream).chain(kept).collect()
}
