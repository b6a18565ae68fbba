use std::fs::File;
use std::io;
use std::ptr;
use std::sync::atomic::AtomicU64;

use rustix::mm::{MapFlags, ProtFlags, mmap};

/// So many words at the beginning of `file`: whoever has the file sees them as well, also when this process has died.
///
/// # Errors
/// When the file is shorter, or the system has no room.
pub(crate) fn shared_words(file: &File, number: usize) -> io::Result<&'static [AtomicU64]> {
    let length = number * size_of::<AtomicU64>();
    if file.metadata()?.len() < length as u64 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let protection = ProtFlags::READ | ProtFlags::WRITE;
    // SAFETY: a new mapping, at an address that the kernel chooses.
    let start = unsafe { mmap(ptr::null_mut(), length, protection, MapFlags::SHARED, file, 0) }?;
    // SAFETY: the mapping is as long as asked for, aligned to pages, and never taken away; the file is not cut, and any
    // bytes are atomics. Whoever else sees it only reads.
    Ok(unsafe { std::slice::from_raw_parts(start.cast::<AtomicU64>(), number) })
}
