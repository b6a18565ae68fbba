use std::collections::BTreeMap;
use std::path::Path;
use std::{fs, io};

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserializer, MapAccess, Visitor};

use crate::Kind;

/// What a function takes, as a plan gives it.
#[derive(Clone, Debug, PartialEq)]
pub enum Argument {
    /// A number without a fraction, or a truth value.
    Integer {
        /// How wide.
        kind: Kind,
        /// Which.
        value: Integer,
    },
    /// A number with a fraction.
    Real {
        /// `float` or `double`.
        kind: Kind,
        /// Which.
        value: f64,
    },
    /// The address of characters with a NUL at their end.
    Text {
        /// With placeholders.
        text: String,
        /// What `length_of` calls it.
        name: Option<String>,
    },
    /// The text of a file, until it is fetched.
    File {
        /// Relative to the plan's directory.
        file: String,
        /// What to put in the place of what, everywhere in it.
        replace: BTreeMap<String, String>,
        /// What `length_of` calls it.
        name: Option<String>,
    },
    /// The address of bytes, with no promise of a NUL.
    Bytes {
        /// With placeholders.
        bytes: Vec<u8>,
        /// What `length_of` calls it.
        name: Option<String>,
    },
    /// What an earlier call gave.
    Result(String),
    /// How many bytes another argument of the same call has, as a `size_t`.
    LengthOf(String),
    /// The address of a place for a value, which the call writes.
    Out {
        /// What it writes.
        kind: Kind,
        /// What later steps and expectations call it.
        name: Option<String>,
        /// The function that takes it back, as soon as it has been judged.
        free: Option<String>,
    },
    /// The address of bytes that the call may write, all zero before.
    Buffer {
        /// How many.
        size: usize,
        /// What `length_of` and expectations call it.
        name: Option<String>,
    },
    /// The address 0.
    Null,
    /// A function that does nothing and returns 0, for the library to call.
    Callback,
}

/// An integer, which may be another in each call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Integer {
    /// Always this one.
    Fixed(i128),
    /// The token as an integer: `"{token}"`.
    Token,
    /// The thread's number: `"{thread}"`.
    Thread,
    /// The iteration's number: `"{number}"`.
    Number,
}

impl Integer {
    fn of(text: &str) -> Result<Self, String> {
        match text {
            "{token}" => Ok(Self::Token),
            "{thread}" => Ok(Self::Thread),
            "{number}" => Ok(Self::Number),
            digits => digits.parse().map(Self::Fixed).map_err(|_| {
                format!("{digits:?} is no integer, nor \"{{token}}\", \"{{thread}}\" or \"{{number}}\"")
            }),
        }
    }
}

impl Argument {
    /// What the plan calls it.
    pub(crate) fn name(&self) -> Option<&str> {
        match self {
            Self::Text { name, .. }
            | Self::File { name, .. }
            | Self::Bytes { name, .. }
            | Self::Out { name, .. }
            | Self::Buffer { name, .. } => name.as_deref(),
            _ => None,
        }
    }

    /// Becomes the text of the file at `path`, where it is one.
    pub(super) fn fetch(&mut self, path: &Path) -> io::Result<()> {
        if let Self::File { replace, name, .. } = self {
            let whole = fs::read_to_string(path)?;
            let text = replace.iter().fold(whole, |text, (from, to)| text.replace(from, to));
            *self = Self::Text { text, name: name.take() };
        }
        Ok(())
    }
}

impl<'de> Deserialize<'de> for Argument {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(ArgumentVisitor)
    }
}

struct ArgumentVisitor;

impl<'de> Visitor<'de> for ArgumentVisitor {
    type Value = Argument;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("an argument: a string, a number, true, false, or a table such as { u64 = 7 }")
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Argument, E> {
        Ok(Argument::Integer { kind: Kind::Bool, value: Integer::Fixed(value.into()) })
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Argument, E> {
        Ok(Argument::Integer { kind: Kind::I64, value: Integer::Fixed(value.into()) })
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Argument, E> {
        Ok(Argument::Real { kind: Kind::F64, value })
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Argument, E> {
        Ok(Argument::Text { text: value.to_owned(), name: None })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Argument, A::Error> {
        Table::deserialize(MapAccessDeserializer::new(map))?.argument().map_err(de::Error::custom)
    }
}

/// An argument as a table: what it is, and what else is to be said of it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    i8: Option<Whole>,
    u8: Option<Whole>,
    i16: Option<Whole>,
    u16: Option<Whole>,
    i32: Option<Whole>,
    u32: Option<Whole>,
    i64: Option<Whole>,
    u64: Option<Whole>,
    f32: Option<f64>,
    f64: Option<f64>,
    string: Option<String>,
    file: Option<String>,
    bytes: Option<Raw>,
    result: Option<String>,
    length_of: Option<String>,
    out: Option<Kind>,
    buffer: Option<usize>,
    null: Option<bool>,
    callback: Option<String>,

    #[serde(rename = "as")]
    name: Option<String>,
    free: Option<String>,
    #[serde(default)]
    replace: BTreeMap<String, String>,
}

impl Table {
    fn argument(self) -> Result<Argument, String> {
        let name = self.name.clone();
        let integer =
            |kind, whole: Option<Whole>| whole.map(|Whole(value)| Argument::Integer { kind, value });
        let real = |kind, value: Option<f64>| value.map(|value| Argument::Real { kind, value });
        let callback = match self.callback.as_deref() {
            Some("nothing") => Some(Argument::Callback),
            Some(other) => return Err(format!("no callback {other:?}: there is only \"nothing\"")),
            None => None,
        };
        if self.null == Some(false) {
            return Err("null is true, or not there".to_owned());
        }
        let may_be_freed = self.out.is_some();
        let may_be_replaced = self.file.is_some();
        let all = [
            integer(Kind::I8, self.i8),
            integer(Kind::U8, self.u8),
            integer(Kind::I16, self.i16),
            integer(Kind::U16, self.u16),
            integer(Kind::I32, self.i32),
            integer(Kind::U32, self.u32),
            integer(Kind::I64, self.i64),
            integer(Kind::U64, self.u64),
            real(Kind::F32, self.f32),
            real(Kind::F64, self.f64),
            self.string.map(|text| Argument::Text { text, name: name.clone() }),
            self.file.map(|file| Argument::File { file, replace: self.replace.clone(), name: name.clone() }),
            self.bytes.map(|Raw(bytes)| Argument::Bytes { bytes, name: name.clone() }),
            self.result.map(Argument::Result),
            self.length_of.map(Argument::LengthOf),
            self.out.map(|kind| Argument::Out { kind, name: name.clone(), free: self.free.clone() }),
            self.buffer.map(|size| Argument::Buffer { size, name: name.clone() }),
            self.null.map(|_| Argument::Null),
            callback,
        ];
        let mut given = all.into_iter().flatten();
        let (Some(argument), None) = (given.next(), given.next()) else {
            return Err("an argument is one thing, such as { u64 = 7 } or { result = \"handle\" }".to_owned());
        };
        if self.name.is_some() && argument.name().is_none() {
            return Err("this argument is nothing that can be called by a name".to_owned());
        }
        if self.free.is_some() && !may_be_freed {
            return Err("only what a call writes, { out = … }, can be taken back".to_owned());
        }
        if !self.replace.is_empty() && !may_be_replaced {
            return Err("only in a file can something be replaced".to_owned());
        }
        Ok(argument)
    }
}

/// A number, or a text that stands for one.
struct Whole(Integer);

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(WholeVisitor)
    }
}

struct WholeVisitor;

impl Visitor<'_> for WholeVisitor {
    type Value = Whole;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("an integer, or \"{token}\", \"{thread}\" or \"{number}\"")
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Whole, E> {
        Ok(Whole(Integer::Fixed(value.into())))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Whole, E> {
        Integer::of(value).map(Whole).map_err(E::custom)
    }
}

/// Bytes: as text, or number by number.
struct Raw(Vec<u8>);

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a string, or a list of numbers from 0 to 255")
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Raw, E> {
        Ok(Raw(value.as_bytes().to_vec()))
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, mut list: A) -> Result<Raw, A::Error> {
        let mut bytes = Vec::new();
        while let Some(byte) = list.next_element()? {
            bytes.push(byte);
        }
        Ok(Raw(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct One {
        a: Argument,
    }

    fn read(text: &str) -> Result<Argument, String> {
        toml::from_str::<One>(&format!("a = {text}"))
            .map(|one| one.a)
            .map_err(|error| error.message().to_owned())
    }

    #[test]
    fn plain_values_have_the_usual_kind() {
        assert_eq!(read("\"x\""), Ok(Argument::Text { text: "x".to_owned(), name: None }));
        assert_eq!(read("7"), Ok(Argument::Integer { kind: Kind::I64, value: Integer::Fixed(7) }));
        assert_eq!(read("0.5"), Ok(Argument::Real { kind: Kind::F64, value: 0.5 }));
        assert_eq!(read("true"), Ok(Argument::Integer { kind: Kind::Bool, value: Integer::Fixed(1) }));
    }

    #[test]
    fn a_table_names_the_kind() {
        assert_eq!(
            read("{ u64 = \"{token}\" }"),
            Ok(Argument::Integer { kind: Kind::U64, value: Integer::Token })
        );
        let bytes = Argument::Bytes { bytes: vec![0, 255], name: Some("b".to_owned()) };
        assert_eq!(read("{ bytes = [0, 255], as = \"b\" }"), Ok(bytes));
        assert_eq!(read("{ null = true }"), Ok(Argument::Null));
        assert_eq!(read("{ result = \"client\" }"), Ok(Argument::Result("client".to_owned())));
    }

    #[test]
    fn what_is_no_argument_is_refused() {
        for (text, said) in [
            ("{ u64 = 1, i32 = 1 }", "one thing"),
            ("{ as = \"x\" }", "one thing"),
            ("{ u64 = 1, as = \"x\" }", "by a name"),
            ("{ string = \"x\", free = \"f\" }", "taken back"),
            ("{ u63 = 1 }", "unknown field"),
            ("{ u64 = \"many\" }", "no integer"),
            ("{ bytes = [256] }", "256"),
            ("{ callback = \"print\" }", "only \"nothing\""),
            ("{ string = \"x\", replace = { a = \"b\" } }", "only in a file"),
            ("[1]", "expected an argument"),
        ] {
            let error = read(text).expect_err(text);
            assert!(error.contains(said), "{text}: {error}");
        }
    }
}
