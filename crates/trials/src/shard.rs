use std::str::FromStr;

/// A part of a hunt that several machines share: the trials with these numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// The first, counted from 0.
    pub(crate) first: u64,
    /// How many numbers further the next one is.
    pub(crate) step: u64,
}

/// Where nobody knows how many parts there are, each has so many numbers of its own.
const ROOM: u64 = 1 << 32;

impl Shard {
    /// All of them.
    pub const WHOLE: Self = Self { first: 0, step: 1 };

    /// Part `index`, counted from 0, of so many.
    pub fn of(index: u64, parts: u64) -> Option<Self> {
        (index < parts).then_some(Self { first: index, step: parts })
    }

    /// Part `index`, counted from 0, of nobody knows how many.
    pub fn unbounded(index: u64) -> Self {
        Self { first: index.wrapping_mul(ROOM), step: 1 }
    }
}

/// It is not of the form `3/16`, or there is no such part.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a part such as 3/16: the first is 1/16, the last 16/16")]
pub struct NoShard(String);

impl FromStr for Shard {
    type Err = NoShard;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let read = |text: &str| text.trim().parse::<u64>().ok();
        let parts = text.split_once('/').and_then(|(part, parts)| Some((read(part)?, read(parts)?)));
        let shard = parts.and_then(|(part, parts)| Self::of(part.checked_sub(1)?, parts));
        shard.ok_or_else(|| NoShard(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn parts_are_counted_from_one() {
        assert_eq!("1/16".parse(), Ok(Shard { first: 0, step: 16 }));
        assert_eq!("16/16".parse(), Ok(Shard { first: 15, step: 16 }));
        for wrong in ["0/16", "17/16", "3", "a/b", "/", "1/0", "-1/2"] {
            assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn no_two_parts_share_a_trial() {
        let numbers = |shard: Shard| (0..1000).map(move |trial| shard.first + trial * shard.step);
        let parts: Vec<Shard> = (0..7).filter_map(|index| Shard::of(index, 7)).collect();
        let all: BTreeSet<u64> = parts.into_iter().flat_map(numbers).collect();
        assert_eq!(all.len(), 7000);
        let all: BTreeSet<u64> = (0..7).map(Shard::unbounded).flat_map(numbers).collect();
        assert_eq!(all.len(), 7000);
    }
}
