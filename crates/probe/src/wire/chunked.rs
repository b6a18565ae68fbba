use super::Malformed;

/// Takes the chunked transfer coding (RFC 9112, section 7.1) off a body that arrives in pieces.
#[derive(Debug, Default)]
pub(super) struct Chunks {
    state: State,
}

#[derive(Debug, Default)]
enum State {
    /// Before the line with the size of the next chunk.
    #[default]
    Size,
    /// Within a chunk of which so many bytes are to come.
    Data(usize),
    /// Before the line break that ends a chunk.
    DataEnd,
    /// In the lines behind the last chunk.
    Trailers,
    Done,
}

/// No chunk extension is that long, and no trailer.
const LONGEST_LINE: usize = 16 * 1024;

impl Chunks {
    /// Takes what it can from the head of `input` and appends the data in it to `body`. Returns how much it took, and
    /// whether the body has ended; what it could not take yet is to be offered again with more behind it.
    pub(super) fn take(&mut self, input: &[u8], body: &mut Vec<u8>) -> Result<(usize, bool), Malformed> {
        let mut taken = 0;
        loop {
            let rest = &input[taken..];
            let step = match self.state {
                State::Size => self.size(rest)?,
                State::Data(left) => self.data(rest, left, body),
                State::DataEnd => self.data_end(rest)?,
                State::Trailers => self.trailers(rest)?,
                State::Done => return Ok((taken, true)),
            };
            match step {
                Some(length) => taken += length,
                None => return Ok((taken, false)),
            }
        }
    }

    fn size(&mut self, rest: &[u8]) -> Result<Option<usize>, Malformed> {
        match httparse::parse_chunk_size(rest) {
            Ok(httparse::Status::Complete((length, 0))) => {
                self.state = State::Trailers;
                Ok(Some(length))
            }
            Ok(httparse::Status::Complete((length, size))) => {
                let size = usize::try_from(size).map_err(|_| Malformed::Chunk)?;
                self.state = State::Data(size);
                Ok(Some(length))
            }
            Ok(httparse::Status::Partial) if rest.len() < LONGEST_LINE => Ok(None),
            Ok(httparse::Status::Partial) | Err(_) => Err(Malformed::Chunk),
        }
    }

    fn data(&mut self, rest: &[u8], left: usize, body: &mut Vec<u8>) -> Option<usize> {
        let length = rest.len().min(left);
        body.extend_from_slice(&rest[..length]);
        self.state = if length == left { State::DataEnd } else { State::Data(left - length) };
        (length > 0).then_some(length)
    }

    fn data_end(&mut self, rest: &[u8]) -> Result<Option<usize>, Malformed> {
        match rest {
            [b'\r', b'\n', ..] => {
                self.state = State::Size;
                Ok(Some(2))
            }
            [] | [b'\r'] => Ok(None),
            _ => Err(Malformed::Chunk),
        }
    }

    fn trailers(&mut self, rest: &[u8]) -> Result<Option<usize>, Malformed> {
        match rest.windows(2).position(|pair| pair == b"\r\n") {
            Some(0) => {
                self.state = State::Done;
                Ok(Some(2))
            }
            Some(end) => Ok(Some(end + 2)),
            None if rest.len() < LONGEST_LINE => Ok(None),
            None => Err(Malformed::Chunk),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &[u8] = b"4;x=y\r\nwiki\r\n5\r\npedia\r\n0\r\nTrailer: x\r\n\r\nnext";

    #[test]
    fn chunks_are_joined_however_they_arrive() {
        for step in 1..=WHOLE.len() {
            let (mut chunks, mut body, mut start, mut done) = (Chunks::default(), Vec::new(), 0, false);
            for end in (0..=WHOLE.len()).step_by(step).chain([WHOLE.len()]) {
                let (taken, ended) = chunks.take(&WHOLE[start..end], &mut body).expect("well-formed");
                start += taken;
                done |= ended;
            }
            assert_eq!(
                (body.as_slice(), &WHOLE[start..], done),
                (&b"wikipedia"[..], &b"next"[..], true),
                "by {step}"
            );
        }
    }

    #[test]
    fn what_is_no_chunk_is_refused() {
        let take = |input: &[u8]| Chunks::default().take(input, &mut Vec::new());
        assert_eq!(take(b"zz\r\n"), Err(Malformed::Chunk));
        assert_eq!(take(b"2\r\nabc"), Err(Malformed::Chunk));
        assert_eq!(take(&[b'0'; 32 * 1024]), Err(Malformed::Chunk));
    }
}
