//! Which goroutine a thread runs.
use jostle_model::Address;

use super::GoroutineRef;
use super::layout::{G_M, G_STACK_HI, G_STACK_LO, Layout, M_G0};
use crate::cursor::Memory;

/// No goroutine's stack is larger: the runtime's own limit is 1 GB.
const LARGEST_STACK: u64 = 1 << 32;
/// Goroutines are numbered from 1; nobody starts this many.
const HIGHEST_ID: u64 = 1 << 48;

/// The goroutine behind the `g` at address `g`, which may be that of the thread's own stack or of its signal
/// handlers. None when anything about it is implausible, and for a thread that runs no goroutine.
pub(super) fn describe(
    g: u64,
    layout: Layout,
    is_code: impl Fn(Address) -> bool,
    memory: &dyn Memory,
) -> Option<GoroutineRef> {
    let runtime = Runtime { layout, memory };
    let goroutine = runtime.user_goroutine(g)?;
    let word = |offset: u64| runtime.word(goroutine, offset);
    // Goroutines that stand for a thread of C have none; anything else says that the layout is another.
    let code = |offset: u64| match word(offset)? {
        0 => Some(None),
        at => is_code(Address(at)).then_some(Some(Address(at))),
    };
    let id = word(layout.goid).filter(|id| (1..HIGHEST_ID).contains(id))?;
    let (created_at, started_at) = (code(layout.gopc)?, code(layout.startpc)?);
    Some(GoroutineRef { id, descriptor: Address(goroutine), created_at, started_at })
}

struct Runtime<'a> {
    layout: Layout,
    memory: &'a dyn Memory,
}

impl Runtime<'_> {
    fn word(&self, structure: u64, offset: u64) -> Option<u64> {
        self.memory.word(Address(structure.wrapping_add(offset)))
    }

    /// On the thread's own stack the runtime, or C code, works for the goroutine that the thread had before.
    fn user_goroutine(&self, g: u64) -> Option<u64> {
        let thread = self.thread_of(g)?;
        let thread_stack = self.word(thread, M_G0)?;
        let consistent = thread_stack == g || self.thread_of(thread_stack) == Some(thread);
        let current = self.word(thread, self.layout.curg).filter(|&current| current != 0)?;
        (consistent && self.thread_of(current) == Some(thread)).then_some(current)
    }

    /// The `m` of a plausible `g`.
    fn thread_of(&self, g: u64) -> Option<u64> {
        let (low, high) = (self.word(g, G_STACK_LO)?, self.word(g, G_STACK_HI)?);
        let plausible = low != 0 && low < high && high - low <= LARGEST_STACK;
        self.word(g, G_M).filter(|&thread| plausible && thread != 0)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    const LAYOUT: Layout = Layout { goid: 152, gopc: 288, startpc: 304, lockedm: 208, curg: 184 };
    const USER: u64 = 0x1000;
    const THREAD_STACK: u64 = 0x2000;
    const THREAD: u64 = 0x3000;

    #[derive(Clone)]
    struct Words(BTreeMap<u64, u64>);

    impl Memory for Words {
        fn read(&self, at: Address, bytes: &mut [u8]) -> bool {
            let word = self.0.get(&at.0).copied().unwrap_or(0);
            bytes.copy_from_slice(&word.to_le_bytes()[..bytes.len()]);
            true
        }
    }

    fn running() -> Words {
        let stacks = [(USER, 0xc000_0000), (THREAD_STACK, 0x7000_0000)];
        let mut words: BTreeMap<u64, u64> = stacks
            .into_iter()
            .flat_map(|(g, stack)| [(g, stack), (g + 8, stack + 0x2000), (g + 48, THREAD)])
            .collect();
        words.extend([(THREAD, THREAD_STACK), (THREAD + LAYOUT.curg, USER)]);
        words.extend([(USER + LAYOUT.goid, 17), (USER + LAYOUT.gopc, 0x40_1000), (USER + LAYOUT.startpc, 0)]);
        Words(words)
    }

    fn described(g: u64, words: &Words) -> Option<GoroutineRef> {
        describe(g, LAYOUT, |at| at.0 > 0x40_0000, words)
    }

    #[test]
    fn the_goroutine_is_the_same_on_its_own_stack_and_on_its_threads() {
        let (descriptor, created_at) = (Address(USER), Some(Address(0x40_1000)));
        let goroutine = GoroutineRef { id: 17, descriptor, created_at, started_at: None };
        assert_eq!(described(USER, &running()), Some(goroutine));
        assert_eq!(described(THREAD_STACK, &running()), Some(goroutine));
    }

    #[test]
    fn a_thread_without_a_goroutine_runs_none() {
        let mut words = running();
        words.0.insert(THREAD + LAYOUT.curg, 0);
        assert_eq!(described(THREAD_STACK, &words), None);
    }

    #[test]
    fn an_implausible_structure_is_no_goroutine() {
        for (at, value) in [(USER + 8, 1), (USER + 48, 0), (USER + LAYOUT.goid, 0), (THREAD + LAYOUT.curg, 8)]
        {
            let mut words = running();
            words.0.insert(at, value);
            assert_eq!(described(USER, &words), None, "{at:#x}");
        }
        assert_eq!(described(0, &running()), None);
    }
}
