//! Requests that are sent one after the other: what is normal is learnt from them.

use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

use super::client::{Batch, Client, Desk, Reading};
use super::streams::Streams;
use crate::connection::Door;
use crate::error::ProbeError;
use crate::jar::Jar;
use crate::knowledge::{Kept, Knowledge};
use crate::ledger::{Asked, Ledger};
use crate::mode::Mode;
use crate::rules::Ending;
use crate::template::Visitor;
use crate::wire::Answer;

/// So many answers of each kind, if they come fast,
const ROUNDS: u32 = 20;
/// and at least so many.
const FEWEST_ROUNDS: u32 = 4;

/// When so much time has passed, the fewest rounds are enough.
const TIME: Duration = Duration::from_millis(1_500);

/// When so many bytes of answers are kept, too.
const MOST_BYTES: usize = 32 << 20;

/// In one round of four, each request gets a connection of its own: what a server says only to new connections, or only
/// on old ones, is normal too.
const FRESH: u32 = 4;

/// How the server is asked in turn.
pub(crate) struct Control<'a> {
    /// Where it is.
    pub(crate) door: &'a Door,
    /// Whether it is asked by HTTP/2.
    pub(crate) http2: bool,
    /// What it is asked.
    pub(crate) knowledge: &'a Knowledge,
    /// Where that is noted.
    pub(crate) ledger: &'a Ledger,
    /// How long one answer may take.
    pub(crate) patience: Duration,
}

/// What came of it.
#[derive(Debug, Default)]
pub(crate) struct Learnt {
    /// The answers.
    pub(crate) answers: Vec<Kept>,
    /// How many requests were not answered after the first was: such a server loses some by itself.
    pub(crate) lost: u64,
}

/// A connection of one kind or the other.
struct Way {
    client: Client,
    streams: Option<Streams>,
}

impl Way {
    async fn hang_up(&mut self) {
        self.client.hang_up();
        if let Some(streams) = &self.streams {
            streams.hang_up().await;
        }
    }
}

/// Keeps every answer.
struct Album<'a> {
    ledger: &'a Ledger,
    sent: RefCell<Instant>,
    /// What the client of this round was given; nothing where nobody keeps cookies.
    jar: Option<RefCell<Jar>>,
    kept: RefCell<Vec<Kept>>,
    bytes: Cell<usize>,
}

impl Desk for Album<'_> {
    fn sending(&self, asked: &Asked) {
        self.ledger.begin(asked);
        *self.sent.borrow_mut() = Instant::now();
    }

    fn answered(&self, asked: &Asked, answer: &Answer<'_>) {
        self.ledger.answered(asked, answer.status);
        if let Some(jar) = &self.jar {
            jar.borrow_mut().take(answer.head);
        }
        self.bytes.set(self.bytes.get() + answer.body.len());
        self.kept.borrow_mut().push(Kept::of(asked, answer, self.sent.borrow().elapsed()));
    }
}

impl Control<'_> {
    /// Asks everything in turn, `rounds` of it or as many as there is time for; `first` is the number of the first
    /// request. A first request that fails is an error: there is nothing to probe then.
    pub(crate) async fn ask(&self, first: u64) -> Result<Learnt, ProbeError> {
        let kinds = self.knowledge.kinds();
        let album = Album {
            ledger: self.ledger,
            sent: RefCell::new(Instant::now()),
            jar: None,
            kept: RefCell::default(),
            bytes: Cell::default(),
        };
        let album = Album { jar: self.knowledge.steps.then(RefCell::default), ..album };
        let mut client = Way { client: Client::default(), streams: self.http2.then(Streams::default) };
        let (mut number, mut lost) = (first, 0);
        let start = Instant::now();
        for round in 0..ROUNDS {
            let enough = start.elapsed() > TIME || album.bytes.get() > MOST_BYTES;
            if round >= FEWEST_ROUNDS && enough {
                break;
            }
            if let Some(jar) = &album.jar {
                jar.take();
            }
            for (template, visitor) in &kinds {
                if round % FRESH == FRESH - 1 {
                    client.hang_up().await;
                }
                let asked = Asked { number, template: *template, visitor: *visitor, mode: Mode::InTurn };
                // All steps of a round are one client's.
                let last = *template + 1 == self.knowledge.templates.len();
                number += u64::from(!self.knowledge.steps || last);
                match self.ask_one(&mut client, &asked, &album).await {
                    Ok(()) => {}
                    Err(error) if asked.number == first => return Err(error),
                    Err(_) => lost += 1,
                }
            }
        }
        Ok(Learnt { answers: album.kept.into_inner(), lost })
    }

    /// Whether the server answers two requests that were sent before the first answer came.
    pub(crate) async fn pipelines(&self, first: u64) -> bool {
        let album = Album {
            ledger: self.ledger,
            sent: RefCell::new(Instant::now()),
            jar: None,
            kept: RefCell::default(),
            bytes: Cell::default(),
        };
        let asked = [0, 1].map(|more| Asked {
            number: first + more,
            template: 0,
            visitor: Visitor::Known,
            mode: Mode::InTurn,
        });
        let mut client = Client::default();
        if client.connect(self.door).await.is_err() {
            return false;
        }
        let done = self.send(&mut client, &asked, &album).await;
        done.is_ok() && album.kept.borrow().len() == asked.len()
    }

    async fn ask_one(&self, way: &mut Way, asked: &Asked, album: &Album<'_>) -> Result<(), ProbeError> {
        if let Some(streams) = &way.streams {
            return self.ask_on(streams, asked, album).await;
        }
        let client = &mut way.client;
        client.connect(self.door).await?;
        let first = self.send(client, &[*asked], album).await;
        let second = match first {
            // It had rested, and the server closed it.
            Err(Ending::Closed { used_before: true }) => {
                client.connect(self.door).await?;
                self.send(client, &[*asked], album).await
            }
            other => other,
        };
        second.map_err(|ending| self.error(asked, ending))
    }

    async fn ask_on(&self, streams: &Streams, asked: &Asked, album: &Album<'_>) -> Result<(), ProbeError> {
        streams.connect(self.door).await?;
        let template = &self.knowledge.templates[asked.template];
        let parts = template.parts(asked.visitor, &self.knowledge.mint, asked.number);
        let begun = streams.begin(self.door, &parts).await.map_err(|ending| self.error(asked, ending))?;
        let done = streams.finish(begun, asked, album, self.patience).await;
        done.map_err(|ending| {
            self.ledger.given_up(asked);
            self.error(asked, ending)
        })
    }

    async fn send(&self, client: &mut Client, asked: &[Asked], album: &Album<'_>) -> Result<(), Ending> {
        let mut bytes = Vec::new();
        for one in asked {
            let cookies = album.jar.as_ref().map(|jar| jar.borrow().header()).unwrap_or_default();
            let template = &self.knowledge.templates[one.template];
            template.write_with(&cookies, one.visitor, &self.knowledge.mint, one.number, &mut bytes);
        }
        let to_head = self.knowledge.templates[asked[0].template].ask().method == "HEAD";
        let batch = Batch { asked, bytes: &bytes, to_head, patience: self.patience, pace: Reading::AtOnce };
        let mut answered = 0;
        let done = client.exchange(&batch, album, &mut answered).await;
        asked[answered..].iter().for_each(|asked| self.ledger.given_up(asked));
        done
    }

    fn error(&self, asked: &Asked, ending: Ending) -> ProbeError {
        let address = self.door.target.authority.clone();
        let request = self.knowledge.templates[asked.template].ask().name();
        ProbeError::of_ending(address, request, &ending)
    }
}
