//! HTTP/1.1 answers as bytes: where one ends, and what is in it.
//!
//! No client library is used for them. What `probe` asks of a connection no library does: to hold back the last byte of
//! a request, to go away in its middle, to send three before the first answer, and to tell an answer that was cut short
//! from one that was wrong. What is parsed is parsed by `httparse`; what is left is counting.

mod chunked;
mod reader;

pub use reader::Malformed;
pub(crate) use reader::{Answer, MOST_KEPT, Reader};
