use std::ffi::{CString, OsStr, OsString, c_char};
use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{descendants, ptrace, signals};
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
        libc::sigaction(libc::SIGPIPE, ptr::null(), &mut action) == 0 && action.sa_sigaction == libc::SIG_IGN
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

/// Starts `program`, by the name and with the arguments of `command`, traced by the calling thread, and returns its
/// process id. It stands before its first instruction, in the exec stop that `waitpid` will report next.
///
/// It inherits what an unwatched child of our parent would: stdio, environment, working directory, process
/// group, the signal mask `mask` and the disposition of SIGPIPE; except for what `how` changes. With `output`, that is
/// where it writes.
///
/// No thread but the calling one may run. `Command` would not do: it returns only after the exec, which has to wait until
/// we trace it.
pub(crate) fn launch(
    program: &Path,
    command: &[OsString],
    mask: libc::sigset_t,
    how: &Launch,
    output: Option<PipeWriter>,
) -> Result<i32, LaunchError> {
    let image = Image::of(program, command, how).map_err(LaunchError::Start)?;
    let (released, mut release) = io::pipe().map_err(LaunchError::Start)?;
    let (mut told, tell) = io::pipe().map_err(LaunchError::Start)?;
    let child = Child { image: &image, how, output, mask: &mask, released, tell };
    // SAFETY: no other thread exists, and the child calls only what is async-signal-safe before it becomes another program.
    let pid = match unsafe { libc::fork() } {
        -1 => return Err(LaunchError::Start(io::Error::last_os_error())),
        0 => child.become_target(),
        pid => pid,
    };
    drop(child);
    if let Err(error) = ptrace::seize(pid) {
        // It waits for us, and reaches the end of the pipe instead.
        let _ = signals::send(pid, libc::SIGKILL);
        descendants::wait_for(pid);
        return Err(LaunchError::Seize(error));
    }
    let _ = release.write_all(&[1]);
    let mut errno = [0; 4];
    match told.read_exact(&mut errno) {
        // The exec has closed it.
        Err(_) => Ok(pid),
        Ok(()) => {
            descendants::wait_for(pid);
            Err(LaunchError::Start(io::Error::from_raw_os_error(i32::from_ne_bytes(errno))))
        }
    }
}

unsafe extern "C" {
    /// The variables of this process, as the C library keeps them (environ(7)).
    static environ: *const *const c_char;
}

/// What `execve` is given, laid out before the fork: a child must not allocate.
struct Image {
    program: CString,
    arguments: Strings,
    /// Nothing where it inherits ours.
    environment: Option<Strings>,
    directory: Option<CString>,
}

impl Image {
    fn of(program: &Path, command: &[OsString], how: &Launch) -> io::Result<Self> {
        let variable = |(name, value): (&OsString, &OsString)| c_string(&[name, OsStr::new("="), value]);
        let environment = how.environment.as_ref();
        let environment =
            environment.map(|all| all.iter().map(variable).collect::<Result<_, _>>()).transpose()?;
        Ok(Self {
            program: c_string(&[program.as_os_str()])?,
            arguments: Strings::of(command.iter().map(|word| c_string(&[word])).collect::<Result<_, _>>()?),
            environment: environment.map(Strings::of),
            directory: how.directory.as_deref().map(|path| c_string(&[path.as_os_str()])).transpose()?,
        })
    }

    fn environment(&self) -> *const *const c_char {
        match &self.environment {
            Some(variables) => variables.pointers.as_ptr(),
            // SAFETY: nobody changes it: there is one thread.
            None => unsafe { environ },
        }
    }
}

fn c_string(parts: &[&OsStr]) -> io::Result<CString> {
    let bytes: Vec<u8> = parts.iter().flat_map(|part| part.as_bytes()).copied().collect();
    CString::new(bytes).map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))
}

/// Strings as C passes lists of them: pointers to each, and a null pointer.
struct Strings {
    pointers: Vec<*const c_char>,
    /// What they point to.
    _strings: Vec<CString>,
}

impl Strings {
    fn of(strings: Vec<CString>) -> Self {
        let pointers = strings.iter().map(|string| string.as_ptr()).chain([ptr::null()]).collect();
        Self { pointers, _strings: strings }
    }
}

/// What the child has to do between fork and exec.
struct Child<'a> {
    image: &'a Image,
    how: &'a Launch,
    output: Option<PipeWriter>,
    mask: &'a libc::sigset_t,
    released: PipeReader,
    tell: PipeWriter,
}

impl Child<'_> {
    fn become_target(mut self) -> ! {
        let Err(error) = self.prepare().and_then(|()| self.execute());
        let errno = error.raw_os_error().unwrap_or(libc::EINVAL);
        let _ = self.tell.write_all(&errno.to_ne_bytes());
        // SAFETY: takes a number only. What our parent would do at its exit is not ours to do.
        unsafe { libc::_exit(127) }
    }

    fn prepare(&mut self) -> io::Result<()> {
        if self.how.alone {
            self.stand_alone()?;
        }
        if let Some(output) = &self.output {
            redirect(output.as_raw_fd(), libc::STDOUT_FILENO)?;
            redirect(output.as_raw_fd(), libc::STDERR_FILENO)?;
        }
        if let Some(directory) = &self.image.directory {
            // SAFETY: the path is a string that outlives the call.
            checked(unsafe { libc::chdir(directory.as_ptr()) })?;
        }
        if self.how.first_to_die {
            volunteer();
        }
        self.how.schedule.apply(0)?;
        // Until we are traced.
        self.released.read_exact(&mut [0])?;
        let pipe = if PIPE_WAS_IGNORED.load(Ordering::Relaxed) { libc::SIG_IGN } else { libc::SIG_DFL };
        // SAFETY: takes numbers only.
        unsafe { libc::signal(libc::SIGPIPE, pipe) };
        signals::set_mask(self.mask);
        Ok(())
    }

    /// A process group of its own, and nothing to read.
    fn stand_alone(&self) -> io::Result<()> {
        // SAFETY: takes numbers, and a string that outlives the call.
        unsafe {
            checked(libc::setpgid(0, 0))?;
            let nothing = libc::open(c"/dev/null".as_ptr(), libc::O_RDONLY | libc::O_CLOEXEC);
            checked(nothing)?;
            redirect(nothing, libc::STDIN_FILENO)
        }
    }

    fn execute(&self) -> io::Result<std::convert::Infallible> {
        let (arguments, variables) = (self.image.arguments.pointers.as_ptr(), self.image.environment());
        // SAFETY: both lists end with a null pointer, and outlive the call together with their strings.
        unsafe { libc::execve(self.image.program.as_ptr(), arguments, variables) };
        Err(io::Error::last_os_error())
    }
}

fn redirect(from: RawFd, to: RawFd) -> io::Result<()> {
    // SAFETY: takes numbers only.
    checked(unsafe { libc::dup2(from, to) })
}

fn checked(result: libc::c_int) -> io::Result<()> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
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
