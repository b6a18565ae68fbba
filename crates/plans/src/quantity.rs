//! Durations and percentages, as people write them.

use std::time::Duration;

/// `30s`, `5m`, `500ms`; a bare number means seconds.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let seconds = text.parse::<f64>().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let read = seconds.map_or_else(|| humantime::parse_duration(text).map_err(|error| error.to_string()), Ok);
    match read {
        Ok(Duration::ZERO) => Err(format!("`{text}` is no time at all")),
        Ok(duration) => Ok(duration),
        Err(why) => Err(format!("`{text}` is no duration such as 30s or 5m: {why}")),
    }
}

/// `10%` or `0.1`, as a share strictly between 0 and 1.
pub(crate) fn share(text: &str) -> Result<f64, String> {
    let trimmed = text.trim();
    let read = match trimmed.strip_suffix('%') {
        Some(percent) => percent.trim().parse::<f64>().map(|percent| percent / 100.0),
        None => trimmed.parse::<f64>(),
    };
    match read {
        Ok(share) if share > 0.0 && share < 1.0 => Ok(share),
        Ok(_) => Err(format!("`{text}` is not between 0 % and 100 %")),
        Err(_) => Err(format!("`{text}` is no percentage such as \"5%\"")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_has_a_unit_or_means_seconds() {
        assert_eq!(duration("1.5"), Ok(Duration::from_millis(1500)));
        assert_eq!(duration("2m"), Ok(Duration::from_secs(120)));
        assert!(duration("0s").is_err() && duration("soon").is_err() && duration("-1").is_err());
    }

    #[test]
    fn a_percentage_is_a_share() {
        assert_eq!((share("5%"), share(" 0.5 % "), share("0.05")), (Ok(0.05), Ok(0.005), Ok(0.05)));
        assert!(["0%", "100%", "NaN", "some", "-1%"].iter().all(|text| share(text).is_err()));
    }
}
