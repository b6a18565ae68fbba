//! From what a failed program wrote, and how it ended, to what went wrong.
//!
//! [`read`] finds the reports in an output: panics of Go and Rust, exceptions of C++, Java, Python, Ruby and Node, what
//! glibc says before it aborts, and the reports of the race detectors and sanitizers. [`diagnose`] decides which of them
//! is the failure, given how the program ended, and says what the ending alone says where nobody reported anything.
//! [`of_finding`] and [`of_crash`] do the same for a crash that was unwound from outside. Failures that one bug may cause
//! make a [`Family`]; [`families`] groups those of a whole hunt.
//!
//! Everything here is pure: bytes in, values out. The time is linear in the length of the output, whatever it holds, and
//! bytes that are no UTF-8, cut reports, colours and prefixes of loggers and containers are expected.
//!
//! Limits: a report is believed by its form. Words that have the form of a report to the last letter are taken for one, be
//! it a page of documentation that a program prints. Two processes that write to one pipe without prefixes may cut each
//! other's reports in pieces; what is left of them is read as far as it goes.
//!
//! ```
//! use jostle_model::ExitStatus;
//! use jostle_symptoms::{Family, diagnose, family_of};
//!
//! let output = b"free(): double free detected in tcache 2\n";
//! let failure = diagnose(output, ExitStatus::Signal(6)).expect("it failed");
//! assert_eq!(failure.signature.kind, "glibc-free-double-free-detected-in-tcache-2");
//! assert_eq!(family_of(&failure.signature.kind), Family::MemoryCorruption);
//! assert_eq!(diagnose(b"double free: how to avoid it\n", ExitStatus::Code(0)), None);
//! ```
#![forbid(unsafe_code)]

mod assertion;
mod cpp;
mod crash;
mod diagnosis;
mod ending;
mod family;
mod frame;
mod glibc;
mod go;
mod java;
mod joining;
mod kinds;
mod log_prefix;
mod node;
mod owner;
mod pattern;
mod python;
mod report;
mod ruby;
mod rust;
mod sanitizer;
mod signal;
mod symptom;
mod text;
mod valgrind;
mod varying;

pub use crash::{of_crash, of_finding};
pub use diagnosis::{diagnose, worst};
pub use family::{Family, family_of};
pub use joining::{Group, Member, families};
pub use report::Standing;
pub use symptom::{Symptom, read};
