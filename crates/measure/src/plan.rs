//! The part `[data]` of a plan file: where the data are, what stands in them, what is expected of them.

use jiff::tz::TimeZone;
use jostle_odds::Confidence;
use serde::Deserialize;
use toml::value::Datetime;

use crate::contradiction::contradiction;
use crate::expectation::{Expectation, Measure};
use crate::grammar::{self, NoExpectation};
use crate::moment::{Clock, Epoch, Moment, Span};

/// How long a database may take for one query, where the plan does not say.
const TIMEOUT: Span = Span(5 * 60 * 1_000_000);

/// What is to be verified.
#[derive(Clone, Debug)]
pub struct Plan {
    pub(crate) from: Option<String>,
    pub(crate) changed: Moment,
    pub(crate) until: Option<Moment>,
    pub(crate) confidence: Confidence,
    pub(crate) clock: Clock,
    pub(crate) timeout: Span,
    pub(crate) separator: u8,
    pub(crate) rows: Option<RowsTable>,
    pub(crate) units: Option<UnitsTable>,
    pub(crate) children: Option<ChildrenTable>,
    pub(crate) queries: Vec<Query>,
    pub(crate) expectations: Vec<Expectation>,
}

/// The table whose rows are counted.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RowsTable {
    pub(crate) table: String,
    /// The column by which one row is told from another.
    pub(crate) id: String,
    /// The column with what a row belongs to.
    pub(crate) unit: String,
    /// The column with when it came.
    pub(crate) time: String,
}

/// The table of what rows belong to.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct UnitsTable {
    pub(crate) table: String,
    pub(crate) id: String,
    /// The column with when a unit first came.
    pub(crate) time: String,
}

/// The table of what rows should have.
#[derive(Clone, Debug)]
pub(crate) struct ChildrenTable {
    pub(crate) table: String,
    /// The column that names the row.
    pub(crate) row: String,
    /// How long a row has to be there until its children may be missed.
    pub(crate) grace: Span,
}

/// A measure of the user's own.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Query {
    pub(crate) name: String,
    /// Gives a unit and a value, and perhaps a weight, in each row: before the change.
    pub(crate) before: Option<String>,
    /// The same after it.
    pub(crate) after: Option<String>,
}

/// Why a plan cannot be followed. The message fits after "failed to …".
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// It is not what a plan looks like.
    #[error("read the plan{place}: {why}")]
    Toml {
        /// In which line.
        place: String,
        /// What is wrong there.
        why: String,
    },
    /// A value cannot be.
    #[error("use `{key}` of the plan: {why}")]
    Value {
        /// Which one.
        key: String,
        /// Why not.
        why: String,
    },
    /// An expectation is none.
    #[error(transparent)]
    Expectation(#[from] NoExpectation),
    /// No data could meet both.
    #[error("expect both `{0}` and `{1}`: nothing can be both")]
    Contradiction(String, String),
    /// An expectation about something that the plan does not say where to find.
    #[error("measure `{expectation}`: the plan has no {part}")]
    Missing {
        /// The expectation.
        expectation: String,
        /// The part that is missing.
        part: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    data: Data,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Data {
    from: Option<String>,
    changed: Datetime,
    until: Option<Datetime>,
    confidence: Option<f64>,
    zone: Option<String>,
    epoch: Option<Epoch>,
    timeout: Option<String>,
    separator: Option<char>,
    rows: Option<RowsTable>,
    units: Option<UnitsTable>,
    children: Option<Children>,
    #[serde(default)]
    query: Vec<Query>,
    expect: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Children {
    table: String,
    row: String,
    grace: Option<String>,
}

impl Plan {
    /// Reads a plan file.
    ///
    /// # Errors
    ///
    /// What is wrong with it, and in which line, where a line is to blame.
    pub fn from_toml(text: &str) -> Result<Self, PlanError> {
        let File { data } = toml::from_str(text).map_err(|error| unreadable(text, &error))?;
        let changed = moment("changed", &data.changed)?;
        let until = data.until.as_ref().map(|until| moment("until", until)).transpose()?;
        if until.is_some_and(|until| until <= changed) {
            return Err(wrong("until", "it is not after `changed`"));
        }
        check_queries(&data.query)?;
        let names: Vec<&str> = data.query.iter().map(|query| query.name.as_str()).collect();
        let read = |text: &String| grammar::read(text, &names);
        let plan = Self {
            from: data.from,
            changed,
            until,
            confidence: confidence(data.confidence)?,
            clock: Clock { zone: data.zone.as_deref().map(zone).transpose()?, epoch: data.epoch },
            timeout: data.timeout.as_deref().map_or(Ok(TIMEOUT), |text| span("timeout", text))?,
            separator: separator(data.separator)?,
            rows: data.rows,
            units: data.units,
            children: data.children.map(children).transpose()?,
            expectations: data.expect.iter().map(read).collect::<Result<_, _>>()?,
            queries: data.query,
        };
        plan.check()?;
        Ok(plan)
    }

    /// Where the data are, as the plan names it.
    pub fn from(&self) -> Option<&str> {
        self.from.as_deref()
    }

    /// Whether it says which rows should have which children.
    pub fn names_children(&self) -> bool {
        self.children.is_some()
    }

    fn check(&self) -> Result<(), PlanError> {
        if self.expectations.is_empty() {
            return Err(wrong("expect", "it is empty: expect something, such as \"drop in 24h >= 90%\""));
        }
        if let Some((one, other)) = contradiction(&self.expectations) {
            return Err(PlanError::Contradiction(one.text.clone(), other.text.clone()));
        }
        if self.rows.is_none() && (self.units.is_some() || self.children.is_some()) {
            return Err(wrong("rows", "it is missing: units and children are those of rows"));
        }
        self.expectations.iter().try_for_each(|expectation| self.has_what_it_takes(expectation))
    }

    fn has_what_it_takes(&self, expectation: &Expectation) -> Result<(), PlanError> {
        let missing = |part: &str| {
            Err(PlanError::Missing { expectation: expectation.text.clone(), part: part.to_owned() })
        };
        if expectation.needs_rows() && self.rows.is_none() {
            return missing("[data.rows], which says what a row, its unit and its time are");
        }
        match &expectation.number.measure {
            Measure::Orphans if self.children.is_none() => {
                missing("[data.children], which says what a row should have")
            }
            Measure::Query(name) | Measure::Sum(name) => {
                let query = self.queries.iter().find(|query| query.name == *name);
                let has =
                    |side: fn(&Query) -> &Option<String>| query.is_some_and(|query| side(query).is_some());
                if !has(|query| &query.after) {
                    missing(&format!("`after` for the query `{name}`"))
                } else if expectation.number.drop && !has(|query| &query.before) {
                    missing(&format!("`before` for the query `{name}`"))
                } else {
                    Ok(())
                }
            }
            _ => Ok(()),
        }
    }
}

fn unreadable(text: &str, error: &toml::de::Error) -> PlanError {
    let line = error.span().map(|span| text[..span.start.min(text.len())].matches('\n').count() + 1);
    let place = line.map_or_else(String::new, |line| format!(", line {line}"));
    PlanError::Toml { place, why: error.message().trim().replace('\n', ", ") }
}

fn wrong(key: &str, why: &str) -> PlanError {
    PlanError::Value { key: key.to_owned(), why: why.to_owned() }
}

fn moment(key: &str, given: &Datetime) -> Result<Moment, PlanError> {
    let text = given.to_string();
    if given.offset.is_none() {
        return Err(wrong(
            key,
            &format!("{text} does not say in which time zone; add Z, or an offset such as +11:00"),
        ));
    }
    Clock::default().read(&text).map_err(|error| wrong(key, &error.to_string()))
}

fn confidence(given: Option<f64>) -> Result<Confidence, PlanError> {
    given.map_or(Ok(Confidence::NINETY_FIVE), |share| {
        Confidence::new(share).map_err(|_| wrong("confidence", "it has to lie between 0 and 1, as 0.95 does"))
    })
}

fn zone(name: &str) -> Result<TimeZone, PlanError> {
    let offset = || format!("2000-01-01T00:00:00{name}[{name}]").parse::<jiff::Zoned>().ok();
    if let Some(zoned) = offset() {
        return Ok(zoned.time_zone().clone());
    }
    let unknown =
        |_| wrong("zone", &format!("`{name}` is no time zone, such as UTC, +11:00 or Australia/Sydney"));
    TimeZone::get(name).map_err(unknown)
}

fn span(key: &str, text: &str) -> Result<Span, PlanError> {
    Span::parse(text).ok_or_else(|| wrong(key, &format!("`{text}` is no duration, such as 30min, 24h or 7d")))
}

fn separator(given: Option<char>) -> Result<u8, PlanError> {
    let given = given.unwrap_or(',');
    let usable = given.is_ascii() && !matches!(given, '"' | '\n' | '\r');
    usable
        .then_some(given as u8)
        .ok_or_else(|| wrong("separator", "it is one ASCII character, such as ; or \\t"))
}

fn children(given: Children) -> Result<ChildrenTable, PlanError> {
    let grace = given.grace.as_deref().map_or(Ok(Span::ZERO), |text| span("children.grace", text))?;
    Ok(ChildrenTable { table: given.table, row: given.row, grace })
}

fn check_queries(queries: &[Query]) -> Result<(), PlanError> {
    for (place, query) in queries.iter().enumerate() {
        let name = query.name.as_str();
        let plain = name.chars().all(|c| c.is_alphanumeric() || c == '_') && !name.is_empty();
        if !plain || grammar::WORDS.contains(&name) {
            let why = format!(
                "`{name}` cannot be told from the expectation's own words; letters and _ only, please"
            );
            return Err(wrong("query.name", &why));
        }
        if queries[..place].iter().any(|other| other.name == name) {
            return Err(wrong("query.name", &format!("two queries are called `{name}`")));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROWS: &str =
        "[data.rows]\ntable = \"sessions\"\nid = \"id\"\nunit = \"visitor_id\"\ntime = \"created_at\"\n";

    fn told(text: &str) -> String {
        Plan::from_toml(text).expect_err(text).to_string()
    }

    fn data(lines: &str) -> String {
        format!("[data]\nchanged = 2025-12-22T21:30:00Z\n{lines}\n")
    }

    #[test]
    fn a_plan_says_where_what_and_which() {
        let plan = Plan::from_toml(
            &(data("from = \"production\"\nexpect = [\"drop >= 90%\"]\nzone = \"+11:00\"") + ROWS),
        )
        .expect("a plan");
        assert_eq!(plan.from(), Some("production"));
        assert_eq!(plan.changed.to_string(), "2025-12-22T21:30:00Z");
        assert_eq!(plan.expectations.len(), 1);
    }

    #[test]
    fn a_change_without_a_time_zone_is_refused() {
        let told = told("[data]\nchanged = 2025-12-22T21:30:00\nexpect = [\"drop >= 90%\"]\n");
        assert!(told.contains("2025-12-22T21:30:00 does not say in which time zone"), "{told}");
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        let text = data("expext = [\"drop >= 90%\"]");
        let told = told(&text);
        assert!(told.starts_with("read the plan, line 3: unknown field `expext`"), "{told}");
        assert!(!told.contains('\n'));
    }

    #[test]
    fn what_cannot_be_is_told_with_its_key() {
        for (lines, key) in [
            ("expect = []", "`expect`"),
            ("expect = [\"drop > 1%\"]\nuntil = 2025-12-22T21:30:00Z", "`until`"),
            ("expect = [\"drop > 1%\"]\nconfidence = 95", "`confidence`"),
            ("expect = [\"drop > 1%\"]\nzone = \"Atlantis\"", "`zone`"),
            ("expect = [\"drop > 1%\"]\ntimeout = \"soon\"", "`timeout`"),
            ("expect = [\"drop > 1%\"]\nseparator = \"ä\"", "`separator`"),
            ("expect = [\"drop > 1%\"]\n[data.units]\ntable=\"t\"\nid=\"i\"\ntime=\"t\"", "`rows`"),
            ("expect = [\"in > 1\"]\n[[data.query]]\nname = \"in\"", "`query.name`"),
        ] {
            let told = told(&data(lines));
            assert!(told.starts_with(&format!("use {key} of the plan: ")), "{told}");
        }
    }

    #[test]
    fn what_an_expectation_needs_has_to_be_there() {
        assert!(told(&data("expect = [\"ratio < 2\"]")).contains("no [data.rows]"));
        assert!(told(&(data("expect = [\"orphans < 2%\"]") + ROWS)).contains("no [data.children]"));
        let query =
            "expect = [\"drop(paid) > 2%\"]\n[[data.query]]\nname = \"paid\"\nafter = \"SELECT 1, 2\"";
        assert!(told(&data(query)).contains("no `before` for the query `paid`"));
    }

    #[test]
    fn expectations_that_exclude_each_other_are_told_together() {
        let told = told(&(data("expect = [\"ratio < 2\", \"ratio > 3\"]") + ROWS));
        assert_eq!(told, "expect both `ratio < 2` and `ratio > 3`: nothing can be both");
    }
}
