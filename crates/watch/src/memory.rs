use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;

use jostle_model::Address;
use jostle_stacks::Memory;

const PAGE: u64 = 4096;

/// The memory of the target, through `/proc/PID/mem`: works while its threads run, and writes text too.
#[derive(Debug)]
pub(crate) struct TargetMemory {
    file: File,
}

impl TargetMemory {
    /// Opens the memory of process `pid`.
    pub(crate) fn open(pid: i32) -> io::Result<Self> {
        let file = OpenOptions::new().read(true).write(true).open(format!("/proc/{pid}/mem"))?;
        Ok(Self { file })
    }

    /// The same for a process that is not ours to change: only to read.
    pub(crate) fn open_to_read(pid: i32) -> io::Result<Self> {
        Ok(Self { file: File::open(format!("/proc/{pid}/mem"))? })
    }

    /// Fills `bytes` from `at`.
    pub(crate) fn read_exact(&self, at: Address, bytes: &mut [u8]) -> io::Result<()> {
        self.file.read_exact_at(bytes, at.0)
    }

    /// The byte at `at`.
    pub(crate) fn byte(&self, at: Address) -> io::Result<u8> {
        let mut byte = [0];
        self.read_exact(at, &mut byte)?;
        Ok(byte[0])
    }

    /// Stores one byte, also where the program itself may not write.
    pub(crate) fn write_byte(&self, at: Address, byte: u8) -> io::Result<()> {
        self.file.write_all_at(&[byte], at.0)
    }

    /// Stores some bytes.
    pub(crate) fn write(&self, at: Address, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all_at(bytes, at.0)
    }

    /// A view for walking one stack, which reads each page only once. Valid while that thread stands still.
    pub(crate) fn still(&self) -> StillMemory<'_> {
        StillMemory { memory: self, pages: RefCell::default() }
    }
}

impl Memory for TargetMemory {
    fn read(&self, at: Address, bytes: &mut [u8]) -> bool {
        self.read_exact(at, bytes).is_ok()
    }
}

/// [`TargetMemory`] with the pages that were read kept, absent ones too.
pub(crate) struct StillMemory<'a> {
    memory: &'a TargetMemory,
    pages: RefCell<BTreeMap<u64, Option<Box<[u8; PAGE as usize]>>>>,
}

impl StillMemory<'_> {
    /// Copies the part of `bytes` that lies in the page at `page`; false when it cannot be read.
    fn copy_from_page(&self, page: u64, offset: usize, bytes: &mut [u8]) -> bool {
        let mut pages = self.pages.borrow_mut();
        let cached = pages.entry(page).or_insert_with(|| {
            let mut content = Box::new([0; PAGE as usize]);
            self.memory.read(Address(page), &mut *content).then_some(content)
        });
        match cached {
            Some(content) => bytes.copy_from_slice(&content[offset..offset + bytes.len()]),
            None => return false,
        }
        true
    }
}

impl Memory for StillMemory<'_> {
    fn read(&self, at: Address, bytes: &mut [u8]) -> bool {
        let mut at = at.0;
        let mut rest = bytes;
        while !rest.is_empty() {
            let offset = (at % PAGE) as usize;
            let (now, later) = rest.split_at_mut(rest.len().min(PAGE as usize - offset));
            if !self.copy_from_page(at - offset as u64, offset, now) {
                return false;
            }
            // Wrapping: a garbage stack pointer near the end of the address space must not panic.
            at = at.wrapping_add(now.len() as u64);
            rest = later;
        }
        true
    }
}
