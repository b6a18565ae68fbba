//! Which toolchain built the image, from the block that `go version FILE` reads.
use super::GoElf;
use super::bytes::varint;

const MAGIC: &[u8] = b"\xff Go buildinf:";
/// The block begins at a multiple of this.
const ALIGNMENT: usize = 16;
/// The version follows a header of this size, since Go 1.18 as a length and the text itself.
const HEADER_SIZE: usize = 32;
/// The byte of flags in the header, and the flag that says so.
const FLAGS_AT: usize = 15;
const FLAG_INLINE: u8 = 2;

/// The toolchain's version, such as `go1.26.8`.
pub(super) fn version(elf: &GoElf) -> Option<String> {
    let section = elf.sections.iter().find(|section| section.name == b".go.buildinfo");
    let block = section.and_then(|section| block_in(section.data));
    let block = block.or_else(|| elf.segments.iter().find_map(|segment| block_in(segment.data)))?;
    if block.get(FLAGS_AT)? & FLAG_INLINE == 0 {
        return None;
    }
    let (length, rest) = varint(block.get(HEADER_SIZE..)?)?;
    let version = std::str::from_utf8(rest.get(..usize::try_from(length).ok()?)?).ok()?;
    version.contains("go").then(|| version.to_owned())
}

fn block_in(data: &'static [u8]) -> Option<&'static [u8]> {
    let starts = (0..data.len()).step_by(ALIGNMENT);
    starts.filter_map(|start| data.get(start..)).find(|block| block.starts_with(MAGIC))
}

#[cfg(test)]
mod tests {
    use super::super::GoSegment;
    use super::*;

    fn version_in(block: &[u8]) -> Option<String> {
        let data: &'static [u8] = block.to_vec().leak();
        let segments = vec![GoSegment { address: 0x1000, data, executable: false }];
        version(&GoElf { sections: Vec::new(), segments })
    }

    fn block(flags: u8, version: &[u8]) -> Vec<u8> {
        let mut block = vec![0; ALIGNMENT];
        block.extend_from_slice(MAGIC);
        block.extend([8, flags]);
        block.extend([0; 16]);
        block.extend_from_slice(version);
        block
    }

    #[test]
    fn the_version_is_found_without_section_headers() {
        assert_eq!(version_in(&block(2, b"\x08go1.26.8")).as_deref(), Some("go1.26.8"));
    }

    #[test]
    fn a_cut_off_version_is_none() {
        assert_eq!(version_in(&block(2, b"\x7fgo1.26.8")), None);
        assert_eq!(version_in(&block(0, b"\x08go1.26.8")), None);
        assert_eq!(version_in(MAGIC), None);
    }
}
