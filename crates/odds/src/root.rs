//! Where a rising condition turns true.

/// The place between `low` and `high` where `reached` turns true, to the last bit: `reached` has to be false on one
/// part of the way, and true on all the rest.
///
/// Halving needs no derivative and no starting value, cannot overshoot, and the functions inverted here cost
/// microseconds; so what faster methods would gain is not worth what can go wrong in them at rates of one in a million.
pub(crate) fn turning_point(low: f64, high: f64, reached: impl Fn(f64) -> bool) -> f64 {
    let (mut low, mut high) = (low, high);
    loop {
        let middle = low + (high - low) / 2.0;
        if middle <= low || middle >= high {
            return high;
        }
        if reached(middle) {
            high = middle;
        } else {
            low = middle;
        }
    }
}

/// The least whole number from `low` on for which `reached` is true; `None` if it is not true below 2⁵³, from where
/// on doubles skip whole numbers.
pub(crate) fn least(low: u64, reached: impl Fn(u64) -> bool) -> Option<u64> {
    const MOST: u64 = 1 << 53;
    let mut step = 1;
    let mut beyond = low;
    while !reached(beyond) {
        step *= 2;
        beyond = low + step;
        if beyond > MOST {
            return None;
        }
    }
    let mut before = low;
    while before < beyond {
        let middle = before + (beyond - before) / 2;
        if reached(middle) {
            beyond = middle;
        } else {
            before = middle + 1;
        }
    }
    Some(beyond)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turning_point_is_exact_at_any_scale() {
        for root in [3e-9, 0.25, 7.5e8] {
            let found = turning_point(0.0, 1e9, |x| x >= root);
            assert_eq!(found, root);
        }
    }

    #[test]
    fn the_least_number_is_found_from_any_start() {
        for wanted in [5, 6, 1_000, 12_345_678] {
            assert_eq!(least(5, |n| n >= wanted), Some(wanted));
        }
        assert_eq!(least(0, |_| false), None);
    }
}
