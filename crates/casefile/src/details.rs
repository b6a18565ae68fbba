//! Which details are kept. A bug that fails ten thousand times in the same way says nothing new after the first few, and a
//! report of a crash has the size of a hundred trials.

use rusqlite::{Connection, OptionalExtension};

use crate::stored;

/// How many failures of a plan with the same signature keep their details, besides the one that took the shortest time:
/// that is the one to run again.
pub(crate) const ALIKE: u64 = 20;

/// The longest details, in bytes. Stacks of some fifty threads fit.
pub(crate) const LONGEST: usize = 64 * 1024;

/// A failing trial that was just recorded, by its rows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Owner {
    pub trial: i64,
    pub plan: i64,
    pub signature: i64,
    pub elapsed_us: i64,
}

/// Keeps `text` if it is among the first of its like, or its owner is the quickest so far.
pub(crate) fn keep(connection: &Connection, owner: Owner, text: &str) -> rusqlite::Result<()> {
    if text.is_empty() {
        return Ok(());
    }
    let (alike, quickest) = kept(connection, owner)?;
    if alike >= ALIKE {
        if quickest.is_some_and(|quickest| quickest <= owner.elapsed_us) {
            return Ok(());
        }
        if alike > ALIKE {
            forget_latest(connection, owner)?;
        }
    }
    let mut statement = connection.prepare_cached(
        "INSERT INTO details (trial, plan, signature, elapsed_us, text) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    let Owner { trial, plan, signature, elapsed_us } = owner;
    statement.execute((trial, plan, signature, elapsed_us, stored::bounded(text, LONGEST)))?;
    Ok(())
}

/// How many are kept of its like, and the shortest time that one of them took.
fn kept(connection: &Connection, owner: Owner) -> rusqlite::Result<(u64, Option<i64>)> {
    let mut statement = connection
        .prepare_cached("SELECT count(*), min(elapsed_us) FROM details WHERE plan = ?1 AND signature = ?2")?;
    statement.query_row((owner.plan, owner.signature), |row| Ok((stored::count(row.get(0)?), row.get(1)?)))
}

/// Drops the one beyond the first, which was the quickest until now.
fn forget_latest(connection: &Connection, owner: Owner) -> rusqlite::Result<()> {
    let mut latest =
        connection.prepare_cached("SELECT max(trial) FROM details WHERE plan = ?1 AND signature = ?2")?;
    let latest: Option<i64> =
        latest.query_row((owner.plan, owner.signature), |row| row.get(0)).optional()?.flatten();
    connection.prepare_cached("DELETE FROM details WHERE trial = ?1")?.execute([latest])?;
    Ok(())
}
