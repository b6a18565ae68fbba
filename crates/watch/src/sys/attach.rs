use std::collections::BTreeSet;
use std::fs;
use std::io;

use super::ptrace;

/// Becomes the tracer of all threads of process `pid`, without stopping any; returns them. Those that are born meanwhile
/// report by themselves.
///
/// # Errors
/// ESRCH when there is no such process, EPERM when another tracer is there, or it is forbidden.
pub(crate) fn seize_all(pid: i32) -> io::Result<BTreeSet<i32>> {
    ptrace::seize(pid)?;
    let (mut ours, mut seen) = (BTreeSet::from([pid]), BTreeSet::from([pid]));
    loop {
        let new: Vec<i32> = threads(pid).into_iter().filter(|&tid| seen.insert(tid)).collect();
        if new.is_empty() {
            return Ok(ours);
        }
        // A thread that cannot be seized is gone, or was born to one that is ours, and so is ours already.
        ours.extend(new.into_iter().filter(|&tid| ptrace::seize(tid).is_ok()));
    }
}

/// The threads that a process has now; none where it is gone.
pub fn threads(pid: i32) -> Vec<i32> {
    let Ok(entries) = fs::read_dir(format!("/proc/{pid}/task")) else { return Vec::new() };
    entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}

/// The processes that the threads of `pid` have started and not yet waited for.
pub(crate) fn children(pid: i32) -> Vec<i32> {
    let of_thread = |tid| fs::read_to_string(format!("/proc/{pid}/task/{tid}/children")).unwrap_or_default();
    let parse =
        |text: String| text.split_whitespace().filter_map(|child| child.parse().ok()).collect::<Vec<_>>();
    threads(pid).into_iter().map(of_thread).flat_map(parse).collect()
}
