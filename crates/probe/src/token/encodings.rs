//! The ways in which a page may write what it was sent.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use super::{LENGTH, NONCE};

/// How a token was written where it was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Encoding {
    /// As it was sent.
    Plain,
    /// In capital letters.
    UpperCase,
    /// In base64 or its URL-safe form, which write these characters alike, with so many bytes (0 to 2) before it in its
    /// group of three.
    Base64(u8),
    /// Its bytes as hexadecimal digits.
    Hex,
    /// Every character as `%61`.
    Percent,
    /// Every character as `\u0061`.
    Unicode,
    /// Every character as `&#x61;`.
    HexEntity,
    /// Every character as `&#97;`.
    Entity,
}

impl Encoding {
    /// All that are looked for.
    pub(super) const ALL: [Self; 10] = [
        Self::Plain,
        Self::UpperCase,
        Self::Base64(0),
        Self::Base64(1),
        Self::Base64(2),
        Self::Hex,
        Self::Percent,
        Self::Unicode,
        Self::HexEntity,
        Self::Entity,
    ];

    /// What to look for: the part of the encoded `nonce` that does not depend on what stands around it.
    pub(super) fn needle(self, nonce: &[u8; NONCE]) -> Vec<u8> {
        match self {
            Self::Plain => nonce.to_vec(),
            Self::UpperCase => nonce.to_ascii_uppercase(),
            Self::Base64(before) => base64_core(usize::from(before), nonce),
            _ => nonce.iter().flat_map(|byte| self.character(*byte)).collect(),
        }
    }

    /// One character in the encodings that write each on its own.
    fn character(self, byte: u8) -> Vec<u8> {
        match self {
            Self::Hex => format!("{byte:02x}"),
            Self::Percent => format!("%{byte:02X}"),
            Self::Unicode => format!("\\u{byte:04x}"),
            Self::HexEntity => format!("&#x{byte:02x};"),
            Self::Entity => format!("&#{byte};"),
            Self::Plain | Self::UpperCase | Self::Base64(_) => char::from(byte).to_string(),
        }
        .into_bytes()
    }

    /// The second half of the token whose encoded first half begins `text`.
    pub(super) fn second_half(self, text: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::Plain => text.get(NONCE..LENGTH).map(<[u8]>::to_vec),
            Self::UpperCase => text.get(NONCE..LENGTH).map(<[u8]>::to_ascii_lowercase),
            Self::Base64(before) => from_base64(usize::from(before), text),
            _ => self.each_character(text),
        }
    }

    fn each_character(self, text: &[u8]) -> Option<Vec<u8>> {
        let mut rest = text;
        let mut plain = Vec::with_capacity(LENGTH);
        while plain.len() < LENGTH {
            let (byte, length) = b"0123456789abcdef".iter().find_map(|byte| {
                let written = self.character(*byte);
                rest.starts_with(&written).then_some((*byte, written.len()))
            })?;
            plain.push(byte);
            rest = &rest[length..];
        }
        Some(plain.split_off(NONCE))
    }
}

/// The characters of base64 that are the nonce's alone, when `before` bytes stand before it in its group.
fn base64_core(before: usize, nonce: &[u8; NONCE]) -> Vec<u8> {
    let whole = [&[0; 2][..before], nonce].concat();
    let encoded = STANDARD_NO_PAD.encode(&whole);
    let last = whole.len() * 8 / 6;
    encoded.as_bytes()[lost(before)..last].to_vec()
}

/// How many characters are shared with what stands before.
fn lost(before: usize) -> usize {
    (before * 8).div_ceil(6)
}

/// The second half of a token, from base64 that begins where [`base64_core`] does.
fn from_base64(before: usize, text: &[u8]) -> Option<Vec<u8>> {
    let lost = lost(before);
    // What was shared with the text before is replaced by zeros; it spoils nothing but the first half. The last group is
    // read whole where it is there, and stands for itself where the text ends.
    let wanted = (before + LENGTH).div_ceil(3) * 4 - lost;
    let own = text.len().min(wanted);
    let mut characters = vec![b'A'; lost];
    characters
        .extend(text[..own].iter().take_while(|byte| byte.is_ascii_alphanumeric() || b"+/-_".contains(byte)));
    let standard: Vec<u8> = characters
        .iter()
        .map(|byte| match byte {
            b'-' => b'+',
            b'_' => b'/',
            other => *other,
        })
        .collect();
    // A rest of one character encodes nothing.
    let usable = if standard.len() % 4 == 1 { standard.len() - 1 } else { standard.len() };
    let lenient = base64::engine::GeneralPurpose::new(
        &base64::alphabet::STANDARD,
        base64::engine::GeneralPurposeConfig::new()
            .with_decode_allow_trailing_bits(true)
            .with_decode_padding_mode(base64::engine::DecodePaddingMode::Indifferent),
    );
    let bytes = lenient.decode(&standard[..usable]).ok()?;
    bytes.get(before + NONCE..before + LENGTH).map(<[u8]>::to_vec)
}
