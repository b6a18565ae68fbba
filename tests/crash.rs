//! A crash while watched: where, at which address, and what everybody was at. The target dies as it would have died.

mod harness;

use std::ffi::OsString;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use harness::jostle::{Run, have_the_machine, machine_lets_us_look, scratch, target, watch};
use harness::report::{Report, side_contains};
use serde_json::Value;

const SIGABRT: i64 = 6;
const SIGSEGV: i64 = 11;

fn watched(program: &Path, way: &str) -> (Run, Report) {
    let run =
        watch(["--format".into(), "json".into(), "--".into(), program.as_os_str().to_owned(), way.into()]);
    let report = Report::parse(&run.stdout).unwrap_or_else(|| panic!("no report: {run:#?}"));
    (run, report)
}

/// The only crash of the report.
fn the_crash(run: &Run, report: &Report) -> Value {
    let crashes: Vec<&Value> = report.findings.iter().filter(|finding| finding["rule"] == "crash").collect();
    assert_eq!(crashes.len(), 1, "{run:#?}");
    crashes[0].clone()
}

/// The crash that the C program makes in this way, and its evidence.
fn crash(way: &str, signal: i64) -> (Value, Value) {
    let (run, report) = watched(&target("crash"), way);
    let crash = the_crash(&run, &report);
    assert_eq!(run.code, Some(1), "{run:#?}");
    assert_eq!(report.summary["target"]["signal"], signal, "it dies as it would have died: {run:#?}");
    assert_eq!(crash["evidence"]["signal"], signal, "{run:#?}");
    let evidence = crash["evidence"].clone();
    (crash, evidence)
}

fn shown_function(place: &Value) -> &str {
    let shown = place["shown"].as_u64().unwrap_or(0) as usize;
    place["stack"][shown]["function"].as_str().unwrap_or_default()
}

#[test]
fn a_bad_pointer_is_told_by_what_lies_there() {
    let _machine = have_the_machine();
    if !machine_lets_us_look() {
        return;
    }
    for (way, function, address, lies) in [
        ("null", "follow", "0x8", "null"),
        // The processor does not say which address it was: the instruction and the registers do.
        ("wild", "follow", "0xdeadbeef00000008", "corrupted"),
        ("unmapped", "follow", "0x700000000008", "nothing is mapped"),
        ("code", "overwrite_code", "", "not writable"),
    ] {
        let (crash, evidence) = crash(way, SIGSEGV);
        assert_eq!(shown_function(&crash["places"][0]), function, "{way}: {crash:#}");
        assert!(address.is_empty() || evidence["address"] == address, "{way}: {crash:#}");
        assert!(evidence["lies_there"].as_str().is_some_and(|text| text.contains(lies)), "{way}: {crash:#}");
    }
}

#[test]
fn a_program_that_ends_itself_is_shown_where_it_decided_to() {
    let _machine = have_the_machine();
    if !machine_lets_us_look() {
        return;
    }
    for (way, function) in [("abort", "main"), ("double-free", "free_twice")] {
        let (crash, evidence) = crash(way, SIGABRT);
        assert_eq!(shown_function(&crash["places"][0]), function, "{way}: {crash:#}");
        assert_eq!(evidence["address"], Value::Null, "{way}: it is about none");
    }
}

#[test]
fn the_other_threads_are_seen_where_they_stood() {
    let _machine = have_the_machine();
    if !machine_lets_us_look() {
        return;
    }
    let (crash, evidence) = crash("null", SIGSEGV);
    let places = crash["places"].as_array().expect("a list");
    let working = places.iter().filter(|place| place["role"] == "bystander" && side_contains(place, "work"));
    assert_eq!(working.count(), 3, "{crash:#}");
    assert_eq!(evidence["registers"][0]["name"], "rip");
}

#[test]
fn crashes_of_one_bug_have_their_family_in_common() {
    let _machine = have_the_machine();
    if !machine_lets_us_look() {
        return;
    }
    let family = |way| crash(way, SIGSEGV).1["family"].clone();
    assert_eq!(family("null"), family("wild"));
    assert_ne!(family("null"), family("code"));
}

#[test]
fn a_program_that_handles_its_faults_has_not_crashed() {
    let _machine = have_the_machine();
    if !machine_lets_us_look() {
        return;
    }
    let (run, report) = watched(&target("crash"), "survives");
    assert!(report.findings.is_empty(), "{run:#?}");
    assert_eq!(report.target_code(), Some(0), "{run:#?}");
    assert!(run.stdout.contains("survived 100\n"), "{run:#?}");
}

#[test]
fn a_process_that_was_attached_to_is_seen_to_crash() {
    let _machine = have_the_machine();
    if !machine_lets_us_look() {
        return;
    }
    let mut process =
        Command::new(target("crash")).arg("later").stdout(Stdio::piped()).spawn().expect("it starts");
    let mut line = String::new();
    BufReader::new(process.stdout.take().expect("piped")).read_line(&mut line).expect("it speaks");
    let pid = process.id().to_string();
    let asked = format!("sleep 1; kill -USR1 {pid}");
    let mut asking = Command::new("sh").args(["-c", &asked]).spawn().expect("sh starts");
    let run = watch(["-p", &pid, "--format", "json", "--for", "20s"]);
    asking.wait().expect("it ends");
    process.wait().expect("it has crashed");
    let report = Report::parse(&run.stdout).unwrap_or_else(|| panic!("no report: {run:#?}"));
    assert_eq!(shown_function(&the_crash(&run, &report)["places"][0]), "follow", "{run:#?}");
}

/// The core file of a crash; nothing where the machine writes them elsewhere.
#[expect(clippy::print_stdout, reason = "a test that is skipped says so")]
fn core_of(program: &Path, way: &str) -> Option<PathBuf> {
    let folder = scratch(&format!("core-of-{}", program.file_name().expect("a name").to_string_lossy()));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("the scratch directory is writable");
    let script = format!("ulimit -c unlimited; exec '{}' {way}", program.display());
    let status = Command::new("sh").args(["-c", &script]).current_dir(&folder).status().expect("sh starts");
    assert!(!status.success());
    let written = fs::read_dir(&folder).expect("it is ours").flatten().map(|entry| entry.path()).next();
    if written.is_none() {
        println!("skipped: see /proc/sys/kernel/core_pattern, core files go elsewhere");
    }
    written
}

fn post_mortem(core: &Path, more: &[&str]) -> (Run, Option<Report>) {
    let arguments = ["--format".into(), "json".into(), "--core".into(), core.as_os_str().to_owned()];
    let run = watch(arguments.into_iter().chain(more.iter().map(OsString::from)));
    let report = Report::parse(&run.stdout);
    (run, report)
}

#[test]
fn a_core_file_shows_the_same_crash() {
    let Some(core) = core_of(&target("crash"), "wild") else { return };
    let (run, report) = post_mortem(&core, &[]);
    let cored = the_crash(&run, &report.expect("a report"));
    assert_eq!(run.code, Some(1), "{run:#?}");
    assert_eq!(shown_function(&cored["places"][0]), "follow");
    assert_eq!(cored["evidence"]["address"], "0xdeadbeef00000008");
    assert_eq!(cored["places"].as_array().map(Vec::len), Some(4), "{cored:#}");
    let _machine = have_the_machine();
    if machine_lets_us_look() {
        let (watched, evidence) = crash("wild", SIGSEGV);
        assert_eq!((&cored["id"], &cored["evidence"]["family"]), (&watched["id"], &evidence["family"]));
    }
}

#[test]
fn a_core_file_whose_program_was_built_anew_is_not_read_with_the_wrong_one() {
    let program = scratch("crash-rebuilt");
    let _ = fs::remove_file(&program);
    fs::copy(target("crash"), &program).expect("the scratch directory is writable");
    let Some(core) = core_of(&program, "null") else { return };
    fs::remove_file(&program).expect("it is ours");
    fs::copy(target("threads"), &program).expect("the scratch directory is writable");
    let (run, report) = post_mortem(&core, &[]);
    let report = report.expect("a report");
    assert!(
        report.summary["warnings"].to_string().contains("another build than the one that crashed"),
        "{run:#?}"
    );
    assert_ne!(shown_function(&the_crash(&run, &report)["places"][0]), "follow");
    let original = target("crash");
    let (run, report) = post_mortem(&core, &["--exe", original.to_str().expect("a plain path")]);
    assert_eq!(
        shown_function(&the_crash(&run, &report.expect("a report"))["places"][0]),
        "follow",
        "{run:#?}"
    );
}

#[test]
fn a_core_file_that_is_none_or_damaged_is_told_and_never_hangs() {
    let (run, _) = post_mortem(&target("crash"), &[]);
    assert!(run.code == Some(2) && run.stderr.contains("no core file"), "{run:#?}");
    let (run, _) = post_mortem(Path::new("no-such-core"), &[]);
    assert!(run.code == Some(4) && run.stderr.contains("No such file"), "{run:#?}");
    let Some(core) = core_of(&target("crash"), "abort") else { return };
    let whole = fs::read(&core).expect("it is ours");
    let damaged = scratch("damaged-core");
    for round in 0..60_usize {
        let mut bytes = whole.clone();
        if round % 3 == 0 {
            bytes.truncate(whole.len() * round / 60);
        }
        // The headers and notes stand first.
        for step in 0..20 {
            let at = (round * 7919 + step * 104_729) % 16_384;
            if let Some(byte) = bytes.get_mut(at) {
                *byte = (round * 31 + step * 17) as u8;
            }
        }
        fs::write(&damaged, &bytes).expect("the scratch directory is writable");
        let (run, _) = post_mortem(&damaged, &[]);
        assert!(matches!(run.code, Some(1..=4)), "round {round}: {run:#?}");
        assert!(!run.stderr.contains("panicked"), "round {round}: {run:#?}");
    }
}

/// A Rust program that calls a Go archive that calls C++.
fn three_languages() -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let build = || {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/targets/three-languages");
        let out = scratch("three-languages");
        let made = Command::new("make")
            .args(["-s", "-C"])
            .arg(source)
            .arg(format!("OUT={}", out.display()))
            .status();
        assert!(made.expect("make starts").success(), "three-languages does not build");
        out.join("three-languages")
    };
    BUILT.get_or_init(build).clone()
}

#[test]
fn one_stack_leads_through_three_languages_ten_times_of_ten() {
    let _machine = have_the_machine();
    if !machine_lets_us_look() {
        return;
    }
    for _ in 0..10 {
        let (run, report) = watched(&three_languages(), "");
        let crash = the_crash(&run, &report);
        let functions: Vec<&str> = (crash["places"][0]["stack"].as_array().expect("a stack").iter())
            .filter_map(|frame| frame["function"].as_str())
            .collect();
        let mut rest = functions.iter();
        for wanted in ["Gate::evaluate", "main.check", "three_languages::ask", "three_languages::main"] {
            assert!(rest.any(|function| function.contains(wanted)), "{wanted} in {functions:#?}");
        }
    }
}
