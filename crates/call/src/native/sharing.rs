use std::fs::File;
use std::io;
use std::ptr;
use std::sync::atomic::AtomicU64;

use rustix::fs::{MemfdFlags, ftruncate, memfd_create};
use rustix::mm::{MapFlags, ProtFlags, mmap};

/// So many words, all 0, that whoever has the file sees as well, also when this process has died.
///
/// # Errors
/// When the system has no room.
pub(crate) fn shared_words(number: usize) -> io::Result<(File, &'static [AtomicU64])> {
    let length = number * size_of::<AtomicU64>();
    let file = memfd_create("jostle call", MemfdFlags::CLOEXEC)?;
    ftruncate(&file, length as u64)?;
    let protection = ProtFlags::READ | ProtFlags::WRITE;
    // SAFETY: a new mapping, at an address that the kernel chooses.
    let start = unsafe { mmap(ptr::null_mut(), length, protection, MapFlags::SHARED, &file, 0) }?;
    // SAFETY: the mapping is as long as asked for, aligned to pages, never taken away, and all zeros, which are
    // atomics of value 0. Whoever else sees it only reads.
    let words = unsafe { std::slice::from_raw_parts(start.cast::<AtomicU64>(), number) };
    Ok((File::from(file), words))
}
