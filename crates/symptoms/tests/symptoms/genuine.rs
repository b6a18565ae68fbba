use std::fmt::Write;

use insta::assert_snapshot;
use jostle_symptoms::{Standing, diagnose, family_of, read};

use crate::cases::{self, Case};

/// What is made of the reports whose names begin with one of `beginnings`: for each the failure and all symptoms.
fn sheet(beginnings: &[&str]) -> String {
    let mut sheet = String::new();
    let chosen = cases::all()
        .into_iter()
        .filter(|case| beginnings.iter().any(|beginning| case.name.starts_with(beginning)));
    for case in chosen {
        entry(&case, &mut sheet);
    }
    sheet
}

fn entry(case: &Case, sheet: &mut String) {
    writeln!(sheet, "{} ({:?})", case.name, case.ended).unwrap();
    match diagnose(&case.output, case.ended) {
        None => writeln!(sheet, "  no failure").unwrap(),
        Some(failure) => {
            let family = family_of(&failure.signature.kind);
            writeln!(sheet, "  {family}: {}\n  {}", failure.title, failure.signature.exact).unwrap();
        }
    }
    for symptom in read(&case.output) {
        let standing = if symptom.standing == Standing::Certain { "certain" } else { "if it failed" };
        let kind = &symptom.failure.signature.kind;
        writeln!(sheet, "    lines {:?} {kind}, {standing}", symptom.lines).unwrap();
    }
    sheet.push('\n');
}

#[test]
fn what_go_writes_is_understood() {
    assert_snapshot!(sheet(&["go-", "cgo-"]));
}

#[test]
fn what_the_detectors_of_races_write_is_understood() {
    assert_snapshot!(sheet(&["tsan-", "helgrind-", "drd-"]));
}

#[test]
fn what_the_detectors_of_memory_errors_write_is_understood() {
    assert_snapshot!(sheet(&["asan-", "ubsan-", "memcheck-"]));
}

#[test]
fn what_native_programs_write_is_understood() {
    assert_snapshot!(sheet(&["glibc-", "assert-", "segv-", "cpp-", "rust-"]));
}

#[test]
fn what_java_writes_is_understood() {
    assert_snapshot!(sheet(&["java-"]));
}

#[test]
fn what_python_and_ruby_write_is_understood() {
    assert_snapshot!(sheet(&["python-", "ruby-"]));
}

#[test]
fn what_node_writes_is_understood() {
    assert_snapshot!(sheet(&["node-"]));
}

#[test]
fn the_ways_in_which_swapped_returns_failed_are_understood() {
    assert_snapshot!(sheet(&["swapped-returns"]));
}
