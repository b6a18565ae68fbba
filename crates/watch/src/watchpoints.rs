use std::collections::BTreeMap;
use std::io;

use jostle_model::{Access, Address};

use crate::sys::perf::{Watch, Watchpoint};

/// The debug registers of an x86-64 thread.
const REGISTERS: usize = 4;

/// An aligned part of a watched range that one debug register covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Slice {
    at: Address,
    length: u64,
}

/// Cuts a range into aligned slices of 1, 2, 4 or 8 bytes, at most one per debug register. Exactly: a slice
/// that reached beyond the range would report the neighbour's innocent accesses. What does not fit in four
/// slices is left unwatched.
fn slices(at: Address, size: u64) -> impl Iterator<Item = Slice> {
    let end = at.0.saturating_add(size);
    let mut next = at.0;
    std::iter::from_fn(move || {
        let fits = |length: &u64| {
            next.is_multiple_of(*length) && next.checked_add(*length).is_some_and(|to| to <= end)
        };
        let length = [8, 4, 2, 1].into_iter().find(fits)?;
        let slice = Slice { at: Address(next), length };
        next += length;
        Some(slice)
    })
    .take(REGISTERS)
}

/// What could not be watched, and in how many threads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Blind {
    /// Threads without a free debug register.
    pub(crate) no_register: usize,
}

/// The watchpoints of all threads of the target. Reserved when first needed, then only re-armed: that costs
/// 3 to 10 µs per thread, opening one anew several times that.
#[derive(Debug)]
pub(crate) struct Watchpoints {
    threads: BTreeMap<i32, Vec<Watchpoint>>,
    exclude_kernel: bool,
    armed: Option<Armed>,
}

#[derive(Debug)]
struct Armed {
    slices: Vec<Slice>,
    watch: Watch,
    cookie: u64,
    except: i32,
}

impl Watchpoints {
    /// None yet. With `exclude_kernel`, accesses by system calls are not seen.
    pub(crate) fn new(exclude_kernel: bool) -> Self {
        Self { threads: BTreeMap::new(), exclude_kernel, armed: None }
    }

    /// Includes a thread, at once if something is being watched.
    pub(crate) fn add_thread(&mut self, tid: i32) {
        let mut registers = Vec::new();
        if let Some(armed) = &self.armed {
            let _ = arm_thread(&mut registers, tid, self.exclude_kernel, armed);
        }
        self.threads.insert(tid, registers);
    }

    /// Lets go of a thread's registers.
    pub(crate) fn remove_thread(&mut self, tid: i32) {
        self.threads.remove(&tid);
    }

    /// Lets go of all registers, to be reserved anew when next needed: one that misses what it should see may never
    /// see anything again.
    pub(crate) fn renew(&mut self) {
        self.threads.values_mut().for_each(Vec::clear);
    }

    /// Lets go of all registers.
    pub(crate) fn clear(&mut self) {
        self.threads.clear();
        self.armed = None;
    }

    /// Watches the range of `access` in all threads but `except`, for what conflicts with it.
    pub(crate) fn arm(&mut self, access: &Access, except: i32, cookie: u64) -> Blind {
        // A read collides with writes only.
        let watch = if access.direction.writes() { Watch::Accesses } else { Watch::Writes };
        let slices = slices(access.address, u64::from(access.size)).collect();
        let armed = Armed { slices, watch, cookie, except };
        let mut blind = Blind::default();
        for (&tid, registers) in &mut self.threads {
            if tid != except && arm_thread(registers, tid, self.exclude_kernel, &armed).is_err() {
                blind.no_register += 1;
            }
        }
        self.armed = Some(armed);
        blind
    }

    /// Stops watching.
    pub(crate) fn disarm(&mut self) {
        let Some(armed) = self.armed.take() else { return };
        for (&tid, registers) in &self.threads {
            for register in registers.iter().take(armed.slices.len()).filter(|_| tid != armed.except) {
                // Only a thread that has gone cannot be disarmed.
                let _ = register.disarm();
            }
        }
    }
}

/// Arms `armed` in one thread, reserving registers as needed.
fn arm_thread(
    registers: &mut Vec<Watchpoint>,
    tid: i32,
    exclude_kernel: bool,
    armed: &Armed,
) -> io::Result<()> {
    for (index, slice) in armed.slices.iter().enumerate() {
        if registers.len() <= index {
            match Watchpoint::reserve(tid, exclude_kernel) {
                Ok(watchpoint) => registers.push(watchpoint),
                // The thread is gone: it cannot collide any more.
                Err(error) if error.raw_os_error() == Some(libc::ESRCH) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        registers[index].arm(slice.at, slice.length, armed.watch, armed.cookie)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(at: u64, size: u64) -> Vec<(u64, u64)> {
        slices(Address(at), size).map(|slice| (slice.at.0, slice.length)).collect()
    }

    #[test]
    fn an_aligned_word_takes_one_register() {
        assert_eq!(cut(0x1000, 8), [(0x1000, 8)]);
        assert_eq!(cut(0x1001, 1), [(0x1001, 1)]);
    }

    #[test]
    fn a_vector_takes_one_register_per_eight_bytes() {
        assert_eq!(cut(0x1000, 32), [(0x1000, 8), (0x1008, 8), (0x1010, 8), (0x1018, 8)]);
    }

    #[test]
    fn an_unaligned_range_is_covered_to_the_byte() {
        assert_eq!(cut(0x1003, 8), [(0x1003, 1), (0x1004, 4), (0x1008, 2), (0x100a, 1)]);
    }

    #[test]
    fn what_needs_more_than_four_registers_is_cut_off() {
        assert_eq!(cut(0x1001, 16).len(), REGISTERS);
    }

    #[test]
    fn nothing_wraps_around_the_end_of_the_address_space() {
        assert!(cut(u64::MAX - 3, 8).iter().all(|&(at, _)| at >= u64::MAX - 3));
    }
}
