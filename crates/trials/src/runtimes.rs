//! Which language runtimes a target has: they decide what can be perturbed.
//!
//! A program may be a script that starts another one, so that looking at the file is not enough: the processes of the
//! first trial are looked at while they run.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use memchr::memmem;
use serde::{Deserialize, Serialize};

use jostle_watch::{Beside, Program, descendants, find_program};

/// A language runtime, or the C library.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Runtime {
    /// GNU's C library with its allocator.
    Glibc,
    /// Go.
    Go,
    /// Java's virtual machine.
    Java,
    /// Node.
    Node,
    /// CPython.
    Python,
    /// CRuby.
    Ruby,
}

/// Several of them.
pub type Runtimes = BTreeSet<Runtime>;

/// Larger files are not searched.
const LARGEST: u64 = 512 << 20;
/// What Go's linker puts in front of what a binary says of its build (package `debug/buildinfo`).
const GO: &[u8] = b"\xff Go buildinf:";
/// The loader of programs that use GNU's C library.
const LOADER: &[u8] = b"/ld-linux";
/// A name that stands in GNU's C library, or its loader.
const GLIBC: &[u8] = b"glibc.malloc.tcache_count";

/// Looks at the program that is about to run. It may be over before anybody has looked at its process.
pub(crate) fn of_program(program: &OsStr) -> Runtimes {
    let Ok(Program { path: file, .. }) = find_program(program) else { return Runtimes::new() };
    let mut head = Vec::new();
    let _ = File::open(&file).and_then(|file| file.take(4096).read_to_end(&mut head));
    let mut found = of_file(&file);
    if let Some(line) = head.strip_prefix(b"#!") {
        let line = String::from_utf8_lossy(line.split(|&byte| byte == b'\n').next().unwrap_or_default())
            .into_owned();
        found.extend(line.split([' ', '/', '\t']).filter_map(of_name));
    }
    // The loader's path stands near the beginning (PT_INTERP).
    if memmem::find(&head, LOADER).is_some() {
        found.insert(Runtime::Glibc);
    }
    found
}

/// Looks at a process that runs, and its children, in whatever container they are.
pub(crate) fn of_process(pid: i32) -> Runtimes {
    let root = PathBuf::from(format!("/proc/{pid}/root"));
    let files: BTreeSet<PathBuf> = descendants(pid).into_iter().chain([pid]).flat_map(mapped_files).collect();
    let inside =
        |file: &PathBuf| file.strip_prefix("/").map_or_else(|_| file.clone(), |file| root.join(file));
    // The program's own file is there even where it was replaced.
    let own = of_file(Path::new(&format!("/proc/{pid}/exe")));
    files.iter().flat_map(|file| of_file(&inside(file))).chain(own).collect()
}

/// Looks at the processes of a run until it is over.
pub(crate) fn look(run: &Beside) -> Runtimes {
    const FIRST: Duration = Duration::from_millis(3);
    const LATEST: Duration = Duration::from_millis(500);
    let (mut looked, mut found) = (BTreeMap::new(), Runtimes::new());
    let mut pause = FIRST;
    loop {
        let goes_on = run.wait(pause);
        for file in descendants(run.pid).into_iter().chain([run.pid]).flat_map(mapped_files) {
            found.extend(looked.entry(file.clone()).or_insert_with(|| of_file(&file)).iter());
        }
        if !goes_on {
            return found;
        }
        pause = (pause * 2).min(LATEST);
    }
}

/// The files from which code of a process was mapped.
fn mapped_files(pid: i32) -> BTreeSet<PathBuf> {
    let maps = fs::read_to_string(format!("/proc/{pid}/maps")).unwrap_or_default();
    let code = maps.lines().filter(|line| line.split(' ').nth(1).is_some_and(|rights| rights.contains('x')));
    code.filter_map(|line| Some(PathBuf::from(&line[line.find('/')?..]))).collect()
}

/// What a file is, by its name and by what stands in it.
fn of_file(file: &Path) -> Runtimes {
    let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let mut found = Runtimes::new();
    found.extend(of_name(&name));
    let is_small = fs::metadata(file).is_ok_and(|metadata| metadata.len() <= LARGEST);
    let bytes = if is_small { fs::read(file).unwrap_or_default() } else { Vec::new() };
    for (mark, runtime) in [(GO, Runtime::Go), (GLIBC, Runtime::Glibc)] {
        if memmem::find(&bytes, mark).is_some() {
            found.insert(runtime);
        }
    }
    found
}

fn of_name(name: &str) -> Option<Runtime> {
    let is = |prefix: &str| {
        name.strip_prefix(prefix)
            .is_some_and(|rest| !rest.starts_with(|next: char| next.is_ascii_alphabetic()))
    };
    match () {
        () if is("ruby") || is("libruby") => Some(Runtime::Ruby),
        () if is("python") || is("libpython") => Some(Runtime::Python),
        () if is("node") || is("nodejs") || is("libnode") => Some(Runtime::Node),
        () if is("libjvm") => Some(Runtime::Java),
        () => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_runtime_is_known_by_the_names_of_its_files() {
        assert_eq!(of_name("libruby-3.3.so.3.3"), Some(Runtime::Ruby));
        assert_eq!(of_name("python3.12"), Some(Runtime::Python));
        assert_eq!(of_name("node"), Some(Runtime::Node));
        assert_eq!(of_name("libjvm.so"), Some(Runtime::Java));
        assert_eq!(of_name("nodemon-service"), None);
        assert_eq!(of_name("rubyist"), None);
    }

    #[test]
    fn a_program_is_looked_at_before_it_runs() {
        assert_eq!(of_program(OsStr::new("/bin/true")), [Runtime::Glibc].into());
        assert_eq!(of_program(OsStr::new("no-such-program-anywhere")), Runtimes::new());
    }

    #[test]
    fn the_c_library_is_found_in_ourselves() {
        let found: Runtimes =
            mapped_files(std::process::id() as i32).iter().flat_map(|file| of_file(file)).collect();
        assert!(found.contains(&Runtime::Glibc), "{found:?}");
    }
}
