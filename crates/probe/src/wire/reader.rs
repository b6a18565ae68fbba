use std::ops::Range;

use httparse::{EMPTY_HEADER, Status};

use super::chunked::Chunks;

/// A head that is longer than this is no head.
const LONGEST_HEAD: usize = 256 * 1024;

/// How much of a body is kept to be looked at. What comes behind is counted and thrown away.
pub(crate) const MOST_KEPT: usize = 1 << 20;

const MOST_HEADERS: usize = 128;

/// What was sent is not HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// The status line or a header.
    #[error("the head of the answer is not HTTP: {0}")]
    Head(httparse::Error),
    /// The head does not end.
    #[error("the head of the answer is longer than 256 KiB")]
    LongHead,
    /// Two lengths, or none that is a number.
    #[error("the answer's Content-Length is no number, or two that differ")]
    Length,
    /// The chunked coding is broken.
    #[error("the answer's chunked coding is broken")]
    Chunk,
    /// The connection ended inside of it.
    #[error("the answer was cut off")]
    CutOff,
    /// It broke the rules of HTTP/2.
    #[error("the request is none for HTTP/2")]
    Stream,
    /// There is something behind it that nobody asked for.
    #[error("the answer is longer than it says")]
    Surplus,
}

/// One whole answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Answer<'a> {
    /// Such as 200.
    pub(crate) status: u16,
    /// The status line and the headers, as they came.
    pub(crate) head: &'a [u8],
    /// What was kept of the body: without its transfer coding, with its content coding.
    pub(crate) body: &'a [u8],
    /// Whether that is all of it.
    pub(crate) whole: bool,
    /// Whether the connection can take another request.
    pub(crate) reusable: bool,
}

/// Puts answers together from what arrives on one connection.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    /// What has arrived and was not taken yet; the first `start` bytes are used up.
    buffer: Vec<u8>,
    start: usize,
    pending: Option<Pending>,
    /// A body that does not stand in the buffer as it is.
    body: Vec<u8>,
}

/// An answer whose head is known.
#[derive(Debug)]
struct Pending {
    status: u16,
    /// Within the buffer, from `start`.
    head: Range<usize>,
    framing: Framing,
    keep_alive: bool,
    /// Bytes of the body thrown away.
    dropped: bool,
}

#[derive(Debug)]
enum Framing {
    /// So many bytes in all.
    Length(usize),
    /// So many bytes are still to be thrown away.
    Dropping(usize),
    Chunked(Chunks),
    /// Until the connection ends.
    Close,
}

/// Where an answer stands when it is whole.
#[derive(Debug)]
struct Done {
    status: u16,
    head: Range<usize>,
    body: Option<Range<usize>>,
    whole: bool,
    reusable: bool,
    end: usize,
}

impl Reader {
    /// Where to put what arrives next, at the end of what has arrived.
    pub(crate) fn space(&mut self) -> &mut Vec<u8> {
        if self.start == self.buffer.len() && self.pending.is_none() {
            self.buffer.clear();
            self.start = 0;
        } else if self.start > MOST_KEPT && self.pending.is_none() {
            self.buffer.drain(..self.start);
            self.start = 0;
        }
        self.buffer.reserve(8 * 1024);
        &mut self.buffer
    }

    /// Whether nothing has arrived that is not taken.
    pub(crate) fn is_empty(&self) -> bool {
        self.start == self.buffer.len() && self.pending.is_none()
    }

    /// Forgets everything, for a new connection.
    pub(crate) fn clear(&mut self) {
        self.buffer.clear();
        self.body.clear();
        self.start = 0;
        self.pending = None;
    }

    /// The next answer to a request of method `HEAD` or another, if all of it has arrived.
    pub(crate) fn next(&mut self, to_head: bool) -> Result<Option<Answer<'_>>, Malformed> {
        let done = self.advance(to_head)?;
        Ok(done.map(|done| self.hand_out(done)))
    }

    /// The answer that the end of the connection completes, if it is one; an error if it cuts one off.
    pub(crate) fn end(&mut self) -> Result<Option<Answer<'_>>, Malformed> {
        match self.pending.take() {
            None if self.start == self.buffer.len() => Ok(None),
            Some(Pending { status, head, framing: Framing::Close, dropped, .. }) => {
                let end = self.buffer.len();
                let done = Done { status, head, body: None, whole: !dropped, reusable: false, end };
                Ok(Some(self.hand_out(done)))
            }
            _ => Err(Malformed::CutOff),
        }
    }

    fn hand_out(&mut self, done: Done) -> Answer<'_> {
        self.start = done.end;
        let body = match done.body {
            Some(range) => &self.buffer[range],
            None => &self.body,
        };
        Answer {
            status: done.status,
            head: &self.buffer[done.head],
            body,
            whole: done.whole,
            reusable: done.reusable,
        }
    }

    fn advance(&mut self, to_head: bool) -> Result<Option<Done>, Malformed> {
        loop {
            match self.pending.take() {
                Some(pending) => return self.body(pending),
                None => match self.head(to_head)? {
                    // An interim answer (1xx) stands before the one that counts.
                    Some(pending) if pending.status < 200 => self.start = pending.head.end,
                    Some(pending) => self.pending = Some(pending),
                    None => return Ok(None),
                },
            }
        }
    }

    fn head(&mut self, to_head: bool) -> Result<Option<Pending>, Malformed> {
        let input = &self.buffer[self.start..];
        if input.is_empty() {
            return Ok(None);
        }
        let mut headers = [EMPTY_HEADER; MOST_HEADERS];
        let mut response = httparse::Response::new(&mut headers);
        let length = match response.parse(input).map_err(Malformed::Head)? {
            Status::Complete(length) => length,
            Status::Partial if input.len() > LONGEST_HEAD => return Err(Malformed::LongHead),
            Status::Partial => return Ok(None),
        };
        let status = response.code.unwrap_or(0);
        let minor = response.version.unwrap_or(1);
        let empty = to_head || status == 204 || status == 304 || status < 200;
        let framing = framing(response.headers, empty)?;
        let keep_alive = keeps_alive(response.headers, minor) && status != 101;
        let head = self.start..self.start + length;
        self.body.clear();
        Ok(Some(Pending { status, head, framing, keep_alive, dropped: false }))
    }

    /// Takes what has arrived of the body of `pending`.
    fn body(&mut self, mut pending: Pending) -> Result<Option<Done>, Malformed> {
        match &mut pending.framing {
            Framing::Length(length) if *length <= MOST_KEPT => {
                let range = pending.head.end..pending.head.end + *length;
                if self.buffer.len() >= range.end {
                    return Ok(Some(done(pending, Some(range.clone()), range.end)));
                }
            }
            Framing::Length(length) => {
                let left = *length;
                pending.framing = Framing::Dropping(left);
                return self.body(pending);
            }
            Framing::Dropping(left) => {
                let end = pending.head.end;
                let arrived = (self.buffer.len() - end).min(*left);
                keep(&mut self.body, &self.buffer[end..end + arrived]);
                *left -= arrived;
                let whole = *left == 0;
                self.buffer.drain(end..end + arrived);
                pending.dropped = true;
                if whole {
                    return Ok(Some(done(pending, None, end)));
                }
            }
            Framing::Chunked(chunks) => {
                let end = pending.head.end;
                let (taken, ended) = chunks.take(&self.buffer[end..], &mut self.body)?;
                self.buffer.drain(end..end + taken);
                pending.dropped |= cut(&mut self.body);
                if ended {
                    return Ok(Some(done(pending, None, end)));
                }
            }
            Framing::Close => {
                let end = pending.head.end;
                self.body.extend_from_slice(&self.buffer[end..]);
                self.buffer.truncate(end);
                pending.dropped |= cut(&mut self.body);
            }
        }
        self.pending = Some(pending);
        Ok(None)
    }
}

fn done(pending: Pending, body: Option<Range<usize>>, end: usize) -> Done {
    let Pending { status, head, keep_alive, dropped, .. } = pending;
    Done { status, head, body, whole: !dropped, reusable: keep_alive, end }
}

fn keep(body: &mut Vec<u8>, more: &[u8]) {
    let room = MOST_KEPT.saturating_sub(body.len());
    body.extend_from_slice(&more[..more.len().min(room)]);
}

/// Whether there was more than is kept.
fn cut(body: &mut Vec<u8>) -> bool {
    let much = body.len() > MOST_KEPT;
    body.truncate(MOST_KEPT);
    much
}

/// RFC 9112, section 6.3.
fn framing(headers: &[httparse::Header<'_>], empty: bool) -> Result<Framing, Malformed> {
    if empty {
        return Ok(Framing::Length(0));
    }
    let named =
        |name: &'static str| headers.iter().filter(move |header| header.name.eq_ignore_ascii_case(name));
    let is_chunked = |value: &[u8]| value.to_ascii_lowercase().ends_with(b"chunked");
    if named("transfer-encoding").any(|header| is_chunked(header.value)) {
        return Ok(Framing::Chunked(Chunks::default()));
    }
    let mut lengths = named("content-length").map(|header| length(header.value));
    match lengths.next() {
        None => Ok(Framing::Close),
        Some(first) => {
            let same = lengths.all(|other| other == first);
            first.filter(|_| same).map(Framing::Length).ok_or(Malformed::Length)
        }
    }
}

fn length(value: &[u8]) -> Option<usize> {
    let text = std::str::from_utf8(value).ok()?;
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

fn keeps_alive(headers: &[httparse::Header<'_>], minor: u8) -> bool {
    let connection = headers.iter().filter(|header| header.name.eq_ignore_ascii_case("connection"));
    let mut says = connection.map(|header| header.value.to_ascii_lowercase());
    match says.next() {
        Some(value) => {
            !value.windows(5).any(|word| word == b"close") && (minor > 0 || value == b"keep-alive")
        }
        None => minor > 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds `bytes` in pieces and collects the answers, then ends the connection.
    fn answers(bytes: &[u8], step: usize) -> Result<Vec<(u16, String, bool)>, Malformed> {
        let mut reader = Reader::default();
        let mut all = Vec::new();
        let told = |answer: Answer<'_>| {
            (answer.status, String::from_utf8_lossy(answer.body).into_owned(), answer.reusable)
        };
        for piece in bytes.chunks(step) {
            reader.space().extend_from_slice(piece);
            while let Some(answer) = reader.next(false)? {
                all.push(told(answer));
            }
        }
        all.extend(reader.end()?.map(told));
        Ok(all)
    }

    #[test]
    fn answers_are_told_apart_however_they_arrive() {
        let stream = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirst\
            HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nsec\r\n3\r\nond\r\n0\r\n\r\n\
            HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200 OK\r\nConnection: close\r\n\r\nlast";
        let expected = [(200, "first", true), (404, "second", true), (204, "", true), (200, "last", false)];
        let expected = expected.map(|(status, body, reusable)| (status, body.to_owned(), reusable));
        for step in 1..stream.len() {
            assert_eq!(answers(stream, step).expect("well-formed"), expected, "by {step}");
        }
    }

    #[test]
    fn an_answer_that_was_cut_off_is_told() {
        for stream in [
            "HTTP/1.1 200 OK\r\nContent-Le",
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfour",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfour",
        ] {
            assert_eq!(answers(stream.as_bytes(), 7), Err(Malformed::CutOff), "{stream}");
        }
    }

    #[test]
    fn what_is_not_http_is_told() {
        assert!(matches!(answers(b"SSH-2.0-OpenSSH\r\n", 99), Err(Malformed::Head(_))));
        let lengths = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n";
        assert_eq!(answers(lengths, 99), Err(Malformed::Length));
        assert_eq!(answers(b"HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\n", 99), Err(Malformed::Length));
    }

    #[test]
    fn of_a_large_body_only_the_head_is_kept() {
        let large = 3 * MOST_KEPT;
        for head in [format!("Content-Length: {large}"), "Connection: close".to_owned()] {
            let mut reader = Reader::default();
            reader.space().extend_from_slice(format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n").as_bytes());
            let mut ended = false;
            for _ in 0..large / 4096 {
                reader.space().extend_from_slice(&[b'x'; 4096]);
                ended = reader
                    .next(false)
                    .expect("well-formed")
                    .is_some_and(|it| !it.whole && it.body.len() == MOST_KEPT);
                assert!(reader.buffer.capacity() < 4 * MOST_KEPT);
            }
            let by_close =
                reader.end().expect("well-formed").is_some_and(|it| !it.whole && it.body.len() == MOST_KEPT);
            assert!(ended || by_close, "{head}");
        }
    }

    #[test]
    fn an_answer_to_head_has_no_body() {
        let mut reader = Reader::default();
        reader.space().extend_from_slice(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
        assert!(reader.next(true).expect("well-formed").is_some_and(|answer| answer.body.is_empty()));
    }
}
