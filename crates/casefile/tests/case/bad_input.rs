use std::error::Error;
use std::fs;
use std::path::Path;
use std::time::Duration;

use jostle_casefile::{Case, CaseError, FILE, Recorder};
use rusqlite::Connection;

use crate::samples::{failed, moment, passed, place, recorder_with_plan};

/// What is said of the case in `dir` to who looks, and to who writes. Both have a hint.
#[track_caller]
fn refusals(dir: &Path) -> [CaseError; 2] {
    let errors = [
        Case::open(dir).expect_err("refused to readers"),
        Recorder::open(dir).expect_err("refused to writers"),
    ];
    assert!(errors.iter().all(|error| !error.hint().is_empty()));
    errors
}

fn with_file(contents: &[u8]) -> (tempfile::TempDir, std::path::PathBuf) {
    let (place, dir) = place();
    fs::create_dir(&dir).expect("makes a directory");
    fs::write(dir.join(FILE), contents).expect("writes");
    (place, dir)
}

#[test]
fn a_case_that_is_not_there_is_told() {
    let (_place, dir) = place();
    let told = |dir: &Path| Case::open(dir).expect_err("there is none").to_string();
    assert_eq!(told(&dir), format!("open the case {}: there is none", dir.display()));
    fs::create_dir(&dir).expect("makes a directory");
    assert_eq!(told(&dir), format!("open the case {}: there is none", dir.display()));
    fs::write(dir.join(FILE), "").expect("writes");
    assert_eq!(told(&dir), format!("open the case {}: there is none", dir.display()));
}

#[test]
fn looking_for_a_case_makes_none() {
    let (_place, dir) = place();
    Case::open(&dir).expect_err("there is none");
    assert!(!dir.exists());
}

#[test]
fn an_empty_file_becomes_a_case() {
    let (_place, dir) = with_file(b"");
    let (mut recorder, plan) = recorder_with_plan(&dir);
    recorder.record(plan, &passed(1), moment(0)).expect("records");
}

#[test]
fn a_file_in_place_of_the_directory_is_told() {
    let (place, _) = place();
    let file = place.path().join("file");
    fs::write(&file, "text").expect("writes");
    for error in refusals(&file) {
        assert_eq!(error.to_string(), format!("open the case {}: it is not a directory", file.display()));
    }
}

#[test]
fn a_directory_in_place_of_the_file_is_told() {
    let (_place, dir) = place();
    fs::create_dir_all(dir.join(FILE)).expect("makes directories");
    for error in refusals(&dir) {
        assert!(error.to_string().contains(FILE), "{error}");
    }
}

#[test]
fn a_directory_without_a_parent_is_told() {
    let (_place, dir) = place();
    let error = Recorder::open(&dir.join("inner")).expect_err("has no parent");
    assert!(matches!(error, CaseError::Create { .. }), "{error}");
    assert!(error.source().is_some_and(|why| why.to_string().contains("No such file")), "{error:?}");
}

#[test]
fn a_file_that_is_no_database_is_told_and_left_alone() {
    let text = "not a database, but long enough to be taken for the header of one: ".repeat(20);
    let (_place, dir) = with_file(text.as_bytes());
    for error in refusals(&dir) {
        assert!(matches!(error, CaseError::NotADatabase(_)), "{error}");
    }
    assert_eq!(fs::read_to_string(dir.join(FILE)).expect("is there"), text);
}

#[test]
fn a_database_of_another_program_is_told_and_left_alone() {
    let (_place, dir) = with_file(b"");
    let other = Connection::open(dir.join(FILE)).expect("opens");
    other.execute_batch("CREATE TABLE song (title TEXT)").expect("a table");
    drop(other);
    let before = fs::read(dir.join(FILE)).expect("is there");
    for error in refusals(&dir) {
        assert!(matches!(error, CaseError::NotACase(_)), "{error}");
    }
    assert_eq!(fs::read(dir.join(FILE)).expect("is there"), before);
}

#[test]
fn a_case_of_a_later_version_is_told_and_left_alone() {
    let (_place, dir) = place();
    drop(recorder_with_plan(&dir));
    let later = Connection::open(dir.join(FILE)).expect("opens");
    later.pragma_update(None, "user_version", 7).expect("writes");
    drop(later);
    for error in refusals(&dir) {
        let expected = format!(
            "read the case {}: it has version 7, and this jostle knows versions up to 1",
            dir.join(FILE).display()
        );
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn a_file_that_is_cut_off_is_refused_or_found_to_be_damaged() {
    let (_place, dir) = place();
    let (mut recorder, plan) = recorder_with_plan(&dir);
    for seed in 0..500 {
        recorder.record(plan, &failed(seed, "SIGSEGV", "SIGSEGV main.prune"), moment(0)).expect("records");
    }
    drop(recorder);
    let whole = fs::read(dir.join(FILE)).expect("is there");
    // A single byte is nothing to SQLite: old file systems made it of an empty file.
    for length in [2, 50, 99, 100, 1_000, 4_095, 4_096, 5_000, 8_192, whole.len() / 2, whole.len() - 4_096] {
        fs::write(dir.join(FILE), &whole[..length]).expect("writes");
        for error in refusals(&dir) {
            let told = matches!(error, CaseError::Damaged { .. } | CaseError::NotADatabase(_));
            assert!(told, "{length}: {error}: {:?}", error.source());
        }
    }
    // Within the last page it takes somebody who reads that page.
    fs::write(dir.join(FILE), &whole[..whole.len() - 1_000]).expect("writes");
    let read = Case::open(&dir).and_then(|case| case.trials(plan, |_| Ok(())));
    assert!(matches!(read, Err(CaseError::Damaged { .. })), "{read:?}");
}

#[test]
fn a_file_that_is_overwritten_in_the_middle_is_found_to_be_damaged() {
    let (_place, dir) = place();
    let (mut recorder, plan) = recorder_with_plan(&dir);
    for seed in 0..500 {
        recorder.record(plan, &failed(seed, "SIGSEGV", "SIGSEGV main.prune"), moment(0)).expect("records");
    }
    drop(recorder);
    let mut bytes = fs::read(dir.join(FILE)).expect("is there");
    bytes[3 * 4096..].fill(0xa5);
    fs::write(dir.join(FILE), bytes).expect("writes");
    let read = Case::open(&dir).and_then(|case| case.trials(plan, |_| Ok(())));
    assert!(matches!(read, Err(CaseError::Damaged { .. })), "{read:?}");
}

#[test]
fn a_value_that_nobody_of_us_writes_is_damage() {
    let (_place, dir) = place();
    let (mut recorder, plan) = recorder_with_plan(&dir);
    recorder.record(plan, &passed(1), moment(0)).expect("records");
    let other = Connection::open(dir.join(FILE)).expect("opens");
    other.execute("UPDATE trial SET name = 'Fritz'", []).expect("writes");
    let read = recorder.case().trials(plan, |_| Ok(()));
    assert!(matches!(read, Err(CaseError::Damaged { .. })), "{read:?}");
}

#[test]
fn whoever_waits_too_long_for_another_process_is_told() {
    let (_place, dir) = place();
    let (recorder, plan) = recorder_with_plan(&dir);
    drop(recorder);
    let patience = Duration::from_millis(50);
    let mut recorder = Recorder::open_within(&dir, patience).expect("opens");
    let other = Connection::open(dir.join(FILE)).expect("opens");
    other.execute_batch("BEGIN IMMEDIATE").expect("locks");
    let error = recorder.record(plan, &passed(1), moment(0)).expect_err("is locked");
    let expected =
        format!("use the case {}: another process kept it locked for 50ms", dir.join(FILE).display());
    assert_eq!(error.to_string(), expected);
    other.execute_batch("COMMIT").expect("unlocks");
    recorder.record(plan, &passed(1), moment(0)).expect("records");
}

#[test]
fn a_lock_on_the_whole_file_is_told_when_the_case_is_opened() {
    let (_place, dir) = place();
    drop(recorder_with_plan(&dir));
    let other = Connection::open(dir.join(FILE)).expect("opens");
    other
        .execute_batch("PRAGMA locking_mode = exclusive; BEGIN EXCLUSIVE; PRAGMA user_version = 1; COMMIT")
        .expect("locks");
    let error = Recorder::open_within(&dir, Duration::from_millis(50)).expect_err("is locked");
    assert!(matches!(error, CaseError::Locked { .. }), "{error}");
}
