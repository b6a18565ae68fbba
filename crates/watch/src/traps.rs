use std::collections::{BTreeMap, HashMap};
use std::io;

use jostle_model::Address;

use crate::memory::TargetMemory;
use crate::operation::AllocationSite;
use crate::sites::{FunctionId, SiteId};

/// `int3`, the one-byte breakpoint of x86.
const INT3: u8 = 0xcc;

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
#[derive(Debug, Default)]
pub(crate) struct Traps {
    armed: HashMap<Address, Purpose>,
    /// The original byte under every trap that was ever set, to know stale traps and to clean up copies.
    originals: BTreeMap<Address, u8>,
}

/// What an `int3` stop at some address means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hit {
    /// A trap of ours, now disarmed.
    Ours(Purpose),
    /// It was ours, and was disarmed while the thread ran into it.
    Stale,
    /// The program's own `int3`.
    Foreign,
}

impl Traps {
    /// Sets a trap at `at`. Does nothing where one is already, or where the program has an `int3` itself.
    pub(crate) fn arm(&mut self, memory: &TargetMemory, at: Address, purpose: Purpose) -> io::Result<()> {
        if self.armed.contains_key(&at) {
            return Ok(());
        }
        let original = match self.originals.get(&at) {
            Some(&original) => original,
            None => memory.byte(at)?,
        };
        if original == INT3 {
            return Ok(());
        }
        memory.write_byte(at, INT3)?;
        self.originals.insert(at, original);
        self.armed.insert(at, purpose);
        Ok(())
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
        memory.write_byte(at, self.originals[&at])?;
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
        let is_stale = self.originals.contains_key(&at) && memory.byte(at)? != INT3;
        Ok(if is_stale { Hit::Stale } else { Hit::Foreign })
    }

    /// Whether there ever was a trap of ours at `at`.
    pub(crate) fn has_been_at(&self, at: Address) -> bool {
        self.originals.contains_key(&at)
    }

    /// Cleans a forked copy of the target's memory, which was taken at some earlier moment.
    pub(crate) fn clean_copy(&self, copy: &TargetMemory) {
        for (&at, &original) in &self.originals {
            if copy.byte(at).is_ok_and(|byte| byte == INT3) {
                let _ = copy.write_byte(at, original);
            }
        }
    }

    /// Forgets everything in `from..to`, which is not mapped any more, or not with the same code.
    pub(crate) fn forget(&mut self, from: Address, to: Address) {
        self.armed.retain(|at, _| !(from..to).contains(at));
        self.originals.retain(|at, _| !(from..to).contains(at));
    }
}
