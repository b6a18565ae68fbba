//! Numbers as people read them.

/// `number` with a comma between thousands: `4,211`.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 time`, `2 times`, `3 accesses`; the plural is regular.
pub(crate) fn counted(number: u64, noun: &str) -> String {
    let ending = match number {
        1 => "",
        _ if noun.ends_with('s') => "es",
        _ => "s",
    };
    format!("{} {noun}{ending}", count(number))
}

/// A duration given in microseconds, in the unit that suits it.
pub(crate) fn micros(us: u64) -> String {
    match us {
        0..1_000 => format!("{us} µs"),
        1_000..1_000_000 => format!("{:.1} ms", us as f64 / 1e3),
        _ => format!("{:.1} s", us as f64 / 1e6),
    }
}

/// A duration given in milliseconds, in seconds.
pub(crate) fn seconds(ms: u64) -> String {
    match ms {
        0..100 => format!("{:.2} s", ms as f64 / 1e3),
        100..600_000 => format!("{:.1} s", ms as f64 / 1e3),
        _ => format!("{} min", ms / 60_000),
    }
}

/// A share between 0 and 1 as a percentage with two significant digits below 10 %.
pub(crate) fn percent(share: f64) -> String {
    let percent = share * 100.0;
    match percent {
        p if p > 0.0 && p < 0.95 => format!("{p:.2} %"),
        p => format!("{p:.1} %"),
    }
}

/// A rate, however small: a percentage down to a hundredth of one, below that a power of ten.
pub(crate) fn rarity(rate: f64) -> String {
    match rate {
        r if r >= 1e-4 || r == 0.0 => percent(r),
        r => format!("{r:.1e}"),
    }
}

/// A confidence between 0 and 1, without decimals that are zero: `95 %`.
pub(crate) fn confidence(confidence: f64) -> String {
    let percent = (confidence * 1000.0).round() / 10.0;
    format!("{percent} %")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(count), ["0", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn one_thing_is_singular() {
        assert_eq!(counted(1, "time"), "1 time");
        assert_eq!(counted(1_400, "time"), "1,400 times");
    }

    #[test]
    fn durations_come_in_the_unit_that_suits_them() {
        assert_eq!([7, 812, 1_450, 2_300_000].map(micros), ["7 µs", "812 µs", "1.4 ms", "2.3 s"]);
        assert_eq!([60, 317, 10_004, 3_600_000].map(seconds), ["0.06 s", "0.3 s", "10.0 s", "60 min"]);
    }

    #[test]
    fn small_shares_keep_their_digits() {
        assert_eq!([0.0, 0.0007, 0.0188, 1.0].map(percent), ["0.0 %", "0.07 %", "1.9 %", "100.0 %"]);
        assert_eq!([0.95, 0.999].map(confidence), ["95 %", "99.9 %"]);
    }
}
