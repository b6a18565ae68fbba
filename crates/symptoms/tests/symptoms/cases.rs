//! The genuine reports. `tests/programs/regenerate` makes them.

use std::fs;
use std::path::{Path, PathBuf};

use jostle_model::ExitStatus;

/// A report, and how the program ended that wrote it.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) output: Vec<u8>,
    pub(crate) ended: ExitStatus,
}

fn reports() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reports")
}

/// All reports in alphabetical order.
pub(crate) fn all() -> Vec<Case> {
    let endings = fs::read_to_string(reports().join("endings")).unwrap();
    let cases: Vec<Case> = endings.lines().map(case).collect();
    assert!(cases.len() > 100, "most reports are gone");
    cases
}

/// One report by its name.
pub(crate) fn named(name: &str) -> Case {
    all().into_iter().find(|case| case.name == name).unwrap_or_else(|| panic!("no report is called {name}"))
}

/// A line such as `go-nil code 2`.
fn case(ending: &str) -> Case {
    let parts: Vec<&str> = ending.split(' ').collect();
    let [name, how, number] = parts[..] else { panic!("{ending}: a name, a word and a number") };
    let number = number.parse().unwrap();
    let ended = if how == "code" { ExitStatus::Code(number) } else { ExitStatus::Signal(number) };
    let output = fs::read(reports().join(name).with_extension("txt")).unwrap();
    Case { name: name.to_owned(), output, ended }
}
