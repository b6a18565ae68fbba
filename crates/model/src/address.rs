use std::fmt;
use std::ops::{Add, Sub};

use serde::{Serialize, Serializer};

/// An address in the watched process. Never a pointer of our own, never an offset into a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address(pub u64);

/// An address as the ELF file states it, before the loader moved the image by its bias.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileAddress(pub u64);

impl FileAddress {
    /// Where the loader put this address, for an image loaded with `bias` (wrapping, as the loader does).
    pub fn load(self, bias: u64) -> Address {
        Address(self.0.wrapping_add(bias))
    }
}

impl Address {
    /// The inverse of [`FileAddress::load`].
    pub fn unload(self, bias: u64) -> FileAddress {
        FileAddress(self.0.wrapping_sub(bias))
    }
}

impl Add<u64> for Address {
    type Output = Self;

    fn add(self, bytes: u64) -> Self {
        Self(self.0.wrapping_add(bytes))
    }
}

impl Sub<u64> for Address {
    type Output = Self;

    fn sub(self, bytes: u64) -> Self {
        Self(self.0.wrapping_sub(bytes))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

impl Serialize for Address {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
