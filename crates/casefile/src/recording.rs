use std::time::SystemTime;

use jostle_model::{Outcome, Seed, Signature, Trial};
use rusqlite::{Connection, OptionalExtension, Row};

use crate::details::{self, Owner};
use crate::name::TrialName;
use crate::outcome::OutcomeKind;
use crate::plan;
use crate::stored;
use crate::trials::{outcome, signature};
use crate::{CaseError, PlanFingerprint, Recorder};

/// The longest title that is kept, in bytes.
const LONGEST_TITLE: usize = 1024;

/// What became of a trial that was given to be recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recording {
    /// It is in the case now. This is also said where the case had only an attempt that could not run.
    New,
    /// It was there, and had ended in the same way. Nothing has changed.
    Known,
    /// It was there, and had ended in another way. That one has been kept.
    Conflicting,
}

impl Recorder {
    /// Records a trial that has `ended`. When this returns, the trial is safe from whatever happens to this process.
    ///
    /// A trial that is recorded again does not count again, and the one that was first is kept; only an attempt that
    /// could not run gives way to one that could.
    ///
    /// # Errors
    ///
    /// The plan was not recorded, the disk is full, or somebody else kept the file locked.
    pub fn record(
        &mut self,
        plan: PlanFingerprint,
        trial: &Trial,
        ended: SystemTime,
    ) -> Result<Recording, CaseError> {
        let recording = self.write(|transaction| {
            let Some(row) = plan::row(transaction, plan)? else { return Ok(None) };
            add(transaction, (row, plan), trial, ended).map(Some)
        })?;
        recording.ok_or(CaseError::NoPlan(plan))
    }
}

/// Adds a trial of the plan in that row, unless it is there.
pub(crate) fn add(
    connection: &Connection,
    (plan, fingerprint): (i64, PlanFingerprint),
    trial: &Trial,
    ended: SystemTime,
) -> rusqlite::Result<Recording> {
    let never_ran = |outcome: &Outcome| OutcomeKind::of(outcome) == OutcomeKind::CouldNotRun;
    match known(connection, plan, trial.seed)? {
        Some((attempt, Ending { kind: OutcomeKind::CouldNotRun, .. })) if !never_ran(&trial.outcome) => {
            connection.prepare_cached("DELETE FROM trial WHERE id = ?1")?.execute([attempt])?;
        }
        Some((_, ending)) if never_ran(&trial.outcome) || ending == Ending::of(&trial.outcome) => {
            return Ok(Recording::Known);
        }
        Some(_) => return Ok(Recording::Conflicting),
        None => {}
    }
    insert(connection, (plan, fingerprint), trial, ended)?;
    Ok(Recording::New)
}

/// What has to be the same for two trials to have ended in the same way.
#[derive(Debug, PartialEq, Eq)]
struct Ending {
    kind: OutcomeKind,
    signature: Option<Signature>,
}

impl Ending {
    fn of(outcome: &Outcome) -> Self {
        let signature = outcome.failure().map(|failure| failure.signature.clone());
        Self { kind: OutcomeKind::of(outcome), signature }
    }
}

/// The row of a trial, and how it ended, if it is there.
fn known(connection: &Connection, plan: i64, seed: Seed) -> rusqlite::Result<Option<(i64, Ending)>> {
    let mut statement = connection.prepare_cached(
        "SELECT trial.id, outcome, kind, exact FROM trial LEFT JOIN signature ON signature.id = trial.signature
         WHERE plan = ?1 AND seed = ?2",
    )?;
    let read = |row: &Row<'_>| {
        let ending = Ending { kind: outcome(row, 1)?, signature: signature(row, 2)? };
        Ok((row.get(0)?, ending))
    };
    statement.query_row((plan, stored::seed(seed)), read).optional()
}

fn insert(
    connection: &Connection,
    (plan, fingerprint): (i64, PlanFingerprint),
    trial: &Trial,
    ended: SystemTime,
) -> rusqlite::Result<()> {
    let failure = trial.outcome.failure();
    let signature = failure.map(|failure| signature_row(connection, &failure.signature)).transpose()?;
    let elapsed_us = stored::number(trial.elapsed_us);
    let mut statement = connection.prepare_cached(
        "INSERT INTO trial (plan, seed, name, perturbation, outcome, signature, title, elapsed_us, operations, ended_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?;
    let row = statement.insert((
        plan,
        stored::seed(trial.seed),
        TrialName::of(fingerprint, trial.seed).to_string(),
        &trial.perturbation,
        trial.outcome.name(),
        signature,
        title(&trial.outcome).map(|title| stored::bounded(title, LONGEST_TITLE)),
        elapsed_us,
        trial.operations.map(stored::number),
        stored::moment(ended),
    ))?;
    match failure.zip(signature) {
        Some((failure, signature)) => {
            details::keep(connection, Owner { trial: row, plan, signature, elapsed_us }, &failure.details)
        }
        None => Ok(()),
    }
}

fn title(outcome: &Outcome) -> Option<&str> {
    match outcome {
        Outcome::Passed => None,
        Outcome::Failed(failure) | Outcome::Hung(failure) => Some(&failure.title),
        Outcome::CouldNotRun { why } => Some(why),
    }
}

/// The row of a signature, which is made where it is missing.
fn signature_row(connection: &Connection, signature: &Signature) -> rusqlite::Result<i64> {
    let values = (&signature.kind, &signature.exact);
    let mut known = connection.prepare_cached("SELECT id FROM signature WHERE kind = ?1 AND exact = ?2")?;
    if let Some(row) = known.query_row(values, |row| row.get(0)).optional()? {
        return Ok(row);
    }
    connection.prepare_cached("INSERT INTO signature (kind, exact) VALUES (?1, ?2)")?.insert(values)
}
