use std::time::SystemTime;

use jostle_model::{Failure, Outcome, Seed, Signature, Trial};
use rusqlite::{OptionalExtension, Params, Row};

use crate::name::{self, TrialName};
use crate::outcome::OutcomeKind;
use crate::stored;
use crate::{Case, CaseError, PlanFingerprint};

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
pub(crate) fn signature(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Signature>> {
    let (kind, exact): (Option<String>, Option<String>) = (row.get(column)?, row.get(column + 1)?);
    Ok(kind.zip(exact).map(|(kind, exact)| Signature { kind, exact }))
}
