use std::ops::Range;

use object::LittleEndian as LE;
use object::elf;
use object::read::elf::{FileHeader, SectionHeader, SectionTable};
use object::read::{CompressedData, CompressionFormat};

use super::headers::{LONGEST_NAME, file_range};

/// One section of the file.
pub(crate) struct Section {
    pub(crate) name: &'static [u8],
    pub(crate) address: u64,
    pub(crate) size: u64,
    /// Its bytes as they stand in the file, perhaps compressed; none for sections that are only memory.
    pub(crate) data: &'static [u8],
    pub(crate) loaded: bool,
    pub(crate) executable: bool,
    compressed: bool,
}

impl Section {
    pub(crate) fn range(&self) -> Range<u64> {
        self.address..self.address.saturating_add(self.size)
    }

    /// Whether it holds stubs that only jump on to another image.
    pub(crate) fn is_linkage_table(&self) -> bool {
        matches!(self.name, b".plt" | b".plt.got" | b".plt.sec" | b".plt.bnd" | b".iplt")
    }

    /// Its contents, decompressed where needed. What is decompressed is never freed: images live as long as
    /// the program does.
    pub(crate) fn contents(&self) -> Option<&'static [u8]> {
        if self.compressed {
            return decompress(compressed_by_flag(self.data)?);
        }
        if self.name.starts_with(b".zdebug_") {
            return decompress(compressed_by_name(self.data)?);
        }
        Some(self.data)
    }
}

/// Every section that can be read; none when there is no section table or it is corrupt.
pub(crate) fn parse(header: &elf::FileHeader64<LE>, bytes: &'static [u8]) -> Vec<Section> {
    let Ok(table) = header.sections(LE, bytes) else { return Vec::new() };
    table.iter().filter_map(|section| one(&table, section, bytes)).collect()
}

fn one(
    table: &SectionTable<'static, elf::FileHeader64<LE>>,
    header: &'static elf::SectionHeader64<LE>,
    bytes: &'static [u8],
) -> Option<Section> {
    let flags = header.sh_flags(LE);
    let in_file = header.sh_type(LE) != elf::SHT_NOBITS;
    Some(Section {
        name: table.section_name(LE, header).ok().filter(|name| name.len() <= LONGEST_NAME)?,
        address: header.sh_addr(LE),
        size: header.sh_size(LE),
        data: if in_file { file_range(bytes, header.sh_offset(LE), header.sh_size(LE)) } else { &[] },
        loaded: flags & u64::from(elf::SHF_ALLOC) != 0,
        executable: flags & u64::from(elf::SHF_EXECINSTR) != 0,
        compressed: flags & u64::from(elf::SHF_COMPRESSED) != 0,
    })
}

/// `SHF_COMPRESSED`: an `Elf64_Chdr` (type, reserved, size, alignment) stands before the stream.
fn compressed_by_flag(data: &'static [u8]) -> Option<CompressedData<'static>> {
    let (header, stream) = data.split_at_checked(24)?;
    let format = match u32::from_le_bytes(header[..4].try_into().ok()?) {
        elf::ELFCOMPRESS_ZLIB => CompressionFormat::Zlib,
        elf::ELFCOMPRESS_ZSTD => CompressionFormat::Zstandard,
        _ => return None,
    };
    let uncompressed_size = u64::from_le_bytes(header[8..16].try_into().ok()?);
    Some(CompressedData { format, data: stream, uncompressed_size })
}

/// The older `.zdebug_` form: "ZLIB", then the size in big-endian.
fn compressed_by_name(data: &'static [u8]) -> Option<CompressedData<'static>> {
    let (header, stream) = data.split_at_checked(12)?;
    let size = header.strip_prefix(b"ZLIB")?.try_into().ok()?;
    Some(CompressedData {
        format: CompressionFormat::Zlib,
        data: stream,
        uncompressed_size: u64::from_be_bytes(size),
    })
}

/// What a stream may claim to hold, per byte of it. Deflate cannot do better than 1032:1 (its longest match,
/// 258 bytes, takes at least two bits); a greater claim would only make us allocate.
const GREATEST_EXPANSION: u64 = 1032;

fn decompress(compressed: CompressedData<'static>) -> Option<&'static [u8]> {
    let limit = (compressed.data.len() as u64 + 1).saturating_mul(GREATEST_EXPANSION);
    if compressed.uncompressed_size > limit {
        return None;
    }
    let data = compressed.decompress().ok()?.into_owned();
    Some(data.leak())
}
