//! Whatever is given to `jostle watch`, it says what is wrong, once and clearly, and ends with the right code.

mod harness;

use std::ffi::OsString;
use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use harness::jostle::{Run, binary, have_the_machine, machine_lets_us_look, scratch, target, watch};
use harness::report::Report;

const NOTHING_FOUND: i32 = 0;
const FOUND: i32 = 1;
const USAGE: i32 = 2;
const INCONCLUSIVE: i32 = 3;
const CANNOT_LOOK: i32 = 4;

/// An executable file with these bytes.
fn executable(name: &str, bytes: &[u8]) -> PathBuf {
    let path = scratch(name);
    // A file that runs cannot be written: each gets a new one.
    let _ = fs::remove_file(&path);
    fs::write(&path, bytes).expect("the scratch directory is writable");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("it is ours");
    path
}

fn watch_program(program: impl Into<OsString>) -> Run {
    watch(["--for".into(), "1s".into(), "--".into(), program.into()])
}

/// Exactly one error, at most one hint, and no report.
fn assert_refused(run: &Run, code: i32, message: &str) {
    assert_eq!(run.code, Some(code), "{run:#?}");
    assert!(run.stderr.contains(message), "{run:#?}");
    assert!(run.stderr.starts_with("jostle: error: failed to "), "{run:#?}");
    assert_eq!(run.stderr.matches("error:").count(), 1, "{run:#?}");
    assert!(run.stderr.lines().count() <= 2, "{run:#?}");
    assert_eq!(run.stdout, "");
}

fn assert_hint(run: &Run) {
    assert!(run.stderr.lines().nth(1).is_some_and(|line| line.starts_with("jostle: hint: ")), "{run:#?}");
}

#[test]
fn a_program_that_does_not_exist_is_not_found() {
    for program in ["no-such-program-anywhere", "./no/such/program", ""] {
        let run = watch_program(program);
        assert_refused(&run, USAGE, "find the program");
        assert_hint(&run);
    }
}

#[test]
fn a_file_that_may_not_be_executed_is_refused() {
    let path = executable("unexecutable", b"\x7fELF");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("it is ours");
    let run = watch_program(path);
    assert_refused(&run, USAGE, "permission denied");
    assert_hint(&run);
}

#[test]
fn a_directory_is_no_program() {
    assert_refused(&watch_program("/"), USAGE, "execute /");
}

#[test]
fn a_text_file_is_no_program() {
    let run = watch_program(executable("text", b"echo hello\n"));
    assert_refused(&run, USAGE, "neither an ELF executable nor a script");
    assert_hint(&run);
    assert_refused(&watch_program(executable("empty", b"")), USAGE, "neither an ELF executable nor a script");
}

#[test]
fn a_program_for_another_machine_is_named_as_such() {
    let mut header = fs::read(target("brief")).expect("it is built");
    header[18] = 183;
    let run = watch_program(executable("aarch64", &header));
    assert_refused(&run, CANNOT_LOOK, "built for AArch64, only x86-64 is supported");
    assert_hint(&run);
}

#[test]
fn an_elf_that_is_cut_off_is_refused_and_never_hangs() {
    let whole = fs::read(target("brief")).expect("it is built");
    for length in [4, 10, 20, 64, 100] {
        let run = watch_program(executable(&format!("cut-{length}"), &whole[..length]));
        assert_refused(&run, CANNOT_LOOK, "failed to ");
    }
    // Cut in the middle it may start and crash, or even run: that is for the kernel to say, but the watch ends.
    let run = watch_program(executable("cut-half", &whole[..whole.len() / 2]));
    assert!(run.code.is_some() && !run.stderr.contains("panicked"), "{run:#?}");
}

#[test]
fn a_script_is_watched_by_its_interpreter_and_this_is_said() {
    let run = watch_program(executable("script", b"#!/bin/sh\necho \"said by $0\"\n"));
    assert!(run.stderr.contains("is a script: watching its interpreter, /bin/sh"), "{run:#?}");
    assert!(run.stdout.contains("said by "), "{run:#?}");
    assert_eq!(run.code, Some(INCONCLUSIVE), "{run:#?}");
}

#[test]
fn a_script_without_its_interpreter_cannot_start() {
    let run = watch_program(executable("orphan", b"#!/no/such/interpreter\n"));
    assert_eq!(run.code, Some(CANNOT_LOOK), "{run:#?}");
    assert!(run.stderr.contains("error: failed to start "), "{run:#?}");
}

#[test]
fn a_target_that_ends_at_once_leaves_the_watch_inconclusive() {
    let run = watch_program(target("brief"));
    assert_eq!(run.code, Some(INCONCLUSIVE), "{run:#?}");
    assert!(run.stdout.contains("never had a second thread"), "{run:#?}");
}

#[test]
fn a_target_that_blocks_the_trap_signal_is_not_looked_at_and_not_harmed() {
    let _machine = have_the_machine();
    if !machine_lets_us_look() {
        return;
    }
    let run = watch(["--".into(), target("blocks_trap").into_os_string()]);
    assert_eq!(run.code, Some(CANNOT_LOOK), "{run:#?}");
    assert!(run.stdout.contains("ended by itself"), "{run:#?}");
    assert!(format!("{}{}", run.stdout, run.stderr).contains("blocks SIGTRAP"), "{run:#?}");
    let as_target = watch(["--exit-target".into(), "--".into(), target("blocks_trap").into_os_string()]);
    assert_eq!(as_target.code, Some(5), "{as_target:#?}");
}

#[test]
fn durations_and_budgets_that_make_no_sense_are_refused() {
    let wrong: [&[&str]; 8] = [
        &["--for", "soon", "--", "true"],
        &["--for", "-1", "--", "true"],
        &["--for", "1e400", "--", "true"],
        &["--budget", "0%", "--", "true"],
        &["--budget", "two", "--", "true"],
        &["--stop-after", "0", "--", "true"],
        &["--format", "xml", "--", "true"],
        &[],
    ];
    for arguments in wrong {
        let run = watch(arguments.iter().copied());
        assert_eq!(run.code, Some(USAGE), "{arguments:?}: {run:#?}");
        assert!(run.stderr.starts_with("error: "), "{arguments:?}: {run:#?}");
        assert_eq!(run.stdout, "");
    }
}

#[test]
fn a_report_that_cannot_be_created_stops_us_before_the_target_runs() {
    let trace = scratch("must-not-exist");
    let _ = fs::remove_file(&trace);
    let run = watch(
        ["--output", "/no/such/directory/report", "--", "touch"]
            .map(OsString::from)
            .into_iter()
            .chain([trace.clone().into()]),
    );
    assert_refused(&run, USAGE, "open /no/such/directory/report for the report");
    assert_hint(&run);
    assert!(!trace.exists(), "the target has run");
}

#[test]
fn a_full_disk_loses_nothing() {
    let _machine = have_the_machine();
    if !machine_lets_us_look() {
        return;
    }
    let run = watch(
        ["--for", "1s", "--format", "json", "--output", "/dev/full", "--"]
            .map(OsString::from)
            .into_iter()
            .chain([target("until_asked").into()]),
    );
    assert!(run.stderr.contains("failed to write /dev/full"), "{run:#?}");
    assert_eq!(run.stderr.matches("error:").count(), 1, "{run:#?}");
    let report = Report::parse(&run.stdout).expect("the report is on standard output");
    let expected = if report.findings.is_empty() { CANNOT_LOOK } else { FOUND };
    assert_eq!(run.code, Some(expected), "{run:#?}");
}

#[test]
fn a_reader_that_goes_away_is_no_error_of_ours() {
    let mut child = Command::new(binary())
        .args(["watch", "--format", "json", "--", "true"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("jostle starts");
    drop(child.stdout.take());
    let run = Run::from(child.wait_with_output().expect("it ends"));
    assert_eq!((run.code, run.stderr.as_str()), (Some(INCONCLUSIVE), ""));
}

#[test]
fn all_streams_may_be_closed() {
    let script = format!("'{}' watch -- true <&- >&- 2>&-", binary().display());
    let status = Command::new("sh").args(["-c", &script]).status().expect("sh starts");
    assert_eq!(status.code(), Some(INCONCLUSIVE));
}

/// Where this section lies in the file of a 64-bit ELF, by `readelf -SW`: offset and size.
fn section(program: &Path, name: &str) -> Option<(usize, usize)> {
    let listed = Command::new("readelf").args(["-SW"]).arg(program).output().expect("readelf starts");
    let text = String::from_utf8_lossy(&listed.stdout).into_owned();
    let line = text.lines().find(|line| line.split_whitespace().any(|word| word == name))?;
    let fields: Vec<&str> = line.split_whitespace().skip_while(|word| *word != name).collect();
    let number = |at: usize| usize::from_str_radix(fields[at], 16).ok();
    Some((number(3)?, number(4)?))
}

/// A copy of `program` with every 61st byte of a section changed, from `seed` on.
fn corrupted(program: &Path, name: &str, seed: usize) -> Option<PathBuf> {
    let (offset, size) = section(program, name)?;
    let mut bytes = fs::read(program).ok()?;
    for at in (offset + seed..offset + size).step_by(61) {
        bytes[at] = bytes[at].wrapping_mul(31).wrapping_add(seed as u8 + 0x55);
    }
    Some(executable(&format!("corrupt{name}-{seed}"), &bytes))
}

#[test]
fn corrupt_debug_information_costs_names_and_nothing_else() {
    let _machine = have_the_machine();
    if !machine_lets_us_look() {
        return;
    }
    let program = target("blind_race");
    let sections = [".debug_info", ".debug_line", ".debug_abbrev", ".debug_str", ".eh_frame_hdr", ".symtab"];
    for (seed, name) in sections.into_iter().enumerate() {
        let Some(copy) = corrupted(&program, name, seed) else { continue };
        let run = watch([
            "--for".into(),
            "2s".into(),
            "--stop-after".into(),
            "1".into(),
            "--".into(),
            copy.into_os_string(),
        ]);
        assert!(!run.stderr.contains("panicked"), "{name}: {run:#?}");
        assert!([NOTHING_FOUND, FOUND, INCONCLUSIVE].map(Some).contains(&run.code), "{name}: {run:#?}");
    }
}

#[test]
#[expect(clippy::print_stdout, reason = "a test that is skipped says so")]
fn a_corrupt_go_function_table_costs_names_and_nothing_else() {
    let _machine = have_the_machine();
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/specimens/build/go-plain-broken");
    if !program.exists() || !machine_lets_us_look() {
        println!("skipped: make -C tests/specimens all");
        return;
    }
    for seed in [7, 40_000] {
        let Some(copy) = corrupted(&program, ".gopclntab", seed) else { continue };
        // Go itself needs its table and may well crash: only we may not.
        let run = watch(["--for".into(), "2s".into(), "--".into(), copy.into_os_string(), "3".into()]);
        assert!(!run.stderr.contains("thread 'main' panicked"), "{run:#?}");
        assert!(run.code.is_some_and(|code| code <= CANNOT_LOOK), "{run:#?}");
    }
}

#[test]
fn a_special_file_is_no_program() {
    assert!(File::open("/dev/null").is_ok());
    assert_refused(&watch_program("/dev/null"), USAGE, "failed to ");
}
