use std::time::Duration;

use jostle_model::Signature;
use rusqlite::Row;

use crate::name::{self, TrialName};
use crate::outcome::OutcomeKind;
use crate::stored;
use crate::trials;
use crate::{Case, CaseError, PlanFingerprint};

/// How the trials of a plan with the same perturbation ended. All times and operations are those of trials that ran.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tally {
    /// What was changed around the target; `none` where nothing was.
    pub perturbation: String,
    /// How many passed.
    pub passed: u64,
    /// How many failed.
    pub failed: u64,
    /// How many hung.
    pub hung: u64,
    /// How many never began. They say nothing about the target.
    pub could_not_run: u64,
    /// The time that they took, all added up.
    pub elapsed: Duration,
    /// The operations that they did, as far as the target said.
    pub operations: u64,
    /// How many trials the target said it of, and how many of those failed or hung.
    pub told_operations: u64,
    /// Those of [`Tally::told_operations`] that failed or hung.
    pub failures_told_operations: u64,
}

impl Tally {
    /// How many ran: the denominator of a rate per trial.
    pub fn ran(&self) -> u64 {
        self.passed + self.failed + self.hung
    }
}

/// How often a plan failed in one kind of way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KindCount {
    /// The kind, as in [`Signature::kind`].
    pub kind: String,
    /// How many trials failed.
    pub failed: u64,
    /// How many hung.
    pub hung: u64,
    /// In how many exact ways.
    pub signatures: u64,
}

/// How often a plan failed in exactly one way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureCount {
    /// The way.
    pub signature: Signature,
    /// How many trials failed.
    pub failed: u64,
    /// How many hung.
    pub hung: u64,
    /// The one that took the shortest time: the one to run again.
    pub quickest: TrialName,
    /// What went wrong in that one.
    pub title: String,
    /// How long that one took.
    pub elapsed: Duration,
}

/// How long a trial lived, for estimates of the time to failure (Kaplan and Meier, "Nonparametric estimation from
/// incomplete observations", J. Am. Stat. Assoc. 53 (1958)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetime {
    /// From its start to its end.
    pub elapsed: Duration,
    /// How it ended: passed, failed or hung.
    pub ended: OutcomeKind,
}

impl Lifetime {
    /// Whether it ended with a failure or in a hang. One that passed is censored: how long it could have gone on without
    /// failing, it does not say.
    pub fn failed(&self) -> bool {
        matches!(self.ended, OutcomeKind::Failed | OutcomeKind::Hung)
    }
}

/// Operations are added up as floating point, which goes on where integers would overflow, and is exact up to 2⁵³.
const TALLIES: &str = "
    SELECT perturbation, sum(outcome = 'passed'), sum(outcome = 'failed'), sum(outcome = 'hung'),
           sum(outcome = 'could-not-run'), CAST(total(elapsed_us) FILTER (WHERE ran) AS INTEGER),
           CAST(total(operations) FILTER (WHERE ran) AS INTEGER), count(operations) FILTER (WHERE ran),
           count(operations) FILTER (WHERE outcome IN ('failed', 'hung'))
    FROM (SELECT *, outcome <> 'could-not-run' AS ran FROM trial)
    WHERE plan = (SELECT id FROM plan WHERE fingerprint = ?1)
    GROUP BY perturbation ORDER BY perturbation";

const KINDS: &str = "
    SELECT kind, sum(outcome = 'failed'), sum(outcome = 'hung'), count(DISTINCT signature)
    FROM trial JOIN signature ON signature.id = trial.signature
    WHERE plan = (SELECT id FROM plan WHERE fingerprint = ?1)
    GROUP BY kind ORDER BY count(*) DESC, kind";

/// SQLite takes bare columns beside a `min()` from the row that has the minimum
/// (<https://sqlite.org/lang_select.html#bareagg>).
const SIGNATURES: &str = "
    SELECT kind, exact, failed, hung, name, title, quickest
    FROM (SELECT signature, sum(outcome = 'failed') AS failed, sum(outcome = 'hung') AS hung, name, title,
                 min(elapsed_us) AS quickest
          FROM trial
          WHERE plan = (SELECT id FROM plan WHERE fingerprint = ?1) AND signature IS NOT NULL
          GROUP BY signature)
    JOIN signature ON signature.id = signature
    ORDER BY failed + hung DESC, kind, exact LIMIT ?2";

const LIFETIMES: &str = "
    SELECT elapsed_us, outcome FROM trial
    WHERE plan = (SELECT id FROM plan WHERE fingerprint = ?1) AND outcome <> 'could-not-run'
          AND coalesce(perturbation = ?2, TRUE)
    ORDER BY elapsed_us, outcome = 'passed'";

impl Case {
    /// How the trials of a plan ended, for each perturbation, in the order of their names.
    ///
    /// # Errors
    ///
    /// The file is damaged or cannot be read.
    pub fn tallies(&self, plan: PlanFingerprint) -> Result<Vec<Tally>, CaseError> {
        self.collect(TALLIES, [plan.to_string()], read_tally)
    }

    /// In which kinds of ways a plan failed, the most frequent first.
    ///
    /// # Errors
    ///
    /// The file is damaged or cannot be read.
    pub fn kinds(&self, plan: PlanFingerprint) -> Result<Vec<KindCount>, CaseError> {
        self.collect(KINDS, [plan.to_string()], read_kind)
    }

    /// In exactly which ways a plan failed, the `most` frequent ones, the most frequent first.
    ///
    /// # Errors
    ///
    /// The file is damaged or cannot be read.
    pub fn signatures(&self, plan: PlanFingerprint, most: u32) -> Result<Vec<SignatureCount>, CaseError> {
        self.collect(SIGNATURES, (plan.to_string(), most), read_signature)
    }

    /// Hands over how long each trial lived, the shortest first, failures before those that passed after the same time;
    /// of those with one `perturbation` if it is given. Those that could not run did not live.
    ///
    /// # Errors
    ///
    /// The file is damaged or cannot be read, or `visit` has failed, which ends it.
    pub fn lifetimes<E: From<CaseError>>(
        &self,
        plan: PlanFingerprint,
        perturbation: Option<&str>,
        visit: impl FnMut(Lifetime) -> Result<(), E>,
    ) -> Result<(), E> {
        self.stream(LIFETIMES, (plan.to_string(), perturbation), read_lifetime, visit)
    }
}

fn read_tally(row: &Row<'_>) -> rusqlite::Result<Tally> {
    let count = |column| row.get(column).map(stored::count);
    Ok(Tally {
        perturbation: row.get(0)?,
        passed: count(1)?,
        failed: count(2)?,
        hung: count(3)?,
        could_not_run: count(4)?,
        elapsed: Duration::from_micros(count(5)?),
        operations: count(6)?,
        told_operations: count(7)?,
        failures_told_operations: count(8)?,
    })
}

fn read_kind(row: &Row<'_>) -> rusqlite::Result<KindCount> {
    let count = |column| row.get(column).map(stored::count);
    Ok(KindCount { kind: row.get(0)?, failed: count(1)?, hung: count(2)?, signatures: count(3)? })
}

fn read_signature(row: &Row<'_>) -> rusqlite::Result<SignatureCount> {
    let count = |column| row.get(column).map(stored::count);
    let name: String = row.get(4)?;
    let (quickest, _) = name::range(&name).ok_or_else(|| stored::unfit(4, "not the name of a trial"))?;
    Ok(SignatureCount {
        signature: Signature { kind: row.get(0)?, exact: row.get(1)? },
        failed: count(2)?,
        hung: count(3)?,
        quickest,
        title: row.get::<_, Option<String>>(5)?.unwrap_or_default(),
        elapsed: Duration::from_micros(count(6)?),
    })
}

fn read_lifetime(row: &Row<'_>) -> rusqlite::Result<Lifetime> {
    let elapsed = Duration::from_micros(stored::count(row.get(0)?));
    Ok(Lifetime { elapsed, ended: trials::outcome(row, 1)? })
}
