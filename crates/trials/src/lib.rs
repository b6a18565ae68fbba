//! One target, many runs: from "it crashes sometimes" to how often, in which ways, and what makes it fail more.
//!
//! A [`Plan`] says what a trial runs and how it is judged. A [`hunt`] makes trials of it in parallel, each in surroundings
//! that are its own and that its seed decides on: which [`Perturbation`] it gets, and what that does in detail. So a
//! trial can be run again. What makes the target fail more gets more trials.
//!
//! A trial tells how it ended; what all of them tell together is [`sum_up`]'s affair.
#![forbid(unsafe_code)]

mod bisection;
mod error;
mod hunt;
mod learner;
mod matrix;
mod order;
mod output;
mod perturbation;
mod plan;
mod repeater;
mod replay;
mod run;
mod runtimes;
mod service;
mod shard;
mod sum_up;
mod template;
mod time_to_failure;
mod turns;
mod verdict;
mod verification;

pub use bisection::{Bisecting, BisectionTold, sum_up_bisection};
pub use error::{HuntError, PlanError};
pub use hunt::{Hunt, Limits, Listener, Reason, hunt};
pub use learner::{Counts, Perturb};
pub use matrix::{MatrixError, MatrixTold, Rounds, sum_up_matrix};
pub use order::Order;
pub use perturbation::{Perturbation, UnknownPerturbation};
pub use plan::Plan;
pub use replay::{Replay, replay};
pub use run::Surroundings;
pub use runtimes::{Runtime, Runtimes};
pub use service::Service;
pub use shard::{NoShard, Shard};
pub use sum_up::{Settled, sum_up};
pub use turns::{Contender, Prepare, Turns, Umpire, take_turns};
pub use verification::{Sides, Terms, VerificationTold, sum_up_verification};
