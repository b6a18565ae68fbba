//! Children that run in their parent's memory until they begin a program of their own (`vfork`, `posix_spawn`).
//!
//! They have to be traced: there are traps in that memory. But a program that gains privileges does not get them under a
//! tracer who has none himself. So they are let go right before they begin such a one.

use std::path::PathBuf;

use jostle_model::Address;
use jostle_stacks::Memory;

use super::Process;
use super::events::resume;
use crate::memory::TargetMemory;
use crate::sys::{privileges, ptrace};

/// The longest path that the kernel takes (linux/limits.h).
const PATH_MAX: usize = 4096;
/// What stands in `rax` while a system call is entered, before it has a result.
const ENTERED: i64 = -(libc::ENOSYS as i64);

impl Process {
    /// Includes a child that borrows the memory.
    pub(crate) fn add_borrower(&mut self, tid: i32) {
        self.borrowers.insert(tid);
        self.let_borrower_go_on(tid);
    }

    fn let_borrower_go_on(&self, tid: i32) {
        if self.is_trusted {
            resume(tid, 0);
        } else {
            let _ = ptrace::resume_to_system_call(tid);
        }
    }

    /// A borrower enters or leaves a system call.
    pub(super) fn at_system_call(&mut self, tid: i32) {
        let gains = program_to_begin(tid).is_some_and(|program| privileges::are_gained_by(&program));
        if gains && self.borrowers.remove(&tid) {
            let _ = ptrace::detach(tid, 0);
        } else {
            self.let_borrower_go_on(tid);
        }
    }
}

/// The file of the program that a task is about to begin, as we can reach it, if that is what it is about to do.
fn program_to_begin(tid: i32) -> Option<PathBuf> {
    let registers = ptrace::registers(tid).ok()?;
    let path = match registers.orig_rax as libc::c_long {
        libc::SYS_execve => registers.rdi,
        libc::SYS_execveat => registers.rsi,
        _ => return None,
    };
    let path = (registers.rax as i64 == ENTERED).then(|| text(tid, Address(path)))??;
    let base = match path.strip_prefix('/') {
        Some(absolute) => return Some(PathBuf::from(format!("/proc/{tid}/root/{absolute}"))),
        None if registers.orig_rax as libc::c_long == libc::SYS_execve => "cwd".to_owned(),
        None if registers.rdi as i32 == libc::AT_FDCWD => "cwd".to_owned(),
        None => format!("fd/{}", registers.rdi as i32),
    };
    let base = PathBuf::from(format!("/proc/{tid}/{base}"));
    Some(if path.is_empty() { base } else { base.join(path) })
}

/// The text that ends with a NUL at `at`.
fn text(tid: i32, at: Address) -> Option<String> {
    let memory = TargetMemory::open_to_read(tid).ok()?;
    let still = memory.still();
    let mut bytes = Vec::new();
    while bytes.len() < PATH_MAX {
        let mut byte = [0];
        if !still.read(at + bytes.len() as u64, &mut byte) {
            return None;
        }
        match byte[0] {
            0 => return String::from_utf8(bytes).ok(),
            byte => bytes.push(byte),
        }
    }
    None
}
