use std::path::PathBuf;
use std::sync::Arc;

use serde::Serialize;

use crate::Address;

/// One function activation on a stack, innermost inlined call first when several share an address.
///
/// What could not be found out is absent: a stripped library has no `file`, JIT code has no `module`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Frame {
    /// The demangled name of the function.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub function: Option<String>,
    /// The source file, as the debug information names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<PathBuf>,
    /// The line in `file`, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// The ELF file whose code this is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub module: Option<Arc<str>>,
    /// The instruction: for the innermost frame the one that accessed, for callers the call itself.
    pub address: Address,
    /// Whether this call was inlined into the next frame outwards.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub inlined: bool,
}

/// A few lines of a source file, so that a finding can be shown where the file is not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Snippet {
    /// The file the lines come from.
    pub file: PathBuf,
    /// The line in question, from 1.
    pub line: u32,
    /// The number of the first line in `text`, from 1.
    pub first_line: u32,
    /// Whole lines, each ended by a newline.
    pub text: String,
}
