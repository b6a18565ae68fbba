//! Little-endian reads that answer None outside their slice: the tables come from files nobody vouches for.
use std::ffi::CStr;

pub(super) fn u32_at(data: &[u8], at: usize) -> Option<u32> {
    let bytes = data.get(at..at.checked_add(4)?)?;
    Some(u32::from_le_bytes(bytes.try_into().ok()?))
}

pub(super) fn i32_at(data: &[u8], at: usize) -> Option<i32> {
    u32_at(data, at).map(u32::cast_signed)
}

pub(super) fn u64_at(data: &[u8], at: usize) -> Option<u64> {
    let bytes = data.get(at..at.checked_add(8)?)?;
    Some(u64::from_le_bytes(bytes.try_into().ok()?))
}

/// Longer texts are none: any number may end at the same byte, and be nearly as long as the file each.
const LONGEST_TEXT: usize = 1 << 14;

/// The UTF-8 text from `at` to the next zero byte.
pub(super) fn text_at(data: &'static [u8], at: usize) -> Option<&'static str> {
    let rest = data.get(at..)?;
    CStr::from_bytes_until_nul(&rest[..rest.len().min(LONGEST_TEXT)]).ok()?.to_str().ok()
}

/// A base-128 number, low bits first, and what follows it; None when it is cut off or longer than 32 bits.
pub(super) fn varint(data: &[u8]) -> Option<(u32, &[u8])> {
    let mut value = 0;
    for (index, &byte) in data.iter().take(5).enumerate() {
        value |= u32::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Some((value, &data[index + 1..]));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_varint_takes_seven_bits_of_each_byte() {
        assert_eq!(varint(&[0xac, 0x02, 9]), Some((300, &[9][..])));
    }

    #[test]
    fn a_cut_off_or_overlong_varint_is_refused() {
        assert_eq!(varint(&[0x80]), None);
        assert_eq!(varint(&[0x80; 9]), None);
    }

    #[test]
    fn reads_past_the_end_are_refused_even_where_the_index_overflows() {
        assert_eq!(u32_at(&[0; 8], 5), None);
        assert_eq!(u64_at(&[0; 8], usize::MAX - 2), None);
        assert_eq!(text_at(b"no end", 0), None);
    }
}
