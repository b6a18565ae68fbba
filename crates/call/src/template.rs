//! Text with something in it that differs from call to call.

use jostle_model::Caller;
use memchr::memmem;

use crate::token::{self, Tokens};

/// What stands for something else in the texts of a plan.
const PLACEHOLDERS: [(&str, Piece); 3] =
    [("{token}", Piece::Token), ("{thread}", Piece::Thread), ("{number}", Piece::Number)];

/// A part of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    /// As it stands.
    Fixed(Vec<u8>),
    /// The token of the iteration.
    Token,
    /// The thread's number, counted from 0.
    Thread,
    /// The iteration's number, counted from 0.
    Number,
}

/// The moment for which a text is wanted: an iteration of a thread, and its token.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    pub(crate) owner: Caller,
    pub(crate) token: [u8; token::LENGTH],
    pub(crate) integer: u64,
}

impl Moment {
    pub(crate) fn new(tokens: Tokens, owner: Caller) -> Self {
        Self { owner, token: tokens.text(owner), integer: tokens.integer(owner) }
    }
}

/// A text as a plan has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Template {
    pieces: Vec<Piece>,
}

impl Template {
    /// Finds the placeholders in `text`. Braces around anything else are themselves: texts are often JSON.
    pub(crate) fn new(text: &[u8]) -> Self {
        let (mut pieces, mut rest) = (Vec::new(), text);
        while let Some((at, length, piece)) = first_placeholder(rest) {
            pieces.extend((at > 0).then(|| Piece::Fixed(rest[..at].to_vec())));
            pieces.push(piece);
            rest = &rest[at + length..];
        }
        pieces.extend((!rest.is_empty()).then(|| Piece::Fixed(rest.to_vec())));
        Self { pieces }
    }

    /// Whether it is the same in every call.
    pub(crate) fn is_constant(&self) -> bool {
        self.pieces.iter().all(|piece| matches!(piece, Piece::Fixed(_)))
    }
}

fn first_placeholder(text: &[u8]) -> Option<(usize, usize, Piece)> {
    let found = PLACEHOLDERS.iter().filter_map(|(name, piece)| {
        let at = memmem::find(text, name.as_bytes())?;
        Some((at, name.len(), piece.clone()))
    });
    found.min_by_key(|&(at, ..)| at)
}

/// A text as one thread passes it, with a NUL behind it. It is written once; then only what differs is.
#[derive(Debug)]
pub(crate) struct Text {
    template: Template,
    bytes: Vec<u8>,
    /// Where the token stands.
    tokens: Vec<usize>,
    /// Whether a part of it differs in length.
    is_elastic: bool,
    /// The iteration for which it is written.
    iteration: Option<u64>,
}

impl Text {
    pub(crate) fn new(template: Template) -> Self {
        let is_elastic = template.pieces.contains(&Piece::Number);
        Self { template, bytes: Vec::new(), tokens: Vec::new(), is_elastic, iteration: None }
    }

    /// The text at that moment, with a NUL at its end that is not its own.
    pub(crate) fn at(&mut self, moment: &Moment) -> &[u8] {
        if self.iteration != Some(moment.owner.iteration) {
            if self.iteration.is_none() || self.is_elastic {
                self.write(moment);
            }
            for &at in &self.tokens {
                self.bytes[at..at + token::LENGTH].copy_from_slice(&moment.token);
            }
            self.iteration = Some(moment.owner.iteration);
        }
        &self.bytes
    }

    /// The address of the text at that moment; it stays until another is asked for.
    pub(crate) fn address(&mut self, moment: &Moment) -> u64 {
        self.at(moment);
        self.bytes.as_mut_ptr().expose_provenance() as u64
    }

    /// How long it was when it was last asked for.
    pub(crate) fn length(&self) -> usize {
        self.bytes.len().saturating_sub(1)
    }

    fn write(&mut self, moment: &Moment) {
        self.bytes.clear();
        self.tokens.clear();
        for piece in &self.template.pieces {
            match piece {
                Piece::Fixed(text) => self.bytes.extend_from_slice(text),
                Piece::Thread => self.bytes.extend_from_slice(moment.owner.thread.to_string().as_bytes()),
                Piece::Number => self.bytes.extend_from_slice(moment.owner.iteration.to_string().as_bytes()),
                Piece::Token => {
                    self.tokens.push(self.bytes.len());
                    self.bytes.extend_from_slice(&moment.token);
                }
            }
        }
        self.bytes.push(0);
    }
}

/// `bytes` without the NUL that [`Text::at`] puts at their end.
pub(crate) fn without_nul(bytes: &[u8]) -> &[u8] {
    &bytes[..bytes.len() - 1]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(iteration: u64) -> Moment {
        Moment::new(Tokens::new(1), Caller { thread: 3, iteration })
    }

    #[test]
    fn only_what_differs_is_written_again() {
        let mut text = Text::new(Template::new(br#"{"id":"{token}","n":{number},"t":{thread},"{x}":{}}"#));
        for iteration in [0, 9, 10, 12345] {
            let moment = moment(iteration);
            let token = String::from_utf8_lossy(&moment.token).into_owned();
            let wanted = format!("{{\"id\":\"{token}\",\"n\":{iteration},\"t\":3,\"{{x}}\":{{}}}}\0");
            assert_eq!(String::from_utf8_lossy(text.at(&moment)), wanted);
        }
    }

    #[test]
    fn a_text_without_placeholders_stays() {
        let template = Template::new(b"{tokens}");
        assert!(template.is_constant() && !Template::new(b"a{token}").is_constant());
        assert_eq!(Text::new(Template::new(b"")).at(&moment(1)), b"\0");
    }
}
