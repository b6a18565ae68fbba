//! Hunts on a machine that has no more: a full disk, eaten memory. Nothing that was found is lost, and it is the target that
//! dies.

mod harness;

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use harness::jostle::{Run, binary, scratch, skip, target};
use serde_json::Value;

const FOUND: i32 = 1;
const CANNOT_LOOK: i32 = 4;

/// A folder for a case, with nothing in it.
fn folder(name: &str) -> PathBuf {
    let folder = scratch(&format!("scarce-{name}"));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("the scratch directory is writable");
    folder
}

/// Runs a script of the shell's with `$1` and `$2`, and `$JOSTLE`.
fn shell(script: &str, arguments: [&OsStr; 2]) -> Run {
    let output = Command::new("unshare")
        .args(["--mount", "sh", "-c", script, "sh"])
        .args(arguments)
        .env("JOSTLE", binary())
        .output();
    Run::from(output.expect("unshare is part of util-linux"))
}

#[test]
fn on_a_full_disk_a_hunt_ends_and_reports_what_it_has_recorded() {
    let (folder, program) = (folder("disk"), target("trial"));
    let may_mount = shell("mount -t tmpfs -o size=64k none \"$1\"", [folder.as_os_str(), OsStr::new("")]);
    if may_mount.code != Some(0) {
        return skip(&format!("no small disk can be mounted here: {}", may_mount.stderr.trim()));
    }
    let script = "
        mount -t tmpfs -o size=1500k none \"$1\" || exit 99
        \"$JOSTLE\" hunt --case \"$1/case\" --trials 1000000 --perturb none --seed 1 --format json -- \"$2\" sometimes {seed}
        echo \"code $?\"
        \"$JOSTLE\" case list --case \"$1/case\"
    ";
    let run = shell(script, [folder.as_os_str(), program.as_os_str()]);
    assert!(run.stderr.contains("disk is full") || run.stderr.contains("No space left"), "{run:#?}");
    assert!(run.stderr.contains("jostle: hint: "), "{}", run.stderr);
    let lines: Vec<&str> = run.stdout.lines().collect();
    let ended = lines.iter().position(|line| line.starts_with("code ")).expect("it ended");
    assert_eq!(lines[ended], format!("code {FOUND}"), "failures were found before: {}", run.stderr);
    let told: Vec<Value> =
        lines[..ended].iter().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let summary = told.last().filter(|last| last["kind"] == "summary").expect("a summary");
    let trials = told.iter().filter(|line| line["kind"] == "trial").count() as u64;
    assert!(trials > 20, "{trials}");
    assert_eq!(summary["trials"], trials, "what was told was recorded, and all of it is in the report");
    let listed = lines[ended + 1..].join("\n");
    assert!(listed.contains(&format!("{trials} trials")), "{listed}");
}

/// A group of processes that may have so much memory in all, in bytes; gone when dropped.
struct Confinement {
    folder: PathBuf,
}

impl Confinement {
    /// By version 1 of control groups or by version 2 (cgroups(7)).
    fn new(bytes: u64) -> io::Result<Self> {
        let name = format!("jostle-test-{}", std::process::id());
        let kinds = [("/sys/fs/cgroup/memory", "memory.limit_in_bytes"), ("/sys/fs/cgroup", "memory.max")];
        let mut refusal = io::Error::other("no control groups");
        for (root, limit) in kinds {
            let folder = Path::new(root).join(&name);
            match fs::create_dir(&folder) {
                Ok(()) => {
                    let made = Self { folder };
                    fs::write(made.folder.join(limit), bytes.to_string())?;
                    return Ok(made);
                }
                Err(error) => refusal = error,
            }
        }
        Err(refusal)
    }

    fn door(&self) -> PathBuf {
        self.folder.join("cgroup.procs")
    }
}

impl Drop for Confinement {
    fn drop(&mut self) {
        // The kernel may take a moment to forget those who were in it.
        for _ in 0..50 {
            if fs::remove_dir(&self.folder).is_ok() {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    }
}

#[test]
fn of_all_it_is_the_target_that_dies_when_memory_runs_out() {
    let confinement = match Confinement::new(96 << 20) {
        Ok(confinement) => confinement,
        Err(error) => return skip(&format!("memory cannot be limited here: {error}")),
    };
    let case = folder("memory").join("case");
    let script = "
        echo $$ > \"$1\" || exit 99
        exec \"$JOSTLE\" hunt --case \"$2\" --trials 3 --jobs 2 --perturb none --timeout 60s --format json -- \"$TRIAL\" hungry
    ";
    let output = Command::new("sh")
        .args(["-c", script, "sh"])
        .args([confinement.door(), case])
        .env("JOSTLE", binary())
        .env("TRIAL", target("trial"))
        .output();
    let run = Run::from(output.expect("sh starts"));
    assert_eq!(run.code, Some(FOUND), "{run:#?}");
    let lines: Vec<Value> =
        run.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let trials: Vec<&Value> = lines.iter().filter(|line| line["kind"] == "trial").collect();
    assert_eq!(trials.len(), 3, "{run:#?}");
    for trial in trials {
        assert_eq!((&trial["outcome"], &trial["failure"]), (&"failed".into(), &"sigkill".into()), "{trial}");
    }
}

#[test]
fn a_case_on_a_full_disk_is_refused_before_the_first_trial() {
    let folder = folder("full");
    let script = "
        mount -t tmpfs -o size=16k none \"$1\" || exit 99
        cat /dev/zero > \"$1/filler\" 2>/dev/null
        \"$JOSTLE\" hunt --case \"$1/case\" --trials 3 -- \"$2\" well
    ";
    let run = shell(script, [folder.as_os_str(), target("trial").as_os_str()]);
    if run.code == Some(99) {
        return skip("no small disk can be mounted here");
    }
    assert_eq!(run.code, Some(CANNOT_LOOK), "{run:#?}");
    assert!(run.stderr.contains("jostle: hint: "), "{}", run.stderr);
}
