mod copies;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io;

use jostle_model::Address;

use crate::memory::TargetMemory;
use crate::operation::AllocationSite;
use crate::sites::{FunctionId, SiteId};

/// `int3`, the one-byte breakpoint of x86.
const INT3: u8 = 0xcc;
/// How many bytes of code have to be what they are taken for where a trap is set.
pub(crate) const COMPARED: usize = 16;

/// What a trap was set for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To see that this function runs at all.
    Discover(FunctionId),
    /// To see which addresses this site touches.
    Scout(SiteId),
    /// To hold the thread that arrives at this site.
    Hold(SiteId),
    /// To follow a block of memory that was allocated right before this place.
    Allocation(AllocationSite),
    /// To follow what a native function has returned to this place.
    Follow(Address),
}

/// A trap to set or to take away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Set a trap.
    Arm(Purpose),
    /// Take it away.
    Disarm(Purpose),
}

impl Step {
    /// Waits at a site for somebody to hold, instead of somebody to look at.
    pub(crate) fn to_hold(site: SiteId) -> [Self; 2] {
        [Self::Disarm(Purpose::Scout(site)), Self::Arm(Purpose::Hold(site))]
    }
}

/// One-shot breakpoints in the text of a launched target.
///
/// The thread that hits one gets the original byte back under its feet before it goes on, so no thread ever
/// has to be single-stepped, nor any other be stopped: there is no moment in which the trap is lifted for
/// others but should not be. A second thread may have fetched the `int3` just before it went: its trap is
/// *stale*, and it only has to step back.
///
/// Nothing is written but over the very bytes that are meant, and nothing is put back but over an `int3`: programs map other
/// things where code was, and change their code. Some [copy](copies) it, with the traps that stand there.
#[derive(Debug, Default)]
pub(crate) struct Traps {
    armed: HashMap<Address, Purpose>,
    /// The original code at every trap that was ever set, to know stale traps and to clean up copies.
    originals: BTreeMap<Address, &'static [u8]>,
    /// Where code that was copied with a trap in it has been put right.
    mended: HashSet<Address>,
    /// Where something else lies than the file's code.
    replaced: HashSet<Address>,
}

/// What an `int3` stop at some address means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hit {
    /// A trap of ours, now disarmed.
    Ours(Purpose),
    /// It was ours, and was disarmed while the thread ran into it, or it is a copy of one of ours that was put right now.
    Stale,
    /// The program's own `int3`.
    Foreign,
}

impl Traps {
    /// Sets a trap at `at`, where the file has this `code`. Does nothing where one is already, where the program has an
    /// `int3` itself, or where something else lies than that code.
    pub(crate) fn arm(
        &mut self,
        memory: &TargetMemory,
        at: Address,
        code: Option<&'static [u8]>,
        purpose: Purpose,
    ) -> io::Result<()> {
        if self.armed.contains_key(&at) || !self.is_there(memory, at, code) {
            return Ok(());
        }
        let Some(code) = code.filter(|code| code.first().is_some_and(|first| *first != INT3)) else {
            return Ok(());
        };
        memory.write_byte(at, INT3)?;
        self.originals.insert(at, code);
        self.armed.insert(at, purpose);
        Ok(())
    }

    /// Whether the file has code for `at` and it lies there, but for traps of ours. If not, that is noted.
    pub(crate) fn is_there(&mut self, memory: &TargetMemory, at: Address, code: Option<&[u8]>) -> bool {
        let mut bytes = [0; COMPARED];
        let code = code.unwrap_or_default();
        let bytes = &mut bytes[..code.len().min(COMPARED)];
        // Errors mean that nothing is mapped there any more.
        if memory.read_exact(at, bytes).is_err() {
            return false;
        }
        let is_same = |(offset, (found, meant)): (u64, (&u8, &u8))| {
            found == meant || *found == INT3 && self.armed.contains_key(&(at + offset))
        };
        let is_there = !code.is_empty() && (0..).zip(bytes.iter().zip(code)).all(is_same);
        if !is_there {
            self.replaced.insert(at);
        }
        is_there
    }

    /// At how many places something else lay.
    pub(crate) fn replaced(&self) -> u64 {
        self.replaced.len() as u64
    }

    /// Takes the trap at `at` away, if there is one for this purpose.
    pub(crate) fn disarm(&mut self, memory: &TargetMemory, at: Address, purpose: Purpose) -> io::Result<()> {
        if self.armed.get(&at) == Some(&purpose) {
            self.lift(memory, at)?;
        }
        Ok(())
    }

    /// Takes the trap at `at` away, if there is one; returns what it was for.
    fn lift(&mut self, memory: &TargetMemory, at: Address) -> io::Result<Option<Purpose>> {
        let Some(purpose) = self.armed.remove(&at) else { return Ok(None) };
        if memory.byte(at)? == INT3 {
            memory.write_byte(at, self.originals[&at][0])?;
        }
        Ok(Some(purpose))
    }

    /// Takes all traps away. Errors mean that the memory is gone, and the traps with it.
    pub(crate) fn disarm_all(&mut self, memory: &TargetMemory) {
        let mut armed: Vec<Address> = self.armed.keys().copied().collect();
        armed.sort_unstable();
        for at in armed {
            let _ = self.lift(memory, at);
        }
    }

    /// What a thread has hit that stopped right after an `int3` at `at`; takes the trap away.
    pub(crate) fn hit(&mut self, memory: &TargetMemory, at: Address) -> io::Result<Hit> {
        if let Some(purpose) = self.lift(memory, at)? {
            return Ok(Hit::Ours(purpose));
        }
        let is_known = self.originals.contains_key(&at) || self.mended.contains(&at);
        let is_stale = is_known && memory.byte(at)? != INT3;
        Ok(if is_stale || self.mend_copy(memory, at) { Hit::Stale } else { Hit::Foreign })
    }

    /// Whether there ever was a trap of ours at `at`.
    pub(crate) fn has_been_at(&self, at: Address) -> bool {
        self.originals.contains_key(&at)
    }

    /// Whether there is anything to clean up in a copy.
    pub(crate) fn were_ever_set(&self) -> bool {
        !self.originals.is_empty()
    }

    /// Cleans a forked copy of the target's memory, which was taken at some earlier moment.
    pub(crate) fn clean_copy(&self, copy: &TargetMemory) {
        for (&at, code) in &self.originals {
            if copy.byte(at).is_ok_and(|byte| byte == INT3) {
                let _ = copy.write_byte(at, code[0]);
            }
        }
    }

    /// Forgets everything in `from..to`, which is not mapped any more, or not with the same code.
    pub(crate) fn forget(&mut self, from: Address, to: Address) {
        self.armed.retain(|at, _| !(from..to).contains(at));
        self.originals.retain(|at, _| !(from..to).contains(at));
        self.replaced.retain(|at| !(from..to).contains(at));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) static CODE: [u8; 16] =
        [0x48, 0x89, 0x07, 0x48, 0x8b, 0x06, 0xc3, 0x90, 0x55, 0x53, 0x48, 0x83, 0xec, 0x18, 0x31, 0xc0];
    pub(super) const ANYTHING: Purpose = Purpose::Follow(Address(0));

    /// Our own memory stands for a target's: that it is not code makes no difference to who writes there.
    pub(super) fn own_memory() -> TargetMemory {
        TargetMemory::open(std::process::id() as i32).expect("it is ours")
    }

    pub(super) fn address(bytes: &[u8]) -> Address {
        Address(bytes.as_ptr() as u64)
    }

    pub(super) fn read(memory: &TargetMemory, at: Address) -> [u8; 16] {
        let mut bytes = [0; 16];
        memory.read_exact(at, &mut bytes).expect("it is mapped");
        bytes
    }

    #[test]
    fn a_trap_leaves_the_code_as_it_was() {
        let (memory, code) = (own_memory(), Box::new(CODE));
        let (at, mut traps) = (address(&*code), Traps::default());
        traps.arm(&memory, at + 3, Some(&CODE[3..]), ANYTHING).expect("written");
        traps.arm(&memory, at, Some(&CODE), ANYTHING).expect("beside another trap");
        let mut trapped = CODE;
        (trapped[0], trapped[3]) = (INT3, INT3);
        assert_eq!(read(&memory, at), trapped);
        assert_eq!(traps.hit(&memory, at).expect("read"), Hit::Ours(ANYTHING));
        traps.disarm_all(&memory);
        assert_eq!(read(&memory, at), CODE);
    }

    #[test]
    fn what_is_not_the_code_that_is_meant_is_not_touched() {
        let (memory, mut other) = (own_memory(), Box::new(CODE));
        other[7] = 0x91;
        let (at, mut traps) = (address(&*other), Traps::default());
        traps.arm(&memory, at, Some(&CODE), ANYTHING).expect("read");
        assert_eq!(read(&memory, at), *other);
        assert_eq!(traps.hit(&memory, at).expect("read"), Hit::Foreign);
    }

    #[test]
    fn what_has_taken_the_place_of_a_trap_is_not_touched() {
        let (memory, code) = (own_memory(), Box::new(CODE));
        let (at, mut traps) = (address(&*code), Traps::default());
        traps.arm(&memory, at, Some(&CODE), ANYTHING).expect("written");
        memory.write(at, b"pointers, values").expect("written");
        traps.disarm(&memory, at, ANYTHING).expect("read");
        assert_eq!(&read(&memory, at), b"pointers, values");
        traps.arm(&memory, at, Some(&CODE), ANYTHING).expect("read");
        assert_eq!(&read(&memory, at), b"pointers, values");
    }
}
