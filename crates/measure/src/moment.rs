//! Times, in microseconds since 1970 in UTC, and lengths of time.

use std::fmt;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::source::printable;

/// A point in time, in microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Moment(pub(crate) i64);

/// A length of time, in microseconds; never negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Span(pub(crate) i64);

/// How the times in the data are to be read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Clock {
    /// Where times without an offset are from.
    pub(crate) zone: Option<TimeZone>,
    /// What a plain number counts.
    pub(crate) epoch: Option<Epoch>,
}

/// What a number that stands for a time counts, since 1970 in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Epoch {
    /// Seconds.
    S,
    /// Milliseconds.
    Ms,
    /// Microseconds.
    Us,
}

/// Why a text is no time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoMoment {
    /// It is something else.
    #[error("`{0}` is no time: write it as 2025-12-22T21:30:00Z")]
    Unreadable(String),
    /// It does not say where its clock stands.
    #[error("`{0}` does not say in which time zone: give the plan `zone = \"UTC\"`, or whichever it is")]
    NoZone(String),
    /// A number, and nobody says of what.
    #[error(
        "`{0}` is a number: give the plan `epoch = \"s\"`, \"ms\" or \"us\", for what it counts since 1970"
    )]
    NoEpoch(String),
    /// A time that no calendar here reaches.
    #[error("`{0}` is too far away to be a time")]
    TooFar(String),
}

impl Clock {
    pub(crate) fn read(&self, text: &str) -> Result<Moment, NoMoment> {
        let text = text.trim();
        let shown = || printable(text);
        if text.bytes().next().is_some_and(|first| first.is_ascii_digit() || first == b'-')
            && let Ok(number) = text.parse::<f64>()
        {
            return self.read_number(number, text);
        }
        if let Ok(moment) = text.parse::<Timestamp>() {
            return Ok(Moment(moment.as_microsecond()));
        }
        let civil: DateTime = text.parse().map_err(|_| NoMoment::Unreadable(shown()))?;
        let zone = self.zone.as_ref().ok_or_else(|| NoMoment::NoZone(shown()))?;
        let moment = zone.to_timestamp(civil).map_err(|_| NoMoment::TooFar(shown()))?;
        Ok(Moment(moment.as_microsecond()))
    }

    pub(crate) fn read_number(&self, number: f64, text: &str) -> Result<Moment, NoMoment> {
        let factor = match self.epoch {
            None => return Err(NoMoment::NoEpoch(text.to_owned())),
            Some(Epoch::S) => 1e6,
            Some(Epoch::Ms) => 1e3,
            Some(Epoch::Us) => 1.0,
        };
        Moment::of_microseconds(number * factor).ok_or_else(|| NoMoment::TooFar(text.to_owned()))
    }
}

impl Moment {
    pub(crate) fn of_microseconds(number: f64) -> Option<Self> {
        let there = number.is_finite() && number.abs() <= Timestamp::MAX.as_microsecond() as f64;
        there.then_some(Self(number.round() as i64))
    }

    pub(crate) fn plus(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0))
    }

    pub(crate) fn minus(self, span: Span) -> Self {
        Self(self.0.saturating_sub(span.0))
    }

    /// How long it is from `earlier` to here; nothing where it is not earlier.
    pub(crate) fn since(self, earlier: Self) -> Span {
        Span(self.0.saturating_sub(earlier.0).max(0))
    }
}

/// To the second, in UTC: `2025-12-22T21:30:00Z`.
impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Timestamp::from_microsecond(self.0) {
            Ok(moment) => {
                let whole = moment.round(jiff::Unit::Second).unwrap_or(moment);
                write!(f, "{whole}")
            }
            Err(_) => f.write_str("the end of time"),
        }
    }
}

impl Span {
    pub(crate) const ZERO: Self = Self(0);
    pub(crate) const HOUR: Self = Self(3_600_000_000);
    pub(crate) const DAY: Self = Self(24 * Self::HOUR.0);
    /// Where a plan stops making sense: no data are older.
    const LONGEST: Self = Self(100 * 366 * Self::DAY.0);

    /// So many of a unit: s, m, h, d or w.
    pub(crate) fn of(number: f64, unit: &str) -> Option<Self> {
        let one = match unit {
            "s" => 1_000_000,
            "m" | "min" => 60_000_000,
            "h" => Self::HOUR.0,
            "d" => Self::DAY.0,
            "w" => 7 * Self::DAY.0,
            _ => return None,
        };
        let whole = number * one as f64;
        (whole >= 1.0 && whole <= Self::LONGEST.0 as f64).then_some(Self(whole as i64))
    }

    /// A number and its unit, as one word: `24h`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        Self::of(text[..digits].parse().ok()?, &text[digits..])
    }

    pub(crate) fn times(self, factor: f64) -> Self {
        Self((self.0 as f64 * factor).min(i64::MAX as f64) as i64)
    }

    pub(crate) fn to_std(self) -> std::time::Duration {
        std::time::Duration::from_micros(self.0.unsigned_abs())
    }

    /// Down to whole days, where it is at least one: nights are not compared with noons.
    pub(crate) fn whole_days(self) -> Self {
        if self >= Self::DAY { Self(self.0 - self.0 % Self::DAY.0) } else { self }
    }
}

/// `24h`, `7d`, `90min`: in the largest unit of which it is a whole number.
impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = [(Self::DAY.0, "d"), (Self::HOUR.0, "h"), (60_000_000, "min"), (1_000_000, "s")];
        match units.into_iter().find(|&(one, _)| self.0 % one == 0 && self.0 > one) {
            Some((one, unit)) => write!(f, "{}{unit}", self.0 / one),
            None if self.0 == Self::DAY.0 => f.write_str("24h"),
            None => write!(f, "{:.1}s", SignedDuration::from_micros(self.0).as_secs_f64()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock(zone: Option<&str>, epoch: Option<Epoch>) -> Clock {
        let zone = zone.map(|name| TimeZone::get(name).expect("a zone"));
        Clock { zone, epoch }
    }

    #[test]
    fn a_time_with_an_offset_means_the_same_everywhere() {
        let times = ["2025-12-22T21:30:00Z", "2025-12-23T08:30:00+11:00", "2025-12-22 21:30:00.000+00"];
        let read = times.map(|text| clock(None, None).read(text).expect("a time").to_string());
        assert_eq!(read, ["2025-12-22T21:30:00Z"; 3].map(str::to_owned));
    }

    #[test]
    fn a_time_without_an_offset_waits_for_its_zone() {
        let text = "2025-12-23 08:30:00";
        assert!(matches!(clock(None, None).read(text), Err(NoMoment::NoZone(_))));
        let here = clock(Some("UTC"), None).read(text).expect("a time");
        assert_eq!(here.to_string(), "2025-12-23T08:30:00Z");
    }

    #[test]
    fn a_number_waits_for_what_it_counts() {
        assert!(matches!(clock(None, None).read("1766439000"), Err(NoMoment::NoEpoch(_))));
        let counted = [("1766439000", Epoch::S), ("1766439000000", Epoch::Ms)]
            .map(|(text, epoch)| clock(None, Some(epoch)).read(text).expect("a time").to_string());
        assert_eq!(counted, ["2025-12-22T21:30:00Z"; 2].map(str::to_owned));
        let far = clock(None, Some(Epoch::S)).read("1e300");
        assert!(matches!(far, Err(NoMoment::TooFar(_))), "{far:?}");
    }

    #[test]
    fn what_is_no_time_is_told() {
        for text in ["", "yesterday", "22.12.2025", "2025-13-01T00:00:00Z", "NaN"] {
            assert!(clock(Some("UTC"), Some(Epoch::S)).read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_span_is_read_and_shown() {
        for (text, shown) in [("24h", "24h"), ("7d", "7d"), ("1w", "7d"), ("90m", "90min"), ("1.5h", "90min")]
        {
            assert_eq!(Span::parse(text).expect("a span").to_string(), shown);
        }
        assert!(
            ["", "24", "h", "-3h", "0s", "3y", "1e9d", "999999999w"]
                .iter()
                .all(|text| Span::parse(text).is_none())
        );
    }
}
