use aho_corasick::{AhoCorasick, MatchKind};

use super::{Encoding, Mint, Owner};

/// A token that was found in an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sighting {
    /// Whose it is.
    pub(crate) owner: Owner,
    /// Where it begins, in bytes of the text that was searched.
    pub(crate) at: usize,
    /// How it is written there.
    pub(crate) encoding: Encoding,
}

/// Finds all tokens of a run in one pass, whatever they were encoded in.
///
/// The search is for the first half of a token, in each of its encodings. All are long and begin differently, which is
/// what vectorised search is best at: a page without tokens is read at several gigabytes a second.
#[derive(Clone, Debug)]
pub(crate) struct Recogniser {
    mint: Mint,
    needles: AhoCorasick,
}

impl Recogniser {
    /// One for the tokens of `mint`.
    pub(crate) fn new(mint: &Mint) -> Self {
        let needles = Encoding::ALL.map(|encoding| encoding.needle(&mint.nonce));
        let needles = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostFirst)
            .build(needles)
            .expect("ten short needles fit into an automaton");
        Self { mint: mint.clone(), needles }
    }

    /// All tokens in `text`, from its beginning to its end.
    pub(crate) fn find<'a>(&'a self, text: &'a [u8]) -> impl Iterator<Item = Sighting> + 'a {
        self.needles.find_iter(text).filter_map(|found| {
            let encoding = Encoding::ALL[found.pattern().as_usize()];
            let digits = encoding.second_half(&text[found.start()..])?;
            let owner = self.mint.owner(&digits)?;
            Some(Sighting { owner, at: found.start(), encoding })
        })
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

    use super::*;

    const OWNER: Owner = Owner { number: 4_711, slot: 2 };

    fn found(mint: &Mint, text: &str) -> Vec<(Owner, Encoding)> {
        Recogniser::new(mint).find(text.as_bytes()).map(|it| (it.owner, it.encoding)).collect()
    }

    #[test]
    fn a_token_is_found_wherever_it_stands() {
        let mint = Mint::new();
        let text = format!("<p>Hello {}{}!", mint.token(OWNER), mint.token(Owner { number: 5, slot: 0 }));
        let expected = [(OWNER, Encoding::Plain), (Owner { number: 5, slot: 0 }, Encoding::Plain)];
        assert_eq!(found(&mint, &text), expected);
    }

    #[test]
    fn a_token_is_found_in_base64_wherever_it_begins_and_ends() {
        let mint = Mint::new();
        for before in ["", "i", "id", "id=", "{\"user\":\""] {
            for after in ["", "\"", "\"}", "\"}\n", "\"} and more"] {
                let text = format!("{before}{}{after}", mint.token(OWNER));
                for encoded in [STANDARD.encode(&text), URL_SAFE_NO_PAD.encode(&text)] {
                    let encoding = Encoding::Base64((before.len() % 3) as u8);
                    assert_eq!(found(&mint, &format!("x {encoded}; y")), [(OWNER, encoding)], "{text}");
                    assert_eq!(found(&mint, &encoded), [(OWNER, encoding)], "{text}");
                }
            }
        }
    }

    #[test]
    fn a_token_is_found_in_escapes() {
        let mint = Mint::new();
        let token = mint.token(OWNER);
        let each = |write: fn(u8) -> String| token.bytes().map(write).collect::<String>();
        let written = [
            (token.to_uppercase(), Encoding::UpperCase),
            (each(|byte| format!("{byte:02x}")), Encoding::Hex),
            (each(|byte| format!("%{byte:02X}")), Encoding::Percent),
            (each(|byte| format!("\\u{byte:04x}")), Encoding::Unicode),
            (each(|byte| format!("&#x{byte:02x};")), Encoding::HexEntity),
            (each(|byte| format!("&#{byte};")), Encoding::Entity),
        ];
        for (text, encoding) in written {
            assert_eq!(found(&mint, &format!("…{text}…")), [(OWNER, encoding)], "{text}");
        }
    }

    #[test]
    fn what_is_cut_or_of_another_run_is_not_a_token() {
        let (mint, other) = (Mint::new(), Mint::new());
        assert_eq!(found(&mint, &mint.token(OWNER)[..31]), []);
        assert_eq!(found(&mint, &other.token(OWNER)), []);
        assert_eq!(found(&mint, "0123456789abcdef0123456789abcdef"), []);
    }
}
