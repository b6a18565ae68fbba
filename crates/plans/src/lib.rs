//! What a TOML file says is to be run: text in, a plan out, or the line that is wrong and why.
//!
//! A [`Matrix`] has factors with levels, and says what is run for every setting of them. A [`Duel`] has two sides, before a
//! fix and with it. Both say how a trial is judged ([`Oracle`]) and how many there may be ([`Budget`]).
//!
//! Nothing here runs or opens anything; `docs/matrix.md` and `docs/verify.md` tell what may stand in a file.
//!
//! ```
//! let plan = jostle_plans::Matrix::read(
//!     r#"
//!     [trial]
//!     command = "./service --allocator {allocator} --threads {threads}"
//!     [[factor]]
//!     name = "allocator"
//!     levels = ["glibc", "jemalloc"]
//!     [[factor]]
//!     name = "threads"
//!     levels = ["1", "8"]
//!     "#,
//! )?;
//! assert_eq!(plan.cells.len(), 4);
//! assert_eq!(plan.run(&plan.cells[3]).command, ["./service", "--allocator", "jemalloc", "--threads", "8"]);
//! # Ok::<(), jostle_plans::PlanError>(())
//! ```
#![forbid(unsafe_code)]

mod cells;
mod check;
mod conditions;
mod duel;
mod error;
mod file;
mod matrix;
mod placeholder;
mod quantity;

pub use conditions::{Budget, Judging, Oracle};
pub use duel::{Duel, Pilot};
pub use error::PlanError;
pub use matrix::{Factor, Layer, Level, Matrix, Range, Run, Setting};
