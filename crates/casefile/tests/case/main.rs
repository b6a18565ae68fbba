//! The case as its users meet it: files on a real disk, other processes, sudden death.

mod bad_input;
mod child;
mod company;
mod crowd;

mod death;
mod details;
mod findings;
mod fixture;
mod media;
mod merging;
mod names;
mod recording;
mod samples;
mod tallies;
