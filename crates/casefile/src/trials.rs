use std::time::SystemTime;

use jostle_model::{Failure, Outcome, Seed, Signature, Trial};
use rusqlite::{Connection, OptionalExtension, Params, Row};

use crate::details::{self, Owner};
use crate::name::{self, TrialName};
use crate::outcome::OutcomeKind;
use crate::plan;
use crate::stored;
use crate::{Case, CaseError, PlanFingerprint, Recorder};

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

/// A trial as it was recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// What a user calls it.
    pub name: TrialName,
    /// The plan that it belongs to.
    pub plan: PlanFingerprint,
    /// When it ended, to the millisecond.
    pub ended: SystemTime,
    /// The trial itself. Of failures with the same signature in the same plan, the first twenty and the quickest have
    /// their details; those of the others are empty.
    pub trial: Trial,
}

/// All that is known of trials; [`read`] takes it apart.
const TRIAL: &str = "
    SELECT trial.name, plan.fingerprint, trial.ended_ms, trial.seed, trial.perturbation, trial.elapsed_us,
           trial.operations, trial.outcome, trial.title, signature.kind, signature.exact, details.text
    FROM trial
    JOIN plan ON plan.id = trial.plan
    LEFT JOIN signature ON signature.id = trial.signature
    LEFT JOIN details ON details.trial = trial.id";

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

impl Case {
    /// Hands over every trial of a plan, in the order in which they were recorded.
    ///
    /// # Errors
    ///
    /// The file is damaged or cannot be read, or `visit` has failed, which ends it.
    pub fn trials<E: From<CaseError>>(
        &self,
        plan: PlanFingerprint,
        visit: impl FnMut(Recorded) -> Result<(), E>,
    ) -> Result<(), E> {
        let query = format!("{TRIAL} WHERE plan.fingerprint = ?1 ORDER BY trial.id");
        self.stream(&query, [plan.to_string()], read, visit)
    }

    /// Hands over every trial of a plan that failed or hung, in the order in which they were recorded.
    ///
    /// # Errors
    ///
    /// As [`Case::trials`].
    pub fn failures<E: From<CaseError>>(
        &self,
        plan: PlanFingerprint,
        visit: impl FnMut(Recorded) -> Result<(), E>,
    ) -> Result<(), E> {
        let query =
            format!("{TRIAL} WHERE plan.fingerprint = ?1 AND trial.signature IS NOT NULL ORDER BY trial.id");
        self.stream(&query, [plan.to_string()], read, visit)
    }

    /// The failing or hanging trial of a plan that took the shortest time, of those of a `kind` if one is given. Its
    /// details are kept, whatever else is not.
    ///
    /// # Errors
    ///
    /// The file is damaged or cannot be read.
    pub fn quickest_failure(
        &self,
        plan: PlanFingerprint,
        kind: Option<&str>,
    ) -> Result<Option<Recorded>, CaseError> {
        let query = format!(
            "{TRIAL} WHERE plan.fingerprint = ?1 AND trial.signature IS NOT NULL AND coalesce(signature.kind = ?2, TRUE)
             ORDER BY trial.elapsed_us, trial.id LIMIT 1"
        );
        let found = self.connection.query_row(&query, (plan.to_string(), kind), read);
        found.optional().map_err(|error| self.explain(error))
    }

    /// The trial that a user means: its name, or as many digits of it as no other name begins with.
    ///
    /// # Errors
    ///
    /// No trial, or more than one, is called that.
    pub fn find(&self, typed: &str) -> Result<Recorded, CaseError> {
        let typed = typed.trim();
        let (first, last) = name::range(typed).ok_or_else(|| CaseError::NotAName(typed.to_owned()))?;
        let query =
            format!("{TRIAL} WHERE trial.name BETWEEN ?1 AND ?2 ORDER BY trial.name, trial.id LIMIT 4");
        let mut found = self.collect(&query, (first.to_string(), last.to_string()), read)?;
        match (found.pop(), found.is_empty()) {
            (Some(only), true) => Ok(only),
            (Some(last_shown), false) => {
                found.push(last_shown);
                Err(self.ambiguous(typed, (first, last), &found))
            }
            (None, _) => Err(self.unknown(typed)),
        }
    }

    /// Hands over what a query finds, a row at a time.
    pub(crate) fn stream<T, E: From<CaseError>>(
        &self,
        query: &str,
        parameters: impl Params,
        read: impl Fn(&Row<'_>) -> rusqlite::Result<T>,
        mut visit: impl FnMut(T) -> Result<(), E>,
    ) -> Result<(), E> {
        let explain = |error| E::from(self.explain(error));
        let mut statement = self.connection.prepare_cached(query).map_err(explain)?;
        let rows = statement.query_map(parameters, read).map_err(explain)?;
        for row in rows {
            visit(row.map_err(explain)?)?;
        }
        Ok(())
    }

    /// What a query finds, where that is little.
    pub(crate) fn collect<T>(
        &self,
        query: &str,
        parameters: impl Params,
        read: impl Fn(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, CaseError> {
        let mut found = Vec::new();
        self.stream(query, parameters, read, |one| {
            found.push(one);
            Ok::<(), CaseError>(())
        })?;
        Ok(found)
    }

    fn ambiguous(&self, typed: &str, range: (TrialName, TrialName), found: &[Recorded]) -> CaseError {
        let query = "SELECT count(*) FROM trial WHERE name BETWEEN ?1 AND ?2";
        let parameters = (range.0.to_string(), range.1.to_string());
        match self.connection.query_row(query, parameters, |row| row.get(0)) {
            Ok(matches) => CaseError::Ambiguous {
                name: typed.to_owned(),
                candidates: found.iter().map(|trial| trial.name).collect(),
                matches: stored::count(matches),
            },
            Err(error) => self.explain(error),
        }
    }

    fn unknown(&self, typed: &str) -> CaseError {
        match self.connection.query_row("SELECT count(*) FROM trial", [], |row| row.get(0)) {
            Ok(trials) => CaseError::NoTrial { name: typed.to_owned(), trials: stored::count(trials) },
            Err(error) => self.explain(error),
        }
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

/// A row of [`TRIAL`].
fn read(row: &Row<'_>) -> rusqlite::Result<Recorded> {
    let name: String = row.get(0)?;
    let (name, _) = name::range(&name).ok_or_else(|| stored::unfit(0, "not the name of a trial"))?;
    let trial = Trial {
        seed: Seed(row.get::<_, i64>(3)?.cast_unsigned()),
        perturbation: row.get(4)?,
        outcome: read_outcome(row)?,
        elapsed_us: stored::count(row.get(5)?),
        operations: row.get::<_, Option<i64>>(6)?.map(stored::count),
    };
    Ok(Recorded { name, plan: PlanFingerprint::read(row, 1)?, ended: stored::time(row.get(2)?), trial })
}

fn read_outcome(row: &Row<'_>) -> rusqlite::Result<Outcome> {
    let title = row.get::<_, Option<String>>(8)?.unwrap_or_default();
    let kind = outcome(row, 7)?;
    match (kind, signature(row, 9)?) {
        (OutcomeKind::Passed, None) => Ok(Outcome::Passed),
        (OutcomeKind::CouldNotRun, None) => Ok(Outcome::CouldNotRun { why: title }),
        (OutcomeKind::Failed | OutcomeKind::Hung, Some(signature)) => {
            let details = row.get::<_, Option<String>>(11)?.unwrap_or_default();
            let failure = Failure { signature, title, details };
            Ok(if kind == OutcomeKind::Hung { Outcome::Hung(failure) } else { Outcome::Failed(failure) })
        }
        (kind, _) => Err(stored::unfit(7, format!("a trial that {kind} with a signature that does not fit"))),
    }
}

/// The kind of outcome in `column`.
pub(crate) fn outcome(row: &Row<'_>, column: usize) -> rusqlite::Result<OutcomeKind> {
    let name: String = row.get(column)?;
    OutcomeKind::named(&name).ok_or_else(|| stored::unfit(column, format!("no outcome is called {name}")))
}

/// The signature in `column` and the one after it, if there is one.
fn signature(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Signature>> {
    let (kind, exact): (Option<String>, Option<String>) = (row.get(column)?, row.get(column + 1)?);
    Ok(kind.zip(exact).map(|(kind, exact)| Signature { kind, exact }))
}
