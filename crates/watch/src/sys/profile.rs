use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::AsRawFd;
use std::time::Duration;

use jostle_model::Address;
use perf_event_open_sys as sys;
use perf_event_open_sys::bindings::{PERF_COUNT_SW_CPU_CLOCK, PERF_SAMPLE_IP, perf_event_attr};

use super::perf;
use super::ring::Ring;

/// The size of the ring in pages: two seconds of samples of 16 bytes. Many threads share the few hundred kilobytes that
/// `perf_event_mlock_kb` grants.
const PAGES: usize = 8;
/// The same for a single sample.
const PAGES_FOR_ONE: usize = 1;

/// Where one thread runs, sampled by the kernel's clock: it is not stopped, and no hardware counter is needed.
#[derive(Debug)]
pub(crate) struct Profile {
    event: File,
    ring: Ring,
}

impl Profile {
    /// Begins to sample thread `tid`, its own code only, each time when it has run for `period`. A sample costs it about a
    /// microsecond.
    ///
    /// # Errors
    /// ESRCH when the thread is gone, EPERM or EACCES when the machine does not allow it, or allows no more memory
    /// for rings.
    pub(crate) fn begin(tid: i32, period: Duration) -> io::Result<Self> {
        Self::open(tid, period, PAGES)
    }

    /// Samples it once, when it has run for so long from now on.
    ///
    /// # Errors
    /// As those of [`begin`](Self::begin).
    pub(crate) fn once(tid: i32, after: Duration) -> io::Result<Self> {
        let profile = Self::open(tid, after, PAGES_FOR_ONE)?;
        // SAFETY: the descriptor is a perf event. It runs, and need not be interrupted to limit it; without a limit it samples
        // more often than it should.
        unsafe { sys::ioctls::REFRESH(profile.event.as_raw_fd(), 1) };
        Ok(profile)
    }

    fn open(tid: i32, period: Duration, pages: usize) -> io::Result<Self> {
        let event = perf::open(&mut attributes(period), tid)?;
        Ok(Self { ring: Ring::map(&event, pages)?, event })
    }

    /// How long the thread has run since then: where it is sampled once, until it was.
    pub(crate) fn ran(&mut self) -> Duration {
        let mut count = [0; size_of::<u64>()];
        let read = self.event.read_exact(&mut count);
        read.map_or(Duration::ZERO, |()| Duration::from_nanos(u64::from_ne_bytes(count)))
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
        self.ring.drain().into_iter().map(|[at]| Address(at)).collect()
    }
}

fn attributes(period: Duration) -> perf_event_attr {
    let mut attributes = perf::software(PERF_COUNT_SW_CPU_CLOCK);
    attributes.sample_type = u64::from(PERF_SAMPLE_IP);
    attributes.__bindgen_anon_1.sample_period = period.as_nanos() as u64;
    attributes.set_remove_on_exec(1);
    attributes
}
