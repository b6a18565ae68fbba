use serde::Deserialize;
use serde::de::{self, Deserializer, Visitor};

/// What a result has to be. All that is given has to hold.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    /// Not of the result, but of what the call wrote to the argument of this name.
    #[serde(default)]
    pub of: Option<String>,
    /// A text that it contains.
    #[serde(default)]
    pub contains: Option<String>,
    /// A text that it starts with.
    #[serde(default)]
    pub starts_with: Option<String>,
    /// What it is.
    #[serde(default)]
    pub equals: Option<Scalar>,
    /// Whether it is anything but null, or 0. False asks for null, or 0.
    #[serde(default)]
    pub not_null: Option<bool>,
    /// What it is not below.
    #[serde(default)]
    pub at_least: Option<f64>,
    /// What it is not above.
    #[serde(default)]
    pub at_most: Option<f64>,
    /// How many bytes it has: what the call wrote to the argument of this name.
    #[serde(default)]
    pub length: Option<String>,
    /// That it is what a serial run gave for the same arguments.
    #[serde(default)]
    pub serial: bool,
}

/// A plain value of TOML.
#[derive(Clone, Debug, PartialEq)]
pub enum Scalar {
    /// `true` or `false`.
    Truth(bool),
    /// Without a fraction.
    Integer(i64),
    /// With a fraction.
    Real(f64),
    /// In quotes; may hold placeholders.
    Text(String),
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(ScalarVisitor)
    }
}

struct ScalarVisitor;

impl Visitor<'_> for ScalarVisitor {
    type Value = Scalar;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a string, a number, true or false")
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Scalar, E> {
        Ok(Scalar::Truth(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Scalar, E> {
        Ok(Scalar::Integer(value))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Scalar, E> {
        Ok(Scalar::Real(value))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Scalar, E> {
        Ok(Scalar::Text(value.to_owned()))
    }
}
