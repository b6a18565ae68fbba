//! Several byte strings in one: each behind its length, so that a fuzzer can change one and leave the others whole.

/// The first `N` parts of `bytes`; empty where there are fewer.
pub(crate) fn taken_apart<const N: usize>(bytes: &[u8]) -> [&[u8]; N] {
    let mut rest = bytes;
    [(); N].map(|()| {
        let Some((length, after)) = rest.split_first_chunk() else { return &[][..] };
        let length = usize::from(u16::from_le_bytes(*length)).min(after.len());
        let (part, after) = after.split_at(length);
        rest = after;
        part
    })
}
