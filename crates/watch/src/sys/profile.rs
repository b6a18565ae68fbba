use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::AsRawFd;
use std::time::Duration;

use jostle_model::Address;
use perf_event_open_sys as sys;
use perf_event_open_sys::bindings::{
    PERF_CONTEXT_MAX, PERF_COUNT_SW_CPU_CLOCK, PERF_SAMPLE_CALLCHAIN, perf_event_attr,
};

use super::perf;
use super::ring::Ring;

/// How many frames of a stack are looked at, as far as frame pointers lead.
const FRAMES: u16 = 16;
/// The size of a sample in the ring, in bytes: a header, the number of what follows, a mark that the stack is the thread's own and
/// not the kernel's, and the frames.
const SAMPLE: usize = 8 * (3 + FRAMES as usize);

/// Where one thread runs, sampled by the kernel's clock: it is not stopped, and no hardware counter is needed.
#[derive(Debug)]
pub(crate) struct Profile {
    event: File,
    ring: Ring,
}

impl Profile {
    /// Begins to sample thread `tid`, its own code only, each time when it has run for `period`. A sample costs it a microsecond
    /// or two. There is room for so many `samples` at least.
    ///
    /// # Errors
    /// ESRCH when the thread is gone, EPERM or EACCES when the machine does not allow it, or allows no more memory
    /// for rings.
    pub(crate) fn begin(tid: i32, period: Duration, samples: usize) -> io::Result<Self> {
        let event = perf::open(&mut attributes(period), tid)?;
        Ok(Self { ring: Ring::map(&event, Ring::pages(samples * SAMPLE))?, event })
    }

    /// Samples it once, when it has run for so long from now on.
    ///
    /// # Errors
    /// As those of [`begin`](Self::begin).
    pub(crate) fn once(tid: i32, after: Duration) -> io::Result<Self> {
        let profile = Self::begin(tid, after, 1)?;
        // SAFETY: the descriptor is a perf event. It runs, and need not be interrupted to limit it; without a limit it samples
        // more often than it should.
        unsafe { sys::ioctls::REFRESH(profile.event.as_raw_fd(), 1) };
        Ok(profile)
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

    /// Where the thread was since the last call, and whence it had been called: an address in each of these instructions. Where
    /// code keeps no frame pointers, calls are left out, or made up from what lies there instead.
    pub(crate) fn drain(&mut self) -> Vec<Address> {
        self.ring.drain().iter().flat_map(|sample| stack(sample)).collect()
    }
}

/// The frames of a sample, the innermost first. Where a call returns to is the instruction behind it.
fn stack(sample: &[u64]) -> impl Iterator<Item = Address> {
    let is_address = |word: &&u64| **word < PERF_CONTEXT_MAX;
    let frames = sample.iter().skip(1).filter(is_address).enumerate();
    frames.map(|(depth, &at)| Address(at.saturating_sub(u64::from(depth > 0))))
}

fn attributes(period: Duration) -> perf_event_attr {
    let mut attributes = perf::software(PERF_COUNT_SW_CPU_CLOCK);
    attributes.sample_type = u64::from(PERF_SAMPLE_CALLCHAIN);
    attributes.sample_max_stack = FRAMES;
    attributes.set_exclude_callchain_kernel(1);
    attributes.__bindgen_anon_1.sample_period = period.as_nanos() as u64;
    attributes.set_remove_on_exec(1);
    attributes
}

#[cfg(test)]
mod tests {
    use std::hint;
    use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
    use std::thread;

    use perf_event_open_sys::bindings::PERF_CONTEXT_USER;

    use super::*;

    #[test]
    fn a_stack_is_told_by_addresses_in_its_instructions() {
        let sample = [4, PERF_CONTEXT_USER, 0x40_1234, 0x40_5678, 0];
        let stack: Vec<Address> = stack(&sample).collect();
        assert_eq!(stack, [0x40_1234, 0x40_5677, 0].map(Address));
    }

    #[test]
    fn a_thread_that_runs_is_sampled() {
        static TID: AtomicI32 = AtomicI32::new(0);
        static IS_OVER: AtomicBool = AtomicBool::new(false);
        let running = thread::spawn(|| {
            // SAFETY: takes nothing and cannot fail.
            TID.store(unsafe { libc::gettid() }, Ordering::Relaxed);
            while !IS_OVER.load(Ordering::Relaxed) {
                hint::spin_loop();
            }
        });
        while TID.load(Ordering::Relaxed) == 0 {
            thread::yield_now();
        }
        let profile = Profile::begin(TID.load(Ordering::Relaxed), Duration::from_micros(100), 8);
        let samples = profile.map(|mut profile| {
            thread::sleep(Duration::from_millis(50));
            profile.drain()
        });
        IS_OVER.store(true, Ordering::Relaxed);
        running.join().expect("it only spins");
        // Where the machine does not allow it, the tests of the whole program say so.
        assert!(samples.map_or(true, |samples| !samples.is_empty()));
    }
}
