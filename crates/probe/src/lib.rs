//! x
#![forbid(unsafe_code)]
#![allow(dead_code)]
mod anatomy;
mod content;
mod place;
mod profile;
mod template;
mod token;
mod wire;
