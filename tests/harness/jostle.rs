//! The built `jostle`, as a user runs it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Longer than any watch of these tests: what runs into it hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// One watch at a time, so that each has the machine to itself.
static MACHINE: Mutex<()> = Mutex::new(());

pub(crate) fn have_the_machine() -> MutexGuard<'static, ()> {
    MACHINE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// `jostle` itself.
pub(crate) fn binary() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_jostle"))
}

/// `jostle watch <arguments>`, to its end.
pub(crate) fn watch<I: IntoIterator<Item: Into<OsString>>>(arguments: I) -> Run {
    let arguments: Vec<OsString> = arguments.into_iter().map(Into::into).collect();
    let mut command = assert_cmd::Command::new(binary());
    command.arg("watch").args(arguments).timeout(PATIENCE);
    Run::from(command.output().expect("jostle starts"))
}

/// What a program left behind.
#[derive(Debug)]
pub(crate) struct Run {
    /// The exit code; none when a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self { code: output.status.code(), stdout: text(&output.stdout), stderr: text(&output.stderr) }
    }
}

/// A file or program of the tests' own, by its name; the same name is always the same path.
pub(crate) fn scratch(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

/// Programs that `make` builds in a folder of this repository; the first of them is returned. One `make` at a time: two would
/// write the same files.
pub(crate) fn made(folder: &str, programs: &[&str]) -> PathBuf {
    static MAKE: Mutex<()> = Mutex::new(());
    let _one_at_a_time = MAKE.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(folder);
    let made = Command::new("make").args(["-s", "-C"]).arg(&folder).args(programs).status();
    assert!(made.expect("make starts").success(), "make -C {} fails", folder.display());
    folder.join(programs[0])
}

/// A program of `tests/targets`, built as users build theirs: a file of C, or a folder of Go.
pub(crate) fn target(name: &str) -> PathBuf {
    static COMPILER: Mutex<()> = Mutex::new(());
    let _one_at_a_time = COMPILER.lock().unwrap_or_else(PoisonError::into_inner);
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/targets").join(name);
    let program = scratch(name);
    // Another test program may be running the old build: it keeps that file, and this name gets a new one.
    let fresh = scratch(&format!("{name}.{}", std::process::id()));
    let mut compiler = if source.is_dir() { go(&source, &fresh) } else { gcc(&source, &fresh) };
    assert!(compiler.status().expect("the compiler starts").success(), "{name} does not compile");
    std::fs::rename(&fresh, &program).expect("the scratch directory is writable");
    program
}

fn gcc(source: &Path, program: &Path) -> Command {
    let mut gcc = Command::new("gcc");
    gcc.args(["-O2", "-g", "-pthread", "-Wall", "-Wextra", "-Werror", "-o"]);
    gcc.args([program, &source.with_extension("c")]);
    gcc
}

/// With Go's FIPS 140-3 module as the toolchain has it.
fn go(source: &Path, program: &Path) -> Command {
    let mut go = Command::new("go");
    go.current_dir(source).env("GOFIPS140", "latest").args(["build", "-o"]).arg(program).arg(".");
    go
}

/// Whether this machine lets anybody trace and set watchpoints. Where it does not, a test says so and passes: there
/// is nothing to be seen there, and `jostle` has said why.
pub(crate) fn machine_lets_us_look() -> bool {
    let run = watch([OsString::from("--for"), "300ms".into(), "--".into(), target("until_asked").into()]);
    let forbidden =
        run.code == Some(4) && ["ptrace", "perf_event_open"].iter().any(|by| run.stderr.contains(by));
    if forbidden {
        skip(run.stderr.trim());
    }
    !forbidden
}

/// Says why a test is not run here.
#[expect(clippy::print_stdout, reason = "a test that is skipped says so")]
pub(crate) fn skip(why: &str) {
    println!("skipped: {why}");
}
