use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicU64, Ordering};

use jostle_model::Address;
use perf_event_open_sys as sys;
use perf_event_open_sys::bindings::{
    PERF_COUNT_SW_CPU_CLOCK, PERF_RECORD_SAMPLE, PERF_SAMPLE_IP, PERF_TYPE_SOFTWARE, perf_event_attr,
    perf_event_mmap_page,
};

use super::perf;

/// Time that a thread runs between two samples, in nanoseconds: a sample costs it about a microsecond.
const PERIOD: u64 = 1_000_003;
/// The size of a page, the unit in which the kernel maps rings.
const PAGE: usize = 4096;
/// The ring's own size: two seconds of samples of 16 bytes. Many threads share the few hundred kilobytes that
/// `perf_event_mlock_kb` grants.
const RING: usize = 8 * PAGE;

/// Where one thread runs, sampled by the kernel's clock: it is not stopped, and no hardware counter is needed.
#[derive(Debug)]
pub(crate) struct Profile {
    event: File,
    /// The kernel's page of positions; the ring follows it.
    page: NonNull<perf_event_mmap_page>,
}

impl Profile {
    /// Begins to sample thread `tid`, its own code only.
    ///
    /// # Errors
    /// ESRCH when the thread is gone, EPERM or EACCES when the machine does not allow it, or allows no more memory
    /// for rings.
    pub(crate) fn begin(tid: i32) -> io::Result<Self> {
        let event = perf::open(&mut attributes(), tid)?;
        let protection = libc::PROT_READ | libc::PROT_WRITE;
        // SAFETY: a new mapping, at a place of the kernel's choice.
        let mapped = unsafe {
            libc::mmap(ptr::null_mut(), PAGE + RING, protection, libc::MAP_SHARED, event.as_raw_fd(), 0)
        };
        match NonNull::new(mapped.cast()) {
            Some(page) if mapped != libc::MAP_FAILED => Ok(Self { event, page }),
            _ => Err(io::Error::last_os_error()),
        }
    }

    /// Goes on sampling, or pauses.
    pub(crate) fn run(&mut self, on: bool) {
        let event = self.event.as_raw_fd();
        // SAFETY: the descriptor is a perf event. What cannot be paused goes on, and costs what it costs.
        unsafe {
            if on {
                sys::ioctls::ENABLE(event, 0)
            } else {
                sys::ioctls::DISABLE(event, 0)
            };
        }
    }

    /// Where the thread was since the last call.
    pub(crate) fn drain(&mut self) -> Vec<Address> {
        let head = self.head().load(Ordering::Acquire);
        let mut at = self.tail().load(Ordering::Relaxed);
        let mut seen = Vec::new();
        // A record is a header of 8 bytes (type in the first four, length in the last two), then the address.
        while at + 16 <= head {
            let header = self.word(at);
            if header as u32 == PERF_RECORD_SAMPLE {
                seen.push(Address(self.word(at + 8)));
            }
            at += (header >> 48).max(8);
        }
        self.tail().store(head, Ordering::Release);
        seen
    }

    /// The eight bytes of the ring at `position`, which grows without end.
    fn word(&self, position: u64) -> u64 {
        let offset = PAGE + (position as usize & (RING - 1) & !7);
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

impl Drop for Profile {
    fn drop(&mut self) {
        // SAFETY: exactly what was mapped, and nothing refers to it any more.
        unsafe { libc::munmap(self.page.as_ptr().cast(), PAGE + RING) };
    }
}

fn attributes() -> perf_event_attr {
    let mut attributes = perf_event_attr {
        type_: PERF_TYPE_SOFTWARE,
        size: size_of::<perf_event_attr>() as u32,
        config: u64::from(PERF_COUNT_SW_CPU_CLOCK),
        sample_type: u64::from(PERF_SAMPLE_IP),
        ..perf_event_attr::default()
    };
    attributes.__bindgen_anon_1.sample_period = PERIOD;
    attributes.set_exclude_kernel(1);
    attributes.set_exclude_hv(1);
    attributes.set_remove_on_exec(1);
    attributes
}
