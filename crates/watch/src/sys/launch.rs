use std::convert::Infallible;
use std::ffi::{CString, OsStr, OsString, c_char, c_int, c_void};
use std::io::{self, PipeWriter};
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::parent_id;
use std::path::Path;
use std::process;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU32, Ordering};

use super::schedule::checked;
use super::{descendants, ptrace, signals};
use crate::Launch;

const FUTEX_WAIT_PRIVATE: c_int = libc::FUTEX_WAIT | libc::FUTEX_PRIVATE_FLAG;
const FUTEX_WAKE_PRIVATE: c_int = libc::FUTEX_WAKE | libc::FUTEX_PRIVATE_FLAG;

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
/// No other thread may change the environment meanwhile. `Command` would not do: it returns only after the exec, which has to wait until we trace it.
pub(crate) fn launch(
    program: &Path,
    command: &[OsString],
    mask: libc::sigset_t,
    how: &Launch,
    output: Option<PipeWriter>,
) -> Result<i32, LaunchError> {
    let image = Image::of(program, command, how).map_err(LaunchError::Start)?;
    let child = Child {
        image: &image,
        how,
        mask: &mask,
        output: output.as_ref().map(AsRawFd::as_raw_fd),
        parent: process::id(),
        is_traced: AtomicU32::new(0),
        failure: AtomicI32::new(0),
    };
    let mut stack = Vec::with_capacity(CHILD_STACK);
    let pid = child.start(stack.spare_capacity_mut()).map_err(LaunchError::Start)?;
    if let Err(error) = ptrace::seize(pid) {
        // It waits for us.
        let _ = signals::send(pid, libc::SIGKILL);
        descendants::wait_for(pid);
        return Err(LaunchError::Seize(error));
    }
    child.let_go_on();
    let comes_to_exec = ptrace::comes_to_exec(pid);
    match child.failure.load(Ordering::Acquire) {
        0 if comes_to_exec => Ok(pid),
        0 => Err(LaunchError::Start(io::Error::other("it was ended before it began"))),
        errno => Err(LaunchError::Start(io::Error::from_raw_os_error(errno))),
    }
}

unsafe extern "C" {
    /// The variables of this process, as the C library keeps them (environ(7)).
    static environ: *const *const c_char;
}

/// What `execve` is given, laid out before: a child must not allocate.
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
            // SAFETY: nobody changes it meanwhile, as `launch` demands.
            None => unsafe { environ },
        }
    }
}

fn c_string(parts: &[&OsStr]) -> io::Result<CString> {
    let mut bytes = Vec::with_capacity(parts.iter().map(|part| part.len()).sum::<usize>() + 1);
    parts.iter().for_each(|part| bytes.extend_from_slice(part.as_bytes()));
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

/// What the child has to do between its start and its exec. It lives in our memory: it must not allocate, and all that it
/// looks at has to stay until it has gone.
struct Child<'a> {
    image: &'a Image,
    how: &'a Launch,
    mask: &'a libc::sigset_t,
    output: Option<RawFd>,
    /// The process that starts it.
    parent: u32,
    /// 1 as soon as it may go on; a word that the kernel lets it wait for (futex(2)).
    is_traced: AtomicU32,
    /// Why there was no exec, as `errno` has it; 0 as long as nothing went wrong.
    failure: AtomicI32,
}

/// In bytes; it calls little.
const CHILD_STACK: usize = 64 * 1024;

impl Child<'_> {
    /// Starts it in our memory, on a stack of its own: to copy the tables of our memory, as fork(2) does, and every page that
    /// either of us writes to before the exec, took a quarter of the time of a short trial. The caller keeps `self` and
    /// `stack` until the exec, or the end of the child.
    fn start(&self, stack: &mut [MaybeUninit<u8>]) -> io::Result<i32> {
        let top = stack.as_mut_ptr_range().end;
        let top = top.wrapping_sub(top.addr() % 16);
        let child = ptr::from_ref(self).cast_mut().cast();
        // SAFETY: the stack is large enough and used by nobody else, and what the child looks at outlives it. The child
        // shares this thread's local storage, of which it uses `errno` alone: should both fail at once, the reason of one
        // may be told as the other's.
        match unsafe { libc::clone(become_target, top.cast(), libc::CLONE_VM | libc::SIGCHLD, child) } {
            -1 => Err(io::Error::last_os_error()),
            pid => Ok(pid),
        }
    }

    /// Lets the child go on, which may not have come that far yet.
    fn let_go_on(&self) {
        self.is_traced.store(1, Ordering::Release);
        // SAFETY: the word lives in this memory.
        unsafe { libc::syscall(libc::SYS_futex, self.is_traced.as_ptr(), FUTEX_WAKE_PRIVATE, 1) };
    }

    fn prepare(&self) -> io::Result<()> {
        self.die_with_parent()?;
        if self.how.alone {
            self.stand_alone()?;
        }
        if let Some(output) = self.output {
            redirect(output, libc::STDOUT_FILENO)?;
            redirect(output, libc::STDERR_FILENO)?;
        }
        if let Some(directory) = &self.image.directory {
            // SAFETY: the path is a string that outlives the call.
            checked(unsafe { libc::chdir(directory.as_ptr()) })?;
        }
        self.how.schedule.apply(0)?;
        self.wait_until_traced();
        outlive_parent()?;
        let pipe = if PIPE_WAS_IGNORED.load(Ordering::Relaxed) { libc::SIG_IGN } else { libc::SIG_DFL };
        // SAFETY: takes numbers only.
        unsafe { libc::signal(libc::SIGPIPE, pipe) };
        signals::set_mask(self.mask);
        Ok(())
    }

    /// Nobody else would ever let it go on.
    fn die_with_parent(&self) -> io::Result<()> {
        // SAFETY: takes numbers only.
        checked(unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) })?;
        let is_orphan = parent_id() != self.parent;
        if is_orphan { Err(io::Error::from_raw_os_error(libc::ECANCELED)) } else { Ok(()) }
    }

    fn wait_until_traced(&self) {
        while self.is_traced.load(Ordering::Acquire) == 0 {
            let no_timeout = ptr::null::<libc::timespec>();
            // SAFETY: the word lives in this memory; it does not wait if that is 1 by now.
            unsafe {
                libc::syscall(libc::SYS_futex, self.is_traced.as_ptr(), FUTEX_WAIT_PRIVATE, 0, no_timeout)
            };
        }
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

    fn execute(&self) -> io::Result<Infallible> {
        let (arguments, variables) = (self.image.arguments.pointers.as_ptr(), self.image.environment());
        // SAFETY: both lists end with a null pointer, and outlive the call together with their strings.
        unsafe { libc::execve(self.image.program.as_ptr(), arguments, variables) };
        Err(io::Error::last_os_error())
    }
}

extern "C" fn become_target(child: *mut c_void) -> c_int {
    // SAFETY: it is the one that `start` was called for, which outlives us.
    let child = unsafe { &*child.cast::<Child<'_>>() };
    let Err(error) = child.prepare().and_then(|()| child.execute());
    child.failure.store(error.raw_os_error().unwrap_or(libc::EINVAL), Ordering::Release);
    // SAFETY: takes a number only. What our parent would do at its exit is not ours to do.
    unsafe { libc::_exit(127) }
}

fn redirect(from: RawFd, to: RawFd) -> io::Result<()> {
    // SAFETY: takes numbers only.
    checked(unsafe { libc::dup2(from, to) })
}

fn outlive_parent() -> io::Result<()> {
    // SAFETY: takes numbers only.
    checked(unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, 0) })
}
