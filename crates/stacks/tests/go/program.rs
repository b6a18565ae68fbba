use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::rc::Rc;

use jostle_stacks::{Address, AddressSpace, Image, Memory};

/// Compiles `programs/NAME` without cgo; `build` tells apart the programs made from the same source.
pub(crate) fn compile_go(name: &str, build: &str, flags: &[&str]) -> PathBuf {
    let output = output(&format!("go-{name}-{build}"));
    let mut go = Command::new("go");
    go.args(["build", "-buildvcs=false", "-o"]).arg(&output).args(flags).arg(".");
    succeed(go.env("CGO_ENABLED", "0").current_dir(sources().join(name)));
    output
}

/// Compiles `programs/NAME.c` as a shared library.
pub(crate) fn compile_library(name: &str) -> PathBuf {
    let output = output(&format!("go-{name}.so"));
    let mut compiler = Command::new("gcc");
    compiler.args(["-O2", "-shared", "-fPIC", "-o"]).arg(&output).arg(sources().join(format!("{name}.c")));
    succeed(&mut compiler);
    output
}

fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/go/programs")
}

fn output(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

fn succeed(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A program that runs until this is dropped, and talks in lines.
pub(crate) struct Running {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Running {
    pub(crate) fn start(program: &Path, arguments: &[&Path]) -> Self {
        let mut command = Command::new(program);
        let command = command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        Self { child, input, output: BufReader::new(output) }
    }

    /// Its next line, without the end of it.
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    /// The hexadecimal numbers of its next line, which begins with `word`.
    pub(crate) fn numbers(&mut self, word: &str) -> Vec<u64> {
        let line = self.line();
        let numbers = line.strip_prefix(word).unwrap_or_else(|| panic!("{word} expected, not {line:?}"));
        numbers.split_whitespace().map(|number| u64::from_str_radix(number, 16).unwrap()).collect()
    }

    pub(crate) fn write(&mut self, text: &str) {
        self.input.write_all(text.as_bytes()).unwrap();
    }

    pub(crate) fn memory(&self) -> Live {
        Live(File::open(format!("/proc/{}/mem", self.child.id())).unwrap())
    }

    /// Every file it has mapped, each at the bias that its first mapping tells.
    pub(crate) fn space(&self) -> AddressSpace {
        let maps = std::fs::read_to_string(format!("/proc/{}/maps", self.child.id())).unwrap();
        let mut space = AddressSpace::new();
        let mut seen = Vec::new();
        for line in maps.lines() {
            let columns: Vec<_> = line.split_whitespace().collect();
            let [range, _, _, _, _, path] = columns[..] else { continue };
            if path.starts_with('/') && !seen.contains(&path) {
                seen.push(path);
                let start = u64::from_str_radix(range.split('-').next().unwrap(), 16).unwrap();
                let image = Image::parse(path, std::fs::read(path).unwrap().leak()).unwrap();
                let first = image.segments()[0].address.0 & !0xfff;
                space.add(Rc::new(image), start.wrapping_sub(first));
            }
        }
        space
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The memory of a running program.
pub(crate) struct Live(File);

impl Memory for Live {
    fn read(&self, at: Address, bytes: &mut [u8]) -> bool {
        self.0.read_exact_at(bytes, at.0).is_ok()
    }
}
