use std::fs;
use std::io::ErrorKind;
use std::time::Instant;

use jostle_model::{Address, ExitStatus};

use super::boundary::Boundary;
use super::{Phase, Process, Thread};
use crate::WatchError;
use crate::memory::TargetMemory;
use crate::scope::Part;
use crate::status::{self, mask};
use crate::sys::ptrace::{self, Event, Trap};
use crate::sys::{perf::Watchpoint, signals};
use crate::traps::{Hit, Purpose};
use crate::watchpoints::Watchpoints;

/// At more looks than so many in a row SIGTRAP is blocked for good.
const HABIT: u32 = 2;
/// SIGTRAP's bit in a signal mask.
pub(super) const TRAP_BIT: u64 = 1 << (libc::SIGTRAP - 1);

impl Process {
    /// Serves a task of this process that has something to report.
    pub(crate) fn serve(&mut self, tid: i32, event: Event) {
        if self.phase == Phase::Leaving {
            return self.leave_at(tid, event);
        }
        self.look_at(tid, event);
    }

    /// The same for what was reported while one was waited for; the others' is kept for them.
    pub(super) fn serve_if_ours(&mut self, tid: i32, event: Event) {
        if self.is_ours(tid) { self.look_at(tid, event) } else { self.strangers.push((tid, event)) }
    }

    /// Takes note that a thread was seen to do something.
    pub(super) fn note_running(&mut self, tid: i32) {
        self.events += 1;
        if let Some(thread) = self.threads.get_mut(&tid) {
            thread.seen = self.events;
        }
    }

    pub(super) fn look_at(&mut self, tid: i32, event: Event) {
        self.note_running(tid);
        match event {
            Event::Exited(code) => self.gone(tid, ExitStatus::Code(code)),
            Event::Killed(signal) => self.gone(tid, ExitStatus::Signal(signal)),
            Event::Exec => self.exec(tid),
            Event::GroupStop(_) => {
                let _ = ptrace::listen(tid);
            }
            Event::Signal(libc::SIGTRAP) => self.trapped(tid),
            Event::Signal(signal) if self.is_fault(tid, signal) => self.faulted(tid, signal),
            Event::Signal(signal) => resume(tid, signal),
            Event::SystemCall => self.at_system_call(tid),
            Event::NewTask(_) | Event::Stop => resume(tid, 0),
        }
    }

    /// Whether a task belongs to this process.
    pub(crate) fn is_ours(&self, tid: i32) -> bool {
        self.threads.contains_key(&tid) || self.borrowers.contains(&tid) || tid == self.pid
    }

    pub(super) fn gone(&mut self, tid: i32, status: ExitStatus) {
        self.threads.remove(&tid);
        self.borrowers.remove(&tid);
        self.watchpoints.remove_thread(tid);
        self.tracepoints.remove_thread(tid);
        self.profiles.remove_thread(tid);
        self.held_one_is_gone(tid);
        if tid == self.pid {
            self.stop_watching();
            self.ended(status);
            self.status = status;
            self.phase = Phase::Gone;
        }
    }

    /// A program begins: the first one, another one in its place, or that of a child which borrowed the memory until now.
    fn exec(&mut self, tid: i32) {
        if tid != self.pid {
            self.borrowers.remove(&tid);
            let _ = ptrace::detach(tid, 0);
            return;
        }
        let is_first = self.phase == Phase::Starting;
        match self.begin_program() {
            // It stands before its first instruction: nothing of it has run.
            Err(error) if is_first => {
                self.refusal = Some(error);
                let _ = signals::send(self.pid, libc::SIGKILL);
            }
            Err(error) => self.give_up(error),
            Ok(()) => {}
        }
        resume(tid, 0);
    }

    /// Knows nothing of what ran here before.
    pub(super) fn begin_program(&mut self) -> Result<(), WatchError> {
        if self.phase == Phase::Starting {
            self.phase = Phase::Watching;
            self.began = Instant::now();
        }
        self.memory = None;
        self.hold = None;
        self.parked = None;
        self.boundary = Boundary::default();
        self.prospects.clear();
        self.lifetime = None;
        self.hand_in_postponed(true);
        self.later.clear();
        self.breakpoint = None;
        // The thread that remains may have been another one before: its registers would still be taken.
        self.watchpoints.clear();
        self.tracepoints.clear();
        self.observations = Default::default();
        self.is_trapless = self.is_attached;
        self.exploration.begin_program(self.is_trapless);
        self.all_deaf_since = None;
        self.threads.clear();
        self.profiles.clear();
        self.traps = Default::default();
        self.add_thread(self.pid);
        if self.is_kin || self.is_left_alone { Ok(()) } else { self.wake() }
    }

    /// Gets ready to look. Of children there may be many: most of them have one thread only, and end soon.
    pub(super) fn wake(&mut self) -> Result<(), WatchError> {
        let open = if self.is_attached { TargetMemory::open_to_read } else { TargetMemory::open };
        self.memory = Some(open(self.pid).map_err(|error| match error.kind() {
            ErrorKind::NotFound => WatchError::NoProcess(self.pid),
            _ => WatchError::Memory(error),
        })?);
        if !self.is_left_alone {
            self.watchpoints = Watchpoints::new(kernel_is_excluded(self.pid)?);
            if self.is_trapless {
                self.watchpoints.leave_one();
            }
            for &tid in self.threads.keys() {
                self.watchpoints.add_thread(tid);
            }
        }
        self.read_modules();
        self.learn_of_go_again();
        Ok(())
    }

    /// Includes a thread.
    pub(crate) fn add_thread(&mut self, tid: i32) {
        if self.is_left_alone {
            self.threads.insert(tid, Thread { seen: self.events, deaf_looks: 0, deaf_mask: 0 });
            self.note_threads();
            return;
        }
        let status = status::of(tid).unwrap_or_default();
        let mut thread = Thread { seen: self.events, deaf_looks: 0, deaf_mask: 0 };
        thread.note_mask(&status);
        self.threads.insert(tid, thread);
        self.watchpoints.add_thread(tid);
        self.tracepoints.add_thread(tid);
        self.note_threads();
        if self.threads.len() == 2 && self.phase == Phase::Watching {
            self.has_company();
        }
    }

    /// More threads than ever are news: among them may be two that never met before.
    fn note_threads(&mut self) {
        if self.threads.len() > self.most_threads {
            self.most_threads = self.threads.len();
            self.note_news();
        }
    }

    /// From here on there is something to see: in the code that was loaded since the program began, too.
    fn has_company(&mut self) {
        let woken = if self.memory.is_none() { self.wake() } else { Ok(()) };
        match woken {
            Ok(()) => self.look_around(),
            Err(error) => self.trouble = Some(error),
        }
        self.is_in_haste = true;
    }

    /// A forked child has copies of our traps, and nobody to catch them: they are taken out before it runs.
    pub(crate) fn clean_copy(&self, child: i32) {
        if self.traps.were_ever_set()
            && let Ok(copy) = TargetMemory::open(child)
        {
            self.traps.clean_copy(&copy);
            if self.traps.are_copied_by_the_program() {
                self.traps.mend_copies(&copy, &self.modules.made_code(child));
            }
        }
    }

    /// A thread stands in a SIGTRAP: ours, or its own.
    fn trapped(&mut self, tid: i32) {
        // Else it was killed while it stood there.
        let Ok(trap) = ptrace::trap(tid) else { return };
        if trap != Trap::Breakpoint {
            self.step_back(tid);
        }
        match trap {
            Trap::Breakpoint => self.breakpoint(tid),
            // It tells that somebody came, but not who: the thread stands elsewhere by now.
            Trap::Watchpoint { cookie, late: true, .. } => {
                self.missed_on_the_way(cookie);
                resume(tid, 0);
            }
            Trap::Watchpoint { cookie, address, late: false } => {
                if self.is_about_parked(cookie) {
                    return self.came_to_parked(tid, cookie, Address(address));
                }
                if self.is_followed_by(cookie) {
                    return self.follow(tid, cookie, Address(address));
                }
                match self.reached_breakpoint(cookie, Address(address)) {
                    Some(purpose) => self.break_reached(tid, purpose),
                    None => self.watchpoint_hit(tid, cookie, Address(address)),
                }
            }
            Trap::Step if self.stepping.remove(&tid) => resume(tid, 0),
            Trap::Step | Trap::Foreign => resume(tid, libc::SIGTRAP),
        }
    }

    /// Puts a thread back in front of the `int3` that it has executed without our being told. A SIGTRAP that is pending,
    /// because the thread blocked it, swallows the next one: the kernel keeps one signal of a kind. Nobody but an
    /// `int3` leads to the second byte of an instruction, and one-byte instructions are never trapped.
    fn step_back(&self, tid: i32) {
        if let Ok(mut registers) = ptrace::registers(tid)
            && self.traps.has_been_at(Address(registers.rip) - 1)
        {
            registers.rip -= 1;
            let _ = ptrace::set_registers(tid, &registers);
        }
    }

    fn breakpoint(&mut self, tid: i32) {
        let stopped = Instant::now();
        let Ok(mut registers) = ptrace::registers(tid) else { return };
        let Some(memory) = &self.memory else { return resume(tid, libc::SIGTRAP) };
        let at = Address(registers.rip) - 1;
        let purpose = match self.traps.hit(memory, at) {
            Ok(Hit::Foreign) | Err(_) => return resume(tid, libc::SIGTRAP),
            Ok(Hit::Stale) => None,
            Ok(Hit::Ours(purpose)) => Some(purpose),
        };
        registers.rip = at.0;
        let _ = ptrace::set_registers(tid, &registers);
        if let Some(thread) = self.threads.get(&tid) {
            repair_signal_mask(tid, thread);
        }
        self.serve_purpose(tid, purpose, &registers, stopped);
    }

    /// A thread stands in front of the instruction that a debug register was set for.
    fn break_reached(&mut self, tid: i32, purpose: Purpose) {
        let stopped = Instant::now();
        if let Ok(registers) = ptrace::registers(tid) {
            self.serve_purpose(tid, Some(purpose), &registers, stopped);
        }
    }

    fn serve_purpose(
        &mut self,
        tid: i32,
        purpose: Option<Purpose>,
        registers: &libc::user_regs_struct,
        stopped: Instant,
    ) {
        let seen_to = match purpose {
            Some(Purpose::Discover(function)) => {
                self.exploration.entered(&mut self.catalogue, function);
                let is_own = self.catalogue.part(function) == Some(Part::User);
                if is_own {
                    self.let_go_explored(tid, stopped);
                }
                is_own
            }
            Some(Purpose::Scout(site)) => self.arrived(tid, site, false, registers, stopped),
            Some(Purpose::Hold(site)) => self.arrived(tid, site, true, registers, stopped),
            Some(Purpose::Allocation(site)) => {
                self.allocated(tid, site.call, registers);
                false
            }
            Some(Purpose::Follow(at)) => self.native_returned(tid, at, registers, stopped),
            None => false,
        };
        if !seen_to {
            self.let_go(tid, stopped);
        }
    }

    /// The name that a thread has now.
    pub(super) fn thread_name(&self, tid: i32) -> String {
        let name = fs::read_to_string(format!("/proc/{}/task/{tid}/comm", self.pid));
        name.map(|name| name.trim_end().to_owned()).unwrap_or_default()
    }

    /// Looks which threads block SIGTRAP by now.
    pub(super) fn refresh_deafness(&mut self) {
        for (tid, thread) in &mut self.threads {
            if let Ok(status) = status::of(*tid) {
                thread.note_mask(&status);
            }
        }
        let deaf = self.threads.values().filter(|thread| thread.deaf_looks > 0).count();
        // Once is no habit: the C library does it for a moment whenever it starts a thread.
        let by_habit = self.threads.values().filter(|thread| thread.deaf_looks > HABIT).count();
        self.most_deaf = self.most_deaf.max(by_habit);
        self.all_deaf_since = match self.all_deaf_since {
            _ if deaf < self.threads.len() || deaf < 2 => None,
            since => since.or_else(|| Some(Instant::now())),
        };
    }

    /// Whether the target has a handler for SIGTRAP or ignores it. An `int3` that meets the signal blocked, as it
    /// is while a handler runs, or ignored makes the kernel forget the handler: then it is better not to set any. A debug
    /// register's signal waits until it is unblocked. Go always has a handler, for the sake of its debuggers, and survives that;
    /// unless it is but a library of the program.
    pub(super) fn handles_trap(&self) -> bool {
        let status = status::of(self.pid).unwrap_or_default();
        let has_trap = |name| mask(&status, name) & TRAP_BIT != 0;
        (has_trap("SigCgt:") || has_trap("SigIgn:")) && !self.modules.is_go_program(self.pid)
    }
}

/// Lets a task go on. It may have been killed meanwhile; then there is nobody to let go.
pub(super) fn resume(tid: i32, signal: i32) {
    let _ = ptrace::resume(tid, signal);
}

/// Whether accesses by the kernel cannot be watched on this machine; an error when nothing can.
fn kernel_is_excluded(pid: i32) -> Result<bool, WatchError> {
    if Watchpoint::reserve(pid, false).is_ok() {
        return Ok(false);
    }
    Watchpoint::reserve(pid, true).map(|_| true).map_err(WatchError::Watchpoint)
}

/// The kernel delivers the signal of an `int3` even to a thread that blocks SIGTRAP, and unblocks it for good. It is put
/// back where that is the only difference to what the thread was last seen to block. One that was only seen at its birth,
/// when the C library blocks everything for a moment, has given itself another mask since; to block SIGTRAP there as well
/// would make it deaf for good.
fn repair_signal_mask(tid: i32, thread: &Thread) {
    if thread.deaf_looks > 0
        && let Ok(mask) = ptrace::signal_mask(tid)
        && mask | TRAP_BIT == thread.deaf_mask
    {
        let _ = ptrace::set_signal_mask(tid, thread.deaf_mask);
    }
}

impl Thread {
    /// Takes note of the signals that it blocks, as its status tells.
    fn note_mask(&mut self, status: &str) {
        let mask = mask(status, "SigBlk:");
        if mask & TRAP_BIT == 0 {
            self.deaf_looks = 0;
        } else {
            self.deaf_looks += 1;
            self.deaf_mask = mask;
        }
    }
}
