use std::fmt;

use crate::moment::Span;

/// What is expected of a number: `drop in 24h >= 90%`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Expectation {
    /// As the plan has it.
    pub(crate) text: String,
    pub(crate) number: Number,
    pub(crate) comparison: Comparison,
    /// What it is compared with; a percentage stands as its share.
    pub(crate) limit: f64,
    /// Whether the limit was a percentage: of outliers and childless rows, their share is meant then.
    pub(crate) percent: bool,
}

/// A number that data give.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Number {
    /// Whether it is by how much the measure fell.
    pub(crate) drop: bool,
    pub(crate) measure: Measure,
    /// Of units that came with or after the change only.
    pub(crate) of_new: bool,
    /// For so long after the change, and before it; else as long as there are data.
    pub(crate) period: Option<Span>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Measure {
    /// How many rows there are. Only its drop is a number that says anything.
    Rows,
    /// Rows per unit.
    Events,
    /// Different rows per different unit.
    Ratio,
    /// The share of units with too many rows.
    Share(Threshold),
    /// Units with too many rows that had not too many before.
    Outliers(Threshold),
    /// Rows without children.
    Orphans,
    /// What a query of the user's gives, per unit.
    Query(String),
    /// The same added up over all units; only its drop says anything.
    Sum(String),
}

/// More than so many rows, within some time or in all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Threshold {
    pub(crate) more_than: u64,
    pub(crate) within: Option<Span>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    Below,
    AtMost,
    Equal,
    AtLeast,
    Above,
}

impl Comparison {
    pub(crate) fn admits(self, value: f64, limit: f64) -> bool {
        match self {
            Self::Below => value < limit,
            Self::AtMost => value <= limit,
            Self::Equal => value == limit,
            Self::AtLeast => value >= limit,
            Self::Above => value > limit,
        }
    }

    /// Whether a number that is too large is what it is there to catch.
    pub(crate) fn is_ceiling(self) -> bool {
        matches!(self, Self::Below | Self::AtMost | Self::Equal)
    }
}

impl Expectation {
    /// Whether it is about how many there are, which can be counted to the last one.
    pub(crate) fn counts(&self) -> bool {
        !self.percent
            && !self.number.drop
            && matches!(self.number.measure, Measure::Outliers(_) | Measure::Orphans)
    }

    /// Whether it asks for the rows themselves, and not only for what a query gives.
    pub(crate) fn needs_rows(&self) -> bool {
        !matches!(self.number.measure, Measure::Query(_) | Measure::Sum(_))
    }
}

/// One spelling for all that mean the same.
impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.drop, &self.measure) {
            (true, Measure::Rows) => f.write_str("drop")?,
            (true, measure) => write!(f, "drop({measure})")?,
            (false, measure) => write!(f, "{measure}")?,
        }
        if self.of_new {
            f.write_str(" of new units")?;
        }
        self.period.map_or(Ok(()), |period| write!(f, " in {period}"))
    }
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rows => f.write_str("rows"),
            Self::Events => f.write_str("events"),
            Self::Ratio => f.write_str("ratio"),
            Self::Share(threshold) => write!(f, "share({threshold})"),
            Self::Outliers(threshold) => write!(f, "outliers({threshold})"),
            Self::Orphans => f.write_str("orphans"),
            Self::Query(name) => f.write_str(name),
            Self::Sum(name) => write!(f, "sum({name})"),
        }
    }
}

impl fmt::Display for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "> {}", self.more_than)?;
        self.within.map_or(Ok(()), |within| write!(f, " in {within}"))
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Below => "<",
            Self::AtMost => "<=",
            Self::Equal => "==",
            Self::AtLeast => ">=",
            Self::Above => ">",
        })
    }
}
