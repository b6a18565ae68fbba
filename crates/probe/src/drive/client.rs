//! One client: a connection, and what is sent and read on it.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::connection::{Door, Stream};
use crate::error::ProbeError;
use crate::ledger::Asked;
use crate::rules::Ending;
use crate::wire::{Answer, Malformed, Reader};

/// Where what happens is noted.
pub(crate) trait Desk {
    /// The last byte of a request is about to be sent.
    fn sending(&self, asked: &Asked);
    /// Its answer is here.
    fn answered(&self, asked: &Asked, answer: &Answer<'_>);
}

/// What is to be sent on one connection before the first answer.
pub(crate) struct Batch<'a> {
    /// The requests, in their order.
    pub(crate) asked: &'a [Asked],
    /// Their bytes, one behind the other.
    pub(crate) bytes: &'a [u8],
    /// Whether answers have no bodies.
    pub(crate) to_head: bool,
    /// How long the answers may take, all together.
    pub(crate) patience: Duration,
    /// How fast they are read.
    pub(crate) pace: Reading,
}

/// How fast answers are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    /// As they come.
    AtOnce,
    /// In pieces, with pauses.
    Slowly,
}

/// A slow reader reads so much at once,
const PIECE: usize = 512;
/// and then rests.
const REST: Duration = Duration::from_millis(2);
/// After so many rests it has been slow enough, and reads the remainder as it comes.
const RESTS: u32 = 25;

/// A client.
#[derive(Debug, Default)]
pub(crate) struct Client {
    stream: Option<Stream>,
    reader: Reader,
    /// How many answers came on this connection.
    answers: u64,
}

impl Client {
    /// Makes sure that there is a connection.
    pub(crate) async fn connect(&mut self, door: &Door) -> Result<(), ProbeError> {
        if self.stream.is_none() {
            self.stream = Some(door.open().await?);
            self.reader.clear();
            self.answers = 0;
        }
        Ok(())
    }

    /// Whether an answer came on this connection before.
    pub(crate) fn was_used(&self) -> bool {
        self.answers > 0
    }

    /// Goes away.
    pub(crate) fn hang_up(&mut self) {
        self.stream = None;
    }

    /// Goes away as a client does that was killed. Connections that end so leave no port behind that rests for a minute:
    /// at a thousand of them in a second a machine would soon have none left.
    pub(crate) fn abort(&mut self) {
        if let Some(stream) = self.stream.take() {
            stream.abort();
        }
    }

    /// Sends bytes of a request that is not to end yet.
    pub(crate) async fn begin(&mut self, bytes: &[u8]) -> Result<(), Ending> {
        self.write(bytes).await
    }

    /// Sends `batch` and reads all answers to it. How many came before it went wrong, if it did, is in `answered`.
    pub(crate) async fn exchange(
        &mut self,
        batch: &Batch<'_>,
        desk: &impl Desk,
        answered: &mut usize,
    ) -> Result<(), Ending> {
        batch.asked.iter().for_each(|asked| desk.sending(asked));
        let done = match tokio::time::timeout(batch.patience, self.converse(batch, desk, answered)).await {
            Ok(done) => done,
            Err(_) => Err(Ending::TimedOut(batch.patience)),
        };
        if done.is_err() {
            self.hang_up();
        }
        done
    }

    async fn converse(
        &mut self,
        batch: &Batch<'_>,
        desk: &impl Desk,
        answered: &mut usize,
    ) -> Result<(), Ending> {
        self.write(batch.bytes).await?;
        let mut rests = if batch.pace == Reading::Slowly { RESTS } else { 0 };
        for asked in batch.asked {
            let reusable = self.read(asked, batch.to_head, desk, &mut rests).await?;
            *answered += 1;
            self.answers += 1;
            if !reusable {
                self.hang_up();
                break;
            }
        }
        if self.stream.is_some() && *answered == batch.asked.len() && !self.reader.is_empty() {
            return Err(Ending::Malformed(Malformed::Surplus));
        }
        Ok(())
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), Ending> {
        let used_before = self.was_used();
        let Some(stream) = &mut self.stream else { return Err(Ending::Closed { used_before }) };
        let written = match stream.write_all(bytes).await {
            Ok(()) => stream.flush().await,
            Err(error) => Err(error),
        };
        // A server that refuses a request may answer and close before it has read all of it: the answer says why.
        match written {
            Err(_) if used_before => Err(Ending::Closed { used_before }),
            _ => Ok(()),
        }
    }

    /// Reads one answer. Returns whether the connection can go on.
    async fn read(
        &mut self,
        asked: &Asked,
        to_head: bool,
        desk: &impl Desk,
        rests: &mut u32,
    ) -> Result<bool, Ending> {
        loop {
            match self.reader.next(to_head) {
                Ok(Some(answer)) => {
                    desk.answered(asked, &answer);
                    return Ok(answer.reusable);
                }
                Ok(None) => {}
                Err(malformed) => return Err(Ending::Malformed(malformed)),
            }
            if self.more(rests).await? == 0 {
                return self.last(asked, desk);
            }
        }
    }

    /// Reads what has arrived; 0 bytes at the end of the connection.
    async fn more(&mut self, rests: &mut u32) -> Result<usize, Ending> {
        let used_before = self.was_used();
        let nothing_yet = self.reader.is_empty();
        let Some(stream) = &mut self.stream else { return Err(Ending::Closed { used_before }) };
        let space = self.reader.space();
        let read = if *rests > 0 {
            *rests -= 1;
            tokio::time::sleep(REST).await;
            stream.take(PIECE as u64).read_buf(space).await
        } else {
            stream.read_buf(space).await
        };
        match read {
            Ok(length) => Ok(length),
            Err(_) if nothing_yet => Err(Ending::Closed { used_before }),
            Err(_) => Err(Ending::Malformed(Malformed::CutOff)),
        }
    }

    /// What the end of the connection completes.
    fn last(&mut self, asked: &Asked, desk: &impl Desk) -> Result<bool, Ending> {
        let used_before = self.was_used();
        match self.reader.end() {
            Ok(Some(answer)) => {
                desk.answered(asked, &answer);
                Ok(false)
            }
            Ok(None) => Err(Ending::Closed { used_before }),
            Err(malformed) => Err(Ending::Malformed(malformed)),
        }
    }
}
