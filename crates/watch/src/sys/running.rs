//! A process that somebody else has started, known again for as long as it lives.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::fd::{FromRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::time::Duration;

use super::ready::{is_ready, readable};
use crate::{WatchError, preflight, status};

/// A process that runs already. Its number may be another's once it has ended; this is not.
#[derive(Debug)]
pub struct Running {
    /// Its number.
    pub pid: i32,
    /// The file of its program.
    pub program: PathBuf,
    file: OwnedFd,
}

impl Running {
    /// Takes hold of process `pid`, of which it feels nothing.
    ///
    /// # Errors
    /// When it is not there, or none that can be watched.
    pub fn new(pid: i32) -> Result<Self, WatchError> {
        preflight::check_process(pid)?;
        let file = open(pid).map_err(|error| match error.raw_os_error() {
            Some(libc::ESRCH) => WatchError::NoProcess(pid),
            _ => WatchError::Wait(error),
        })?;
        let link = PathBuf::from(format!("/proc/{pid}/exe"));
        match fs::read_link(&link) {
            Ok(program) => Ok(Self { pid, program: as_it_was(program), file }),
            Err(source) => Err(WatchError::Read { program: link, source }),
        }
    }

    /// Whether it has ended, or does within this time. Whoever dumps its core, or gives back its memory, runs no more.
    pub fn ends_within(&self, time: Duration) -> bool {
        let status = || status::of(self.pid).unwrap_or_default();
        let is_dying = |status: &str| {
            status::field(status, "CoreDumping:") == Some("1") || status::field(status, "VmSize:").is_none()
        };
        is_ready(&mut [readable(&self.file)], time) || is_dying(&status())
    }
}

/// The path of a program that may have been replaced since it was started, of which the kernel says so behind it.
fn as_it_was(program: PathBuf) -> PathBuf {
    match program.as_os_str().as_bytes().strip_suffix(b" (deleted)") {
        Some(path) if !program.exists() => PathBuf::from(OsStr::from_bytes(path)),
        _ => program,
    }
}

/// A file that can be read once the process has ended (pidfd_open(2), Linux 5.3).
fn open(pid: i32) -> io::Result<OwnedFd> {
    // SAFETY: takes numbers only, and gives a file that nobody else owns.
    match unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) } {
        -1 => Err(io::Error::last_os_error()),
        // SAFETY: as above.
        file => Ok(unsafe { OwnedFd::from_raw_fd(file as i32) }),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::process::Command;

    use super::*;

    #[test]
    fn a_program_that_was_replaced_is_known_by_its_old_path() {
        assert_eq!(as_it_was("/srv/no-such-service (deleted)".into()), Path::new("/srv/no-such-service"));
        assert_eq!(as_it_was("/srv/service".into()), Path::new("/srv/service"));
    }

    #[test]
    fn the_end_of_a_process_is_seen_before_its_parent_takes_note() {
        let mut child = Command::new("/bin/sleep").arg("100").spawn().expect("sleep starts");
        let running = Running::new(child.id() as i32).expect("it runs");
        assert!(!running.ends_within(Duration::ZERO));
        child.kill().expect("it is ours");
        assert!(running.ends_within(Duration::from_secs(10)));
        child.wait().expect("it is ours");
        assert!(running.ends_within(Duration::ZERO));
        assert!(Running::new(child.id() as i32).is_err());
    }
}
