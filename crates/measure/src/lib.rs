//! Whether production data after a change are what was expected of it.
//!
//! A [`Plan`] names a table of rows (sessions, orders, log lines), the unit that each belongs to (a visitor, a host), and
//! when it came; when something was changed; and what is expected since: `drop in 24h >= 90%`, `ratio of new units <
//! 2.0`, `outliers(> 10 in 24h) == 0`. [`verify`] reads CSV files, SQLite or PostgreSQL in one pass, and says of each
//! expectation whether it holds, fails, or cannot be told yet, and then when to look again.
//!
//! Rows of one unit are not independent, so every interval of an estimate is made by drawing units anew with all their rows
//! (see `jostle_odds`). `docs/verify-data.md` lists the measures, and what each interval is.
//!
//! # Limits
//!
//! All rows pass through memory, at some hundred bytes each. Nothing is written anywhere: databases are read in a
//! transaction that cannot write. What else happened at the time of the change is in the numbers as well: a drop on a
//! holiday is a drop.
//!
//! ```
//! use jostle_measure::{Place, Plan, Surroundings, verify};
//! use jostle_model::Standing;
//!
//! let folder = std::env::temp_dir().join(format!("jostle-measure-{}", std::process::id()));
//! std::fs::create_dir_all(&folder)?;
//! let mut sessions = "id,visitor,at\n".to_owned();
//! for minute in 0..2880 {
//!     // Each visitor got a session a minute on the first day, and one on the second.
//!     let visitor = if minute < 1440 { minute % 100 } else { minute };
//!     sessions += &format!("{minute},{visitor},{}\n", 1_766_000_000 + minute * 60);
//! }
//! std::fs::write(folder.join("sessions.csv"), sessions)?;
//! let plan = Plan::from_toml(r#"
//!     [data]
//!     changed = 2025-12-18T19:33:20Z
//!     epoch = "s"
//!     expect = ["ratio of new units < 2.0"]
//!     [data.rows]
//!     table = "sessions"
//!     id = "id"
//!     unit = "visitor"
//!     time = "at"
//! "#)?;
//! let place = Place::find("sessions.csv", &folder)?;
//! let verified = verify(&plan, &place, &Surroundings::default(), 1)?;
//! assert_eq!(verified.summary.expectations[0].standing, Standing::Holds);
//! # std::fs::remove_dir_all(&folder)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]

mod answers;
mod behaviour;
mod contradiction;
mod error;
mod expectation;
mod grammar;
mod judge;
mod ledger;
mod measured;
mod moment;
mod names;
mod periods;
mod plan;
mod source;
mod verified;

pub use error::SourceError;
pub use grammar::NoExpectation;
pub use moment::NoMoment;
pub use plan::{Plan, PlanError};
pub use source::{Place, Surroundings};
pub use verified::{Verified, verify};
