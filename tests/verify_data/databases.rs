use serde_json::Value;

use crate::asked::{AS_EXPECTED, Asked, USAGE};
use crate::server::Server;
use crate::site::{Fix, PLAN, Site};

/// Sessions per visitor, as a query of the user's.
const QUERY: &str = r#"
[[data.query]]
name = "per_visitor"
before = "SELECT visitor_id, count(*) FROM sessions WHERE created_at < '2025-12-22T21:30:00Z' GROUP BY visitor_id"
after = """
    SELECT visitor_id, count(*) FROM sessions -- whoever came
    WHERE created_at >= '2025-12-22T21:30:00Z' GROUP BY visitor_id;
"""
"#;

fn plan_with(expectation: &str, query: &str) -> String {
    PLAN.replace("\"orphans < 5%\",", &format!("\"orphans < 5%\",\n    {expectation}")) + query
}

fn sqlite(asked: &Asked, sql: &str) {
    let database = rusqlite::Connection::open(asked.file("data.sqlite")).expect("a database");
    database.execute_batch(sql).expect("the same SQL");
}

/// Everything but where it came from.
fn without_source(mut lines: Vec<Value>) -> Vec<Value> {
    for line in &mut lines {
        line.as_object_mut().expect("an object").remove("source");
    }
    lines
}

#[test]
fn every_source_says_the_same() {
    let plan = plan_with("\"per_visitor < 3\", \"drop(sum(per_visitor)) > 90%\"", QUERY);
    let (asked, site) = (Asked::new(&plan), Site::new(Fix::Real, 48));
    sqlite(&asked, &site.sql());
    let (code, from_sqlite) = asked.json(&["--from", "data.sqlite"]);
    assert_eq!(code, Some(AS_EXPECTED), "{from_sqlite:#?}");
    // CSV has no queries, so all the rest has to be the same.
    let files = Asked::new(PLAN);
    site.write(files.folder());
    let (_, from_csv) = files.json(&["--from", "."]);
    assert_eq!(from_csv[..4], from_sqlite[..4]);
    let Some(server) = Server::with(&site.sql()) else { return };
    let (code, from_postgres) = asked.json(&["--from", &server.address()]);
    assert_eq!(code, Some(AS_EXPECTED), "{from_postgres:#?}");
    assert_eq!(without_source(from_postgres), without_source(from_sqlite));
}

#[test]
fn postgresql_is_only_read() {
    let site = Site::new(Fix::Real, 48);
    let Some(server) = Server::with(&site.sql()) else { return };
    server
        .load("CREATE FUNCTION meddle() RETURNS bigint LANGUAGE sql AS 'DELETE FROM events RETURNING id';\n");
    let count = || server.psql("SELECT count(*) FROM events").1;
    let before = count();
    for (sql, message) in [
        (
            "SELECT meddle(), 1",
            "it writes, and production data are only read here: cannot execute DELETE in a read-only transaction",
        ),
        ("SELECT 1, 2; DELETE FROM events", "cannot insert multiple commands into a prepared statement"),
        ("COMMIT", "it gives 0 columns"),
        ("DELETE FROM events RETURNING id, session_id", "it writes, and production data are only read here"),
        ("SELECT set_config('transaction_read_only', 'off', true), 1", "read-write mode"),
        ("SELECT 1", "it gives 1 columns"),
        ("SELECT visitor FROM sessions", "column \"visitor\" does not exist"),
        ("SELECT 1, 'many'", "`many` is no number"),
        ("SELECT NULL, 1", "read the unit in"),
    ] {
        let query = format!("[[data.query]]\nname = \"mine\"\nafter = \"{sql}\"\n");
        let asked = Asked::new(&plan_with("\"mine > 0\"", &query));
        asked.run(&["--from", &server.address()]).is_refused(USAGE, message);
    }
    assert_eq!(count(), before);
}

#[test]
fn sqlite_is_only_read() {
    let site = Site::new(Fix::Real, 48);
    for (sql, message) in [
        ("DELETE FROM events RETURNING id, session_id", "it writes, and production data are only read here"),
        ("SELECT 1, 2; DELETE FROM events", "ask the query mine (after)"),
        ("SELECT visitor, 1 FROM sessions", "no such column: visitor"),
        ("SELECT 1, 2, 3, 4", "it gives 4 columns"),
    ] {
        let query = format!("[[data.query]]\nname = \"mine\"\nafter = \"{sql}\"\n");
        let asked = Asked::new(&plan_with("\"mine > 0\"", &query));
        sqlite(&asked, &site.sql());
        let bytes = || std::fs::read(asked.file("data.sqlite")).expect("the database");
        let before = bytes();
        asked.run(&["--from", "data.sqlite"]).is_refused(USAGE, message);
        assert!(bytes() == before, "{sql}");
    }
}

#[test]
fn a_table_that_is_not_there_is_told_with_those_that_are() {
    let plan = PLAN.replace("\"sessions\"", "\"visits\"");
    let (asked, site) = (Asked::new(&plan), Site::new(Fix::Real, 48));
    sqlite(&asked, &site.sql());
    asked
        .run(&["--from", "data.sqlite"])
        .is_refused(USAGE, "find the table visits: there is events, sessions, visitors");
    let Some(server) = Server::with(&site.sql()) else { return };
    asked.run(&["--from", &server.address()]).is_refused(USAGE, "relation \"visits\" does not exist");
}

#[test]
fn a_time_without_a_zone_needs_one_in_the_plan() {
    let site = Site::new(Fix::Real, 48);
    let Some(server) = Server::with(&site.sql()) else { return };
    server.load("ALTER TABLE sessions ALTER created_at TYPE timestamp USING created_at AT TIME ZONE 'Australia/Sydney';\n");
    let asked = Asked::new(PLAN);
    asked.run(&["--from", &server.address()]).is_refused(USAGE, "does not say in which time zone");
    let zoned = PLAN.replace("expect = [", "zone = \"Australia/Sydney\"\nexpect = [");
    let (code, lines) = Asked::new(&zoned).json(&["--from", &server.address()]);
    assert_eq!(code, Some(AS_EXPECTED), "{lines:#?}");
}
