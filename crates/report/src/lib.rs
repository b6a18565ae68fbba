//! Renders findings for people and for machines. Knows nothing of how they were found.
//!
//! [`render`] turns a [`Run`], which is the findings of a run with the summary that closes it, into one whole
//! document in one of the [`Format`]s. [`json_finding`] and [`json_summary`] give the same JSON lines one at a
//! time, for a caller that streams. Everything here is pure: values in, strings out; nothing is read, printed
//! or looked up, so the same run always renders the same bytes.
//!
//! Names, paths and source lines come from the watched program and may be hostile. No format lets a control
//! character, an escape sequence or a direction override of theirs through: people see `␛` in its place,
//! machines an escaped `\u001b`.
//!
//! Limits: paths are shown as the debug information names them, not relative to a directory, because this
//! room knows no current directory; columns are those of the statement, because line tables are not trusted
//! to know better.
//!
//! ```
//! use jostle_model::{ExitStatus, Summary, UpperBound, Verdict, WatchCounts};
//! use jostle_report::{Format, Run, Style, render};
//!
//! let summary = Summary {
//!     verb: "watch",
//!     verdict: Verdict::NothingFound,
//!     findings: 0,
//!     bound: UpperBound::after_clean_trials(3_695),
//!     seed: 7,
//!     target: ExitStatus::Running,
//!     counts: WatchCounts { holds: 3_695, watched_ms: 60_000, ..WatchCounts::default() },
//!     warnings: Vec::new(),
//! };
//! let run = Run { findings: &[], summary: &summary, command: "./server --port 8080" };
//! let text = render(Format::Human, &run, Style { color: false, width: 100 });
//! assert!(text.starts_with("nothing found in 60.0 s: a collision strikes fewer than 1 of 1,233 holds"));
//! assert!(text.ends_with("next: jostle watch --for 240s --no-backoff -- ./server --port 8080\n"));
//! ```
#![forbid(unsafe_code)]

mod beside;
mod bisection;
mod call;
mod closing;
mod format;
mod github;
mod human;
mod hunt;
mod json;
mod junit;
mod matrix;
mod next;
mod paths;
mod printable;
mod probe;
mod production;
mod quantity;
mod rule;
mod sarif;
mod shadow;
mod signal;
mod verdict;
mod verification;
mod wording;

use jostle_model::{Finding, Summary};

pub use beside::{Beside, Caught, Moment, WatchEnd, WatchLine, json_began, json_beside, read_watch_line};
pub use bisection::render_bisection;
pub use call::{CallReport, phase_name, render_call};
pub use format::{Format, UnknownFormat};
pub use hunt::{HuntReport, json_trial, render_hunt, render_replay};
pub use json::{finding as json_finding, summary as json_summary};
pub use matrix::{MatrixReport, json_trial_of, render_matrix};
pub use probe::{ProbeReport, json_probe_summary, render_probe};
pub use production::{ProductionReport, render_production};
pub use shadow::{ShadowReport, render_shadow};
pub use verification::{VerificationReport, render_effort, render_verification};

/// How the human format is laid out; the other formats do not depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Whether to colour with ANSI escape sequences.
    pub color: bool,
    /// The width to fit into, in columns. Anything narrower than 60 is laid out for 60.
    pub width: usize,
}

impl Style {
    /// For text inside a document for machines: nobody to colour it for, and no terminal to fit.
    pub(crate) const PLAIN: Self = Self { color: false, width: 110 };
}

/// A finished run.
#[derive(Clone, Copy, Debug)]
pub struct Run<'a> {
    /// What was found, the most important first.
    pub findings: &'a [Finding],
    /// What closes the run.
    pub summary: &'a Summary,
    /// How the target was named: its command line, shell-quoted, or `-p PID` for a process that was attached
    /// to. Empty when there is nothing to name.
    pub command: &'a str,
}

/// The whole document for `run`; it ends with a newline.
pub fn render(format: Format, run: &Run<'_>, style: Style) -> String {
    match format {
        Format::Human => human::render(run, style),
        Format::Json => json::render(run),
        Format::Sarif => sarif::render(run),
        Format::Junit => junit::render(run),
        Format::Github => github::render(run),
    }
}
