use std::fmt;
use std::str::FromStr;

/// What a run is rendered as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Format {
    /// Pictures, stacks and sentences for a terminal.
    #[default]
    Human,
    /// JSON lines, as `docs/json.md` describes them.
    Json,
    /// SARIF 2.1.0, for code scanning and editors.
    Sarif,
    /// JUnit XML, for test dashboards.
    Junit,
    /// GitHub workflow commands, which become annotations on the changed lines.
    Github,
}

/// The name of a format that does not exist.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a format; there are {names}", names = Format::NAMES.join(", "))]
pub struct UnknownFormat(pub String);

impl Format {
    /// The names of all formats, as [`FromStr`] reads them.
    pub const NAMES: [&'static str; 5] = ["human", "json", "sarif", "junit", "github"];

    const ALL: [Self; 5] = [Self::Human, Self::Json, Self::Sarif, Self::Junit, Self::Github];
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Human => "human",
            Self::Json => "json",
            Self::Sarif => "sarif",
            Self::Junit => "junit",
            Self::Github => "github",
        })
    }
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, UnknownFormat> {
        let known = Self::ALL.into_iter().find(|format| format.to_string() == name);
        known.ok_or_else(|| UnknownFormat(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_read_back_as_what_it_displays() {
        for (format, name) in Format::ALL.into_iter().zip(Format::NAMES) {
            assert_eq!(format.to_string(), name);
            assert_eq!(name.parse(), Ok(format));
        }
    }

    #[test]
    fn an_unknown_name_is_answered_with_the_known_ones() {
        let error = "xml".parse::<Format>().expect_err("there is no such format");
        assert_eq!(error.to_string(), "`xml` is not a format; there are human, json, sarif, junit, github");
    }
}
