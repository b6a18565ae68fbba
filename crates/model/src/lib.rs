//! The nouns of Jostle. Every room speaks in them; this one knows no other room.
//!
//! A [`Finding`] is what was seen: a rule, the [`Place`]s that took part, and the evidence. A [`Summary`]
//! closes a run with its [`Verdict`] and the bound on what was *not* seen. Both serialize to the JSON lines
//! described in `docs/json.md`.
//!
//! ```
//! use jostle_model::UpperBound;
//! // 1,000 holds without a collision: fewer than 0.3 % of holds collide, at 95 % confidence.
//! let bound = UpperBound::after_clean_trials(1000);
//! assert!((bound.rate - 0.002_991).abs() < 1e-6);
//! ```
#![forbid(unsafe_code)]

mod access;
mod address;
mod bisection;
mod bound;
mod boundary;
mod call;
mod crash;
mod crossing;
mod finding;
mod frame;
mod go;
mod hunt;
mod matrix;
mod place;
mod probe;
mod production;
mod rate;
mod shadow;
mod signature;
mod summary;
mod trial;
mod verification;

pub use access::{Access, Atomicity, Direction};
pub use address::{Address, FileAddress};
pub use bisection::{BisectionSummary, Tried};
pub use bound::UpperBound;
pub use boundary::{Boundary, Given, ResultRegister};
pub use call::{CallEnd, CallPhase, CallSummary, Caller, SerialRun, StepCount, Whereabouts, WrongAnswer};
pub use crash::{Crash, Hang, Register};
pub use crossing::{Crossing, Exchange};
pub use finding::{Collision, Evidence, Finding, Fingerprint, Grade, Lifetimes, Rule};
pub use frame::{Frame, Snippet};
pub use go::is_go_standard_package;
pub use hunt::{
    Effect, FailingTrial, Family, HuntSummary, Kind, Owed, OwedUnder, ReplaySummary, TimeToFailure, Way,
};
pub use matrix::{
    Cell, Charge, Cleared, Culprit, MatrixSummary, Open, Part, Remedy, Ruling, Statement, Varied,
};
pub use place::{Goroutine, Place, Process, Role, Thread};
pub use probe::{ModeCount, ProbeCounts, ProbeSummary};
pub use production::{Childless, Expected, Outlier, ProductionSummary, Quantity, Standing};
pub use rate::{Rate, Ratio};
pub use shadow::{Discrepancy, OddOneOut, ShadowCounts, ShadowSummary, When};
pub use signature::Signature;
pub use summary::{ExitStatus, Summary, Verdict, WatchCounts};
pub use trial::{Failure, Outcome, Seed, Trial};
pub use verification::{Effort, Proof, VerificationSummary};

/// The version of the JSON contract; it changes when a reader of the old one would misunderstand the new.
pub const SCHEMA: u32 = 1;
