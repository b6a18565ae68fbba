//! Everything that a target has started, however deep, and whether or not it wanted to get away.

use std::collections::BTreeSet;
use std::io;
use std::mem::MaybeUninit;
use std::ptr;
use std::thread;
use std::time::{Duration, Instant};

use super::attach::children;

/// How long processes that were killed may take to die. One that waits for a device cannot be killed at all.
const PATIENCE: Duration = Duration::from_secs(5);

/// From now on, processes whose parents have died become our children, not those of the machine's first process. So
/// what a target leaves behind can be found.
///
/// # Errors
/// Never on Linux 3.4 and later.
pub(crate) fn inherit_orphans() -> io::Result<()> {
    // SAFETY: takes numbers only.
    match unsafe { libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Kills all our descendants and waits until they are gone; returns how many there were. Those in `spared` live on with
/// their own descendants.
///
/// Who is killed may have started others meanwhile, which are then orphans and ours: so it is looked again until
/// nobody is left.
pub(crate) fn kill_all(spared: &BTreeSet<i32>) -> usize {
    // Orphans come to us: who has no children has no descendants either.
    if !has_children() {
        return 0;
    }
    let (own, mut killed) = (std::process::id() as i32, BTreeSet::new());
    let until = Instant::now() + PATIENCE;
    loop {
        let found = descendants_but(own, spared);
        if found.is_empty() || Instant::now() >= until {
            return killed.len();
        }
        for &pid in &found {
            // It may have ended meanwhile.
            let _ = super::signals::send(pid, libc::SIGKILL);
        }
        let is_new = found.iter().any(|&pid| killed.insert(pid));
        let reaped = found.iter().filter(|&&pid| reap(pid)).count();
        if !is_new && reaped == 0 {
            thread::sleep(Duration::from_micros(200));
        }
    }
}

/// The processes that process `pid` has started, and those that they have, as far as they are there now.
pub fn descendants(pid: i32) -> Vec<i32> {
    descendants_but(pid, &BTreeSet::new())
}

/// Without those in `spared`, and theirs.
fn descendants_but(pid: i32, spared: &BTreeSet<i32>) -> Vec<i32> {
    let mut found: Vec<i32> = Vec::new();
    let mut next = vec![pid];
    while let Some(parent) = next.pop() {
        for child in children(parent) {
            if !spared.contains(&child) && !found.contains(&child) {
                found.push(child);
                next.push(child);
            }
        }
    }
    found
}

/// Whether anybody is left for whom we could wait.
fn has_children() -> bool {
    let options = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT | libc::__WALL;
    let mut told = MaybeUninit::<libc::siginfo_t>::zeroed();
    // SAFETY: there is room for what is told.
    unsafe { libc::waitid(libc::P_ALL, 0, told.as_mut_ptr(), options) == 0 }
}

/// Waits for the end of a child of ours, and returns its wait status.
pub(crate) fn wait_for(pid: i32) -> libc::c_int {
    let mut status = 0;
    loop {
        // SAFETY: the status lives through the call.
        let waited = unsafe { libc::waitpid(pid, &mut status, libc::__WALL) };
        // One that we trace may stop on its way.
        if waited < 0 || !libc::WIFSTOPPED(status) {
            return status;
        }
        let _ = super::signals::send(pid, libc::SIGKILL);
    }
}

/// Takes note of the end of a child of ours, if it has ended.
fn reap(pid: i32) -> bool {
    // SAFETY: a null status is allowed.
    unsafe { libc::waitpid(pid, ptr::null_mut(), libc::WNOHANG | libc::__WALL) == pid }
}
