use std::mem::MaybeUninit;
use std::ptr;

/// The time slice to ask for, in nanoseconds; the shortest that the kernel grants (kernel/sched/syscalls.c).
const SLICE: u64 = 100_000;

/// The niceness to ask for while a thread is held, and beside a crowd: the most urgent. Where a thousand threads want two
/// processors, those that were held stood still for 3 to 8 % of the time where 2 % were allowed, since we had to wait for our
/// turn again before they were even held; so it is 2.0 to 2.2 %. At other times it does harm: whoever is that urgent takes the
/// processor from one thread of the target when another one stops, and leaves that one's processor idle.
const URGENT: libc::c_int = -20;

/// A thread that is woken in time, until dropped: whoever stops in the target waits for it. Those whom it starts would
/// inherit that.
pub(crate) struct Haste {
    slack: libc::c_int,
    attributes: Option<libc::sched_attr>,
    /// Its niceness before, where we may be more urgent.
    niceness: Option<libc::c_int>,
    is_urgent: bool,
}

impl Haste {
    /// Makes the calling thread one.
    pub(crate) fn begin() -> Self {
        // SAFETY: takes no pointers.
        let slack = unsafe { libc::prctl(libc::PR_GET_TIMERSLACK, 0, 0, 0, 0) };
        set_slack(1_000);
        let attributes = shorten_slice();
        let niceness = niceness().filter(|_| set_niceness(URGENT));
        Self { slack, attributes, niceness, is_urgent: true }
    }

    /// Goes on as urgently as can be, or as others do.
    pub(crate) fn be_urgent(&mut self, urgent: bool) {
        if let Some(before) = self.niceness.filter(|_| urgent != self.is_urgent) {
            set_niceness(if urgent { URGENT } else { before });
            self.is_urgent = urgent;
        }
    }
}

impl Drop for Haste {
    fn drop(&mut self) {
        set_slack(self.slack.max(1) as libc::c_ulong);
        if let Some(before) = self.niceness {
            set_niceness(before);
        }
        if let Some(before) = &self.attributes {
            set_attributes(before);
        }
    }
}

/// The niceness of this thread: on Linux it is a thread's own (getpriority(2)).
fn niceness() -> Option<libc::c_int> {
    // SAFETY: it takes no pointers; -1 may be a niceness, so only the error number tells.
    unsafe {
        *libc::__errno_location() = 0;
        let niceness = libc::getpriority(libc::PRIO_PROCESS, 0);
        (*libc::__errno_location() == 0).then_some(niceness)
    }
}

/// Whether it was allowed: to be more urgent takes CAP_SYS_NICE, or a limit that says so (RLIMIT_NICE).
fn set_niceness(niceness: libc::c_int) -> bool {
    // SAFETY: takes no pointers. With 0 it means the calling thread only.
    unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, niceness) == 0 }
}

/// Timers of this thread fire when asked, not up to 50 µs later as by default: holds are short.
fn set_slack(nanoseconds: libc::c_ulong) {
    // SAFETY: PR_SET_TIMERSLACK takes a number of nanoseconds.
    unsafe { libc::prctl(libc::PR_SET_TIMERSLACK, nanoseconds, 0, 0, 0) };
}

/// The scheduler lets a thread that asks for short slices run sooner after it wakes (EEVDF, Linux 6.12 and newer;
/// older ones ignore it). Beside a busy target on two CPUs the wait went from 190 µs to 33 µs, and needs no
/// privilege. Returns what was asked for before.
fn shorten_slice() -> Option<libc::sched_attr> {
    // SAFETY: sched_attr is plain numbers, for which zero bytes are valid.
    let mut before: libc::sched_attr = unsafe { MaybeUninit::zeroed().assume_init() };
    let size = size_of::<libc::sched_attr>() as u32;
    // SAFETY: the kernel writes at most `size` bytes of it; thread 0 is this one.
    let got = unsafe { libc::syscall(libc::SYS_sched_getattr, 0, &raw mut before, size, 0) };
    if got != 0 || before.sched_policy != libc::SCHED_OTHER as u32 {
        return None;
    }
    set_attributes(&libc::sched_attr { sched_runtime: SLICE, ..before });
    Some(before)
}

fn set_attributes(attributes: &libc::sched_attr) {
    // SAFETY: it lives through the call. A refusal leaves everything as it was.
    unsafe { libc::syscall(libc::SYS_sched_setattr, 0, ptr::from_ref(attributes), 0) };
}
