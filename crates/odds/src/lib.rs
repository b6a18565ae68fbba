//! How often something fails, how sure one may be of it, and when one may stop trying.
//!
//! Counts in, statements with a confidence out. One file per formula, each with the source it is taken from, what it
//! assumes, and where that ends. `docs/odds.md` lists them with the coverage that was simulated.
//!
//! Nothing here reads a clock, a file or the environment. What is drawn at random is drawn from a seed that the caller
//! gives, so that the same history leads to the same choice.
//!
//! # Limits
//!
//! Trials are taken to be independent, and alike as long as nothing is changed around them. A machine that grows busier
//! during the day, or a cache that is warm after the first trial, breaks that: interleave what is to be compared.
//!
//! ```
//! use jostle_odds::{Confidence, Tally, clean_trials_owed, rate_interval};
//!
//! let before = Tally::new(5, 200)?;
//! let rate = rate_interval(before, Confidence::NINETY_FIVE);
//! assert!(rate.low > 0.008 && rate.high < 0.058, "it fails in 0.8 % to 5.7 % of all trials");
//! // A fix will have to pass so many in a row to be told from luck.
//! assert_eq!(clean_trials_owed(before, Confidence::NINETY_FIVE), Some(163));
//! # Ok::<(), jostle_odds::OddsError>(())
//! ```
#![forbid(unsafe_code)]

mod allocation;
mod anytime;
mod beta_draw;
mod binomial;
mod bisection;
mod bootstrap;
mod clean_run;
mod confidence;
mod error;
mod event_comparison;
mod factorial;
mod fisher;
mod holm;
mod hypergeometric;
mod interval;
mod judgement;
mod normal;
mod order;
mod poisson;
mod ratio;
mod root;
mod sprt;
mod strata;
mod survival;
mod tally;
mod verification;

pub use allocation::Allocation;
pub use anytime::{anytime_events, anytime_rate, anytime_ratio};
pub use binomial::{clean_trials_to_exclude, rate_at_least, rate_at_most, rate_interval};
pub use bisection::Bisection;
pub use bootstrap::{Estimate, UnitSums, difference_of_ratios, ratio_of_ratios, ratio_of_sums};
pub use clean_run::{chance_of_clean_run, clean_trials_owed};
pub use confidence::Confidence;
pub use error::OddsError;
pub use event_comparison::{Exposure, chance_of_clean_exposure, clean_exposure_owed, event_ratio_interval};
pub use factorial::{Factorial, Level};
pub use fisher::{fisher_more_often, fisher_two_sided};
pub use holm::holm;
pub use interval::Interval;
pub use judgement::{Judged, Ruling, Suspect, culprits};
pub use order::interleaved;
pub use poisson::{event_interval, events_at_most};
pub use ratio::ratio_interval;
pub use sprt::{Decision, Sprt};
pub use survival::{Lifetime, Step, Survival, log_rank};
pub use tally::Tally;
pub use verification::{Proof, Side, Verification};
