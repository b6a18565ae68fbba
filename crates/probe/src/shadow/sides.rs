//! The three that are asked: the old version, the old one again, and the new one.

use std::cell::{Cell, RefCell};
use std::io;
use std::time::{Duration, Instant};

use crate::connection::Door;
use crate::drive::{Batch, Client, Desk, Reading, Rendezvous};
use crate::error::ProbeError;
use crate::knowledge::Kept;
use crate::ledger::Asked;
use crate::mode::Mode;
use crate::rules::Ending;
use crate::template::{Template, Visitor};
use crate::token::Mint;
use crate::wire::Answer;

/// The old one, in the order in which answers are kept.
pub(crate) const OLD: usize = 0;
/// The old one again.
pub(crate) const AGAIN: usize = 1;
/// The new one.
pub(crate) const NEW: usize = 2;

/// One of them.
#[derive(Debug)]
pub(crate) struct Side {
    /// Where it is.
    pub(crate) door: Door,
    /// What it is asked.
    pub(crate) templates: Vec<Template>,
}

/// What became of a request.
#[derive(Debug)]
pub(crate) enum Answered {
    /// An answer.
    Whole(Kept),
    /// None, though it was sent whole.
    Lost(Ending),
    /// It may never have been seen: the connection had rested, or was not to be had on this machine.
    Unseen,
}

impl Side {
    /// Sends one request and waits for its answer; `together` is where those wait that are to end at once.
    pub(crate) async fn ask(
        &self,
        client: &mut Client,
        asked: &Asked,
        mint: &Mint,
        patience: Duration,
        together: Option<&Rendezvous>,
    ) -> Answered {
        let template = &self.templates[asked.template];
        let mut bytes = Vec::new();
        match asked.mode {
            Mode::NewConnection => template.write_last(Visitor::Known, mint, asked.number, &mut bytes),
            _ => template.write(Visitor::Known, mint, asked.number, &mut bytes),
        }
        if asked.mode == Mode::NewConnection {
            client.hang_up();
        }
        let first = self.send(client, asked, &bytes, patience, together).await;
        match first {
            // It had rested, and the server closed it: the request has not been seen. One that may change something is
            // not sent again all the same (RFC 9110, section 9.2.2).
            Answered::Unseen if is_safe(&template.ask().method) => {
                client.hang_up();
                self.send(client, asked, &bytes, patience, None).await
            }
            other => other,
        }
    }

    async fn send(
        &self,
        client: &mut Client,
        asked: &Asked,
        bytes: &[u8],
        patience: Duration,
        together: Option<&Rendezvous>,
    ) -> Answered {
        let ready = self.make_ready(client, bytes, together.is_some()).await;
        if let Some(together) = together {
            together.wait().await;
        }
        let held_back = match ready {
            Ok(held_back) => held_back,
            Err(answered) => return answered,
        };
        let catch = Catch { sent: Cell::new(Instant::now()), kept: RefCell::default() };
        let to_head = self.templates[asked.template].ask().method == "HEAD";
        let batch = Batch {
            asked: std::slice::from_ref(asked),
            bytes: &bytes[bytes.len() - held_back..],
            to_head,
            patience,
            pace: Reading::AtOnce,
        };
        let done = client.exchange(&batch, &catch, &mut 0).await;
        match (catch.kept.into_inner(), done) {
            // More than an answer is none.
            (Some(kept), Ok(())) => Answered::Whole(kept),
            (_, Err(Ending::Closed { used_before: true })) => Answered::Unseen,
            (_, Err(ending)) => Answered::Lost(ending),
            (None, Ok(())) => Answered::Unseen,
        }
    }

    /// Makes sure of a connection, and sends all but the last byte where that is to wait. Returns how many bytes are left.
    async fn make_ready(&self, client: &mut Client, bytes: &[u8], wait: bool) -> Result<usize, Answered> {
        match client.connect(&self.door).await {
            Ok(()) => {}
            Err(ProbeError::Connect { source, .. }) if is_refusal(&source) => {
                return Err(Answered::Lost(Ending::Closed { used_before: false }));
            }
            Err(_) => return Err(Answered::Unseen),
        }
        if !wait {
            return Ok(bytes.len());
        }
        match client.begin(&bytes[..bytes.len() - 1]).await {
            Ok(()) => Ok(1),
            Err(_) => Err(Answered::Unseen),
        }
    }
}

/// Nobody listens, or somebody hangs up: the server's doing. That this machine has no port left is not.
fn is_refusal(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionReset)
}

/// Methods that ask for nothing but an answer (RFC 9110, section 9.2.1).
pub(crate) fn is_safe(method: &str) -> bool {
    matches!(method, "GET" | "HEAD" | "OPTIONS")
}

/// Keeps the answer.
struct Catch {
    sent: Cell<Instant>,
    kept: RefCell<Option<Kept>>,
}

impl Desk for Catch {
    fn sending(&self, _: &Asked) {
        self.sent.set(Instant::now());
    }

    fn answered(&self, asked: &Asked, answer: &Answer<'_>) {
        self.kept.replace(Some(Kept::of(asked, answer, self.sent.get().elapsed())));
    }
}
