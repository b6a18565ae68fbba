//! What Go's runtime and its race detector write.

mod fatal;
mod message;
mod panic;
mod race;
mod trace;

pub(crate) use fatal::{fatal, signal};
pub(crate) use panic::{panic, served_panic};
pub(crate) use race::race;
pub(crate) use trace::headless;
