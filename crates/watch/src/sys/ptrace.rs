use std::io;
use std::mem::MaybeUninit;
use std::ptr;

use jostle_model::Address;
use libc::{c_int, c_long, c_void, pid_t};

use super::descendants;

/// Everything that creates a task or replaces its program must stop for us; nothing else has to. Stops at system calls
/// are to be told from signals.
const OPTIONS: c_int = libc::PTRACE_O_TRACESYSGOOD
    | libc::PTRACE_O_TRACECLONE
    | libc::PTRACE_O_TRACEFORK
    | libc::PTRACE_O_TRACEVFORK
    | libc::PTRACE_O_TRACEEXEC;

/// `si_code` of a SIGTRAP raised by a perf event with `sigtrap` set (linux/include/uapi/asm-generic/siginfo.h).
const TRAP_PERF: i32 = 6;
/// `si_code` of a SIGTRAP after a single step (the same header).
const TRAP_TRACE: i32 = 2;
/// In `si_perf_flags`: the signal was blocked when the event struck (the same header).
const TRAP_PERF_FLAG_ASYNC: u32 = 1;
/// `si_code` of a SIGTRAP raised by the kernel itself; `int3` on x86-64.
const SI_KERNEL: i32 = 0x80;

/// What PTRACE_O_TRACESYSGOOD adds to SIGTRAP (ptrace(2)).
const SYSTEM_CALL: i32 = 0x80;

/// What `waitpid` had to say about one traced task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// The task is gone; for a thread group leader with its exit code.
    Exited(i32),
    /// This signal ended it.
    Killed(i32),
    /// It is about to receive this signal.
    Signal(i32),
    /// It created a task: the new one will report by itself.
    NewTask(NewTask),
    /// It runs a new program.
    Exec,
    /// It enters or leaves a system call, and was [resumed](resume_to_system_call) for that.
    SystemCall,
    /// A stop of ptrace itself: a new task's first stop, or the end of a group stop.
    Stop,
    /// The whole group was stopped by this signal (SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU).
    GroupStop(i32),
}

/// How a task was created.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NewTask {
    /// `clone`: nearly always a thread.
    Clone,
    /// `fork`: a process with a copy of the memory.
    Fork,
    /// `vfork`: a process that borrows the memory until it runs another program.
    Vfork,
}

/// Why a thread stands in a SIGTRAP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trap {
    /// It executed an `int3`.
    Breakpoint,
    /// A watchpoint of ours.
    Watchpoint {
        /// What it is armed with now. It may have been moved between the access and the signal.
        cookie: u64,
        /// Where it stood when the access was made.
        address: u64,
        /// Whether the thread had SIGTRAP blocked, and has gone on since its access.
        late: bool,
    },
    /// It has executed one instruction.
    Step,
    /// None of ours: the target gets it.
    Foreign,
}

fn request(request: libc::c_uint, tid: pid_t, address: *mut c_void, data: *mut c_void) -> io::Result<c_long> {
    // SAFETY: every caller passes for `request` the pointers that ptrace(2) asks for, alive for the call.
    let answer = unsafe { libc::ptrace(request, tid, address, data) };
    if answer == -1 { Err(io::Error::last_os_error()) } else { Ok(answer) }
}

fn number(value: usize) -> *mut c_void {
    ptr::without_provenance_mut(value)
}

/// Becomes the tracer of `tid` without stopping it. EPERM: another tracer is there, or it is forbidden.
pub(crate) fn seize(tid: pid_t) -> io::Result<()> {
    request(libc::PTRACE_SEIZE, tid, ptr::null_mut(), number(OPTIONS as usize)).map(drop)
}

/// Stops a task: its next report is a [stop](Event::Stop), unless something else comes first.
pub(crate) fn interrupt(tid: pid_t) -> io::Result<()> {
    request(libc::PTRACE_INTERRUPT, tid, ptr::null_mut(), ptr::null_mut()).map(drop)
}

/// Lets a stopped task run on, with `signal` delivered unless it is 0.
pub(crate) fn resume(tid: pid_t, signal: i32) -> io::Result<()> {
    request(libc::PTRACE_CONT, tid, ptr::null_mut(), number(signal as usize)).map(drop)
}

/// The same until it enters or leaves a system call.
pub(crate) fn resume_to_system_call(tid: pid_t) -> io::Result<()> {
    request(libc::PTRACE_SYSCALL, tid, ptr::null_mut(), ptr::null_mut()).map(drop)
}

/// The same for one instruction.
pub(crate) fn step(tid: pid_t) -> io::Result<()> {
    request(libc::PTRACE_SINGLESTEP, tid, ptr::null_mut(), ptr::null_mut()).map(drop)
}

/// Leaves a task in its group stop, as if nobody traced it.
pub(crate) fn listen(tid: pid_t) -> io::Result<()> {
    request(libc::PTRACE_LISTEN, tid, ptr::null_mut(), ptr::null_mut()).map(drop)
}

/// Lets go of a stopped task for good.
pub(crate) fn detach(tid: pid_t, signal: i32) -> io::Result<()> {
    request(libc::PTRACE_DETACH, tid, ptr::null_mut(), number(signal as usize)).map(drop)
}

/// The registers of a stopped task.
pub(crate) fn registers(tid: pid_t) -> io::Result<libc::user_regs_struct> {
    let mut registers = MaybeUninit::<libc::user_regs_struct>::zeroed();
    request(libc::PTRACE_GETREGS, tid, ptr::null_mut(), registers.as_mut_ptr().cast())?;
    // SAFETY: the kernel filled it; and all-zero bytes are a valid value anyway.
    Ok(unsafe { registers.assume_init() })
}

/// The floating-point registers of a stopped task.
pub(crate) fn floating_point_registers(tid: pid_t) -> io::Result<libc::user_fpregs_struct> {
    let mut registers = MaybeUninit::<libc::user_fpregs_struct>::zeroed();
    request(libc::PTRACE_GETFPREGS, tid, ptr::null_mut(), registers.as_mut_ptr().cast())?;
    // SAFETY: the kernel filled it; and all-zero bytes are a valid value anyway.
    Ok(unsafe { registers.assume_init() })
}

/// Replaces the registers of a stopped task.
pub(crate) fn set_registers(tid: pid_t, registers: &libc::user_regs_struct) -> io::Result<()> {
    request(libc::PTRACE_SETREGS, tid, ptr::null_mut(), ptr::from_ref(registers).cast_mut().cast()).map(drop)
}

/// The blocked signals of a stopped task, bit n-1 for signal n.
pub(crate) fn signal_mask(tid: pid_t) -> io::Result<u64> {
    let mut mask = 0u64;
    request(libc::PTRACE_GETSIGMASK, tid, number(size_of::<u64>()), ptr::from_mut(&mut mask).cast())?;
    Ok(mask)
}

/// Replaces the blocked signals of a stopped task.
pub(crate) fn set_signal_mask(tid: pid_t, mut mask: u64) -> io::Result<()> {
    request(libc::PTRACE_SETSIGMASK, tid, number(size_of::<u64>()), ptr::from_mut(&mut mask).cast()).map(drop)
}

/// Why `tid`, stopped by a SIGTRAP, stands there.
pub(crate) fn trap(tid: pid_t) -> io::Result<Trap> {
    let mut info = SignalInfo { words: [0; 16] };
    request(libc::PTRACE_GETSIGINFO, tid, ptr::null_mut(), ptr::from_mut(&mut info).cast())?;
    Ok(match info.code() {
        TRAP_PERF => Trap::Watchpoint {
            cookie: info.perf_data(),
            address: info.address(),
            late: info.perf_flags() & TRAP_PERF_FLAG_ASYNC != 0,
        },
        SI_KERNEL => Trap::Breakpoint,
        TRAP_TRACE => Trap::Step,
        _ => Trap::Foreign,
    })
}

/// The address that the fault is about for which `tid` stands in a signal stop; `None` where it is about none, or the
/// processor did not say.
pub(crate) fn fault_address(tid: pid_t) -> io::Result<Option<Address>> {
    let mut info = SignalInfo { words: [0; 16] };
    request(libc::PTRACE_GETSIGINFO, tid, ptr::null_mut(), ptr::from_mut(&mut info).cast())?;
    // Codes above 0 are the kernel's own; SI_KERNEL among them says that it knows no address.
    let told = info.code() > 0 && info.code() != SI_KERNEL && info.signal() != libc::SIGABRT;
    Ok(told.then(|| Address(info.address())))
}

/// Whether a stopped task, which blocks SIGTRAP, is still to be told of a watchpoint of ours.
pub(crate) fn has_late_trap(tid: pid_t) -> io::Result<bool> {
    /// How many pending signals are looked at.
    const MOST: usize = 32;
    let mut infos = [const { SignalInfo { words: [0; 16] } }; MOST];
    let mut arguments = PeekArguments { offset: 0, flags: 0, most: MOST as i32 };
    let pending = request(
        libc::PTRACE_PEEKSIGINFO,
        tid,
        ptr::from_mut(&mut arguments).cast(),
        infos.as_mut_ptr().cast(),
    )?;
    let pending = &infos[..pending as usize];
    Ok(pending.iter().any(|info| info.signal() == libc::SIGTRAP && info.code() == TRAP_PERF))
}

/// `struct ptrace_peeksiginfo_args` (linux/include/uapi/linux/ptrace.h).
#[repr(C)]
struct PeekArguments {
    offset: u64,
    flags: u32,
    most: i32,
}

/// `siginfo_t` by its layout in memory: libc does not name the fields of a perf trap.
#[repr(C, align(8))]
struct SignalInfo {
    words: [u64; 16],
}

impl SignalInfo {
    /// `si_signo`, the first 32-bit word.
    fn signal(&self) -> i32 {
        self.words[0] as u32 as i32
    }

    /// `si_code`, the third 32-bit word.
    fn code(&self) -> i32 {
        self.words[1] as u32 as i32
    }

    /// `si_addr`: bytes 16 to 23.
    fn address(&self) -> u64 {
        self.words[2]
    }

    /// `si_perf_flags`, after `si_perf_type`: bytes 36 to 39.
    fn perf_flags(&self) -> u32 {
        (self.words[4] >> 32) as u32
    }

    /// `si_perf_data`, after `si_addr`: bytes 24 to 31.
    fn perf_data(&self) -> u64 {
        self.words[3]
    }
}

/// The next report of any task or child of the calling thread, if there is one. What another thread of ours traces is left
/// to that.
pub(crate) fn next_event() -> io::Result<Option<(pid_t, Event)>> {
    let mut status = 0;
    let options = libc::__WALL | libc::__WNOTHREAD | libc::WNOHANG;
    // SAFETY: `status` outlives the call.
    match unsafe { libc::waitpid(-1, &mut status, options) } {
        0 => Ok(None),
        -1 => match io::Error::last_os_error() {
            error if error.raw_os_error() == Some(libc::ECHILD) => Ok(None),
            error => Err(error),
        },
        tid => Ok(Some((tid, event(status)))),
    }
}

/// Waits until a traced child that is about to run a program does so: it stands then, and is still to report it. False when
/// it is gone instead, of which note is taken.
pub(crate) fn comes_to_exec(pid: pid_t) -> bool {
    loop {
        match peek(pid) {
            Ok(Event::Exec) => return true,
            Ok(Event::Exited(_) | Event::Killed(_)) | Err(_) => {
                descendants::wait_for(pid);
                return false;
            }
            // Somebody sends it signals already.
            Ok(event) => go_on(pid, event),
        }
    }
}

fn go_on(pid: pid_t, event: Event) {
    // SAFETY: a null status is allowed.
    unsafe { libc::waitpid(pid, ptr::null_mut(), libc::__WALL) };
    // Whoever is killed meanwhile reports that next.
    let _ = match event {
        Event::Signal(signal) => resume(pid, signal),
        Event::GroupStop(_) => listen(pid),
        _ => resume(pid, 0),
    };
}

/// Waits for a child to report something, which it will do again.
fn peek(pid: pid_t) -> io::Result<Event> {
    let options = libc::WEXITED | libc::WSTOPPED | libc::WNOWAIT | libc::__WALL;
    let mut told = MaybeUninit::<libc::siginfo_t>::zeroed();
    loop {
        // SAFETY: there is room for what is told.
        if unsafe { libc::waitid(libc::P_PID, pid as libc::id_t, told.as_mut_ptr(), options) } == 0 {
            break;
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
    // SAFETY: the kernel filled it, as for a child.
    let (code, status) = unsafe {
        let told = told.assume_init();
        (told.si_code, told.si_status())
    };
    Ok(match code {
        libc::CLD_EXITED => Event::Exited(status),
        libc::CLD_KILLED | libc::CLD_DUMPED => Event::Killed(status),
        // What is above the signal is what `waitpid` has at 16 (ptrace(2)).
        _ => event(status << 8 | 0x7f),
    })
}

fn event(status: c_int) -> Event {
    if libc::WIFEXITED(status) {
        return Event::Exited(libc::WEXITSTATUS(status));
    }
    if libc::WIFSIGNALED(status) {
        return Event::Killed(libc::WTERMSIG(status));
    }
    let signal = libc::WSTOPSIG(status);
    match status >> 16 {
        0 if signal == libc::SIGTRAP | SYSTEM_CALL => Event::SystemCall,
        0 => Event::Signal(signal),
        libc::PTRACE_EVENT_CLONE => Event::NewTask(NewTask::Clone),
        libc::PTRACE_EVENT_FORK => Event::NewTask(NewTask::Fork),
        libc::PTRACE_EVENT_VFORK => Event::NewTask(NewTask::Vfork),
        libc::PTRACE_EVENT_EXEC => Event::Exec,
        libc::PTRACE_EVENT_STOP if signal != libc::SIGTRAP => Event::GroupStop(signal),
        _ => Event::Stop,
    }
}

/// Whether two processes run in the same memory, as after `vfork`.
pub(crate) fn shares_memory(one: pid_t, other: pid_t) -> bool {
    const KCMP_VM: c_long = 1;
    // SAFETY: kcmp takes numbers only.
    unsafe { libc::syscall(libc::SYS_kcmp, c_long::from(one), c_long::from(other), KCMP_VM, 0, 0) == 0 }
}
