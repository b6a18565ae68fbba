//! What Go's scheduler keeps in the descriptor of a goroutine, and what it reads there.
//!
//! The words stand beside those of [`super::layout`], at distances that were the same in all releases of its table. They
//! were read in the same way, out of the debug information of programs built by those toolchains.
use jostle_model::Address;

use super::layout::{self, Layout};

/// What a goroutine does, as its status word says (the constants at the top of Go's `runtime/runtime2.go`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GoroutineState {
    /// It may run, and waits for its turn.
    Runnable,
    /// A thread runs it.
    Running,
    /// It is in a system call, or in native code.
    InSystemCall,
    /// It waits for something, has ended, or is being preempted.
    Other,
}

/// A bit of the status word: the collector looks at the stack just now.
const SCAN: u32 = 0x1000;

impl GoroutineState {
    /// What a status word means.
    pub fn from_status(status: u32) -> Self {
        match status & !SCAN {
            1 => Self::Runnable,
            2 => Self::Running,
            3 => Self::InSystemCall,
            _ => Self::Other,
        }
    }
}

/// Where in the descriptor of a goroutine the words of the scheduler lie, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GoroutineWords {
    status: u64,
    preempt: u64,
    locked_thread: u64,
}

/// `g.stackguard0` in all releases: right behind `g.stack`.
const STACK_GUARD: u64 = 16;
/// `g.sched.sp` and `g.sched.pc` in all releases: right behind `g.m`.
const SAVED: [u64; 2] = [56, 64];
/// `g.atomicstatus` and `g.preempt`, as seen from `g.goid`.
const STATUS_BEFORE_ID: u64 = 8;
const PREEMPT_BEHIND_ID: u64 = 25;

impl GoroutineWords {
    /// What stands in the stack guard of a goroutine that is to yield: larger than any stack pointer, so that the next
    /// function it enters asks the runtime for a larger stack, and is told to let others run
    /// (`stackPreempt` in Go's `runtime/stack.go`).
    pub const YIELD: u64 = 0xffff_ffff_ffff_fade;

    /// Those of a toolchain such as `go1.26.8`; None where they were not looked up.
    pub(super) fn of(version: &str) -> Option<Self> {
        let Layout { goid, lockedm, .. } = layout::looked_up(version)?;
        let (status, preempt) = (goid - STATUS_BEFORE_ID, goid + PREEMPT_BEHIND_ID);
        Some(Self { status, preempt, locked_thread: lockedm })
    }

    /// Those that lie where `offset_of` tells, by structure and field. None unless the others are the same as in all releases that
    /// were looked up.
    pub(super) fn told_by(offset_of: &impl Fn(&'static str, &str) -> Option<u64>) -> Option<Self> {
        let g = |field| offset_of("runtime.g", field);
        let sched = g("sched")?;
        let saved = ["sp", "pc"].map(|field| offset_of("runtime.gobuf", field)?.checked_add(sched));
        let is_usual = g("stackguard0") == Some(STACK_GUARD) && saved == SAVED.map(Some);
        if !is_usual {
            return None;
        }
        Some(Self {
            status: layout::plausible(g("atomicstatus"), 4)?,
            preempt: layout::plausible(g("preempt"), 1)?,
            locked_thread: layout::plausible(g("lockedm"), 8)?,
        })
    }

    /// The status word, 32 bits wide.
    pub fn status(self, descriptor: Address) -> Address {
        descriptor + self.status
    }

    /// The byte that makes the goroutine yield soon after it has come back from native code.
    pub fn preempt(self, descriptor: Address) -> Address {
        descriptor + self.preempt
    }

    /// The stack guard, which every function compares its stack pointer with when it is entered.
    pub fn stack_guard(self, descriptor: Address) -> Address {
        descriptor + STACK_GUARD
    }

    /// Where the address of the thread's descriptor stands that the goroutine is locked to; 0 stands there if it is to none.
    pub fn locked_thread(self, descriptor: Address) -> Address {
        descriptor + self.locked_thread
    }

    /// Where the address of the descriptor of its thread stands, the runtime's `m`.
    pub fn thread(self, descriptor: Address) -> Address {
        descriptor + layout::G_M
    }

    /// Where the stack pointer and the place stand at which the goroutine goes on, as long as no thread runs it.
    pub fn saved(self, descriptor: Address) -> [Address; 2] {
        SAVED.map(|offset| descriptor + offset)
    }

    /// Where the lowest and the highest address of the stack stand.
    pub fn stack_bounds(self, descriptor: Address) -> [Address; 2] {
        [descriptor + layout::G_STACK_LO, descriptor + layout::G_STACK_HI]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_a_release_that_was_not_looked_up_are_unknown() {
        assert!(GoroutineWords::of("go1.27.0").is_none());
        assert!(GoroutineWords::of("go1.19.13").is_none());
        assert!(GoroutineWords::of("devel +8a3b6f1").is_none());
    }

    #[test]
    fn the_words_lie_where_the_debug_information_says() {
        // gdb in C mode: `print (long)&(('runtime.g' *)0)->atomicstatus`, `->preempt` and `->lockedm`.
        let words = |version| {
            let words = GoroutineWords::of(version)?;
            Some([words.status, words.preempt, words.locked_thread])
        };
        assert_eq!(words("go1.26.8"), Some([0x90, 0xb1, 208]));
        assert_eq!(words("go1.24.13"), Some([0x98, 0xb9, 216]));
        assert_eq!(words("go1.20.14"), Some([0x90, 0xb1, 232]));
    }

    /// What the debug information says of Go 1.26.8.
    fn offset_of(structure: &'static str, field: &str) -> Option<u64> {
        match (structure, field) {
            ("runtime.g", "stackguard0") => Some(16),
            ("runtime.g", "sched") => Some(56),
            ("runtime.g", "atomicstatus") => Some(0x90),
            ("runtime.g", "preempt") => Some(0xb1),
            ("runtime.g", "lockedm") => Some(208),
            ("runtime.gobuf", "sp") => Some(0),
            ("runtime.gobuf", "pc") => Some(8),
            _ => None,
        }
    }

    #[test]
    fn the_words_of_an_unknown_release_are_those_that_its_debug_information_tells() {
        assert_eq!(GoroutineWords::told_by(&offset_of), GoroutineWords::of("go1.26.8"));
        let elsewhere = |structure, field: &str| {
            let offset = offset_of(structure, field)?;
            Some(if field == "stackguard0" { offset + 8 } else { offset })
        };
        assert_eq!(GoroutineWords::told_by(&elsewhere), None);
        let far = |structure, field: &str| {
            let offset = offset_of(structure, field)?;
            Some(if field == "preempt" { u64::MAX } else { offset })
        };
        assert_eq!(GoroutineWords::told_by(&far), None);
        let partly = |structure, field: &str| offset_of(structure, field).filter(|_| field != "preempt");
        assert_eq!(GoroutineWords::told_by(&partly), None);
    }

    #[test]
    fn a_stack_that_is_looked_at_by_the_collector_does_not_hide_what_the_goroutine_does() {
        assert_eq!(GoroutineState::from_status(0x1002), GoroutineState::Running);
        assert_eq!(GoroutineState::from_status(4), GoroutineState::Other);
    }
}
