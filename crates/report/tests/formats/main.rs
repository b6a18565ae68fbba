//! Every format, rendered from the same findings.

mod beside;
mod calls;
mod comparisons;
mod expectations;
mod hostile;
mod human;
mod hunts;
mod json_contract;
mod machines;
mod probes;
mod samples;
mod versions;
