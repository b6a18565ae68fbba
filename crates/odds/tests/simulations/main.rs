//! Holds every formula to what it promises: intervals to their coverage, tests and stopping rules to their rates of
//! error. Where all outcomes can be listed with their probabilities they are, and the number is exact; elsewhere trials
//! are drawn from fixed seeds. Simulations that take longer are ignored by default:
//! `cargo test -p jostle-odds --release -- --ignored`.
#![forbid(unsafe_code)]

mod bisecting;
mod draws;
mod fixed_sample;
mod hunt;
mod matrix;
mod production;
mod sequential;
mod times;
mod two_groups;
mod verifying;
