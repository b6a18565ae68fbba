//! Drives an HTTP server with identities, and notes who was given whose.
#![forbid(unsafe_code)]

mod anatomy;
mod connection;
mod content;
mod curl;
mod docket;
mod drive;
mod error;
mod evidence;
mod foreign_bytes;
mod glance;
mod jar;
mod judge;
mod knowledge;
mod ledger;
mod listed;
mod mode;
mod options;
mod place;
mod profile;
mod replay;
mod rules;
mod run;
mod scenario;
mod shadow;
mod target;
mod template;
mod timeline;
mod token;
mod verdict;
mod wire;

pub use curl::{CurlError, parse_curl};
pub use error::ProbeError;
#[doc(hidden)]
pub use foreign_bytes::read_foreign_answers;
pub use listed::{ListError, parse_openapi, parse_paths};
pub use mode::{Mode, UnknownMode};
pub use options::{Observer, Options, Order, Outcome, Progress};
pub use place::{AnswerPlace, PlaceError, RequestPlace};
pub use replay::{Again, Pair, Sent, replay};
pub use run::probe;
pub use scenario::{ScenarioError, parse_scenario};
pub use shadow::{Against, ShadowOutcome, shadow};
pub use target::Target;
pub use template::{Ask, TemplateError, Visitor};
pub use timeline::{Timeline, UnderWay};
pub use wire::Malformed;
