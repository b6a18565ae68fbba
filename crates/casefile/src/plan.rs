use std::fmt;
use std::time::SystemTime;

use rusqlite::{Connection, OptionalExtension, Row};
use sha2::{Digest, Sha256};

use crate::stored;
use crate::{Case, CaseError, Recorder};

/// What a plan is known by: the first 128 bits of the SHA-256 (FIPS 180-4) of what makes it the same as another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PlanFingerprint(u128);

impl PlanFingerprint {
    /// The fingerprint of a plan with this identity.
    pub fn of(identity: &str) -> Self {
        let digest = Sha256::digest(identity);
        Self(digest.iter().take(16).fold(0, |sum, &byte| sum << 8 | u128::from(byte)))
    }

    /// What stands in `column` of `row`.
    pub(crate) fn read(row: &Row<'_>, column: usize) -> rusqlite::Result<Self> {
        let text: String = row.get(column)?;
        u128::from_str_radix(&text, 16).map(Self).map_err(|error| stored::unfit(column, error))
    }
}

impl fmt::Display for PlanFingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// What is about to be run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewPlan<'a> {
    /// All that makes trials comparable, in a text that is always written the same way: two plans with the same text are
    /// one plan. It is not kept, only its fingerprint is.
    pub identity: &'a str,
    /// The verb that runs it.
    pub verb: &'a str,
    /// The command as typed, shell-quoted.
    pub command: &'a str,
    /// What it takes to run it again, in JSON; known to the verb alone.
    pub instructions: &'a str,
    /// When it was made.
    pub made: SystemTime,
}

/// A plan as it was recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// What it is known by.
    pub fingerprint: PlanFingerprint,
    /// The verb that runs it.
    pub verb: String,
    /// The command as typed, shell-quoted.
    pub command: String,
    /// What it takes to run it again, in JSON.
    pub instructions: String,
    /// When it was made first, to the millisecond.
    pub made: SystemTime,
}

const PLAN: &str = "SELECT fingerprint, verb, command, instructions, made_ms FROM plan";

impl Case {
    /// All plans, in the order in which they were recorded.
    ///
    /// # Errors
    ///
    /// The file is damaged, or cannot be read.
    pub fn plans(&self) -> Result<Vec<Plan>, CaseError> {
        self.collect(&format!("{PLAN} ORDER BY id"), [], read)
    }

    /// The plan that is known by this.
    ///
    /// # Errors
    ///
    /// The file is damaged, or cannot be read.
    pub fn plan(&self, fingerprint: PlanFingerprint) -> Result<Option<Plan>, CaseError> {
        let query = format!("{PLAN} WHERE fingerprint = ?1");
        let found = self.connection.query_row(&query, [fingerprint.to_string()], read);
        found.optional().map_err(|error| self.explain(error))
    }
}

impl Recorder {
    /// Records a plan, unless it is there already: then it stays as it was recorded first. Gives what it is known by.
    ///
    /// # Errors
    ///
    /// Nothing can be written, because the disk is full or somebody else kept the file locked.
    pub fn plan(&mut self, plan: &NewPlan<'_>) -> Result<PlanFingerprint, CaseError> {
        let fingerprint = PlanFingerprint::of(plan.identity);
        self.add_plan(&Plan {
            fingerprint,
            verb: plan.verb.to_owned(),
            command: plan.command.to_owned(),
            instructions: plan.instructions.to_owned(),
            made: plan.made,
        })?;
        Ok(fingerprint)
    }

    /// Records a plan unless it is there, and tells whether it is new.
    pub(crate) fn add_plan(&mut self, plan: &Plan) -> Result<bool, CaseError> {
        self.write(|transaction| {
            let added = transaction.execute(
                "INSERT INTO plan (fingerprint, verb, command, instructions, made_ms) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT (fingerprint) DO NOTHING",
                (
                    plan.fingerprint.to_string(),
                    &plan.verb,
                    &plan.command,
                    &plan.instructions,
                    stored::moment(plan.made),
                ),
            )?;
            Ok(added > 0)
        })
    }
}

/// The row of a plan, if it has one.
pub(crate) fn row(connection: &Connection, plan: PlanFingerprint) -> rusqlite::Result<Option<i64>> {
    let mut statement = connection.prepare_cached("SELECT id FROM plan WHERE fingerprint = ?1")?;
    statement.query_row([plan.to_string()], |row| row.get(0)).optional()
}

fn read(row: &Row<'_>) -> rusqlite::Result<Plan> {
    Ok(Plan {
        fingerprint: PlanFingerprint::read(row, 0)?,
        verb: row.get(1)?,
        command: row.get(2)?,
        instructions: row.get(3)?,
        made: stored::time(row.get(4)?),
    })
}
