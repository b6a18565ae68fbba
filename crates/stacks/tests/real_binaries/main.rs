//! The crate against what compilers really emit, with the platform's own tools as the judge.
#[path = "../foreign_bytes/asking.rs"]
mod asking;
mod build;
mod corruption;
mod debug_lines;
mod functions;
mod headers;
mod loading;
mod mixed;
mod recorded;
mod snapshots;
mod steps;
