use std::collections::BTreeMap;
use std::io;

use jostle_model::{Access, Address};

use crate::sys::perf::{EXECUTION, Watch, Watchpoint};

/// The debug registers of an x86-64 thread.
pub(crate) const REGISTERS: usize = 4;

/// An aligned part of a watched range that one debug register covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slice {
    pub(crate) at: Address,
    pub(crate) length: u64,
}

impl Slice {
    /// The first part of the range of `access`.
    pub(crate) fn first_of(access: &Access) -> Option<Self> {
        slices(access.address, u64::from(access.size)).next()
    }
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
    /// Threads for which we may open no more files.
    pub(crate) no_descriptor: usize,
}

/// The watchpoints of all threads of the target. Reserved when first needed, then only re-armed: that costs
/// 3 to 10 µs per thread, opening one anew several times that.
#[derive(Debug)]
pub(crate) struct Watchpoints {
    threads: BTreeMap<i32, Registers>,
    exclude_kernel: bool,
    /// How many registers of each thread we may take.
    most: usize,
    /// What each register watches, in all threads alike.
    armed: [Option<Armed>; REGISTERS],
}

/// The debug registers reserved in one thread.
type Registers = [Option<Watchpoint>; REGISTERS];

#[derive(Clone, Copy, Debug)]
struct Armed {
    slice: Slice,
    watch: Watch,
    cookie: u64,
}

impl Watchpoints {
    /// None yet. With `exclude_kernel`, accesses by system calls are not seen.
    pub(crate) fn new(exclude_kernel: bool) -> Self {
        Self { threads: BTreeMap::new(), exclude_kernel, most: REGISTERS, armed: [None; REGISTERS] }
    }

    /// Leaves one register of each thread to a [tracepoint](crate::tracepoints), as soon as what it watches is over.
    pub(crate) fn leave_one(&mut self) {
        self.most = REGISTERS - 1;
        self.renew_from(self.most);
    }

    /// Includes a thread, at once if something is being watched.
    pub(crate) fn add_thread(&mut self, tid: i32) {
        let mut registers = Registers::default();
        for (register, armed) in registers.iter_mut().zip(self.armed) {
            if let Some(armed) = armed {
                let _ = arm(register, tid, self.exclude_kernel, &armed);
            }
        }
        self.threads.insert(tid, registers);
    }

    /// Lets go of a thread's registers.
    pub(crate) fn remove_thread(&mut self, tid: i32) {
        self.threads.remove(&tid);
    }

    /// Lets go of all registers that watch nothing, to be reserved anew when next needed.
    pub(crate) fn renew(&mut self) {
        self.renew_from(0);
    }

    fn renew_from(&mut self, first: usize) {
        for registers in self.threads.values_mut() {
            let all = registers.iter_mut().zip(&self.armed).skip(first);
            for (register, _) in all.filter(|(_, armed)| armed.is_none()) {
                *register = None;
            }
        }
    }

    /// Lets go of all registers.
    pub(crate) fn clear(&mut self) {
        self.threads.clear();
        self.armed = [None; REGISTERS];
    }

    /// How many registers watch nothing.
    pub(crate) fn free(&self) -> usize {
        self.armed[..self.most].iter().filter(|armed| armed.is_none()).count()
    }

    /// How many of them it takes to watch the range of `access`, or as much of it as we can.
    pub(crate) fn needed(&self, access: &Access) -> usize {
        slices(access.address, u64::from(access.size)).take(self.most).count()
    }

    /// Watches the range of `access` in some threads, and in all that are still to be born, for what conflicts with it,
    /// as far as [free](Self::free) registers [reach](Self::needed).
    pub(crate) fn arm(&mut self, access: &Access, threads: impl Iterator<Item = i32>, cookie: u64) -> Blind {
        let slices = slices(access.address, u64::from(access.size));
        self.arm_slices(slices, Watch::conflicting(access), threads, cookie)
    }

    /// Reserves the register that will be used next in some threads, if one is free: it takes several times as long as to arm it.
    pub(crate) fn reserve(&mut self, threads: impl Iterator<Item = i32>) {
        let Some(next) = (0..self.most).find(|&register| self.armed[register].is_none()) else { return };
        for tid in threads {
            let register = self.threads.get_mut(&tid).map(|registers| &mut registers[next]);
            if let Some(free @ None) = register {
                // Where it cannot be had now, that is told when it is to be armed.
                *free = Watchpoint::reserve(tid, self.exclude_kernel).ok();
            }
        }
    }

    /// Stops some threads, and all that are still to be born, in front of the instruction at `at`, if a register is free.
    pub(crate) fn break_at(&mut self, at: Address, threads: impl Iterator<Item = i32>, cookie: u64) {
        let instruction = Slice { at, length: EXECUTION };
        self.arm_slices(std::iter::once(instruction), Watch::Execution, threads, cookie);
    }

    fn arm_slices(
        &mut self,
        slices: impl Iterator<Item = Slice>,
        watch: Watch,
        threads: impl Iterator<Item = i32>,
        cookie: u64,
    ) -> Blind {
        let free = (0..self.most).filter(|&register| self.armed[register].is_none()).collect::<Vec<_>>();
        let parts: Vec<_> =
            slices.zip(free).map(|(slice, register)| (register, Armed { slice, watch, cookie })).collect();
        let mut blind = Blind::default();
        for tid in threads {
            let Some(registers) = self.threads.get_mut(&tid) else { continue };
            let mut all = parts.iter();
            let armed = all
                .try_for_each(|(index, armed)| arm(&mut registers[*index], tid, self.exclude_kernel, armed));
            match armed.map_err(|error| error.raw_os_error()) {
                Ok(()) => {}
                Err(Some(libc::EMFILE | libc::ENFILE)) => blind.no_descriptor += 1,
                Err(_) => blind.no_register += 1,
            }
        }
        for (register, armed) in parts {
            self.armed[register] = Some(armed);
        }
        blind
    }

    /// Stops watching what carries this cookie.
    pub(crate) fn disarm(&mut self, cookie: u64) {
        for index in 0..REGISTERS {
            if self.armed[index].take_if(|armed| armed.cookie == cookie).is_none() {
                continue;
            }
            for register in self.threads.values_mut().filter_map(|registers| registers[index].as_mut()) {
                // Only a thread that has gone cannot be disarmed.
                let _ = register.disarm();
            }
        }
        self.renew_from(self.most);
    }
}

/// Arms a register of one thread, reserving it if needed.
fn arm(register: &mut Option<Watchpoint>, tid: i32, exclude_kernel: bool, armed: &Armed) -> io::Result<()> {
    if register.is_none() {
        match Watchpoint::reserve(tid, exclude_kernel) {
            Ok(watchpoint) => *register = Some(watchpoint),
            // The thread is gone: it cannot collide any more.
            Err(error) if error.raw_os_error() == Some(libc::ESRCH) => return Ok(()),
            Err(error) => return Err(error),
        }
    }
    let watchpoint = register.as_mut().expect("reserved just now");
    watchpoint.arm(armed.slice.at, armed.slice.length, armed.watch, armed.cookie)
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
