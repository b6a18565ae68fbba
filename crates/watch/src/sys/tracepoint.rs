use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::process;
use std::time::Duration;

use jostle_model::Address;
use jostle_stacks::Registers;
use libc::c_int;
use perf_event_open_sys as sys;
use perf_event_open_sys::bindings::{
    PERF_REG_X86_IP, PERF_REG_X86_R8, PERF_REG_X86_R15, PERF_SAMPLE_REGS_ABI_64, PERF_SAMPLE_REGS_USER,
    PERF_SAMPLE_TIME, perf_event_attr,
};

use super::perf::{self, NOWHERE, Watch};
use super::processor_time;
use super::ring::Ring;

/// Which registers are recorded: the first nine by perf's numbers, of which the last is the instruction pointer, and the eight
/// that came with 64 bits. The segments between them are left out.
const RECORDED: u64 =
    ((1 << (PERF_REG_X86_IP + 1)) - 1) | ((1 << (PERF_REG_X86_R15 + 1)) - (1 << PERF_REG_X86_R8));
/// The words of a sample: the time, one that tells how wide the registers are, and those.
const WORDS: usize = 2 + RECORDED.count_ones() as usize;
/// The size of a sample in the ring, with its header.
const SAMPLE: u64 = 8 * (WORDS as u64 + 1);
/// How many arrivals it records at most until it has to be reserved anew.
const ARRIVALS: i32 = 4;
/// The size of the ring in pages: room for more than those.
const PAGES: usize = 1;
/// The clock of arrivals.
const CLOCK: libc::clockid_t = libc::CLOCK_MONOTONIC;
/// fcntl(2): the signal to be sent instead of SIGIO (asm-generic/fcntl.h).
const F_SETSIG: c_int = 10;

/// A thread that has come there, and has gone on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrival {
    /// When, by the same clock as [`now`].
    pub(crate) at: Duration,
    /// Its registers before the instruction, or after the access; but for the base of its control block.
    pub(crate) registers: Registers,
}

/// One debug register of one thread that records the registers of the thread when it comes to an instruction, or to memory,
/// and lets it go on: what gdb calls a tracepoint. It costs the thread an exception of a few microseconds, and not often: after
/// some arrivals the kernel itself disarms it. A thread that is stopped instead stands for some 180 µs in the median, most of
/// which goes into waking us, and the thread again.
#[derive(Debug)]
pub(crate) struct Tracepoint {
    event: File,
    ring: Ring,
    /// How many arrivals the kernel still allows.
    left: i32,
}

impl Tracepoint {
    /// Reserves a debug register of thread `tid`. When somebody comes we get SIGCHLD, as when somebody stops.
    ///
    /// # Errors
    /// ENOSPC when all four registers are taken, ESRCH when the thread is gone, EPERM or EACCES when the machine does not allow
    /// it, or allows no more memory for rings.
    pub(crate) fn reserve(tid: i32) -> io::Result<Self> {
        let event = perf::open(&mut attributes(NOWHERE, 1, Watch::Writes), tid)?;
        let ring = Ring::map(&event, PAGES)?;
        tell_us(&event)?;
        Ok(Self { event, ring, left: 0 })
    }

    /// Records who comes to the `length` (1, 2, 4 or 8) bytes at `at`, a multiple of `length`, or to the instruction there. It
    /// must not be armed, nor [spent](Self::is_spent).
    pub(crate) fn arm(&mut self, at: Address, length: u64, watch: Watch) -> io::Result<()> {
        perf::modify(&self.event, &mut attributes(at, length, watch))?;
        let (event, more) = (self.event.as_raw_fd(), ARRIVALS - self.left);
        // SAFETY: the descriptor is a perf event; neither takes a pointer. To refresh it adds to the arrivals that are left.
        perf::succeeded(unsafe {
            if more == 0 { sys::ioctls::ENABLE(event, 0) } else { sys::ioctls::REFRESH(event, more) }
        })?;
        self.left = ARRIVALS;
        Ok(())
    }

    /// How often somebody has come.
    pub(crate) fn arrivals(&self) -> u64 {
        self.ring.filled() / SAMPLE
    }

    /// Stops recording. Returns who has come.
    pub(crate) fn disarm(&mut self) -> Vec<Arrival> {
        // Only that of a thread that has gone cannot be disarmed.
        let _ = perf::disable(&self.event);
        let arrivals = self.ring.drain();
        self.left -= arrivals.len() as i32;
        let in_64_bits = |&[_, width, ..]: &[u64; WORDS]| width == u64::from(PERF_SAMPLE_REGS_ABI_64);
        let whole = arrivals.into_iter().filter_map(|words| words.try_into().ok());
        whole.filter(in_64_bits).map(|words| arrival(&words)).collect()
    }

    /// Whether the kernel has disarmed it. It must not be armed again then: Linux 6.18 goes on to raise the exception at each
    /// arrival, but counts none of them any more, neither to record it nor to end that.
    pub(crate) fn is_spent(&self) -> bool {
        self.left <= 0
    }
}

/// What the clock of arrivals says now.
pub(crate) fn now() -> Duration {
    processor_time::read(CLOCK).unwrap_or_default()
}

/// Has the kernel send us SIGCHLD when there is something to read.
fn tell_us(event: &File) -> io::Result<()> {
    let (file, own) = (event.as_raw_fd(), process::id() as c_int);
    // SAFETY: takes numbers only.
    let set = |what, value: c_int| perf::succeeded(unsafe { libc::fcntl(file, what, value) });
    set(libc::F_SETOWN, own)?;
    set(F_SETSIG, libc::SIGCHLD)?;
    set(libc::F_SETFL, libc::O_ASYNC | libc::O_NONBLOCK)
}

/// What a sample tells; registers come in the order of perf's numbers (asm/perf_regs.h).
fn arrival(sample: &[u64; WORDS]) -> Arrival {
    let &[time, _, rax, rbx, rcx, rdx, rsi, rdi, rbp, rsp, rip, r8, r9, r10, r11, r12, r13, r14, r15] =
        sample;
    let (at, fs_base) = (Duration::from_nanos(time), 0);
    let registers = Registers {
        rax,
        rbx,
        rcx,
        rdx,
        rsi,
        rdi,
        rbp,
        rsp,
        rip,
        r8,
        r9,
        r10,
        r11,
        r12,
        r13,
        r14,
        r15,
        fs_base,
    };
    Arrival { at, registers }
}

fn attributes(at: Address, length: u64, watch: Watch) -> perf_event_attr {
    let mut attributes = perf::breakpoint(true, at, length, watch);
    attributes.sample_type = u64::from(PERF_SAMPLE_TIME | PERF_SAMPLE_REGS_USER);
    attributes.sample_regs_user = RECORDED;
    attributes.clockid = CLOCK;
    attributes.set_use_clockid(1);
    attributes.__bindgen_anon_2.wakeup_events = 1;
    attributes.set_disabled(1);
    attributes
}

#[cfg(test)]
mod tests {
    use std::hint::black_box;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::sync::mpsc::{Receiver, Sender, channel};
    use std::thread;

    use super::*;
    use crate::sys::perf::EXECUTION;

    static WORD: AtomicU64 = AtomicU64::new(0);

    #[inline(never)]
    extern "C" fn come(with: u64) {
        WORD.store(black_box(with), Ordering::Relaxed);
    }

    /// A thread that comes there as often as it is told, each time with the number of the visit.
    struct Comer {
        tid: i32,
        times: Sender<u64>,
        done: Receiver<()>,
    }

    impl Comer {
        fn start() -> Self {
            let (times, told) = channel::<u64>();
            let (tell, done) = channel();
            let (introduce, introduced) = channel();
            thread::spawn(move || {
                // SAFETY: takes nothing and cannot fail.
                introduce.send(unsafe { libc::gettid() }).expect("asked for");
                for times in told {
                    (1..=times).for_each(|visit| black_box(come as extern "C" fn(u64))(visit));
                    tell.send(()).expect("waited for");
                }
            });
            Self { tid: introduced.recv().expect("it runs"), times, done }
        }

        fn come(&self, times: u64) {
            self.times.send(times).expect("it waits");
            self.done.recv().expect("it came");
        }
    }

    /// Nothing where the machine allows none; the tests of the whole program say so there.
    fn reserve(tid: i32) -> Option<Tracepoint> {
        Tracepoint::reserve(tid).ok()
    }

    fn entry() -> Address {
        Address(come as extern "C" fn(u64) as usize as u64)
    }

    #[test]
    fn whoever_comes_to_an_instruction_is_recorded_before_it_and_goes_on() {
        let comer = Comer::start();
        let Some(mut tracepoint) = reserve(comer.tid) else { return };
        let before = now();
        tracepoint.arm(entry(), EXECUTION, Watch::Execution).expect("armed");
        assert_eq!(tracepoint.arrivals(), 0);
        comer.come(2);
        assert_eq!(tracepoint.arrivals(), 2);
        let arrivals = tracepoint.disarm();
        assert!(arrivals.iter().all(|arrival| arrival.registers.rip == entry().0));
        assert_eq!(arrivals.iter().map(|arrival| arrival.registers.rdi).collect::<Vec<_>>(), [1, 2]);
        assert!(arrivals.is_sorted_by_key(|arrival| arrival.at));
        assert!(arrivals.iter().all(|arrival| (before..now()).contains(&arrival.at)));
        comer.come(1);
        assert_eq!(tracepoint.arrivals(), 0, "nobody is recorded any more");
    }

    #[test]
    fn whoever_comes_to_memory_is_recorded_behind_the_access() {
        let comer = Comer::start();
        let Some(mut tracepoint) = reserve(comer.tid) else { return };
        let word = Address(WORD.as_ptr() as u64);
        tracepoint.arm(word, 8, Watch::Writes).expect("armed");
        comer.come(1);
        let arrivals = tracepoint.disarm();
        let body = entry().0..entry().0 + 64;
        assert!(arrivals.len() == 1 && body.contains(&arrivals[0].registers.rip), "{arrivals:?}");
    }

    #[test]
    fn the_kernel_ends_it_after_some_arrivals_and_not_before() {
        let comer = Comer::start();
        let Some(mut tracepoint) = reserve(comer.tid) else { return };
        for _ in 0..3 {
            tracepoint.arm(entry(), EXECUTION, Watch::Execution).expect("armed");
            comer.come(ARRIVALS as u64 - 1);
            assert_eq!(tracepoint.disarm().len(), ARRIVALS as usize - 1);
            assert!(!tracepoint.is_spent(), "what is left is made up for each time");
        }
        tracepoint.arm(entry(), EXECUTION, Watch::Execution).expect("armed");
        comer.come(100);
        assert_eq!(tracepoint.disarm().len(), ARRIVALS as usize);
        assert!(tracepoint.is_spent());
    }
}
