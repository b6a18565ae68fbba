//! Who comes to an instruction, or to memory, recorded without stopping anybody.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use jostle_model::{Access, Address};

use crate::sys::perf::{EXECUTION, Watch};
use crate::sys::tracepoint::{Arrival, Tracepoint};
use crate::watchpoints::Slice;

/// In how many threads a register is kept reserved, unless more are to be asked at once: each takes a descriptor and two pages.
const MOST: usize = 32;

/// The tracepoints of the threads of a process, at one place at a time.
#[derive(Debug, Default)]
pub(crate) struct Tracepoints {
    threads: BTreeMap<i32, Tracepoint>,
    armed: Vec<i32>,
    /// What is recorded at the moment.
    what: Option<(Slice, Watch)>,
}

impl Tracepoints {
    /// Records who of some threads, and of those that are still to be born, comes to the instruction at `at`. Returns whether
    /// that could be asked of all of them; of none else.
    pub(crate) fn break_at(&mut self, at: Address, threads: &[i32]) -> bool {
        self.set(Slice { at, length: EXECUTION }, Watch::Execution, threads)
    }

    /// The same for what conflicts with `access`, as far as one register reaches.
    pub(crate) fn watch(&mut self, access: &Access, threads: &[i32]) -> bool {
        Slice::first_of(access).is_some_and(|slice| self.set(slice, Watch::conflicting(access), threads))
    }

    fn set(&mut self, slice: Slice, watch: Watch, threads: &[i32]) -> bool {
        if self.threads.len() + threads.len() > MOST {
            self.threads.retain(|tid, _| threads.contains(tid));
        }
        let is_set = threads.iter().all(|&tid| self.set_in(tid, slice, watch));
        self.what = Some((slice, watch));
        if !is_set {
            self.take_away();
        }
        is_set
    }

    /// Includes a thread, if anything is being recorded.
    pub(crate) fn add_thread(&mut self, tid: i32) {
        if let Some((slice, watch)) = self.what.filter(|_| self.threads.len() < MOST) {
            self.set_in(tid, slice, watch);
        }
    }

    fn set_in(&mut self, tid: i32, slice: Slice, watch: Watch) -> bool {
        let tracepoint = match self.threads.entry(tid) {
            Entry::Occupied(reserved) => reserved.into_mut(),
            Entry::Vacant(free) => match Tracepoint::reserve(tid) {
                Ok(tracepoint) => free.insert(tracepoint),
                // A thread that is gone does not come any more.
                Err(error) => return error.raw_os_error() == Some(libc::ESRCH),
            },
        };
        let is_set = tracepoint.arm(slice.at, slice.length, watch).is_ok();
        self.armed.extend(is_set.then_some(tid));
        is_set
    }

    /// How often somebody has come.
    pub(crate) fn arrivals(&self) -> u64 {
        self.armed.iter().filter_map(|tid| self.threads.get(tid)).map(Tracepoint::arrivals).sum()
    }

    /// How many threads have come.
    pub(crate) fn comers(&self) -> usize {
        let armed = self.armed.iter().filter_map(|tid| self.threads.get(tid));
        armed.filter(|tracepoint| tracepoint.arrivals() > 0).count()
    }

    /// Records no more. Returns who has come, in that order.
    pub(crate) fn take_away(&mut self) -> Vec<(i32, Arrival)> {
        self.what = None;
        let mut arrivals = Vec::new();
        for tid in std::mem::take(&mut self.armed) {
            let Some(tracepoint) = self.threads.get_mut(&tid) else { continue };
            arrivals.extend(tracepoint.disarm().into_iter().map(|arrival| (tid, arrival)));
            if tracepoint.is_spent() {
                self.threads.remove(&tid);
            }
        }
        arrivals.sort_by_key(|(_, arrival)| arrival.at);
        arrivals
    }

    /// Lets go of a thread's register.
    pub(crate) fn remove_thread(&mut self, tid: i32) {
        self.threads.remove(&tid);
    }

    /// Lets go of all registers.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }
}
