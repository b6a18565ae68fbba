//! Parking a goroutine instead of holding its thread.
//!
//! A thread that is held keeps its Go processor, and whatever lies in that processor's private slots. So whoever would take
//! it cannot run. But the scheduler can be asked to let others run: every Go function compares its stack pointer with a
//! word in the goroutine's descriptor when it is entered, and yields where a certain value stands there. That is how the
//! runtime itself preempts goroutines (`preemptone` in Go's `runtime/proc.go`), and at all times it is the runtime that
//! decides whether it may be done now. The thread runs on with another goroutine.

use jostle_model::Address;
use jostle_stacks::{GoroutineRef, GoroutineState, GoroutineWords, Memory, Registers};

use crate::memory::TargetMemory;
use crate::trampolines::Counters;

/// What may be read of goroutines, and asked of them, in a program whose release of Go is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Parking {
    words: GoroutineWords,
    counters: Counters,
}

/// In the descriptor of a thread, the runtime's own locks stand right behind those of the program (`m.lockedExt`), in the debug
/// information of Go 1.20.14, 1.21.13, 1.22.12, 1.23.12, 1.24.13, 1.25.5 and 1.26.8.
const PROGRAM_LOCKS: u64 = 4;
/// Callbacks within callbacks are rarely nested deeper; a larger number was not read where it stands.
const DEEPEST: u64 = 64;

/// A thread of Go's, and how many calls of native code it has made: as long as both are the same for a goroutine, it has
/// neither left the thread for long enough for others to make one, nor made one itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stay {
    thread: u64,
    calls: u64,
}

/// Where a goroutine that no thread runs goes on: its stack pointer and the instruction. As long as both are the same, it has
/// not gone on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Saved([u64; 2]);

impl Saved {
    /// As far as it takes to walk its stack: Go's tables need no more.
    pub(super) fn registers(self) -> Registers {
        let [rsp, rip] = self.0;
        Registers { rsp, rip, ..Registers::default() }
    }
}

impl Parking {
    pub(super) fn new(words: GoroutineWords, counters: Counters) -> Self {
        Self { words, counters }
    }

    /// The word that tells what a goroutine does, 32 bits wide.
    pub(super) fn status_word(&self, goroutine: &GoroutineRef) -> Address {
        self.words.status(goroutine.descriptor)
    }

    /// What a goroutine does now.
    pub(super) fn state(&self, goroutine: &GoroutineRef, memory: &TargetMemory) -> Option<GoroutineState> {
        let mut status = [0; 4];
        memory
            .read(self.status_word(goroutine), &mut status)
            .then(|| GoroutineState::from_status(u32::from_le_bytes(status)))
    }

    /// Where a goroutine is now.
    pub(super) fn stay(&self, goroutine: &GoroutineRef, memory: &TargetMemory) -> Option<Stay> {
        let thread = memory.word(self.words.thread(goroutine.descriptor)).filter(|&thread| thread != 0)?;
        Some(Stay { thread, calls: memory.word(Address(thread) + self.counters.calls?)? })
    }

    /// Where a goroutine that no thread runs goes on.
    pub(super) fn saved(&self, goroutine: &GoroutineRef, memory: &TargetMemory) -> Option<Saved> {
        let [stack, place] = self.words.saved(goroutine.descriptor).map(|at| memory.word(at));
        Some(Saved([stack?, place?]))
    }

    /// Whether a goroutine keeps its thread to itself: to take it off is slow, and whoever wants that has a reason. That the
    /// runtime locks it to a thread that calls back into Go is none.
    pub(super) fn is_locked(&self, goroutine: &GoroutineRef, memory: &TargetMemory) -> bool {
        match memory.word(self.words.locked_thread(goroutine.descriptor)) {
            Some(0) => false,
            Some(thread) => !self.is_locked_for_callback(Address(thread), memory),
            None => true,
        }
    }

    /// Whether nobody but the runtime has locked a thread to its goroutine.
    fn is_locked_for_callback(&self, thread: Address, memory: &TargetMemory) -> bool {
        let Some(callbacks) = self.counters.callbacks else { return false };
        let locks = memory.word(thread + callbacks - PROGRAM_LOCKS);
        locks.is_some_and(|locks| locks as u32 == 0 && (1..=DEEPEST).contains(&(locks >> 32)))
    }

    /// Whether `at` lies in the stack of a goroutine: what lies there moves.
    pub(super) fn is_on_stack(&self, goroutine: &GoroutineRef, at: Address, memory: &TargetMemory) -> bool {
        let [low, high] = self.stack(goroutine, memory);
        (low..high).contains(&at.0)
    }

    /// Makes a goroutine yield at the next function that it enters. It runs Go code, and its thread stands still. Returns
    /// whether it was asked: not if its descriptor is not what it should be.
    pub(super) fn park(&self, goroutine: &GoroutineRef, memory: &TargetMemory) -> bool {
        let at = self.words.stack_guard(goroutine.descriptor);
        let [low, high] = self.stack(goroutine, memory);
        let is_running = self.state(goroutine, memory) == Some(GoroutineState::Running);
        let guard = memory.word(at).unwrap_or(0);
        let is_plausible = guard == GoroutineWords::YIELD || (low..high).contains(&guard);
        is_running && is_plausible && memory.write(at, &GoroutineWords::YIELD.to_le_bytes()).is_ok()
    }

    /// Asks a goroutine to yield where it stands, in Go code. It does so when its thread gets the signal for it, if it may be
    /// interrupted there; nothing if it cannot be asked.
    pub(super) fn ask_to_yield_at_once(&self, goroutine: &GoroutineRef, memory: &TargetMemory) -> Option<()> {
        memory.write_byte(self.words.preempt(goroutine.descriptor), 1).ok()
    }

    /// The same for one that is in native code: it yields when it has come back. Only its scheduler reads the word.
    pub(super) fn park_on_return(&self, goroutine: &GoroutineRef, memory: &TargetMemory) {
        let at = self.words.preempt(goroutine.descriptor);
        let is_native = self.state(goroutine, memory) == Some(GoroutineState::InSystemCall);
        if is_native && memory.byte(at).is_ok_and(|asked| asked == 0) {
            // If it cannot be asked, it runs on.
            let _ = memory.write_byte(at, 1);
        }
    }

    fn stack(&self, goroutine: &GoroutineRef, memory: &TargetMemory) -> [u64; 2] {
        self.words.stack_bounds(goroutine.descriptor).map(|at| memory.word(at).unwrap_or(0))
    }
}
