use serde::Deserialize;

/// What a C function takes or gives: one machine word of integers, or one floating-point number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Nothing.
    #[default]
    Void,
    /// C's `bool`.
    Bool,
    /// `int8_t`.
    I8,
    /// `uint8_t`.
    U8,
    /// `int16_t`.
    I16,
    /// `uint16_t`.
    U16,
    /// `int32_t`, and `int` on x86-64.
    I32,
    /// `uint32_t`.
    U32,
    /// `int64_t`, and `long` on x86-64.
    I64,
    /// `uint64_t`, and `size_t` on x86-64.
    U64,
    /// `float`.
    F32,
    /// `double`.
    F64,
    /// An address that nobody looks behind.
    Pointer,
    /// The address of characters with a NUL at their end, or null.
    String,
}

impl Kind {
    /// As plans call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Void => "void",
            Self::Bool => "bool",
            Self::I8 => "i8",
            Self::U8 => "u8",
            Self::I16 => "i16",
            Self::U16 => "u16",
            Self::I32 => "i32",
            Self::U32 => "u32",
            Self::I64 => "i64",
            Self::U64 => "u64",
            Self::F32 => "f32",
            Self::F64 => "f64",
            Self::Pointer => "pointer",
            Self::String => "string",
        }
    }

    /// Whether it is a number without a fraction, or a truth value.
    pub(crate) fn is_integer(self) -> bool {
        self.range().is_some()
    }

    /// Whether it is a number with a fraction.
    pub(crate) fn is_real(self) -> bool {
        matches!(self, Self::F32 | Self::F64)
    }

    /// Whether it is an address.
    pub(crate) fn is_address(self) -> bool {
        matches!(self, Self::Pointer | Self::String)
    }

    /// The smallest and the largest integer that it holds.
    pub(crate) fn range(self) -> Option<(i128, i128)> {
        Some(match self {
            Self::Bool => (0, 1),
            Self::I8 => (i8::MIN.into(), i8::MAX.into()),
            Self::U8 => (0, u8::MAX.into()),
            Self::I16 => (i16::MIN.into(), i16::MAX.into()),
            Self::U16 => (0, u16::MAX.into()),
            Self::I32 => (i32::MIN.into(), i32::MAX.into()),
            Self::U32 => (0, u32::MAX.into()),
            Self::I64 => (i64::MIN.into(), i64::MAX.into()),
            Self::U64 => (0, u64::MAX.into()),
            Self::Void | Self::F32 | Self::F64 | Self::Pointer | Self::String => return None,
        })
    }

    /// `word` as it is meant, with all bits beyond the kind's own emptied: nobody promises anything about them.
    pub(crate) fn trimmed(self, word: u64) -> u64 {
        match self {
            Self::Void => 0,
            Self::Bool => u64::from(word & 0xff != 0),
            Self::I8 | Self::U8 => word & 0xff,
            Self::I16 | Self::U16 => word & 0xffff,
            Self::I32 | Self::U32 | Self::F32 => word & 0xffff_ffff,
            Self::I64 | Self::U64 | Self::F64 | Self::Pointer | Self::String => word,
        }
    }

    /// The integer that `word` stands for; of an address, the address.
    pub(crate) fn integer(self, word: u64) -> i128 {
        match self {
            Self::I8 => (word as i8).into(),
            Self::I16 => (word as i16).into(),
            Self::I32 => (word as i32).into(),
            Self::I64 => (word as i64).into(),
            _ => self.trimmed(word).into(),
        }
    }

    /// The number that `word` stands for, as near as a double can tell it.
    pub(crate) fn real(self, word: u64) -> f64 {
        match self {
            Self::F32 => f32::from_bits(word as u32).into(),
            Self::F64 => f64::from_bits(word),
            _ => self.integer(word) as f64,
        }
    }

    /// `word` as people read it.
    pub(crate) fn shown(self, word: u64) -> String {
        match self {
            Self::Void => "nothing".to_owned(),
            Self::Bool => (self.trimmed(word) != 0).to_string(),
            Self::F32 => f32::from_bits(word as u32).to_string(),
            Self::F64 => self.real(word).to_string(),
            Self::Pointer | Self::String if word == 0 => "null".to_owned(),
            Self::Pointer | Self::String => format!("{word:#x}"),
            _ => self.integer(word).to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_beyond_the_kind_are_not_looked_at() {
        let word = 0xffff_ffff_0000_0100;
        assert_eq!(Kind::Bool.trimmed(word), 0);
        assert_eq!(Kind::I32.integer(0xdead_beef_ffff_fffe), -2);
        assert_eq!(Kind::U32.integer(0xdead_beef_ffff_fffe), 0xffff_fffe);
    }

    #[test]
    fn a_word_is_shown_as_what_it_stands_for() {
        assert_eq!(Kind::F64.shown(1.5_f64.to_bits()), "1.5");
        assert_eq!(Kind::F32.shown(u64::from(1.5_f32.to_bits())), "1.5");
        assert_eq!(
            (Kind::Pointer.shown(0), Kind::Pointer.shown(0x10)),
            ("null".to_owned(), "0x10".to_owned())
        );
        assert_eq!((Kind::Bool.shown(3), Kind::I8.shown(0xff)), ("true".to_owned(), "-1".to_owned()));
    }
}
