//! What a core file holds: threads with their registers, memory, and which files were mapped where.

use std::ops::Range;

use object::LittleEndian as LE;
use object::elf;
use object::read::elf::{FileHeader, Note, ProgramHeader};

use crate::Address;
use crate::cursor::{Memory, Registers};
use crate::error::ImageError;

type Header = elf::FileHeader64<LE>;

/// Kinds of notes that the `object` crate has no names for (linux/include/uapi/linux/elf.h).
const NT_SIGINFO: u32 = 0x5349_4749;
const NT_FILE: u32 = 0x4649_4c45;
const NT_AUXV: u32 = 6;
/// In the auxiliary vector: where the program's own headers are (linux/include/uapi/linux/auxvec.h).
const AT_PHDR: u64 = 3;
/// In `struct elf_prstatus`: the thread, and its registers (linux/include/linux/elfcore.h, on x86-64).
const STATUS_TID: usize = 32;
const STATUS_REGISTERS: usize = 112;
/// In `struct elf_prpsinfo`: the name of the program, of at most so many bytes.
const INFO_NAME: Range<usize> = 40..56;
/// `si_code` of a signal that tells no address, since the kernel itself did not know it (asm-generic/siginfo.h).
const SI_KERNEL: i32 = 0x80;

/// A thread as the core file shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CoreThread {
    /// The kernel's thread id.
    pub tid: i32,
    /// Its registers.
    pub registers: Registers,
}

/// A range of memory, and the file that was mapped there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CoreMapping {
    /// Where.
    pub range: Range<Address>,
    /// Where in the file it begins, in bytes.
    pub offset: u64,
    /// The file, as the process named it; empty for memory without one.
    pub path: String,
    /// Whether it was writable.
    pub writable: bool,
    /// Whether it was code.
    pub executable: bool,
}

/// A piece of memory and its bytes, as far as they were written out.
struct Piece {
    range: Range<u64>,
    bytes: &'static [u8],
    writable: bool,
    executable: bool,
}

/// A core file, as the kernel writes it when a process is killed by a signal.
pub struct CoreFile {
    /// The signal that ended the process.
    pub signal: i32,
    /// The address that it was about, where it was about one that the kernel knew.
    pub fault_address: Option<Address>,
    /// The name of the program, cut to 15 bytes.
    pub program: String,
    /// The threads. The first one took the signal.
    pub threads: Vec<CoreThread>,
    /// What was mapped, ascending.
    pub mappings: Vec<CoreMapping>,
    /// Where the program's own headers were loaded.
    pub program_headers: Option<Address>,
    pieces: Vec<Piece>,
}

impl CoreFile {
    /// Reads a core file.
    ///
    /// # Errors
    /// When the bytes are no ELF file, one of another machine, no core file, or one that is cut off before its notes.
    pub fn parse(bytes: &'static [u8]) -> Result<Self, ImageError> {
        let malformed = |what: &str| ImageError::Malformed { what: what.to_owned() };
        if !bytes.starts_with(&elf::ELFMAG) {
            return Err(ImageError::NotElf);
        }
        let header = Header::parse(bytes).map_err(|_| malformed("its header cannot be read"))?;
        if header.e_type(LE) != elf::ET_CORE || header.e_machine(LE) != elf::EM_X86_64 {
            return Err(malformed("it is no core file of an x86-64 program"));
        }
        let parts = header.program_headers(LE, bytes).map_err(|error| malformed(&error.to_string()))?;
        let mut core = Self {
            signal: 0,
            fault_address: None,
            program: String::new(),
            threads: Vec::new(),
            mappings: Vec::new(),
            program_headers: None,
            pieces: parts
                .iter()
                .filter(|part| part.p_type(LE) == elf::PT_LOAD)
                .map(|part| piece(bytes, part))
                .collect(),
        };
        core.pieces.sort_by_key(|piece| piece.range.start);
        // There is one part of notes. Many that all are the same bytes would be many times the threads.
        if let Some(Ok(Some(mut notes))) =
            parts.iter().map(|part| part.notes(LE, bytes)).find(|notes| matches!(notes, Ok(Some(_))))
        {
            while let Ok(Some(note)) = notes.next() {
                core.take(&note);
            }
        }
        if core.threads.is_empty() {
            return Err(malformed(
                "it names no thread: it was cut off, or written by something else than the kernel",
            ));
        }
        core.add_anonymous();
        Ok(core)
    }

    fn take(&mut self, note: &Note<'_, Header>) {
        let bytes = note.desc();
        match note.n_type(LE) {
            elf::NT_PRSTATUS => self.threads.extend(thread(bytes)),
            elf::NT_PRPSINFO => self.program = name(bytes.get(INFO_NAME).unwrap_or_default()),
            NT_SIGINFO => self.take_signal(bytes),
            NT_FILE => self.mappings = self.files(bytes).unwrap_or_default(),
            NT_AUXV => {
                let pairs = bytes.chunks_exact(16).map(|pair| (word(pair, 0), word(pair, 8)));
                let headers = pairs.filter(|(tag, _)| *tag == Some(AT_PHDR)).find_map(|(_, value)| value);
                self.program_headers = headers.map(Address);
            }
            _ => {}
        }
    }

    /// `siginfo_t`: number, errno, code, and for faults the address.
    fn take_signal(&mut self, bytes: &[u8]) {
        let (Some(first), Some(second), Some(third)) = (word(bytes, 0), word(bytes, 8), word(bytes, 16))
        else {
            return;
        };
        const SIGABRT: i32 = 6;
        let code = second as u32 as i32;
        self.signal = first as u32 as i32;
        self.fault_address =
            (code > 0 && code != SI_KERNEL && self.signal != SIGABRT).then_some(Address(third));
    }

    /// `NT_FILE`: a count, the size of a page, so many triples of start, end and page, then as many names.
    fn files(&self, bytes: &[u8]) -> Option<Vec<CoreMapping>> {
        let (count, page) = (usize::try_from(word(bytes, 0)?).ok()?, word(bytes, 8)?);
        let names_at = count.checked_mul(24)?.checked_add(16)?;
        let mut names = bytes.get(names_at..)?.split(|&byte| byte == 0);
        let mut files = Vec::new();
        for index in 0..count {
            let at = 16 + index * 24;
            let (start, end) = (word(bytes, at)?, word(bytes, at + 8)?);
            let piece = self.piece_at(start);
            files.push(CoreMapping {
                range: Address(start)..Address(end),
                offset: word(bytes, at + 16)?.saturating_mul(page),
                path: String::from_utf8_lossy(names.next()?).into_owned(),
                writable: piece.is_some_and(|piece| piece.writable),
                executable: piece.is_some_and(|piece| piece.executable),
            });
        }
        Some(files)
    }

    /// Adds the memory that no file was mapped to.
    fn add_anonymous(&mut self) {
        self.mappings.sort_by_key(|mapping| mapping.range.start);
        let files = self.mappings.clone();
        let is_file = |at: u64| {
            let after = files.partition_point(|file| file.range.start.0 <= at);
            files[..after].last().is_some_and(|file| file.range.contains(&Address(at)))
        };
        let anonymous = self.pieces.iter().filter(|piece| !is_file(piece.range.start));
        self.mappings.extend(anonymous.map(|piece| CoreMapping {
            range: Address(piece.range.start)..Address(piece.range.end),
            offset: 0,
            path: String::new(),
            writable: piece.writable,
            executable: piece.executable,
        }));
        self.mappings.sort_by_key(|mapping| mapping.range.start);
    }

    fn piece_at(&self, at: u64) -> Option<&Piece> {
        let after = self.pieces.partition_point(|piece| piece.range.start <= at);
        self.pieces[..after].last().filter(|piece| piece.range.contains(&at))
    }
}

impl Memory for CoreFile {
    fn read(&self, at: Address, bytes: &mut [u8]) -> bool {
        let read = || {
            let piece = self.piece_at(at.0)?;
            let offset = usize::try_from(at.0 - piece.range.start).ok()?;
            piece.bytes.get(offset..offset.checked_add(bytes.len())?)
        };
        match read() {
            Some(found) => {
                bytes.copy_from_slice(found);
                true
            }
            None => false,
        }
    }
}

fn piece(bytes: &'static [u8], part: &elf::ProgramHeader64<LE>) -> Piece {
    let start = part.p_vaddr(LE);
    let from = usize::try_from(part.p_offset(LE)).unwrap_or(usize::MAX).min(bytes.len());
    let length = usize::try_from(part.p_filesz(LE)).unwrap_or(usize::MAX);
    Piece {
        range: start..start.saturating_add(part.p_memsz(LE)),
        bytes: &bytes[from..from.saturating_add(length).min(bytes.len())],
        writable: part.p_flags(LE) & elf::PF_W != 0,
        executable: part.p_flags(LE) & elf::PF_X != 0,
    }
}

/// `struct elf_prstatus`, whose registers stand in the order of `struct user_regs_struct`.
fn thread(bytes: &[u8]) -> Option<CoreThread> {
    let register = |index: usize| word(bytes, STATUS_REGISTERS + 8 * index);
    Some(CoreThread {
        tid: word(bytes, STATUS_TID)? as u32 as i32,
        registers: Registers {
            r15: register(0)?,
            r14: register(1)?,
            r13: register(2)?,
            r12: register(3)?,
            rbp: register(4)?,
            rbx: register(5)?,
            r11: register(6)?,
            r10: register(7)?,
            r9: register(8)?,
            r8: register(9)?,
            rax: register(10)?,
            rcx: register(11)?,
            rdx: register(12)?,
            rsi: register(13)?,
            rdi: register(14)?,
            rip: register(16)?,
            rsp: register(19)?,
            fs_base: register(21)?,
        },
    })
}

fn word(bytes: &[u8], at: usize) -> Option<u64> {
    let bytes = bytes.get(at..at.checked_add(8)?)?;
    Some(u64::from_le_bytes(bytes.try_into().ok()?))
}

fn name(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes.split(|&byte| byte == 0).next().unwrap_or_default()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_core_file_is_refused() {
        assert!(matches!(CoreFile::parse(b"#!/bin/sh"), Err(ImageError::NotElf)));
        assert!(CoreFile::parse(b"\x7fELF").is_err());
    }

    #[test]
    fn notes_that_are_cut_off_give_nothing() {
        assert_eq!(thread(&[0; 200]), None);
        assert_eq!(name(b"prog\0garbage"), "prog");
    }
}
