//! The Go side of the crate against what Go's own runtime says of the same running program.
mod program;
mod purego;
mod tables;
