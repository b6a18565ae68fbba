//! `jostle call` as a user runs it, on libraries that are broken and on their healthy twins.

mod harness;

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use harness::jostle::{Run, binary, machine_lets_us_look, scratch, watch};
use serde_json::Value;

/// Longer than any run of these tests: what runs into it hangs.
const PATIENCE: Duration = Duration::from_secs(120);

/// A library of `tests/targets/libraries`, built as users build theirs.
fn library(source: &str, name: &str, options: &[&str]) -> PathBuf {
    static COMPILER: Mutex<()> = Mutex::new(());
    let _one_at_a_time = COMPILER.lock().unwrap_or_else(PoisonError::into_inner);
    let source =
        Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../tests/targets/libraries/{source}.c"));
    let (library, fresh) = (scratch(name), scratch(&format!("{name}.{}", std::process::id())));
    let built = Command::new("gcc")
        .args(["-O2", "-g", "-fPIC", "-shared", "-pthread", "-Wall", "-Wextra", "-Werror", "-o"])
        .args([&fresh, &source])
        .args(options)
        .status()
        .expect("gcc starts");
    assert!(built.success(), "{} does not compile", source.display());
    fs::rename(&fresh, &library).expect("the scratch directory is writable");
    library
}

fn healthy() -> PathBuf {
    library("greeter", "libgreeter.so", &[])
}

fn broken() -> PathBuf {
    library("greeter", "libgreeter-shared.so", &["-DSHARED"])
}

fn faulty() -> PathBuf {
    library("faults", "libfaults.so", &[])
}

/// A plan of this name, in a file.
fn plan(name: &str, library: &Path, text: &str) -> PathBuf {
    let file = scratch(&format!("{name}.toml"));
    fs::write(&file, format!("library = {:?}\n{text}", library.display().to_string())).expect("writable");
    file
}

fn call(plan: &Path, options: &[&str]) -> Run {
    let mut command = assert_cmd::Command::new(binary());
    command.arg("call").arg(plan).args(options).timeout(PATIENCE);
    Run::from(command.output().expect("jostle starts"))
}

fn summary(plan: &Path, options: &[&str]) -> (Option<i32>, Value) {
    let run = call(plan, &[&["--format", "json"], options].concat());
    let line = run.stdout.lines().last().unwrap_or_else(|| panic!("no summary: {run:?}"));
    (run.code, serde_json::from_str(line).expect("JSON"))
}

/// Greets, and has an expectation.
const GREET: &str = r#"
threads = 8
seconds = 2
[[step]]
call = "greeting_make"
arguments = ["{token}"]
returns = "string"
free = "greeting_free"
expect = [{ equals = "hello, {token}" }]
"#;

/// Greets, and says nothing of what is right.
const GREET_ANYHOW: &str = r#"
threads = 8
seconds = 2
[[step]]
call = "greeting_make"
arguments = ["{token}"]
returns = "string"
free = "greeting_free"
[[step]]
call = "calls"
returns = "u64"
"#;

#[test]
fn an_answer_that_is_somebody_elses_is_found_and_its_owner_named() {
    let run = call(&plan("somebody-elses", &broken(), GREET), &[]);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(run.stdout.contains("which belongs to iteration "), "{}", run.stdout);
    let lines: Vec<&str> = run.stdout.lines().collect();
    let ops = lines.iter().position(|line| line.starts_with("ops ")).expect("operations are counted");
    assert!(!lines[ops].ends_with("wrong 0"), "{}", lines[ops]);
    assert!(lines[ops + 1].contains("is wrong under concurrency"), "{}", lines[ops + 1]);
}

#[test]
fn a_healthy_library_is_cleared_with_a_bound() {
    let plan = plan("healthy", &healthy(), GREET);
    let run = call(&plan, &[]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(run.stdout.contains(", wrong 0\nnothing found in "), "{}", run.stdout);
    let (code, summary) = summary(&plan, &["--calls", "3000", "--threads", "3"]);
    assert_eq!(
        (code, &summary["verdict"], &summary["calls"]),
        (Some(0), &"nothing-found".into(), &3000.into())
    );
    // −ln(0.05) / 3000
    let bound = summary["rate"]["high"].as_f64().expect("a bound");
    assert!((bound - 9.986e-4).abs() < 1e-6, "{summary}");
    assert_eq!(summary["crash_bound"]["rate"].as_f64(), Some(bound));
}

#[test]
fn where_nothing_is_expected_serial_runs_are_the_measure() {
    let (code, found) = summary(&plan("broken-anyhow", &broken(), GREET_ANYHOW), &[]);
    assert_eq!(code, Some(1), "{found}");
    assert!(
        found["examples"][0]["expected"].as_str().is_some_and(|said| said.contains("as in a serial run"))
    );
    let (code, clean) = summary(&plan("healthy-anyhow", &healthy(), GREET_ANYHOW), &[]);
    assert_eq!(code, Some(0), "{clean}");
    assert_eq!(clean["serial"]["left_out"], serde_json::json!(["calls"]));
    assert!(clean["judged"].as_u64() < clean["calls"].as_u64() && clean["judged"].as_u64() > Some(0));
}

#[test]
fn handles_places_to_write_to_lengths_and_numbers_of_all_kinds_are_passed() {
    let text = r#"
threads = 4
calls = 20000
[[setup]]
call = "memory_open"
arguments = [{ u64 = 42 }]
returns = "pointer"
as = "forty-two"
expect = [{ not_null = true }]
[[step]]
call = "memory_number"
arguments = [{ result = "forty-two" }]
returns = "u64"
expect = [{ equals = 42 }]
[[step]]
call = "memory_open"
arguments = [{ u64 = "{token}" }]
returns = "pointer"
as = "mine"
[[step]]
call = "memory_number"
arguments = [{ result = "mine" }]
returns = "u64"
expect = [{ equals = "{token}" }]
[[step]]
call = "memory_close"
arguments = [{ result = "mine" }]
[[step]]
call = "copy"
arguments = [
    { bytes = "{token} is mine", as = "from" }, { length_of = "from" },
    { buffer = 64, as = "to" }, { length_of = "to" },
    { out = "u64", as = "size" }, { out = "pointer", as = "handle", free = "memory_close" },
]
returns = "i32"
expect = [{ equals = 0 }, { of = "to", equals = "{token} is mine", length = "size" }, { of = "handle", not_null = true }]
[[step]]
call = "mean"
arguments = [0.5, { f32 = 1.5 }, { i32 = -3 }, { u8 = 255 }]
returns = "f64"
expect = [{ equals = 63.5, at_least = 63, at_most = 64 }]
[[step]]
call = "is_even"
arguments = [{ i32 = 6 }]
returns = "bool"
expect = [{ equals = true }]
[[step]]
call = "negated"
arguments = [{ i32 = 6 }]
returns = "i32"
expect = [{ equals = -6 }]
[[step]]
call = "call_back"
arguments = [{ callback = "nothing" }]
[[teardown]]
call = "memory_close"
arguments = [{ result = "forty-two" }]
"#;
    let run = call(&plan("all-kinds", &healthy(), text), &[]);
    assert_eq!(run.code, Some(0), "{run:?}");
}

#[test]
fn a_handle_may_differ_from_run_to_run() {
    let text = r#"
threads = 4
calls = 20000
[[step]]
call = "memory_open"
arguments = [{ u64 = "{thread}" }]
returns = "u64"
as = "mine"
[[step]]
call = "memory_number"
arguments = [{ result = "mine" }]
returns = "u64"
[[step]]
call = "memory_close"
arguments = [{ result = "mine" }]
"#;
    let (code, summary) = summary(&plan("handles", &healthy(), text), &[]);
    assert_eq!((code, &summary["serial"]["left_out"]), (Some(0), &serde_json::json!([])), "{summary}");
}

fn faults(name: &str, step: &str, options: &[&str]) -> Run {
    let text = format!("threads = 8\nseconds = 1\npatience = 3\n[[step]]\n{step}");
    call(&plan(name, &faulty(), &text), options)
}

#[track_caller]
fn assert_found(run: &Run, said: &[&str]) {
    assert_eq!(run.code, Some(1), "{run:?}");
    let missing: Vec<&&str> = said.iter().filter(|said| !run.stdout.contains(**said)).collect();
    assert!(missing.is_empty(), "{missing:?} is not in {}", run.stdout);
}

#[test]
fn a_crash_is_a_result_and_not_ours() {
    let run = faults("crash-together", "call = \"crash_together\"\nreturns = \"i32\"", &[]);
    assert_found(
        &run,
        &["crashed (SIGSEGV) after ", "in crash_together", "next: jostle watch -- jostle call"],
    );
    let run = faults("crash-alone", "call = \"crash\"\nreturns = \"i32\"", &[]);
    assert_found(&run, &["crashed (SIGSEGV) from one thread already"]);
    let run = faults("wild", "call = \"wild\"\nreturns = \"string\"", &[]);
    assert_found(&run, &["crashed (SIGSEGV)", "looking at what came from wild"]);
}

#[test]
fn a_library_that_ends_the_process_or_never_returns_is_found() {
    let run = faults("leave", "call = \"leave\"", &[]);
    assert_found(&run, &["ended the process with code 7"]);
    let run = faults("freeze", "call = \"freeze\"", &[]);
    assert_found(&run, &["never returned", "in freeze"]);
    let step = "call = \"lock_both\"\narguments = [{ u64 = \"{thread}\" }]";
    let run = faults("deadlock", step, &[]);
    assert_found(&run, &["never returned after ", "in lock_both"]);
}

#[test]
fn whoever_ends_it_early_is_told_what_was_counted() {
    let text = "threads = 4\nseconds = 100\n[[step]]\ncall = \"announce\"\nreturns = \"i32\"\nexpect = [{ equals = 7 }]";
    let mut jostle = Command::new(binary())
        .arg("call")
        .arg(plan("announce", &faulty(), text))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("jostle starts");
    let mut complaints = BufReader::new(jostle.stderr.take().expect("a pipe")).lines();
    assert_eq!(complaints.next().expect("the library says so").expect("text"), "many have called");
    let killed = Command::new("kill").args(["-INT", &jostle.id().to_string()]).status();
    assert!(killed.expect("kill starts").success());
    let mut told = String::new();
    jostle.stdout.take().expect("a pipe").read_to_string(&mut told).expect("text");
    assert_eq!(jostle.wait().expect("it ends").code(), Some(0), "{told}");
    assert!(told.contains("nothing found in ") && told.contains("note: signal 2 ended it early"), "{told}");
    // Nobody holds the pipe any more: what the library ran in is gone as well.
    assert!(complaints.next().is_none());
}

#[test]
fn what_is_wrong_from_one_thread_is_no_matter_of_concurrency() {
    let step =
        "call = \"one_too_many\"\narguments = [{ i32 = 4 }]\nreturns = \"i32\"\nexpect = [{ equals = 4 }]";
    let run = faults("one-too-many", step, &[]);
    assert_found(&run, &["expected  4", "got       5", "is wrong from one thread already"]);
}

#[test]
fn a_set_up_that_is_refused_lets_us_see_nothing() {
    let text = "[[setup]]\ncall = \"refuse\"\nreturns = \"pointer\"\nas = \"x\"\nexpect = [{ not_null = true }]\n\
                [[step]]\ncall = \"crash\"";
    let run = call(&plan("refused", &faulty(), text), &[]);
    assert_eq!(run.code, Some(4), "{run:?}");
    assert!(run.stderr.contains("failed to set up: refuse: expected anything but null, got null"), "{run:?}");
}

#[test]
fn little_is_not_enough() {
    let run = call(&plan("little", &healthy(), GREET), &["--calls", "20", "--threads", "2"]);
    assert_eq!(run.code, Some(3), "{run:?}");
    assert!(run.stdout.contains("inconclusive, which is not a pass"), "{}", run.stdout);
}

#[test]
fn bad_input_gets_one_clear_error() {
    let library = healthy();
    let greet = |more: &str| format!("[[step]]\ncall = \"greeting_make\"\nreturns = \"string\"\n{more}");
    let cases = [
        ("unknown-field", greet("argument = [1]"), "line 5, column 1: unknown field `argument`"),
        ("no-toml", "threads = ".to_owned(), "line 2, column"),
        ("no-step", String::new(), "no [[step]]"),
        ("no-threads", format!("threads = 0\n{}", greet("")), "threads is 0"),
        (
            "no-result",
            greet("arguments = [{ result = \"user\" }]"),
            "step 1 (greeting_make): no earlier call",
        ),
        ("wrong-type", greet("arguments = [{ u32 = -1 }]"), "-1 is no u32"),
        ("wide-token", greet("arguments = [{ u32 = \"{token}\" }]"), "a token fits into i64 and u64"),
        ("no-kind", "[[step]]\ncall = \"calls\"\nreturns = \"long\"".to_owned(), "unknown variant `long`"),
        ("void", "[[step]]\ncall = \"calls\"\nexpect = [{ equals = 1 }]".to_owned(), "it returns nothing"),
        ("contradiction", greet("expect = [{ not_null = false, contains = \"x\" }]"), "expected to be null"),
        ("nothing", greet("expect = [{}]"), "expects nothing"),
        ("text-range", greet("expect = [{ at_least = 1 }]"), "at_least and at_most are for numbers"),
        ("no-file", greet("arguments = [{ file = \"nowhere.json\" }]"), "nowhere.json"),
        ("no-function", "[[step]]\ncall = \"greeting_mak\"".to_owned(), "find the function greeting_mak"),
    ];
    for (name, text, said) in cases {
        let run = call(&plan(&format!("bad-{name}"), &library, &text), &[]);
        assert_eq!(run.code, Some(2), "{name}: {run:?}");
        assert!(run.stderr.contains(said), "{name}: {}", run.stderr);
        assert!(run.stderr.lines().count() == 2 && run.stderr.contains("hint: "), "{name}: {}", run.stderr);
    }
    let run = call(&plan("bad-library", Path::new("./nowhere.so"), &greet("")), &[]);
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(run.stderr.contains("load the library ./nowhere.so"), "{run:?}");
    let run = call(Path::new("nowhere.toml"), &[]);
    assert_eq!(run.code, Some(2), "{run:?}");
}

#[test]
fn whoever_hunts_reads_what_it_did() {
    let plan = plan("hunted", &healthy(), GREET);
    let case = scratch("hunted-case");
    let _ = fs::remove_dir_all(&case);
    let mut command = assert_cmd::Command::new(binary());
    command.args(["hunt", "--format", "json", "--trials", "2", "--perturb", "none", "--case"]).arg(&case);
    command.arg("--").arg(binary()).arg("call").arg(&plan).args(["--calls", "5000"]).timeout(PATIENCE);
    let run = Run::from(command.output().expect("jostle starts"));
    let last: Value = serde_json::from_str(run.stdout.lines().last().expect("a summary")).expect("JSON");
    assert_eq!((&last["trials"], &last["failures"]), (&2.into(), &0.into()), "{run:?}");
    assert_eq!(last["rate_per_operation"]["of"], 10_000, "{run:?}");
}

#[test]
fn whoever_watches_sees_where_the_library_crashed() {
    if !machine_lets_us_look() {
        return;
    }
    let step = "[[step]]\ncall = \"crash_together\"\nreturns = \"i32\"";
    let plan = plan("crash-watched", &faulty(), &format!("threads = 8\nseconds = 20\n{step}"));
    let target = [binary().as_os_str(), OsStr::new("call"), plan.as_os_str()];
    let run = watch([&[OsStr::new("--for"), OsStr::new("30s"), OsStr::new("--")], &target[..]].concat());
    assert_found(&run, &["SIGSEGV", "crash_together"]);
    let case = scratch("crash-hunted-case");
    let _ = fs::remove_dir_all(&case);
    let mut command = assert_cmd::Command::new(binary());
    command.args(["hunt", "--trials", "2", "--perturb", "none", "--case"]).arg(&case).arg("--").args(target);
    let run = Run::from(command.timeout(PATIENCE).output().expect("jostle starts"));
    assert_found(&run, &["crash_together"]);
}

#[test]
fn the_library_of_swapped_returns_is_cleared() {
    let case = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../casebook/swapped-returns");
    let made = Command::new("make").args(["-s", "build/libgates.so", "-C"]).arg(&case).status();
    assert!(made.expect("make starts").success(), "the library is not built");
    let (code, summary) = summary(&case.join("call.toml"), &["--calls", "200000"]);
    assert_eq!((code, &summary["wrong"]), (Some(0), &0.into()), "{summary}");
    let steps = summary["steps"].as_array().expect("steps");
    assert!(steps.iter().all(|step| step["calls"].as_u64() > Some(0)), "{summary}");
}
