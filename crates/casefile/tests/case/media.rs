//! Disks that cannot be written to, and disks that are full. As root, and wherever users may make name spaces, they are
//! file systems of their own.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use jostle_casefile::{FILE, Recorder};

use crate::child;
use crate::samples::{moment, passed, place, recorder_with_plan};

/// Runs a child of this test after `mount`, a line of shell to which the case is `$CASE`, in a mount name space of its
/// own. Nothing is returned where this user may not make one.
fn behind(mount: &str, test: &str, dir: &Path) -> Option<Output> {
    let ways: [&[&str]; 2] = [&["--mount"], &["--user", "--map-root-user", "--mount"]];
    let way = ways.into_iter().find(|way| may_mount(way))?;
    let mut command = Command::new("unshare");
    command.args(way).args(["sh", "-c", &format!("{mount} && exec \"$@\""), "sh"]);
    child::wrapped_child(&mut command, test, dir);
    Some(command.output().expect("runs"))
}

/// Whether this user may mount a file system behind `unshare` with these options.
fn may_mount(way: &[&str]) -> bool {
    let mut attempt = Command::new("unshare");
    attempt.args(way).args(["mount", "-t", "tmpfs", "none", "/mnt"]).stderr(Stdio::null());
    attempt.status().is_ok_and(|status| status.success())
}

#[track_caller]
fn assert_visited(output: &Output) {
    let text =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && text.contains("visited"), "{text}");
}

const READ_ONLY: &str = r#"mount --bind "$CASE" "$CASE" && mount -o remount,bind,ro "$CASE""#;

/// Runs a child of this test with the case on a medium that is read only, or, without the right to mount anything, in a
/// directory that is, with files that are.
fn read_only(test: &str, dir: &Path) -> Output {
    behind(READ_ONLY, test, dir).unwrap_or_else(|| {
        allow(dir, 0o444, 0o555);
        let output = child::child(test, dir).output().expect("runs");
        allow(dir, 0o644, 0o755);
        output
    })
}

/// Sets the permissions of a directory and of the files in it.
fn allow(dir: &Path, files: u32, directory: u32) {
    for file in fs::read_dir(dir).expect("is ours").flatten() {
        fs::set_permissions(file.path(), Permissions::from_mode(files)).expect("is ours");
    }
    fs::set_permissions(dir, Permissions::from_mode(directory)).expect("is ours");
}

#[test]
fn a_case_can_be_looked_at_where_nothing_may_be_written() {
    let (_place, dir) = place();
    // A name that would be taken apart if it became a URI as it is.
    let dir = dir.with_file_name("50% of #1?");
    let recorder = filled(&dir, 10);
    drop(recorder);
    assert!(!dir.join("case.db-wal").exists(), "the log was folded");
    assert_visited(&read_only("a_visitor_where_nothing_may_be_written", &dir));
    // With the log and its index beside it, as a writer that was killed leaves them.
    let (_copy, copied) = place();
    copy_unfolded(&copied);
    assert_visited(&read_only("a_visitor_where_nothing_may_be_written", &copied));
    // Without the index, SQLite would have to pass over the log.
    fs::remove_file(copied.join("case.db-shm")).expect("is there");
    assert_visited(&read_only("a_visitor_who_finds_a_log", &copied));
}

/// A recorder that has recorded so many trials.
fn filled(dir: &Path, trials: u64) -> Recorder {
    let (mut recorder, plan) = recorder_with_plan(dir);
    for seed in 0..trials {
        recorder.record(plan, &passed(seed), moment(0)).expect("records");
    }
    recorder
}

/// A case as it is while a recorder has it open, the last of ten trials only in the log.
fn copy_unfolded(to: &Path) {
    let (_place, dir) = place();
    drop(filled(&dir, 9));
    let recorder = filled(&dir, 10);
    fs::create_dir(to).expect("makes a directory");
    for file in [FILE, "case.db-wal", "case.db-shm"] {
        fs::copy(dir.join(file), to.join(file)).expect("copies");
    }
    drop(recorder);
}

#[test]
fn a_full_disk_ends_the_recording_and_takes_nothing_away() {
    let (_place, dir) = place();
    fs::create_dir(&dir).expect("makes a directory");
    // Where nothing may be mounted, the test of a file that may not grow has to do.
    if let Some(output) =
        behind(r#"mount -t tmpfs -o size=1m none "$CASE""#, "a_writer_on_a_small_disk", &dir)
    {
        assert_visited(&output);
    }
}
