//! Drives a native library from many plain threads through its C interface, as a plan says, and tells whether it goes
//! wrong.
//!
//! A [`Plan`] names the library, the calls that set it up, the steps that each thread makes again and again, and what is
//! to come of them. [`conduct`] has it carried out by a process of its own, in which [`serve`] runs: a library that crashes
//! takes that process with it, and nobody else. Where a plan expects nothing, serial runs of itself are its measure.
//!
//! Limits: functions with a fixed number of arguments, each of which is a number or an address; no structures by value, no
//! callbacks but one that does nothing. What a function takes and returns is taken from the plan: where the plan is
//! wrong, so is the call, and what comes of it looks like the library's fault.
#![deny(unsafe_code)]

mod board;
mod conduct;
mod crowd;
mod error;
mod judge;
mod kind;
mod linked;
mod message;
mod native;
mod performer;
mod plan;
mod prepared;
mod program;
mod reporter;
mod results;
mod serial;
mod serve;
mod sum_up;
mod template;
mod token;
mod value;
mod worker;

pub use conduct::{Progress, conduct};
pub use error::{CallError, PlanError};
pub use kind::Kind;
pub use plan::{Argument, Expectation, Integer, Plan, Scalar, Step};
pub use serve::serve;
pub use token::MOST_THREADS;
pub use worker::is_traced;
