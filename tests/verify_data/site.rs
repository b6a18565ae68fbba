//! A site's data: a week with a bug that makes visitors up and gives some people's cookies away, then two days after its
//! fix.

use std::fs;
use std::path::Path;

/// When the fix went out: 2025-12-22T21:30:00Z, in seconds since 1970.
const FIX: i64 = 1_766_439_000;
const HOUR: i64 = 3600;
const HOURS_BEFORE: i64 = 7 * 24;

/// Whether the fix did anything.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fix {
    Real,
    Void,
}

/// The tables, as CSV without their first lines.
pub(crate) struct Site {
    visitors: Vec<String>,
    sessions: Vec<String>,
    events: Vec<String>,
    /// Sessions without events, by id.
    pub(crate) orphans: Vec<u64>,
}

impl Site {
    /// `hours` is how long ago the fix was when the data were taken.
    pub(crate) fn new(fix: Fix, hours: i64) -> Self {
        let mut site =
            Self { visitors: Vec::new(), sessions: Vec::new(), events: Vec::new(), orphans: Vec::new() };
        let mut hub = 0;
        for hour in -HOURS_BEFORE..hours {
            let broken = hour < 0 || fix == Fix::Void;
            if hour == -HOURS_BEFORE || hour == 0 && fix == Fix::Void {
                hub = site.visitor(hour * HOUR);
            }
            site.people(hour);
            // Many people carry the hub's cookie; after a real fix, some of them still do.
            for minute in 0..if broken { 5 } else { 1 } {
                site.session(hub, hour * HOUR + 60 * minute + 7, true);
            }
            for minute in 0..if broken { 40 } else { 0 } {
                let nobody = site.visitor(hour * HOUR + 60 * minute);
                site.session(nobody, hour * HOUR + 60 * minute, false);
            }
        }
        site
    }

    /// Four sessions an hour; every fifth visitor comes twice.
    fn people(&mut self, hour: i64) {
        for quarter in 0..4 {
            let visitor = self.visitor(hour * HOUR + 900 * quarter);
            self.session(visitor, hour * HOUR + 900 * quarter, true);
            if visitor.is_multiple_of(5) {
                self.session(visitor, hour * HOUR + 900 * quarter + 600, true);
            }
        }
    }

    fn visitor(&mut self, second: i64) -> u64 {
        let id = self.visitors.len() as u64 + 1;
        self.visitors.push(format!("{id},{}", time(second)));
        id
    }

    fn session(&mut self, visitor: u64, second: i64, active: bool) {
        let id = self.sessions.len() as u64 + 1;
        self.sessions.push(format!("{id},{visitor},{}", time(second)));
        if active {
            self.events.push(format!("{},{id}", self.events.len() + 1));
        } else {
            self.orphans.push(id);
        }
    }

    /// A CSV file for each table.
    pub(crate) fn write(&self, folder: &Path) {
        let tables = [
            ("visitors", "id,created_at", &self.visitors),
            ("sessions", "id,visitor_id,created_at", &self.sessions),
            ("events", "id,session_id", &self.events),
        ];
        for (name, header, lines) in tables {
            let text: String = [header]
                .into_iter()
                .chain(lines.iter().map(String::as_str))
                .map(|line| format!("{line}\n"))
                .collect();
            fs::write(folder.join(format!("{name}.csv")), text).expect("the folder is ours");
        }
    }

    /// The same as SQL, for SQLite and PostgreSQL alike.
    pub(crate) fn sql(&self) -> String {
        let mut sql = "CREATE TABLE visitors (id bigint, created_at timestamp with time zone);\n\
                       CREATE TABLE sessions (id bigint, visitor_id bigint, created_at timestamp with time zone);\n\
                       CREATE TABLE events (id bigint, session_id bigint);\n"
            .to_owned();
        for (table, lines) in
            [("visitors", &self.visitors), ("sessions", &self.sessions), ("events", &self.events)]
        {
            for chunk in lines.chunks(500) {
                let rows: Vec<String> = chunk
                    .iter()
                    .map(|line| format!("({})", line.replace("2025-", "'2025-").replace('Z', "Z'")))
                    .collect();
                sql.push_str(&format!("INSERT INTO {table} VALUES {};\n", rows.join(",")));
            }
        }
        sql
    }
}

/// All times of the site are in December 2025.
fn time(second: i64) -> String {
    let since_december = FIX + second - 1_764_547_200;
    let (day, rest) = (since_december / 86_400, since_december % 86_400);
    format!("2025-12-{:02}T{:02}:{:02}:{:02}Z", day + 1, rest / 3600, rest / 60 % 60, rest % 60)
}

/// A plan for such a site.
pub(crate) const PLAN: &str = r#"
[data]
changed = 2025-12-22T21:30:00Z
expect = [
    "drop in 24h >= 80%",
    "ratio of new units < 2.0",
    "outliers(> 10 in 24h) == 0",
    "orphans < 5%",
]

[data.rows]
table = "sessions"
id = "id"
unit = "visitor_id"
time = "created_at"

[data.units]
table = "visitors"
id = "id"
time = "created_at"

[data.children]
table = "events"
row = "session_id"
"#;
