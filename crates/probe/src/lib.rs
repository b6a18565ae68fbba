//! x
#![forbid(unsafe_code)]
#![allow(dead_code)]
mod anatomy;
mod content;
mod place;
mod glance;
mod ledger;
mod mode;
mod profile;
mod rules;
mod template;
mod token;
mod wire;
