//! What the tests that run the built `jostle` share.
#![allow(
    dead_code,
    reason = "each test program is compiled with a copy of its own, and none needs all of it"
)]

pub(crate) mod hunted;
pub(crate) mod jostle;
pub(crate) mod report;
pub(crate) mod service;
