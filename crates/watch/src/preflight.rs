//! What can be told about a target before anything is done to it: the errors that `exec` and `ptrace` would report less
//! clearly.

use std::env;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read};
use std::iter;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::sys::privileges;
use crate::{Patterns, WatchError, status, title};

/// How much of a file is looked at, in bytes: an ELF header, or the first line of a script (`BINPRM_BUF_SIZE` is 256).
const HEAD: u64 = 512;

/// A program that can be started and watched: an x86-64 executable, or a script.
#[derive(Debug, PartialEq, Eq)]
pub struct Program {
    /// The file that `execvp` would run.
    pub path: PathBuf,
    /// Of a script its interpreter's line, without `#!`: the interpreter is what will be watched.
    pub interpreter: Option<String>,
}

/// Finds the program as `execvp` would and looks at its first bytes.
///
/// # Errors
/// When it is missing, may not be executed, or is nothing that can be watched.
pub fn find(program: &OsStr) -> Result<Program, WatchError> {
    let path = look_up(program)?;
    match head(&path) {
        // A program that may be executed but not read: `exec` will do, we shall see less.
        Err(_) => Ok(Program { path, interpreter: None }),
        Ok(head) => judge(path, &head),
    }
}

/// Looks whether process `pid` can be attached to.
pub(crate) fn check_process(pid: i32) -> Result<(), WatchError> {
    let status = status::of(pid).map_err(|_| WatchError::NoProcess(pid))?;
    let number = |name| status::field(&status, name).and_then(|value| value.parse::<i32>().ok());
    if let Some(process) = number("Tgid:").filter(|&process| process != pid) {
        return Err(WatchError::NotAProcess { thread: pid, process });
    }
    if status::field(&status, "State:").is_some_and(|state| state.starts_with(['Z', 'X'])) {
        return Err(WatchError::Zombie(pid));
    }
    // Only threads of the kernel, whose parent is the second process, have no memory of their own; and who is about to end.
    if status::field(&status, "VmSize:").is_none() {
        let is_kernels = pid == 2 || number("PPid:") == Some(2);
        return Err(if is_kernels { WatchError::KernelThread(pid) } else { WatchError::NoProcess(pid) });
    }
    if let Some(tracer) = number("TracerPid:").filter(|&tracer| tracer != 0) {
        return Err(WatchError::Traced {
            pid,
            tracer: format!("{} (process {tracer})", title::name(tracer)),
        });
    }
    let executable = PathBuf::from(format!("/proc/{pid}/exe"));
    // What may not be read may not be traced either; the kernel will say so.
    let Ok(head) = head(&executable) else { return Ok(()) };
    match machine(&head) {
        None => Ok(()),
        Some(machine) => {
            let program = fs::read_link(&executable).unwrap_or(executable);
            Err(WatchError::OtherArchitecture { program, machine })
        }
    }
}

/// The processes whose name or title contains `name`, without ourselves and those who have started us. Their children
/// come with them.
pub(crate) fn processes_named(name: &str) -> Result<Vec<i32>, WatchError> {
    let nobody = || WatchError::NoneNamed(name.to_owned());
    // What is too long for a pattern is too long for a name.
    let pattern = Patterns::new(&[name.to_owned()]).map_err(|_| nobody())?;
    let own = ancestors(std::process::id() as i32);
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    let is_named = |pid: i32| title::all_names(pid).iter().any(|name| pattern.matches(name));
    let mut found: Vec<i32> = pids.filter(|&pid| !own.contains(&pid) && is_named(pid)).collect();
    found.sort_unstable();
    let all = found.clone();
    found.retain(|&pid| !ancestors(pid).iter().skip(1).any(|ancestor| all.contains(ancestor)));
    // Some have ended already, and wait for their parent to take note.
    found.retain(|&pid| !matches!(check_process(pid), Err(WatchError::Zombie(_) | WatchError::NoProcess(_))));
    if found.is_empty() { Err(nobody()) } else { Ok(found) }
}

/// A process with its parent, the parent of that, and so on.
fn ancestors(pid: i32) -> Vec<i32> {
    let parent = |pid: &i32| {
        let status = status::of(*pid).ok()?;
        status::field(&status, "PPid:")?.parse().ok().filter(|&parent| parent > 0)
    };
    iter::successors(Some(pid), parent).collect()
}

/// The first bytes of a file.
fn head(path: &Path) -> io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(HEAD as usize);
    File::open(path)?.take(HEAD).read_to_end(&mut head)?;
    Ok(head)
}

fn judge(path: PathBuf, head: &[u8]) -> Result<Program, WatchError> {
    if privileges::are_gained_by(&path) {
        return Err(WatchError::Privileged(path));
    }
    if let Some(line) = head.strip_prefix(b"#!") {
        let line = line.split(|&byte| byte == b'\n').next().unwrap_or_default();
        let interpreter = Some(String::from_utf8_lossy(line).trim().to_owned());
        return Ok(Program { path, interpreter });
    }
    if !head.starts_with(b"\x7fELF") {
        return Err(WatchError::NotElf(path));
    }
    match machine(head) {
        None if is_cut_off(&path, head) => Err(WatchError::CutOff(path)),
        None => Ok(Program { path, interpreter: None }),
        Some(machine) => Err(WatchError::OtherArchitecture { program: path, machine }),
    }
}

/// The machine of an ELF header, unless it is x86-64.
pub(crate) fn machine(head: &[u8]) -> Option<String> {
    let field = |at: usize| head.get(at..at + 2).map(|bytes| u16::from_le_bytes([bytes[0], bytes[1]]));
    // EI_CLASS at 4 (2: 64-bit), EI_DATA at 5 (1: little-endian), e_machine at 18; numbers from elf.h.
    match (head.get(4), head.get(5), field(18)) {
        (Some(2), Some(1), Some(62)) => None,
        (Some(1), _, Some(62)) => Some("x32".to_owned()),
        (_, Some(2), _) => Some("a big-endian machine".to_owned()),
        (_, _, Some(3)) => Some("32-bit x86".to_owned()),
        (_, _, Some(40)) => Some("32-bit ARM".to_owned()),
        (_, _, Some(183)) => Some("AArch64".to_owned()),
        (_, _, Some(243)) => Some("RISC-V".to_owned()),
        (_, _, Some(other)) => Some(format!("ELF machine {other}")),
        (_, _, None) => Some("an unknown machine (the file is cut off)".to_owned()),
    }
}

/// Whether the program headers lie beyond the end of the file. `execvp` would hand such a file to a shell.
fn is_cut_off(path: &Path, head: &[u8]) -> bool {
    let length = fs::metadata(path).map_or(u64::MAX, |metadata| metadata.len());
    headers_end(head).is_none_or(|end| end > length)
}

/// Where the program headers end, as an ELF header has it.
pub(crate) fn headers_end(head: &[u8]) -> Option<u64> {
    // e_phoff at 32 (8 bytes), e_phentsize at 54 and e_phnum at 56 (2 bytes each), elf(5).
    let number = |at: usize, size: usize| {
        let bytes = head.get(at..at + size)?;
        Some(bytes.iter().rev().fold(0_u64, |number, &byte| number << 8 | u64::from(byte)))
    };
    number(32, 8)?.checked_add(number(54, 2)? * number(56, 2)?)
}

/// The file that `execvp` would run.
fn look_up(program: &OsStr) -> Result<PathBuf, WatchError> {
    let given = Path::new(program);
    let candidates: Vec<PathBuf> = if program.as_encoded_bytes().contains(&b'/') {
        vec![given.to_owned()]
    } else {
        let path = env::var_os("PATH").unwrap_or_else(|| "/bin:/usr/bin".into());
        env::split_paths(&path).map(|directory| directory.join(given)).collect()
    };
    let existing: Vec<PathBuf> = candidates.into_iter().filter(|path| path.is_file()).collect();
    let executable = existing.iter().find(|path| is_executable(path));
    match (executable, existing.first()) {
        (Some(path), _) => Ok(path.clone()),
        (None, Some(path)) => Err(WatchError::NotExecutable(path.clone())),
        (None, None) if given.is_dir() => Err(WatchError::NotExecutable(given.to_owned())),
        (None, None) => Err(WatchError::NotFound(given.to_owned())),
    }
}

fn is_executable(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_x86_64_header_passes() {
        let ourselves = find(OsStr::new("/proc/self/exe")).expect("ourselves");
        assert_eq!(ourselves.interpreter, None);
    }

    #[test]
    fn other_machines_are_named() {
        let mut head = vec![0x7f, b'E', b'L', b'F', 2, 1];
        head.resize(64, 0);
        head[18] = 183;
        assert_eq!(machine(&head).as_deref(), Some("AArch64"));
        assert!(machine(&head[..10]).expect("refused").contains("cut off"));
    }

    #[test]
    fn a_process_that_is_none_is_told() {
        assert!(matches!(check_process(i32::MAX), Err(WatchError::NoProcess(i32::MAX))));
        assert!(matches!(check_process(2), Err(WatchError::KernelThread(2) | WatchError::NoProcess(2))));
        assert!(check_process(std::process::id() as i32).is_ok());
    }

    #[test]
    fn a_missing_program_is_not_found() {
        assert!(matches!(find(OsStr::new("no-such-program-here")), Err(WatchError::NotFound(_))));
        assert!(matches!(find(OsStr::new("/")), Err(WatchError::NotExecutable(_))));
    }
}
