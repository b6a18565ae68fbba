//! Versions of apps: numbers with dots in between.

use serde::Deserialize;
use std::cmp::Ordering;

/// A range such as `">=2.4"`, `"<3"` or `"=2.4.1"`.
#[derive(Debug, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Range {
    allowed: &'static [Ordering],
    bound: Vec<u32>,
}

impl Range {
    /// Whether the version lies in the range. What is no version lies in none.
    pub(crate) fn holds(&self, version: &str) -> bool {
        numbers(version).is_some_and(|found| self.allowed.contains(&compare(&found, &self.bound)))
    }
}

impl TryFrom<String> for Range {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        use Ordering::{Equal, Greater, Less};
        let kinds: [(&str, &'static [Ordering]); 5] = [
            (">=", &[Greater, Equal]),
            ("<=", &[Less, Equal]),
            (">", &[Greater]),
            ("<", &[Less]),
            ("=", &[Equal]),
        ];
        kinds
            .into_iter()
            .find_map(|(sign, allowed)| Some((allowed, text.strip_prefix(sign)?)))
            .and_then(|(allowed, bound)| Some(Range { allowed, bound: numbers(bound)? }))
            .ok_or_else(|| format!("`{text}` is no range of versions"))
    }
}

/// The numbers of a version; what follows a `-` or `+` does not count.
fn numbers(version: &str) -> Option<Vec<u32>> {
    let release = version.split(['-', '+']).next()?;
    release.split('.').map(|number| number.trim().parse().ok()).collect()
}

/// 2.4 is 2.4.0.
fn compare(one: &[u32], other: &[u32]) -> Ordering {
    let at = |numbers: &[u32], place| numbers.get(place).copied().unwrap_or(0);
    (0..one.len().max(other.len()))
        .map(|place| at(one, place).cmp(&at(other, place)))
        .find(|order| order.is_ne())
        .unwrap_or(Ordering::Equal)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(range: &str, version: &str) -> bool {
        Range::try_from(range.to_owned()).unwrap().holds(version)
    }

    #[test]
    fn versions_are_compared_by_number() {
        assert!(holds(">=2.4", "2.10.0") && !holds(">=2.4", "2.3.9"));
        assert!(holds("<3", "2.99") && !holds("<3", "3.0.0"));
        assert!(holds("=2.4", "2.4.0") && holds("<=2.4.0", "2.4"));
    }

    #[test]
    fn what_follows_the_release_does_not_count() {
        assert!(holds("=2.4.1", "2.4.1-beta") && holds("=2.4.1", "2.4.1+7"));
    }

    #[test]
    fn what_is_no_version_lies_in_no_range() {
        assert!(!holds(">=0", "unknown") && !holds("<9", ""));
    }

    #[test]
    fn what_is_no_range_is_refused() {
        assert!(Range::try_from("2.4".to_owned()).is_err() && Range::try_from(">=new".to_owned()).is_err());
    }
}
