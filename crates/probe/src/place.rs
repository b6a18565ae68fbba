//! The places of requests and answers, by the names that users give them.

use std::fmt;
use std::str::FromStr;

/// A place of a request that can carry a token.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RequestPlace {
    /// A header.
    Header(String),
    /// A cookie.
    Cookie(String),
    /// A parameter of the query.
    Query(String),
    /// A string in a JSON body, by its pointer (RFC 6901).
    Json(String),
    /// Wherever `{token}` stands.
    Text,
}

/// A place of an answer that may name somebody.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AnswerPlace {
    /// The status code.
    Status,
    /// A header other than `Set-Cookie`.
    Header(String),
    /// A cookie that is set.
    Cookie(String),
    /// A value in a JSON body, by its pointer, in which `*` stands for every index of an array.
    Json(String),
    /// A body that is not JSON.
    Body,
}

/// Why a place could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlaceError {
    /// It begins with none of the known kinds.
    #[error("`{0}` names no place; there are header:NAME, cookie:NAME, query:NAME and json:/POINTER")]
    Kind(String),
    /// A header or cookie cannot have that name.
    #[error("`{0}` is no name for a header or a cookie")]
    Name(String),
    /// A pointer begins with a slash.
    #[error("`{0}` is no JSON pointer; it looks like /user/id")]
    Pointer(String),
    /// Answers have no such place.
    #[error(
        "`{0}` names no place of an answer; there are header:NAME, cookie:NAME, json:/POINTER, body and status"
    )]
    NotAnswered(String),
    /// Nor is an id issued there.
    #[error("`{0}` is no place where a server issues ids; there are cookie:NAME and json:/POINTER")]
    NotIssued(String),
}

impl FromStr for RequestPlace {
    type Err = PlaceError;

    fn from_str(text: &str) -> Result<Self, PlaceError> {
        let (kind, name) = text.split_once(':').ok_or_else(|| PlaceError::Kind(text.to_owned()))?;
        match kind {
            "header" if is_reserved(name) => Err(PlaceError::Name(name.to_owned())),
            "header" => Ok(Self::Header(word(name)?)),
            "cookie" => Ok(Self::Cookie(word(name)?)),
            "query" if !name.is_empty() => Ok(Self::Query(name.to_owned())),
            "json" => Ok(Self::Json(pointer(name)?)),
            "text" if name == crate::scenario::OWN => Ok(Self::Text),
            _ => Err(PlaceError::Kind(text.to_owned())),
        }
    }
}

impl FromStr for AnswerPlace {
    type Err = PlaceError;

    fn from_str(text: &str) -> Result<Self, PlaceError> {
        match text.split_once(':') {
            None if text == "body" => Ok(Self::Body),
            None if text == "status" => Ok(Self::Status),
            Some(("header", name)) => Ok(Self::Header(word(name)?.to_ascii_lowercase())),
            Some(("cookie", name)) => Ok(Self::Cookie(word(name)?)),
            Some(("json", name)) => Ok(Self::Json(pointer(name)?)),
            _ => Err(PlaceError::NotAnswered(text.to_owned())),
        }
    }
}

impl AnswerPlace {
    /// Reads a place where a server issues ids: a cookie, or a value in JSON.
    pub fn issued(text: &str) -> Result<Self, PlaceError> {
        match text.parse() {
            Ok(place @ (Self::Cookie(_) | Self::Json(_))) => Ok(place),
            Ok(_) | Err(PlaceError::NotAnswered(_)) => Err(PlaceError::NotIssued(text.to_owned())),
            Err(error) => Err(error),
        }
    }
}

/// Headers by which a request is framed and routed: a token there would break it.
fn is_reserved(name: &str) -> bool {
    const RESERVED: [&str; 5] = ["host", "content-length", "transfer-encoding", "connection", "cookie"];
    RESERVED.iter().any(|reserved| name.eq_ignore_ascii_case(reserved))
}

/// A token of RFC 9110, section 5.6.2, which names of headers and cookies are.
fn word(name: &str) -> Result<String, PlaceError> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if !name.is_empty() && name.bytes().all(fits) {
        Ok(name.to_owned())
    } else {
        Err(PlaceError::Name(name.to_owned()))
    }
}

fn pointer(text: &str) -> Result<String, PlaceError> {
    if text.starts_with('/') { Ok(text.to_owned()) } else { Err(PlaceError::Pointer(text.to_owned())) }
}

impl fmt::Display for RequestPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header(name) => write!(f, "header:{name}"),
            Self::Cookie(name) => write!(f, "cookie:{name}"),
            Self::Query(name) => write!(f, "query:{name}"),
            Self::Json(pointer) => write!(f, "json:{pointer}"),
            Self::Text => write!(f, "text:{}", crate::scenario::OWN),
        }
    }
}

impl fmt::Display for AnswerPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status => f.write_str("status"),
            Self::Header(name) => write!(f, "header:{name}"),
            Self::Cookie(name) => write!(f, "cookie:{name}"),
            Self::Json(pointer) => write!(f, "json:{pointer}"),
            Self::Body => f.write_str("body"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_back_as_it_is_shown() {
        for text in ["header:X-User", "cookie:sid", "query:u", "json:/user/id", "text:{token}"] {
            assert_eq!(text.parse::<RequestPlace>().expect("a place").to_string(), text);
        }
        for text in ["header:x-user", "cookie:sid", "json:/user/id", "body", "status"] {
            assert_eq!(text.parse::<AnswerPlace>().expect("a place").to_string(), text);
        }
    }

    #[test]
    fn what_names_no_place_is_answered_with_what_does() {
        let message = |text: &str| text.parse::<RequestPlace>().expect_err("no place").to_string();
        assert!(message("sid").contains("there are header:NAME"), "{}", message("sid"));
        assert!(message("json:user").contains("/user/id"));
        assert!(message("header:Host").contains("no name") && message("cookie:a b").contains("no name"));
        assert!("query:u".parse::<AnswerPlace>().is_err() && AnswerPlace::issued("header:X").is_err());
    }
}
