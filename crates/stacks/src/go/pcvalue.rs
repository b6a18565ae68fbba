//! Go's compressed maps from code offset to a small number: stack depth, file, line, inlining.
//!
//! A map is a run of pairs of varints: by how much the value changes (zigzag), then for how many bytes of code
//! it stays. The value starts at -1, the offset at the function's first byte; a zero change, except the first,
//! ends the map. (On x86-64 the unit of code length is one byte.)
use std::cell::Cell;

use super::bytes::varint;

/// How many pairs may still be read. A map has one for each statement or so; in a corrupt file each may be as long as the
/// file, and be asked for at every inlined call of every frame.
pub(super) struct Patience(Cell<u32>);

impl Patience {
    /// Enough for the stack depths of a function with a thousand returns.
    pub(super) fn for_depths() -> Self {
        Self(Cell::new(1 << 14))
    }

    /// Enough for all lines and inlined calls at one instruction, in the middle of the longest generated functions.
    pub(super) fn for_positions() -> Self {
        Self(Cell::new(1 << 18))
    }

    fn spend(&self) -> Option<()> {
        self.0.set(self.0.get().checked_sub(1)?);
        Some(())
    }
}

/// The value that the map beginning `data` gives the code at `offset` bytes into the function.
pub(super) fn value_at(data: &[u8], offset: u64, patience: &Patience) -> Option<i32> {
    let (mut rest, mut value, mut end) = (data, -1_i32, 0_u64);
    loop {
        patience.spend()?;
        let (change, after) = varint(rest)?;
        if change == 0 && rest.len() != data.len() {
            return None;
        }
        let (length, after) = varint(after)?;
        value = value.wrapping_add(unzigzag(change));
        end += u64::from(length);
        if offset < end {
            return Some(value);
        }
        rest = after;
    }
}

fn unzigzag(number: u32) -> i32 {
    (number >> 1).cast_signed() ^ -((number & 1).cast_signed())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 0 for one byte of code, 8 for three more, 24 for ten more.
    const MAP: &[u8] = &[2, 1, 16, 3, 32, 10, 0];

    #[test]
    fn a_value_holds_for_its_whole_run_and_no_longer() {
        let values: Vec<_> =
            [0, 1, 3, 4, 13, 14].map(|offset| value_at(MAP, offset, &Patience::for_depths())).into();
        assert_eq!(values, [Some(0), Some(8), Some(8), Some(24), Some(24), None]);
    }

    #[test]
    fn the_first_change_may_be_zero_and_means_minus_one() {
        let patience = Patience::for_depths();
        assert_eq!(value_at(&[0, 5, 2, 5, 0], 4, &patience), Some(-1));
        assert_eq!(value_at(&[0, 5, 2, 5, 0], 5, &patience), Some(0));
    }

    #[test]
    fn patience_with_long_maps_ends() {
        let patience = Patience::for_depths();
        assert_eq!(value_at(&[2, 1].repeat(1 << 15), 1 << 14, &patience), None);
        assert_eq!(value_at(MAP, 0, &patience), None);
    }
}
