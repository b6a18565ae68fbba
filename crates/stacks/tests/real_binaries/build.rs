use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::rc::Rc;
use std::sync::{Arc, LazyLock, Mutex, OnceLock};

use jostle_stacks::Image;

/// Builds made so far in this run, by program and flags: each is compiled once, however many tests want it.
static BUILT: LazyLock<Mutex<HashMap<String, Arc<OnceLock<PathBuf>>>>> = LazyLock::new(Mutex::default);

/// The path of `tests/programs/{source}` compiled with `flags`: a C, C++ or Rust file, or a folder of Go.
pub(crate) fn program(source: &str, flags: &[&str]) -> PathBuf {
    let name = format!("{source}{}", flags.concat()).replace(['/', '=', ',', ' '], "_");
    let built = BUILT.lock().unwrap().entry(name.clone()).or_default().clone();
    built.get_or_init(|| compile(source, flags, &name)).clone()
}

fn compile(source: &str, flags: &[&str], name: &str) -> PathBuf {
    let output = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/programs").join(source);
    if source.is_dir() {
        let mut go = Command::new("go");
        run(go
            .args(["build", "-buildvcs=false"])
            .args(flags)
            .arg("-o")
            .arg(&output)
            .arg(".")
            .current_dir(source));
        return output;
    }
    let mut compiler = match source.extension().and_then(|extension| extension.to_str()) {
        Some("rs") => {
            let mut rustc = Command::new("rustc");
            rustc.args(["--edition=2021", "--crate-type=cdylib"]);
            rustc
        }
        Some("cpp") => Command::new("g++"),
        _ => Command::new("gcc"),
    };
    run(compiler.args(flags).arg("-o").arg(&output).arg(source));
    output
}

/// What `command` prints; the test fails when it does.
pub(crate) fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// A copy of `path` changed by `strip` or `objcopy`.
pub(crate) fn changed(path: &Path, tool: &str, flags: &[&str]) -> PathBuf {
    let name = format!("{}.{tool}{}", path.file_name().unwrap().to_str().unwrap(), flags.concat());
    let output = path.with_file_name(name);
    let mut command = Command::new(tool);
    match tool {
        "strip" => command.args(flags).arg("-o").arg(&output).arg(path),
        _ => command.args(flags).arg(path).arg(&output),
    };
    run(&mut command);
    output
}

pub(crate) fn image(path: &Path) -> Rc<Image> {
    let bytes = std::fs::read(path).unwrap().leak();
    Rc::new(Image::parse(path.to_str().unwrap(), bytes).unwrap())
}
