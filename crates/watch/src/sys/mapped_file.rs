use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::path::Path;
use std::{ptr, slice};

/// The content of a file that may be larger than memory, for as long as we live. Nothing depends on us while we look at it:
/// should somebody cut it off meanwhile, only we end.
///
/// # Errors
/// When it cannot be opened or mapped.
pub(crate) fn map(path: &Path) -> io::Result<&'static [u8]> {
    let file = File::open(path)?;
    let length = usize::try_from(file.metadata()?.len()).map_err(io::Error::other)?;
    if length == 0 {
        return Ok(&[]);
    }
    // SAFETY: a new private mapping for reading, at a place of the kernel's choice.
    let mapped = unsafe {
        libc::mmap(ptr::null_mut(), length, libc::PROT_READ, libc::MAP_PRIVATE, file.as_raw_fd(), 0)
    };
    if mapped == libc::MAP_FAILED {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: `length` bytes, never unmapped; whoever writes to the file changes only what we shall say of it.
    Ok(unsafe { slice::from_raw_parts(mapped.cast(), length) })
}
