//! ELF bytes, registers and a memory callback in; named frames of every language out.
//!
//! An [`Image`] is one ELF file: its functions, names, imports, unwind tables, debug information and Go tables.
//! An [`AddressSpace`] is what a process has loaded: images, each moved by its bias. It walks a stack from
//! [`Registers`] and a [`Memory`] into a [`Trace`] of addresses, and turns those into frames with a function,
//! a file and a line. A stack may change its language at any frame: Go code is walked by Go's own tables,
//! signal handlers by the frame the kernel left, all else by `.eh_frame`, and code that has none of these by
//! the frame pointer.
//!
//! Nothing here makes a system call, opens a file or prints. Everything is lazy: parsing an image reads its
//! headers only, and each table is read when it is first asked for.
//!
//! # Limits
//!
//! x86-64 and little-endian ELF only. Code that was never in a file (JIT) has no name, and is walked only
//! where it keeps a frame pointer. Split debug information (`.dwo`, `.gnu_debuglink`) is not followed.
//! Any bytes are accepted: what is corrupt is left out, and makes this crate neither panic nor hang, nor
//! allocate more than in proportion to the file. Excepted are a section that was compressed by zstd to that end,
//! and debug information in which very many functions or units were made to share one very long list of ranges
//! or of abbreviations: those are read once for each.
//!
//! ```
//! use jostle_stacks::{Address, AddressSpace, Image, Memory, Registers};
//! use std::rc::Rc;
//!
//! struct NoMemory;
//! impl Memory for NoMemory {
//!     fn read(&self, _: Address, _: &mut [u8]) -> bool {
//!         false
//!     }
//! }
//!
//! // A mapped file would do as well: images borrow their bytes for as long as the program runs.
//! let path = std::env::current_exe()?;
//! let image = Rc::new(Image::parse("example", std::fs::read(path)?.leak())?);
//! let first = image.functions()[0];
//!
//! let mut space = AddressSpace::new();
//! space.add(image, 0x5555_5555_0000);
//! let at = first.start.load(0x5555_5555_0000);
//! let trace = space.unwind(&Registers { rip: at.0, ..Registers::default() }, &NoMemory);
//! assert_eq!(trace.addresses.len(), 1, "without a stack there is no caller");
//! assert_eq!(space.symbolize(&trace)[0].module.as_deref(), Some("example"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]

mod core_file;
mod cursor;
mod demangle;
mod error;
mod go;
mod image;
mod space;
mod symbolize;
mod unwind;

pub use core_file::{CoreFile, CoreMapping, CoreThread};
pub use cursor::{CodeAddress, Cursor, Memory, Registers};
pub use error::ImageError;
pub use go::{GoroutineRef, GoroutineState, GoroutineWords};
pub use image::{Function, Image, Import, Segment};
pub use jostle_model::{Address, FileAddress, Frame};
pub use space::{AddressSpace, Module};
pub use unwind::Trace;
