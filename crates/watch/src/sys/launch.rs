use std::ffi::OsString;
use std::io::{self, PipeWriter, Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::ptrace;
use crate::Launch;

/// Whether SIGPIPE was ignored when this process started, before Rust's runtime made it so.
static PIPE_WAS_IGNORED: AtomicBool = AtomicBool::new(false);

#[used]
// SAFETY: the loader calls each pointer in this section once, before `main`, as an `extern "C"` function.
#[unsafe(link_section = ".init_array")]
static REMEMBER: extern "C" fn() = remember_pipe_disposition;

extern "C" fn remember_pipe_disposition() {
    // SAFETY: all-zero bytes are a valid sigaction to be overwritten, and sigaction only reads the state.
    let ignored = unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        libc::sigaction(libc::SIGPIPE, std::ptr::null(), &mut action) == 0
            && action.sa_sigaction == libc::SIG_IGN
    };
    PIPE_WAS_IGNORED.store(ignored, Ordering::Relaxed);
}

/// Why a target could not be started.
#[derive(Debug)]
pub(crate) enum LaunchError {
    /// `exec` failed.
    Start(io::Error),
    /// It could not be traced.
    Seize(io::Error),
}

/// Starts `command` traced by the calling thread, and returns its process id. It stands before its first
/// instruction, in the exec stop that `waitpid` will report next.
///
/// It inherits what an unwatched child of our parent would: stdio, environment, working directory, process
/// group, the signal mask `mask` and the disposition of SIGPIPE; except for what `how` changes. With `output`, that is
/// where it writes.
pub(crate) fn launch(
    command: &[OsString],
    mask: libc::sigset_t,
    how: &Launch,
    output: Option<PipeWriter>,
) -> Result<i32, LaunchError> {
    let (mut announced, announce) = io::pipe().map_err(LaunchError::Start)?;
    let (released, mut release) = io::pipe().map_err(LaunchError::Start)?;
    let mut child = command_of(command, how, output).map_err(LaunchError::Start)?;
    // The closure runs between fork and exec, in a copy of this process with only one thread.
    let announce_in_child = announce.try_clone().map_err(LaunchError::Start)?;
    let (schedule, first_to_die) = (how.schedule.clone(), how.first_to_die);
    let prepare = move || {
        prepare(&announce_in_child, &released, &mask)?;
        if first_to_die {
            volunteer();
        }
        schedule.apply(0)
    };
    // SAFETY: what `prepare` calls is async-signal-safe and does not allocate.
    unsafe { child.pre_exec(prepare) };

    // `spawn` returns only after the exec, which waits for us: so it waits in a thread of its own.
    let spawn = thread::spawn(move || child.spawn().map(|child| child.id()));
    drop(announce);
    let mut pid = [0; 4];
    let seized = match announced.read_exact(&mut pid) {
        Ok(()) => ptrace::seize(i32::from_ne_bytes(pid)),
        // The fork itself failed: `spawn` knows why.
        Err(_) => Ok(()),
    };
    let go: &[u8] = if seized.is_ok() { &[1] } else { &[0] };
    // A child that is gone already is reported by `spawn`.
    let _ = release.write_all(go);
    drop(release);
    let spawned = spawn.join().expect("spawning does not panic");
    seized.map_err(LaunchError::Seize)?;
    spawned.map(|pid| pid as i32).map_err(LaunchError::Start)
}

fn command_of(command: &[OsString], how: &Launch, output: Option<PipeWriter>) -> io::Result<Command> {
    let mut child = Command::new(&command[0]);
    child.args(&command[1..]);
    for (name, value) in &how.environment {
        match value {
            Some(value) => child.env(name, value),
            None => child.env_remove(name),
        };
    }
    if let Some(directory) = &how.directory {
        child.current_dir(directory);
    }
    if how.alone {
        child.process_group(0).stdin(Stdio::null());
    }
    if let Some(output) = output {
        child.stderr(output.try_clone()?).stdout(output);
    }
    Ok(child)
}

fn prepare(
    mut announce: &PipeWriter,
    mut released: &io::PipeReader,
    mask: &libc::sigset_t,
) -> io::Result<()> {
    announce.write_all(&(std::process::id() as i32).to_ne_bytes())?;
    let mut go = [0];
    released.read_exact(&mut go)?;
    if go == [0] {
        return Err(io::Error::from_raw_os_error(libc::EPERM));
    }
    // SAFETY: the mask is one the kernel gave us; both calls are async-signal-safe.
    unsafe {
        libc::pthread_sigmask(libc::SIG_SETMASK, mask, std::ptr::null_mut());
        if PIPE_WAS_IGNORED.load(Ordering::Relaxed) {
            libc::signal(libc::SIGPIPE, libc::SIG_IGN);
        }
    }
    Ok(())
}

/// Should memory run out, the kernel ends this process before others (proc(5), `oom_score_adj`). Where it is not allowed,
/// it may be somebody else.
fn volunteer() {
    let (path, most) = (c"/proc/self/oom_score_adj", b"1000");
    // SAFETY: path and bytes outlive the calls, which are async-signal-safe.
    unsafe {
        let file = libc::open(path.as_ptr(), libc::O_WRONLY | libc::O_CLOEXEC);
        if file >= 0 {
            libc::write(file, most.as_ptr().cast(), most.len());
            libc::close(file);
        }
    }
}
