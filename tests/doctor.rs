//! `jostle doctor`: a line for everything that decides what can be seen here, with its remedy.

mod harness;

use std::fs;
use std::path::Path;
use std::process::Command;

use harness::jostle::{Run, binary, have_the_machine, machine_lets_us_look, scratch, target};

fn doctor(arguments: &[&Path]) -> Run {
    Run::from(Command::new(binary()).arg("doctor").args(arguments).output().expect("jostle starts"))
}

/// The line about this subject.
fn line<'a>(run: &'a Run, subject: &str) -> &'a str {
    run.stdout.lines().find(|line| line.contains(subject)).unwrap_or_else(|| panic!("no {subject}: {run:#?}"))
}

#[test]
fn where_a_watch_works_the_doctor_says_so() {
    let _machine = have_the_machine();
    if !machine_lets_us_look() {
        return;
    }
    let run = doctor(&[]);
    assert_eq!(run.code, Some(0), "{run:#?}");
    for subject in ["kernel", "tracing what we start", "debug registers", "tracepoints"] {
        assert!(line(&run, subject).starts_with("ok"), "{run:#?}");
    }
    let mended = run.stdout.lines().filter(|line| line.contains("mend: ")).count();
    let wanting =
        run.stdout.lines().filter(|line| line.starts_with("limited") || line.starts_with("missing"));
    assert_eq!(wanting.count(), mended, "{run:#?}");
}

/// A limit of this process shows in the next line, and so it is the real one.
#[test]
fn a_limit_is_told_with_the_command_that_lifts_it() {
    let script = format!("ulimit -n 64; '{}' doctor", binary().display());
    let run = Run::from(Command::new("sh").args(["-c", &script]).output().expect("sh starts"));
    assert!(
        line(&run, "open files").starts_with("limited") && run.stdout.contains("mend: ulimit -n"),
        "{run:#?}"
    );
}

#[test]
fn a_program_is_looked_at_with_where_to_get_what_it_lacks() {
    let whole = target("until_asked");
    assert!(line(&doctor(&[&whole]), "debug information").starts_with("ok"));
    let stripped = scratch("doctor-stripped");
    let _ = fs::remove_file(&stripped);
    let done = Command::new("strip").arg("-o").args([&stripped, &whole]).status().expect("strip starts");
    assert!(done.success());
    let run = doctor(&[&stripped]);
    assert!(line(&run, "debug information").starts_with("limited"), "{run:#?}");
    assert!(run.stdout.contains("debuginfod-find debuginfo"), "{run:#?}");
}

#[test]
fn what_is_no_program_is_told_once() {
    let run = doctor(&[Path::new("no-such-program-here")]);
    assert_eq!(run.code, Some(2), "{run:#?}");
    assert!(run.stderr.starts_with("jostle: error: failed to find the program"), "{run:#?}");
    let run = doctor(&[Path::new("/etc/passwd")]);
    assert_eq!(run.code, Some(2), "{run:#?}");
}
