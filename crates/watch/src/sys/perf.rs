use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd};

use jostle_model::{Access, Address};
use perf_event_open_sys as sys;
use perf_event_open_sys::bindings::{
    HW_BREAKPOINT_RW, HW_BREAKPOINT_W, HW_BREAKPOINT_X, PERF_COUNT_SW_DUMMY, PERF_FLAG_FD_CLOEXEC,
    PERF_TYPE_BREAKPOINT, PERF_TYPE_SOFTWARE, perf_event_attr,
};

/// What a debug register reports. x86 cannot report loads alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Watch {
    /// Stores.
    Writes,
    /// Loads and stores.
    Accesses,
    /// The execution of an instruction, of which it must be given the first byte and the length of a word.
    Execution,
}

impl Watch {
    /// What conflicts with `access`: a read collides with writes only.
    pub(crate) fn conflicting(access: &Access) -> Self {
        if access.direction.writes() { Self::Accesses } else { Self::Writes }
    }

    /// By the kernel's number.
    fn kind(self) -> u32 {
        match self {
            Self::Writes => HW_BREAKPOINT_W,
            Self::Accesses => HW_BREAKPOINT_RW,
            Self::Execution => HW_BREAKPOINT_X,
        }
    }
}

/// One debug register of one thread, reserved through perf and re-armed at will.
///
/// A hit stops the thread with a SIGTRAP *after* its access, or *before* the instruction; the tracer sees it as
/// [`Trap::Watchpoint`](super::ptrace::Trap::Watchpoint). Dropping it frees the register.
#[derive(Debug)]
pub(crate) struct Watchpoint {
    event: File,
    exclude_kernel: bool,
    is_armed: bool,
}

/// The length of a breakpoint for execution: that of a word, whatever the instruction's (perf_event_open(2)).
pub(crate) const EXECUTION: u64 = 8;

/// A harmless address for an event that is not armed: nothing is ever mapped at the second page.
pub(super) const NOWHERE: Address = Address(0x1000);

impl Watchpoint {
    /// Reserves a debug register of thread `tid`. With `exclude_kernel` a `read(2)` into the watched range
    /// goes unseen; without it the kernel asks for privileges (`perf_event_paranoid`, CAP_PERFMON).
    ///
    /// # Errors
    /// ENOSPC when all four registers are taken, ESRCH when the thread is gone, EACCES or EPERM when the
    /// machine does not allow it.
    pub(crate) fn reserve(tid: i32, exclude_kernel: bool) -> io::Result<Self> {
        let mut attributes = attributes(exclude_kernel, NOWHERE, 1, Watch::Writes, 0);
        attributes.set_disabled(1);
        Ok(Self { event: open(&mut attributes, tid)?, exclude_kernel, is_armed: false })
    }

    /// Watches `length` (1, 2, 4 or 8) bytes at `at`, which is a multiple of `length`.
    pub(crate) fn arm(&mut self, at: Address, length: u64, watch: Watch, cookie: u64) -> io::Result<()> {
        self.is_armed = true;
        modify(&self.event, &mut attributes(self.exclude_kernel, at, length, watch, cookie))
    }

    /// Stops watching, if it does; the register stays reserved.
    pub(crate) fn disarm(&mut self) -> io::Result<()> {
        if !self.is_armed {
            return Ok(());
        }
        self.is_armed = false;
        disable(&self.event)
    }
}

/// Keeps what perf does at every switch of threads in place until dropped. When the last event of a thread is closed, the kernel
/// takes that out of its code a second later; whoever opens the next one puts it back, and waits until all processors have seen
/// that (Linux, kernel/events/core.c: `perf_sched_events`): for 8 to 15 ms on a machine of two, in which we could serve nobody.
#[derive(Debug)]
pub(crate) struct Anchor {
    _event: Option<File>,
}

impl Anchor {
    /// By an event of our own thread that counts nothing.
    pub(crate) fn cast() -> Self {
        let mut attributes = software(PERF_COUNT_SW_DUMMY);
        attributes.set_disabled(1);
        // Where that is not allowed, nothing of perf is.
        Self { _event: open(&mut attributes, 0).ok() }
    }
}

/// An event of the kernel's own making (`perf_sw_ids`), of what a thread does outside the kernel.
pub(super) fn software(config: u32) -> perf_event_attr {
    let mut attributes = perf_event_attr {
        type_: PERF_TYPE_SOFTWARE,
        size: size_of::<perf_event_attr>() as u32,
        config: u64::from(config),
        ..perf_event_attr::default()
    };
    attributes.set_exclude_kernel(1);
    attributes.set_exclude_hv(1);
    attributes
}

/// Opens an event of thread `tid`, on whatever processor it runs.
pub(super) fn open(attributes: &mut perf_event_attr, tid: i32) -> io::Result<File> {
    // SAFETY: a perf_event_attr says its own size.
    let fd =
        unsafe { sys::perf_event_open(attributes, tid, -1, -1, libc::c_ulong::from(PERF_FLAG_FD_CLOEXEC)) };
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the kernel just gave us this descriptor; nobody else owns it.
    Ok(unsafe { File::from_raw_fd(fd) })
}

pub(super) fn succeeded(answer: libc::c_int) -> io::Result<()> {
    if answer < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Has a breakpoint event mean another place from now on.
pub(super) fn modify(event: &File, attributes: &mut perf_event_attr) -> io::Result<()> {
    // SAFETY: the descriptor is a breakpoint event and `attributes` outlives the call.
    succeeded(unsafe { sys::ioctls::MODIFY_ATTRIBUTES(event.as_raw_fd(), attributes) })
}

/// Lets an event rest.
pub(super) fn disable(event: &File) -> io::Result<()> {
    // SAFETY: the descriptor is a perf event; DISABLE takes no pointer.
    succeeded(unsafe { sys::ioctls::DISABLE(event.as_raw_fd(), 0) })
}

/// A debug register of one thread, in which each arrival counts, until the thread executes another program.
pub(super) fn breakpoint(exclude_kernel: bool, at: Address, length: u64, watch: Watch) -> perf_event_attr {
    let mut attributes = perf_event_attr {
        type_: PERF_TYPE_BREAKPOINT,
        size: size_of::<perf_event_attr>() as u32,
        bp_type: watch.kind(),
        ..perf_event_attr::default()
    };
    attributes.__bindgen_anon_1.sample_period = 1;
    attributes.__bindgen_anon_3.bp_addr = at.0;
    attributes.__bindgen_anon_4.bp_len = length;
    attributes.set_remove_on_exec(1);
    attributes.set_exclude_kernel(exclude_kernel.into());
    attributes.set_exclude_hv(1);
    attributes
}

fn attributes(exclude_kernel: bool, at: Address, length: u64, watch: Watch, cookie: u64) -> perf_event_attr {
    // `sigtrap` insists on `remove_on_exec`: the new program would not know what the signal means.
    let mut attributes = breakpoint(exclude_kernel, at, length, watch);
    attributes.sig_data = cookie;
    attributes.set_sigtrap(1);
    attributes
}
