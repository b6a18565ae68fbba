//! Sends requests, and hands on what comes back. What it means is decided elsewhere.

mod client;
mod control;
mod crew;
mod pace;
mod rendezvous;
mod streams;
mod worker;

pub(crate) use client::{Batch, Client, Desk, Reading};
pub(crate) use control::Control;
pub(crate) use crew::{Crew, Message, Orders, end_when_asked};
pub(crate) use pace::Pace;
pub(crate) use rendezvous::Rendezvous;
pub(crate) use streams::Streams;
pub(crate) use worker::Tally;
