//! An HTTP/2 connection that several clients share, each on streams of its own.

use std::time::Duration;

use bytes::Bytes;
use h2::client::{ResponseFuture, SendRequest};
use h2::{Reason, SendStream};
use http::{HeaderMap, Request};
use tokio::sync::Mutex;

use super::client::Desk;
use crate::connection::Door;
use crate::error::ProbeError;
use crate::ledger::Asked;
use crate::rules::Ending;
use crate::template::Ask;
use crate::wire::{Answer, MOST_KEPT, Malformed};

/// The connection, made when it is first needed, and again when it was lost.
#[derive(Debug, Default)]
pub(crate) struct Streams {
    sender: Mutex<Option<SendRequest<Bytes>>>,
}

/// A request that has begun and not ended.
pub(crate) struct Begun {
    answer: ResponseFuture,
    stream: SendStream<Bytes>,
    body: Bytes,
}

impl Begun {
    /// Goes away before the answer.
    pub(crate) fn cancel(mut self) {
        self.stream.send_reset(Reason::CANCEL);
    }
}

impl Streams {
    /// Makes sure that there is a connection.
    pub(crate) async fn connect(&self, door: &Door) -> Result<(), ProbeError> {
        let mut sender = self.sender.lock().await;
        if sender.is_some() {
            return Ok(());
        }
        let fail = |source| ProbeError::Http2 { address: door.target.authority.clone(), source };
        let (new, connection) = h2::client::handshake(door.open().await?).await.map_err(fail)?;
        // It ends with the connection, and what went wrong is told by the streams.
        tokio::spawn(async move {
            let _ = connection.await;
        });
        *sender = Some(new);
        Ok(())
    }

    /// The next request gets a connection of its own.
    pub(crate) async fn hang_up(&self) {
        self.sender.lock().await.take();
    }

    /// Sends all of a request but the mark of its end.
    pub(crate) async fn begin(&self, door: &Door, ask: &Ask) -> Result<Begun, Ending> {
        let closed = Ending::Closed { used_before: true };
        let sender = self.sender.lock().await.clone();
        let Some(sender) = sender else { return Err(closed) };
        // A connection that was closed in the meantime was not lost with our request.
        let ready = sender.ready().await;
        let Ok(mut sender) = ready else {
            self.hang_up().await;
            return Err(closed);
        };
        let request = request(door, ask).map_err(|_| Ending::Malformed(Malformed::Stream))?;
        match sender.send_request(request, false) {
            Ok((answer, stream)) => Ok(Begun { answer, stream, body: Bytes::copy_from_slice(&ask.body) }),
            Err(_) => {
                self.hang_up().await;
                Err(closed)
            }
        }
    }

    /// Ends a request and reads its answer.
    pub(crate) async fn finish(
        &self,
        begun: Begun,
        asked: &Asked,
        desk: &impl Desk,
        patience: Duration,
    ) -> Result<(), Ending> {
        desk.sending(asked);
        let done = tokio::time::timeout(patience, converse(begun, asked, desk)).await;
        let done = done.unwrap_or(Err(Ending::TimedOut(patience)));
        if done.is_err() {
            self.hang_up().await;
        }
        done
    }
}

fn request(door: &Door, ask: &Ask) -> Result<Request<()>, http::Error> {
    let target = &door.target;
    let scheme = if target.tls { "https" } else { "http" };
    let uri = format!("{scheme}://{}{}", target.authority, ask.target);
    let mut request = Request::builder().method(ask.method.as_str()).uri(uri);
    for (name, value) in &ask.headers {
        request = request.header(name, value);
    }
    request.body(())
}

async fn converse(begun: Begun, asked: &Asked, desk: &impl Desk) -> Result<(), Ending> {
    let Begun { answer, mut stream, body } = begun;
    // A server may answer before a request has ended, and end the stream then (RFC 9113, section 8.1): the answer counts.
    let _ = stream.send_data(body, true);
    let (parts, mut incoming) = answer.await.map_err(|error| ending(&error))?.into_parts();
    let (mut body, mut whole) = (Vec::new(), true);
    while let Some(piece) = incoming.data().await {
        let piece = match piece {
            Ok(piece) => piece,
            Err(error) if error.reason() == Some(Reason::NO_ERROR) => break,
            Err(_) => return Err(Ending::Malformed(Malformed::CutOff)),
        };
        let room = MOST_KEPT.saturating_sub(body.len());
        body.extend_from_slice(&piece[..piece.len().min(room)]);
        whole &= piece.len() <= room;
        // The window belongs to a stream that has ended, at worst.
        let _ = incoming.flow_control().release_capacity(piece.len());
    }
    let head = head(parts.status.as_u16(), &parts.headers);
    desk.answered(
        asked,
        &Answer { status: parts.status.as_u16(), head: &head, body: &body, whole, reusable: true },
    );
    Ok(())
}

/// How a request ended that was not answered. One that the server refuses before it has looked at it, or that goes down with
/// its connection, as it may after many cancelled streams, is not held against it.
fn ending(error: &h2::Error) -> Ending {
    let unseen = error.is_go_away() || error.is_io() || error.reason() == Some(Reason::REFUSED_STREAM);
    Ending::Closed { used_before: unseen }
}

/// The head as HTTP/1.1 would have it: what looks at answers need not know how they came.
fn head(status: u16, headers: &HeaderMap) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {status} \r\n").into_bytes();
    for (name, value) in headers {
        head.extend_from_slice(name.as_str().as_bytes());
        head.extend_from_slice(b": ");
        head.extend_from_slice(value.as_bytes());
        head.extend_from_slice(b"\r\n");
    }
    head.extend_from_slice(b"\r\n");
    head
}
