//! `.eh_frame_hdr`: where `.eh_frame` is, and its entries sorted by the code they are for (Linux Standard Base,
//! Core 5.0, 10.6.2).

/// Pointer encodings (LSB Core 5.0, table 10.5): a signed 32-bit distance from the pointer itself.
const RELATIVE_TO_POINTER: u8 = 0x1b;
/// An unsigned 32-bit number.
const UDATA4: u8 = 0x03;
/// A signed 32-bit distance from the start of the header.
const RELATIVE_TO_HEADER: u8 = 0x3b;

/// The header in the one form that linkers write it in.
pub(crate) struct FrameIndex {
    address: u64,
    /// Where `.eh_frame` is loaded.
    pub(crate) frames: u64,
    /// Pairs of distances from the header: to the code, and to its entry.
    pairs: &'static [[u8; 8]],
}

impl FrameIndex {
    pub(crate) fn parse(address: u64, bytes: &'static [u8]) -> Option<Self> {
        let (header, table) = bytes.split_first_chunk::<12>()?;
        let [1, RELATIVE_TO_POINTER, count_encoding, table_encoding, distance @ .., _, _, _, _] = *header
        else {
            return None;
        };
        let frames = address.wrapping_add(4).wrapping_add_signed(i32::from_le_bytes(distance).into());
        let count = u32::from_le_bytes(*header.last_chunk()?) as usize;
        let is_sorted_table = (count_encoding, table_encoding) == (UDATA4, RELATIVE_TO_HEADER);
        let (pairs, _) = table.as_chunks();
        Some(Self { address, frames, pairs: if is_sorted_table { pairs.get(..count)? } else { &[] } })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// The address of the entry for the code that starts last before `at`, or there.
    pub(crate) fn entry_before(&self, at: u64) -> Option<u64> {
        let after = self.pairs.partition_point(|pair| self.resolve(pair).0 <= at);
        Some(self.resolve(self.pairs[..after].last()?).1)
    }

    /// The addresses of all entries, by the code they are for.
    pub(crate) fn entries(&self) -> impl Iterator<Item = u64> {
        self.pairs.iter().map(|pair| self.resolve(pair).1)
    }

    fn resolve(&self, pair: &[u8; 8]) -> (u64, u64) {
        let [a, b, c, d, e, f, g, h] = *pair;
        let at = |distance| self.address.wrapping_add_signed(i64::from(i32::from_le_bytes(distance)));
        (at([a, b, c, d]), at([e, f, g, h]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A header at 0x1000 for `.eh_frame` at 0x2000, with entries for code at 0x100 and at 0x200.
    const HEADER: &[u8] = &[
        1, 0x1b, 0x03, 0x3b, 0xfc, 0x0f, 0, 0, 2, 0, 0, 0, //
        0x00, 0xf1, 0xff, 0xff, 0x18, 0x10, 0, 0, //
        0x00, 0xf2, 0xff, 0xff, 0x40, 0x10, 0, 0,
    ];

    #[test]
    fn the_entry_is_the_one_for_the_code_that_starts_last_before_the_address() {
        let index = FrameIndex::parse(0x1000, HEADER).unwrap();
        assert_eq!(index.frames, 0x2000);
        assert_eq!(index.entry_before(0xff), None);
        assert_eq!(index.entry_before(0x100), Some(0x2018));
        assert_eq!(index.entry_before(0x1ff), Some(0x2018));
        assert_eq!(index.entry_before(u64::MAX), Some(0x2040));
    }

    #[test]
    fn an_index_that_claims_more_entries_than_it_has_is_refused() {
        assert!(FrameIndex::parse(0x1000, &HEADER[..HEADER.len() - 1]).is_none());
        assert!(FrameIndex::parse(0x1000, &HEADER[..11]).is_none());
    }
}
