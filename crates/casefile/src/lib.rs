//! The case on disk: what was run, how each trial ended, what was found and concluded, in one SQLite file.
//!
//! A [`Recorder`] writes a case, and makes it where there is none. A [`Case`] only looks, also where nothing may be
//! written. What belongs together hangs on a plan, which is known by its [`PlanFingerprint`]; a plan and a seed are one
//! trial, whoever recorded it, so recording again or merging counts nothing twice.
//!
//! What [`Recorder::record`] has returned from survives the death of the process at any moment, SIGKILL included, and
//! several processes may record into one case. A machine that loses power may lose the last moments before, and never
//! more than that. The file has to lie on a local disk: SQLite's write-ahead log needs memory that its users share.
//!
//! Sums and counts are computed by SQLite, rows are handed over one at a time: a case of any size takes the same memory.
//! The tables are a contract, written down in `docs/case.md`.
//!
//! ```
//! use std::time::{Duration, SystemTime};
//! use jostle_casefile::{Case, NewPlan, Recorder, Recording};
//! use jostle_model::{Outcome, Seed, Trial};
//!
//! # let place = tempfile::tempdir()?;
//! # let dir = place.path().join("case");
//! let mut recorder = Recorder::open(&dir)?;
//! let plan = recorder.plan(&NewPlan {
//!     identity: "hunt ./server",
//!     verb: "hunt",
//!     command: "jostle hunt -- ./server",
//!     instructions: "{}",
//!     made: SystemTime::now(),
//! })?;
//! let trial = Trial {
//!     seed: Seed(1),
//!     perturbation: "none".to_owned(),
//!     outcome: Outcome::Passed,
//!     elapsed_us: 1_500,
//!     operations: None,
//! };
//! assert_eq!(recorder.record(plan, &trial, SystemTime::now())?, Recording::New);
//! assert_eq!(recorder.record(plan, &trial, SystemTime::now())?, Recording::Known);
//!
//! let case = Case::open(&dir)?;
//! assert_eq!(case.tallies(plan)?[0].passed, 1);
//! assert!(case.seeds(plan)?.contains(Seed(1)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]

mod case;
mod details;
mod error;
mod finding;
mod merge;
mod name;
mod outcome;
mod plan;
mod recorder;
mod recording;
mod schema;
mod seeds;
mod stored;
mod tally;
mod trials;

pub use case::{Case, FILE};
pub use error::CaseError;
pub use finding::{RecordedFinding, RecordedVerdict};
pub use merge::Merged;
pub use name::TrialName;
pub use outcome::OutcomeKind;
pub use plan::{NewPlan, Plan, PlanFingerprint};
pub use recorder::{PATIENCE, Recorder};
pub use recording::Recording;
pub use seeds::SeedSet;
pub use tally::{KindCount, Lifetime, SignatureCount, Tally};
pub use trials::Recorded;
