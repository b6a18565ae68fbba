//! How values stand in the file: SQLite's integers have 63 bits and a sign, its texts no bound.

use std::borrow::Cow;
use std::error::Error;
use std::time::{Duration, SystemTime};

use jostle_model::Seed;
use rusqlite::types::Type;

/// A count or a duration. Nothing that is counted comes near the greatest that fits, except by mistake of the target.
pub(crate) fn number(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// A count or a duration as it is read back; none of them is negative.
pub(crate) fn count(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

/// A seed, all 64 bits of it. The greater half of all seeds is negative in the file.
pub(crate) fn seed(seed: Seed) -> i64 {
    seed.0.cast_signed()
}

/// A moment, in milliseconds of Unix time; what is before 1970 or after the year 292,000,000 becomes that.
pub(crate) fn moment(at: SystemTime) -> i64 {
    let since = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// The moment that was stored; one that this machine has no notion of becomes the beginning of 1970.
pub(crate) fn time(ms: i64) -> SystemTime {
    let epoch = SystemTime::UNIX_EPOCH;
    epoch.checked_add(Duration::from_millis(count(ms))).unwrap_or(epoch)
}

/// The most that the words at the end of a text that was cut may take, in bytes.
const REMARK: usize = 64;

/// `text`, or, where it takes more than `limit` bytes, its beginning with a remark on how much is missing. That takes no
/// more than `limit` either, so that it is not cut again when it goes from one case to another.
pub(crate) fn bounded(text: &str, limit: usize) -> Cow<'_, str> {
    if text.len() <= limit {
        return Cow::Borrowed(text);
    }
    let end = text.floor_char_boundary(limit.saturating_sub(REMARK));
    Cow::Owned(format!("{} … {} more bytes were not kept", &text[..end], text.len() - end))
}

/// The error for a column that holds what nobody of us writes.
pub(crate) fn unfit(column: usize, why: impl Into<Box<dyn Error + Send + Sync>>) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, why.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_seed_is_read_back_as_it_was() {
        for value in [0, 1, u64::MAX / 2, u64::MAX / 2 + 1, u64::MAX] {
            assert_eq!(seed(Seed(value)).cast_unsigned(), value);
        }
    }

    #[test]
    fn a_long_text_is_cut_between_characters_and_says_so() {
        let cut = bounded(&"ü".repeat(100), REMARK + 3).into_owned();
        assert_eq!(cut, "ü … 198 more bytes were not kept");
        assert_eq!(bounded("grüße", 7), "grüße");
    }

    #[test]
    fn what_was_cut_is_not_cut_again() {
        for limit in [REMARK, 100, 1_000] {
            let cut = bounded(&"a".repeat(1_000_000), limit).into_owned();
            assert!(cut.len() <= limit, "{}", cut.len());
            assert_eq!(bounded(&cut, limit), cut);
        }
    }

    #[test]
    fn a_moment_is_read_back_to_the_millisecond() {
        let at = SystemTime::UNIX_EPOCH + Duration::from_micros(1_763_750_199_123_456);
        assert_eq!(time(moment(at)), SystemTime::UNIX_EPOCH + Duration::from_millis(1_763_750_199_123));
    }

    #[test]
    fn a_moment_before_1970_becomes_its_beginning() {
        assert_eq!(moment(SystemTime::UNIX_EPOCH - Duration::from_secs(1)), 0);
    }
}
