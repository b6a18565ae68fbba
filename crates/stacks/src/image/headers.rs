use std::ffi::CStr;
use std::ops::Range;

use jostle_model::FileAddress;
use object::LittleEndian as LE;
use object::elf;
use object::read::elf::{FileHeader, ProgramHeader};

use super::sections::{self, Section};
use crate::error::ImageError;

type Header = elf::FileHeader64<LE>;

/// Program headers beyond these are not read: linkers write a dozen. A file may claim 65,535, each for all of it, and
/// what looks through every segment would look through the file as often.
const MOST_PROGRAM_HEADERS: usize = 128;

/// Longer names are none. Any number of names may end at the same byte, and so be nearly as long as the file, each.
pub(crate) const LONGEST_NAME: usize = 1 << 14;

/// A part of the file that the loader maps (`PT_LOAD`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Where its bytes begin in the file.
    pub file_offset: u64,
    /// Where its first byte is loaded, before the bias.
    pub address: FileAddress,
    /// How many bytes of memory it takes; those beyond `file_size` are zero.
    pub memory_size: u64,
    /// How many of its bytes stand in the file.
    pub file_size: u64,
    /// Whether it may be read.
    pub readable: bool,
    /// Whether it may be written.
    pub writable: bool,
    /// Whether it may be executed.
    pub executable: bool,
}

impl Segment {
    fn new(header: &elf::ProgramHeader64<LE>) -> Self {
        let flags = header.p_flags(LE);
        Self {
            file_offset: header.p_offset(LE),
            address: FileAddress(header.p_vaddr(LE)),
            memory_size: header.p_memsz(LE),
            file_size: header.p_filesz(LE).min(header.p_memsz(LE)),
            readable: flags & elf::PF_R != 0,
            writable: flags & elf::PF_W != 0,
            executable: flags & elf::PF_X != 0,
        }
    }

    /// The addresses it takes in memory; up to the end of the address space where the file claims more.
    pub(crate) fn range(&self) -> Range<u64> {
        self.address.0..self.address.0.saturating_add(self.memory_size)
    }
}

/// What the ELF, program and section headers say.
pub(crate) struct Headers {
    pub(crate) position_independent: bool,
    pub(crate) interpreter: Option<&'static str>,
    pub(crate) build_id: Option<&'static [u8]>,
    pub(crate) segments: Vec<Segment>,
    pub(crate) sections: Vec<Section>,
    /// The `PT_DYNAMIC` part: pairs of tag and value for the loader.
    pub(crate) dynamic: &'static [u8],
    /// The `PT_GNU_EH_FRAME` part: the index of the unwind tables, found even without section headers.
    pub(crate) frame_index: Option<(FileAddress, &'static [u8])>,
    bytes: &'static [u8],
}

impl Headers {
    pub(crate) fn parse(bytes: &'static [u8]) -> Result<Self, ImageError> {
        let header = file_header(bytes)?;
        let program_headers = header
            .program_headers(LE, bytes)
            .map_err(|error| ImageError::Malformed { what: error.to_string() })?;
        let program_headers = &program_headers[..program_headers.len().min(MOST_PROGRAM_HEADERS)];
        let segments: Vec<_> = program_headers
            .iter()
            .filter(|header| header.p_type(LE) == elf::PT_LOAD)
            .map(Segment::new)
            .collect();
        if segments.is_empty() {
            return Err(ImageError::NotLoadable);
        }
        let part = |kind| program_headers.iter().find(|header| header.p_type(LE) == kind);
        let contents = |kind| part(kind).map(|header| part_bytes(bytes, header));
        Ok(Self {
            position_independent: header.e_type(LE) == elf::ET_DYN,
            interpreter: contents(elf::PT_INTERP).and_then(c_string),
            build_id: program_headers.iter().find_map(|header| build_id(bytes, header)),
            sections: sections::parse(header, bytes),
            dynamic: contents(elf::PT_DYNAMIC).unwrap_or_default(),
            frame_index: part(elf::PT_GNU_EH_FRAME)
                .map(|header| (FileAddress(header.p_vaddr(LE)), part_bytes(bytes, header))),
            segments,
            bytes,
        })
    }

    pub(crate) fn executable_segment(&self, at: FileAddress) -> Option<&Segment> {
        self.segments.iter().find(|segment| segment.executable && segment.range().contains(&at.0))
    }

    pub(crate) fn code(&self, at: FileAddress, len: usize) -> Option<&'static [u8]> {
        let segment = self.executable_segment(at)?;
        let code = self.segment_bytes(segment).get(usize::try_from(at.0 - segment.address.0).ok()?..)?;
        Some(&code[..len.min(code.len())]).filter(|code| !code.is_empty())
    }

    /// All file bytes from `at` to the end of the segment that holds them.
    pub(crate) fn loaded_bytes(&self, at: FileAddress) -> Option<&'static [u8]> {
        let segment = self.segments.iter().find(|segment| segment.range().contains(&at.0))?;
        self.segment_bytes(segment).get(usize::try_from(at.0 - segment.address.0).ok()?..)
    }

    pub(crate) fn segment_bytes(&self, segment: &Segment) -> &'static [u8] {
        file_range(self.bytes, segment.file_offset, segment.file_size)
    }

    pub(crate) fn section(&self, name: &[u8]) -> Option<&Section> {
        self.sections.iter().find(|section| section.name == name)
    }
}

fn file_header(bytes: &'static [u8]) -> Result<&'static Header, ImageError> {
    if !bytes.starts_with(&elf::ELFMAG) {
        return Err(ImageError::NotElf);
    }
    let header = Header::parse(bytes).map_err(|_| other_architecture(bytes))?;
    if header.is_big_endian() || header.e_machine(LE) != elf::EM_X86_64 {
        return Err(other_architecture(bytes));
    }
    match header.e_type(LE) {
        elf::ET_EXEC | elf::ET_DYN => Ok(header),
        _ => Err(ImageError::NotLoadable),
    }
}

fn other_architecture(bytes: &[u8]) -> ImageError {
    let (Some(class), Some(order), Some(machine)) = (bytes.get(4), bytes.get(5), bytes.get(18..20)) else {
        return ImageError::Malformed { what: "the file ends inside its header".to_owned() };
    };
    let machine = match *order {
        elf::ELFDATA2MSB => u16::from_be_bytes([machine[0], machine[1]]),
        _ => u16::from_le_bytes([machine[0], machine[1]]),
    };
    if machine == elf::EM_X86_64 && *class == elf::ELFCLASS64 {
        return ImageError::Malformed { what: "the header cannot be read".to_owned() };
    }
    ImageError::OtherArchitecture { found: machine_name(machine, *class) }
}

fn machine_name(machine: u16, class: u8) -> String {
    match machine {
        elf::EM_X86_64 => "x32".to_owned(),
        elf::EM_386 => "i386".to_owned(),
        elf::EM_AARCH64 => "arm64".to_owned(),
        elf::EM_ARM => "arm".to_owned(),
        elf::EM_RISCV => "RISC-V".to_owned(),
        elf::EM_PPC64 => "ppc64".to_owned(),
        elf::EM_S390 => "s390x".to_owned(),
        other => format!("ELF machine {other}, class {class}"),
    }
}

fn part_bytes(bytes: &'static [u8], header: &elf::ProgramHeader64<LE>) -> &'static [u8] {
    file_range(bytes, header.p_offset(LE), header.p_filesz(LE))
}

/// The bytes of a range that a header claims, as far as the file has them.
pub(crate) fn file_range(bytes: &'static [u8], offset: u64, size: u64) -> &'static [u8] {
    let Some(rest) = usize::try_from(offset).ok().and_then(|start| bytes.get(start..)) else {
        return &[];
    };
    &rest[..usize::try_from(size).unwrap_or(usize::MAX).min(rest.len())]
}

fn c_string(bytes: &'static [u8]) -> Option<&'static str> {
    let end = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
    std::str::from_utf8(&bytes[..end]).ok().filter(|text| !text.is_empty())
}

/// The bytes before the first zero, if that comes soon enough.
pub(crate) fn terminated(bytes: &[u8]) -> Option<&[u8]> {
    let near = &bytes[..bytes.len().min(LONGEST_NAME)];
    CStr::from_bytes_until_nul(near).ok().map(CStr::to_bytes)
}

fn build_id(bytes: &'static [u8], header: &elf::ProgramHeader64<LE>) -> Option<&'static [u8]> {
    let mut notes = header.notes(LE, bytes).ok()??;
    while let Ok(Some(note)) = notes.next() {
        if note.name() == elf::ELF_NOTE_GNU && note.n_type(LE) == elf::NT_GNU_BUILD_ID {
            return Some(note.desc());
        }
    }
    None
}
