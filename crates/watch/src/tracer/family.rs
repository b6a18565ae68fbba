//! The children of a target's processes: which of them are worth watching.
//!
//! They are let go at their birth. Nearly all of them run another program at once and end soon; one that gains
//! privileges by that would not get them under a tracer. Those that live on are the workers of a server.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::status::{self, field};
use crate::sys::attach::children;

/// How long a child must have lived.
const OF_AGE: Duration = Duration::from_millis(100);
/// How often is looked who does.
const EVERY: Duration = Duration::from_millis(50);
/// How many processes are watched at a time: each has its own tables, and files of the kernel's.
const MOST: usize = 32;
/// How many children are remembered: those of a program that forks without end are not.
const REMEMBERED: usize = 1024;

/// Children that nobody traces.
#[derive(Debug)]
pub(super) struct Family {
    children: BTreeMap<i32, Child>,
    looked: Instant,
    /// Whether those whom we trace may gain privileges.
    is_trusted: bool,
    /// How many were left alone, since there was nothing to see in them.
    pub(super) left_alone: u64,
    /// How many were not watched because there were too many.
    pub(super) too_many: u64,
}

#[derive(Clone, Copy, Debug)]
struct Child {
    parent: i32,
    since: Instant,
}

impl Family {
    /// Nobody yet.
    pub(super) fn new(now: Instant, is_trusted: bool) -> Self {
        Self { children: BTreeMap::new(), looked: now, is_trusted, left_alone: 0, too_many: 0 }
    }

    /// A child of `parent` was born.
    pub(super) fn born(&mut self, pid: i32, parent: i32) {
        self.left_alone += 1;
        if self.children.len() < REMEMBERED {
            self.children.insert(pid, Child { parent, since: Instant::now() });
        }
    }

    /// Remembers those who are children of `parent` already.
    pub(super) fn adopt_children_of(&mut self, parent: i32) {
        for pid in children(parent) {
            if !self.children.contains_key(&pid) {
                self.born(pid, parent);
            }
        }
    }

    /// The children that are to be watched from now on, beside the `watched` processes.
    pub(super) fn come_of_age(&mut self, now: Instant, watched: usize) -> Vec<i32> {
        if now - self.looked < EVERY || self.children.is_empty() {
            return Vec::new();
        }
        self.looked = now;
        let mut ready = Vec::new();
        for (pid, child) in self.children.clone() {
            let status = status::of(pid).unwrap_or_default();
            if !is_still(&status, child.parent) {
                self.children.remove(&pid);
            } else if now - child.since >= OF_AGE {
                let threads = field(&status, "Threads:").and_then(|value| value.parse().ok()).unwrap_or(1);
                if threads < 2 && !self.is_trusted {
                    // Its own children may be what is worth watching.
                    self.adopt_children_of(pid);
                    continue;
                }
                self.children.remove(&pid);
                self.left_alone = self.left_alone.saturating_sub(1);
                if watched + ready.len() < MOST { ready.push(pid) } else { self.too_many += 1 }
            }
        }
        ready
    }
}

/// Whether this is the status of a process that lives, and has the same parent: its number may have been given to
/// another one meanwhile.
fn is_still(status: &str, parent: i32) -> bool {
    let lives = field(status, "State:").is_some_and(|state| !state.starts_with(['Z', 'X']));
    lives && field(status, "PPid:").and_then(|value| value.parse().ok()) == Some(parent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_was_given_to_another_process_is_noticed() {
        assert!(is_still("State:\tS (sleeping)\nPPid:\t7\n", 7));
        assert!(!is_still("State:\tS (sleeping)\nPPid:\t1\n", 7));
        assert!(!is_still("State:\tZ (zombie)\nPPid:\t7\n", 7));
        assert!(!is_still("", 7));
    }
}
