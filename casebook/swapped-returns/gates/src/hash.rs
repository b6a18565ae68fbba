//! Which share of all users somebody belongs to, the same on every machine and in every release.

/// How finely a population can be divided.
pub(crate) const BUCKETS: u64 = 10_000;

/// The user's bucket, below [`BUCKETS`]. Different salts divide the same users independently.
pub(crate) fn bucket(salt: &str, user_id: &str) -> u64 {
    mixed(fnv1a(&[salt.as_bytes(), b".", user_id.as_bytes()])) % BUCKETS
}

/// Whether the user is among the first `percent` of all.
pub(crate) fn within(salt: &str, user_id: &str, percent: f64) -> bool {
    (bucket(salt, user_id) as f64) < percent / 100.0 * BUCKETS as f64
}

/// FNV-1a, 64 bits.
fn fnv1a(parts: &[&[u8]]) -> u64 {
    parts
        .iter()
        .flat_map(|part| part.iter())
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3))
}

/// MurmurHash3's finalizer: FNV alone leaves the last characters' traces in the low bits.
fn mixed(mut hash: u64) -> u64 {
    hash = (hash ^ hash >> 33).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash = (hash ^ hash >> 33).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ hash >> 33
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fnv1a_is_the_published_one() {
        assert_eq!(fnv1a(&[b""]), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv1a(&[b"foo", b"bar"]), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn buckets_are_filled_evenly() {
        let among = (0..100_000).filter(|n| within("salt", &format!("user-{n}"), 25.0)).count();
        // Six standard deviations around a quarter.
        assert!((24_180..25_820).contains(&among), "{among} of 100,000 in a quarter");
    }

    #[test]
    fn salts_divide_independently() {
        let both = (0..100_000)
            .map(|n| format!("user-{n}"))
            .filter(|id| within("one", id, 50.0) && within("two", id, 50.0))
            .count();
        assert!((24_180..25_820).contains(&both), "{both} of 100,000 in two halves");
    }

    #[test]
    fn nobody_is_within_nothing_and_all_are_within_everything() {
        for n in 0..1000 {
            let id = n.to_string();
            assert!(!within("salt", &id, 0.0) && within("salt", &id, 100.0));
        }
    }
}
