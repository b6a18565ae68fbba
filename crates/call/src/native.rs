//! The border to the library: the only place with `unsafe`.
//!
//! Nobody can promise that a library which is looked at for bugs does what its plan says. What is safe in the
//! eyes of the type system here is safe only as far as the library and the plan are right; where they are not, it is
//! this process that goes wrong, and it does nothing else: see [`crate::serve`].
#![expect(unsafe_code, reason = "loads libraries and calls what is in them")]

mod frame;
mod library;
mod memory;
mod sharing;

pub(crate) use frame::Frame;
pub(crate) use library::{Function, Library, nothing};
pub(crate) use memory::{Room, copy_text};
pub(crate) use sharing::shared_words;
