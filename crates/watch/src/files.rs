use std::cell::RefCell;
use std::collections::HashMap;
use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::rc::Rc;

use jostle_stacks::Image;

/// Files larger than this are not read: their code is not sampled, and the summary says so.
const LARGEST: u64 = 1 << 30;

/// An ELF file as it lies on disk. It is read, not mapped: a library that is overwritten while we look at it
/// would end us with SIGBUS, and our breakpoints would stay in the target.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FileBytes {
    /// Its path, as the target names it.
    pub(crate) path: &'static str,
    /// Its content, kept until we end.
    pub(crate) bytes: &'static [u8],
}

/// Which file, in which state: what the same library mapped twice has in common.
pub(crate) type FileKey = (u64, u64, i64);

/// A file that was read, or why it was not.
type Opened = Result<(FileBytes, Rc<Image>), String>;

/// The files with code that were read so far: processes of one target have most of them in common.
#[derive(Default)]
pub(crate) struct Files(RefCell<HashMap<FileKey, Opened>>);

impl Files {
    /// The file at `in_target`, which is known as `path` there; it is read and parsed once.
    pub(crate) fn open(&self, key: FileKey, in_target: &str, path: &str, length: u64) -> Opened {
        self.0.borrow_mut().entry(key).or_insert_with(|| read(in_target, path, length)).clone()
    }
}

/// The key of a file with this metadata.
pub(crate) fn key(metadata: &Metadata) -> FileKey {
    (metadata.dev(), metadata.ino(), metadata.mtime_nsec() ^ metadata.mtime() << 20)
}

/// Reads and parses the file at `in_target`, which is to be known as `path`.
pub(crate) fn read(in_target: &str, path: &str, length: u64) -> Opened {
    if length > LARGEST {
        return Err(format!("larger than {} MiB", LARGEST >> 20));
    }
    if !starts_as_elf(in_target).map_err(|error| error.to_string())? {
        return Err("not an ELF file".to_owned());
    }
    let bytes: &'static [u8] = fs::read(in_target).map_err(|error| error.to_string())?.leak();
    let image = Image::parse(path, bytes).map_err(|error| error.to_string())?;
    Ok((FileBytes { path: path.to_owned().leak(), bytes }, Rc::new(image)))
}

/// Whether it is worth reading whole: what a compiler at run time keeps its code in may be large. What took the place of
/// a file may be no file; a pipe would let us wait for ever.
fn starts_as_elf(path: &str) -> io::Result<bool> {
    if !fs::metadata(path)?.is_file() {
        return Ok(false);
    }
    let mut magic = Vec::new();
    File::open(path)?.take(4).read_to_end(&mut magic)?;
    Ok(magic == b"\x7fELF")
}
