//! The tables, and how a file comes to have them. `docs/case.md` is the contract.

use rusqlite::{Connection, TransactionBehavior};

/// What `PRAGMA application_id` says of a case: `Jstl` in ASCII. `file case.db` shows it.
pub(crate) const APPLICATION: i64 = 0x4a73_746c;

/// What takes a file from each version to the next, the first one from nothing. A migration is never changed once it was
/// released: only a new one is added at the end, and a file of the version before it as a fixture to the tests.
const MIGRATIONS: [&str; 1] = [include_str!("schema/1.sql")];

/// The version that this program writes, and the latest it can read: `PRAGMA user_version`.
pub(crate) const VERSION: u32 = MIGRATIONS.len() as u32;

/// What a database turns out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Nothing is in it yet.
    Empty,
    /// A case of this version, not later than [`VERSION`].
    Case(u32),
    /// A case of a version that did not exist when this was built.
    Newer(u32),
    /// Somebody else's.
    Foreign,
}

/// Looks what `connection` leads to. This is the first read, so it fails where the file is no database.
///
/// It takes several reads, and somebody else may be making the case in between: so they are one transaction.
pub(crate) fn kind(connection: &Connection) -> rusqlite::Result<Kind> {
    let transaction = connection.unchecked_transaction()?;
    kind_within(&transaction)
}

fn kind_within(connection: &Connection) -> rusqlite::Result<Kind> {
    let number = |pragma: &str| connection.query_row(pragma, [], |row| row.get::<_, i64>(0));
    let tables = number("SELECT count(*) FROM sqlite_schema")?;
    let application = number("PRAGMA application_id")?;
    let version = u32::try_from(number("PRAGMA user_version")?).unwrap_or(0);
    Ok(match (application, version) {
        (0, 0) if tables == 0 => Kind::Empty,
        (APPLICATION, 1..=VERSION) => Kind::Case(version),
        (APPLICATION, newer) if newer > VERSION => Kind::Newer(newer),
        _ => Kind::Foreign,
    })
}

/// Brings an empty file or an old case to [`VERSION`]: wholly or not at all, also when several processes try at once.
pub(crate) fn migrate(connection: &mut Connection) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Looked up again under the lock: somebody else may have been faster.
    let from = match kind_within(&transaction)? {
        Kind::Empty => 0,
        Kind::Case(version) => version,
        Kind::Newer(_) | Kind::Foreign => return Ok(()),
    };
    for migration in &MIGRATIONS[from as usize..] {
        transaction.execute_batch(migration)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn empty() -> Connection {
        Connection::open_in_memory().expect("a database in memory")
    }

    #[test]
    fn a_new_file_becomes_a_case_of_this_version() {
        let mut connection = empty();
        assert_eq!(kind(&connection), Ok(Kind::Empty));
        migrate(&mut connection).expect("migrates");
        assert_eq!(kind(&connection), Ok(Kind::Case(VERSION)));
    }

    #[test]
    fn migrating_twice_changes_nothing() {
        let mut connection = empty();
        migrate(&mut connection).expect("migrates");
        migrate(&mut connection).expect("has nothing to do");
        assert_eq!(kind(&connection), Ok(Kind::Case(VERSION)));
    }

    #[test]
    fn a_later_version_is_left_alone() {
        let mut connection = empty();
        migrate(&mut connection).expect("migrates");
        connection.pragma_update(None, "user_version", VERSION + 1).expect("a later version");
        migrate(&mut connection).expect("keeps its hands off");
        assert_eq!(kind(&connection), Ok(Kind::Newer(VERSION + 1)));
    }

    #[test]
    fn a_database_with_other_tables_is_foreign() {
        let mut connection = empty();
        connection.execute_batch("CREATE TABLE song (title TEXT)").expect("a table");
        assert_eq!(kind(&connection), Ok(Kind::Foreign));
        migrate(&mut connection).expect("keeps its hands off");
        assert_eq!(kind(&connection), Ok(Kind::Foreign));
    }
}
