use crate::Kind;

/// What came back, as far as it is the same for the same arguments.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Value {
    /// The call was not made.
    #[default]
    Absent,
    Null,
    /// Anything but null: which, differs from run to run.
    Something,
    Bits(u64),
    Text(Box<[u8]>),
}

impl Value {
    /// Of a word, or of the text that it points to.
    pub(crate) fn new(kind: Kind, only_null: bool, word: u64, text: Option<&[u8]>) -> Self {
        match text {
            _ if only_null && kind.trimmed(word) == 0 => Self::Null,
            _ if only_null => Self::Something,
            Some(text) => Self::Text(text.into()),
            None if kind.is_address() => Self::Null,
            None => Self::Bits(kind.trimmed(word)),
        }
    }

    /// Whether [`Value::new`] would give the same.
    pub(crate) fn is(&self, kind: Kind, only_null: bool, word: u64, text: Option<&[u8]>) -> bool {
        match (self, text) {
            (Self::Text(known), Some(text)) if !only_null => **known == *text,
            (Self::Bits(known), None) if !only_null => *known == kind.trimmed(word),
            (_, _) => *self == Self::new(kind, only_null, word, text),
        }
    }

    /// In words.
    pub(crate) fn shown(&self, kind: Kind) -> String {
        match self {
            Self::Absent => "no call".to_owned(),
            Self::Null if kind.is_address() => "null".to_owned(),
            Self::Null => "0".to_owned(),
            Self::Something if kind.is_address() => "anything but null".to_owned(),
            Self::Something => "anything but 0".to_owned(),
            Self::Bits(word) => kind.shown(*word),
            Self::Text(text) => quoted(text),
        }
    }
}

/// How much of a text people are shown.
const SHOWN: usize = 160;

/// A text as people read it, cut where it is long.
pub(crate) fn quoted(text: &[u8]) -> String {
    match text.get(..SHOWN) {
        Some(head) if text.len() > SHOWN => format!("{:?}…", String::from_utf8_lossy(head)),
        _ => format!("{:?}", String::from_utf8_lossy(text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn handles_are_told_from_null_only() {
        let value = Value::new(Kind::U64, true, 7, None);
        assert!(value.is(Kind::U64, true, 8, None) && !value.is(Kind::U64, true, 0, None));
        assert_eq!(value.shown(Kind::U64), "anything but 0");
    }

    #[test]
    fn texts_are_compared_byte_by_byte() {
        let value = Value::new(Kind::String, false, 1, Some(b"ada"));
        assert!(value.is(Kind::String, false, 2, Some(b"ada")));
        assert!(!value.is(Kind::String, false, 1, Some(b"adb")) && !value.is(Kind::String, false, 0, None));
        assert_eq!(Value::new(Kind::String, false, 0, None), Value::Null);
    }

    #[test]
    fn what_lies_beside_a_narrow_number_is_not_compared() {
        assert!(Value::new(Kind::I32, false, 5, None).is(Kind::I32, false, 0xff00_0000_0005, None));
    }
}
