use std::time::SystemTime;

use rusqlite::{Connection, Row};

use crate::plan;
use crate::stored;
use crate::{Case, CaseError, PlanFingerprint, Recorder};

/// Something that a verb found which is no outcome of a trial.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedFinding {
    /// The rule that it breaks, as in the JSON contract.
    pub rule: String,
    /// What is the same when the same is found again.
    pub fingerprint: String,
    /// The JSON line; known to the verb alone.
    pub text: String,
    /// When it was found first, to the millisecond.
    pub found: SystemTime,
}

/// What somebody concluded from a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedVerdict {
    /// In JSON; known to the verb alone.
    pub text: String,
    /// When it was reached, to the millisecond.
    pub reached: SystemTime,
}

impl Recorder {
    /// Records something that was found, and tells whether it is new: what was found before, by its rule and fingerprint,
    /// stays as it was.
    ///
    /// # Errors
    ///
    /// The plan was not recorded, the disk is full, or somebody else kept the file locked.
    pub fn finding(&mut self, plan: PlanFingerprint, finding: &RecordedFinding) -> Result<bool, CaseError> {
        self.attach(plan, |connection, row| add_finding(connection, row, finding))
    }

    /// Records what was concluded, beside all that was concluded before.
    ///
    /// # Errors
    ///
    /// As [`Recorder::finding`].
    pub fn verdict(&mut self, plan: PlanFingerprint, verdict: &RecordedVerdict) -> Result<bool, CaseError> {
        self.attach(plan, |connection, row| add_verdict(connection, row, verdict))
    }

    fn attach(
        &mut self,
        plan: PlanFingerprint,
        add: impl FnOnce(&Connection, i64) -> rusqlite::Result<bool>,
    ) -> Result<bool, CaseError> {
        let added = self.write(|transaction| match plan::row(transaction, plan)? {
            Some(row) => add(transaction, row).map(Some),
            None => Ok(None),
        })?;
        added.ok_or(CaseError::NoPlan(plan))
    }
}

impl Case {
    /// What was found of a plan, in the order in which it was recorded.
    ///
    /// # Errors
    ///
    /// The file is damaged or cannot be read, or `visit` has failed, which ends it.
    pub fn findings<E: From<CaseError>>(
        &self,
        plan: PlanFingerprint,
        visit: impl FnMut(RecordedFinding) -> Result<(), E>,
    ) -> Result<(), E> {
        let query = "SELECT rule, finding.fingerprint, text, found_ms FROM finding JOIN plan ON plan.id = finding.plan
                     WHERE plan.fingerprint = ?1 ORDER BY finding.id";
        self.stream(query, [plan.to_string()], read_finding, visit)
    }

    /// What was concluded from a plan, the earliest first.
    ///
    /// # Errors
    ///
    /// The file is damaged or cannot be read.
    pub fn verdicts(&self, plan: PlanFingerprint) -> Result<Vec<RecordedVerdict>, CaseError> {
        let query = "SELECT text, reached_ms FROM verdict JOIN plan ON plan.id = verdict.plan
                     WHERE plan.fingerprint = ?1 ORDER BY reached_ms, verdict.id";
        self.collect(query, [plan.to_string()], read_verdict)
    }
}

/// Adds a finding to the plan in that row, and tells whether it is new.
fn add_finding(connection: &Connection, plan: i64, finding: &RecordedFinding) -> rusqlite::Result<bool> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO finding (plan, rule, fingerprint, text, found_ms) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (plan, rule, fingerprint) DO NOTHING",
    )?;
    let RecordedFinding { rule, fingerprint, text, found } = finding;
    Ok(statement.execute((plan, rule, fingerprint, text, stored::moment(*found)))? > 0)
}

/// Adds a verdict to the plan in that row, and tells whether it is new.
fn add_verdict(connection: &Connection, plan: i64, verdict: &RecordedVerdict) -> rusqlite::Result<bool> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO verdict (plan, text, reached_ms) VALUES (?1, ?2, ?3)
         ON CONFLICT (plan, reached_ms, text) DO NOTHING",
    )?;
    Ok(statement.execute((plan, &verdict.text, stored::moment(verdict.reached)))? > 0)
}

fn read_finding(row: &Row<'_>) -> rusqlite::Result<RecordedFinding> {
    Ok(RecordedFinding {
        rule: row.get(0)?,
        fingerprint: row.get(1)?,
        text: row.get(2)?,
        found: stored::time(row.get(3)?),
    })
}

fn read_verdict(row: &Row<'_>) -> rusqlite::Result<RecordedVerdict> {
    Ok(RecordedVerdict { text: row.get(0)?, reached: stored::time(row.get(1)?) })
}
