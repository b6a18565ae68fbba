//! Drives an HTTP server with identities, and notes who was given whose.
#![forbid(unsafe_code)]

mod anatomy;
mod connection;
mod content;
mod docket;
mod drive;
mod error;
mod evidence;
mod glance;
mod judge;
mod knowledge;
mod ledger;
mod mode;
mod options;
mod place;
mod profile;
mod rules;
mod run;
mod target;
mod template;
mod token;
mod verdict;
mod wire;

pub use error::ProbeError;
pub use mode::{Mode, UnknownMode};
pub use options::{Observer, Options, Outcome, Progress};
pub use place::{AnswerPlace, PlaceError, RequestPlace};
pub use run::probe;
pub use target::Target;
pub use template::{Ask, TemplateError};
pub use wire::Malformed;
