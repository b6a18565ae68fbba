//! A small ELF file made of sections whose contents are anything, at addresses that are in order.

/// A section. Its bytes are any.
pub(crate) struct Section {
    pub(crate) name: &'static str,
    /// Where it is loaded; not at all when absent.
    pub(crate) address: Option<u64>,
    pub(crate) executable: bool,
    pub(crate) bytes: Vec<u8>,
}

/// Program headers of these kinds (elf.h).
const PT_LOAD: u32 = 1;
const PT_GNU_EH_FRAME: u32 = 0x6474_e550;

const HEADER: usize = 64;
const PROGRAM_HEADER: usize = 56;

/// The bytes of a position-independent x86-64 file; `named` says whether it has section headers.
pub(crate) fn elf_file(sections: &[Section], named: bool) -> Vec<u8> {
    let parts: Vec<_> =
        sections.iter().flat_map(|section| kinds(section).map(move |kind| (section, kind))).collect();
    let mut at = HEADER + PROGRAM_HEADER * parts.len();
    let mut offsets = Vec::new();
    for section in sections {
        offsets.push(at as u64);
        at += section.bytes.len();
    }
    let offset_of = |section: &Section| {
        sections.iter().position(|other| other.name == section.name).map_or(0, |index| offsets[index])
    };
    let mut names = vec![0];
    let mut headers = vec![0; 64];
    for section in sections {
        headers.extend(section_header(
            section,
            names.len() as u32,
            offset_of(section),
            section.bytes.len() as u64,
        ));
        names.extend(section.name.as_bytes());
        names.push(0);
    }
    let own = Section { name: ".shstrtab", address: None, executable: false, bytes: Vec::new() };
    headers.extend(section_header(&own, 0, at as u64, names.len() as u64));
    let count = if named { sections.len() as u16 + 2 } else { 0 };
    let mut file = header(parts.len() as u16, (at + names.len()) as u64, count);
    for (section, kind) in parts {
        file.extend(program_header(section, kind, offset_of(section)));
    }
    sections.iter().for_each(|section| file.extend(&section.bytes));
    if named {
        file.extend(names);
        file.extend(headers);
    }
    file
}

fn kinds(section: &Section) -> impl Iterator<Item = u32> + use<> {
    let loaded = section.address.map(|_| PT_LOAD);
    loaded.into_iter().chain((section.name == ".eh_frame_hdr").then_some(PT_GNU_EH_FRAME))
}

/// `Elf64_Ehdr`.
fn header(program_headers: u16, section_headers_at: u64, section_headers: u16) -> Vec<u8> {
    let mut header = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0\x3e\0\x01\0\0\0".to_vec();
    for word in [0, HEADER as u64, section_headers_at] {
        header.extend(word.to_le_bytes());
    }
    header.extend(0_u32.to_le_bytes());
    let last = section_headers.saturating_sub(1);
    for half in [HEADER as u16, PROGRAM_HEADER as u16, program_headers, 64, section_headers, last] {
        header.extend(half.to_le_bytes());
    }
    header
}

/// `Elf64_Phdr`.
fn program_header(section: &Section, kind: u32, offset: u64) -> Vec<u8> {
    let (readable, executable) = (4_u32, u32::from(section.executable));
    let (address, size) = (section.address.unwrap_or(0), section.bytes.len() as u64);
    let mut header = [kind, readable | executable].map(u32::to_le_bytes).concat();
    for word in [offset, address, address, size, size, 1] {
        header.extend(word.to_le_bytes());
    }
    header
}

/// `Elf64_Shdr`.
fn section_header(section: &Section, name: u32, offset: u64, size: u64) -> Vec<u8> {
    let (progbits, strtab) = (1_u32, 3_u32);
    let kind = if section.name == ".shstrtab" { strtab } else { progbits };
    let flags = if section.address.is_some() { 2 } else { 0 } | if section.executable { 4 } else { 0 };
    let mut header = [name, kind].map(u32::to_le_bytes).concat();
    for word in [flags, section.address.unwrap_or(0), offset, size, 0, 1, 0] {
        header.extend(u64::to_le_bytes(word));
    }
    header
}
