//! Rings through which the kernel hands samples over without stopping anybody (perf_event_open(2), "MMAP layout").

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicU64, Ordering};

use perf_event_open_sys::bindings::{PERF_RECORD_SAMPLE, perf_event_mmap_page};

/// The size of a page, the unit in which the kernel maps rings.
const PAGE: usize = 4096;

/// The samples of one event.
#[derive(Debug)]
pub(super) struct Ring {
    /// The kernel's page of positions; the ring follows it.
    page: NonNull<perf_event_mmap_page>,
    /// In bytes.
    size: usize,
}

impl Ring {
    /// How many pages a ring needs that has room for so many bytes.
    pub(super) fn pages(bytes: usize) -> usize {
        bytes.div_ceil(PAGE).next_power_of_two()
    }

    /// Maps a ring of `pages` pages, a power of two, for `event`.
    ///
    /// # Errors
    /// EPERM when the machine allows no more memory for rings (`perf_event_mlock_kb`).
    pub(super) fn map(event: &File, pages: usize) -> io::Result<Self> {
        let size = pages * PAGE;
        let protection = libc::PROT_READ | libc::PROT_WRITE;
        // SAFETY: a new mapping, at a place of the kernel's choice.
        let mapped = unsafe {
            libc::mmap(ptr::null_mut(), PAGE + size, protection, libc::MAP_SHARED, event.as_raw_fd(), 0)
        };
        match NonNull::new(mapped.cast()) {
            Some(page) if mapped != libc::MAP_FAILED => Ok(Self { page, size }),
            _ => Err(io::Error::last_os_error()),
        }
    }

    /// How many bytes the kernel has written since the last [`drain`](Self::drain).
    pub(super) fn filled(&self) -> u64 {
        self.head().load(Ordering::Acquire) - self.tail().load(Ordering::Relaxed)
    }

    /// The words of each of the samples that were taken since the last call.
    pub(super) fn drain(&mut self) -> Vec<Vec<u64>> {
        let head = self.head().load(Ordering::Acquire);
        let mut at = self.tail().load(Ordering::Relaxed);
        let mut samples = Vec::new();
        while at + 8 <= head {
            // A record begins with its type in the first four bytes, and its length in the last two of eight.
            let header = self.word(at);
            let length = header >> 48;
            if header as u32 == PERF_RECORD_SAMPLE {
                samples.push((1..length / 8).map(|index| self.word(at + 8 * index)).collect());
            }
            at += length.max(8);
        }
        self.tail().store(head, Ordering::Release);
        samples
    }

    /// The eight bytes of the ring at `position`, which grows without end.
    fn word(&self, position: u64) -> u64 {
        let offset = PAGE + (position as usize & (self.size - 1) & !7);
        // SAFETY: aligned and inside the mapping; the kernel writes only beyond `head`, which lies ahead.
        unsafe { self.page.cast::<u8>().add(offset).cast::<u64>().read_volatile() }
    }

    fn head(&self) -> &AtomicU64 {
        // SAFETY: an aligned word of the mapping, which lives as long as we do; the kernel writes it atomically.
        unsafe { AtomicU64::from_ptr(&raw mut (*self.page.as_ptr()).data_head) }
    }

    fn tail(&self) -> &AtomicU64 {
        // SAFETY: the same; only we write it.
        unsafe { AtomicU64::from_ptr(&raw mut (*self.page.as_ptr()).data_tail) }
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        // SAFETY: exactly what was mapped, and nothing refers to it any more.
        unsafe { libc::munmap(self.page.as_ptr().cast(), PAGE + self.size) };
    }
}
