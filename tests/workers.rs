//! Servers that serve by child processes: the workers are watched as the process is that was started or named.

mod harness;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

use harness::jostle::{self, Run, have_the_machine, machine_lets_us_look, scratch, target, watch};
use harness::report::{Report, is_between};
use harness::service::{Service, send};
use serde_json::Value;

/// Sampling is chance: a race that is not met in one watch may be met in the next.
const ATTEMPTS: u64 = 3;
/// The user who owns nothing.
const NOBODY: &str = "65534";

const UNHARMED: &str = "3 of 3 workers ended well";

/// A watch of the server from its start.
fn watched(options: &str, how: &str, come: &str) -> (Run, Report) {
    let program = target("workers");
    let options = options.split(' ').map(str::to_owned);
    let command = ["--", program.to_str().expect("text"), how, come].map(str::to_owned);
    let run = watch(["--format".to_owned(), "json".to_owned()].into_iter().chain(options).chain(command));
    let report = Report::parse(&run.stdout).unwrap_or_else(|| panic!("no report: {run:#?}"));
    (run, report)
}

fn is_the_race(finding: &Value) -> bool {
    is_between(finding, ["serve_one", "serve_one"])
}

/// Both sides stood in the same worker, which is named.
fn names_the_worker(finding: &Value) -> bool {
    let process = |side: usize| &finding["places"][side]["thread"]["process"];
    process(0)["name"] == "worker" && process(0)["pid"].is_i64() && process(0) == process(1)
}

#[test]
fn a_race_in_a_worker_is_found_and_the_worker_named() {
    let _machine = have_the_machine();
    if !machine_lets_us_look() {
        return;
    }
    for come in ["forked", "executed"] {
        let found = (1..=ATTEMPTS).any(|seed| {
            let (run, report) = watched(&format!("--for 10s --stop-after 1 --seed {seed}"), "racing", come);
            assert!(run.stdout.contains(UNHARMED), "{run:#?}");
            assert!(report.findings.iter().all(|it| is_the_race(it) && names_the_worker(it)), "{run:#?}");
            !report.findings.is_empty()
        });
        assert!(found, "{come}: not found in {ATTEMPTS} watches");
    }
}

#[test]
fn orderly_workers_are_looked_at_and_left_in_peace() {
    let _machine = have_the_machine();
    if !machine_lets_us_look() {
        return;
    }
    let (run, report) = watched("--for 5s", "orderly", "forked");
    assert!(report.findings.is_empty(), "a false alarm: {run:#?}");
    assert!(report.summary["counts"]["holds"].as_u64() > Some(10), "{run:#?}");
    assert!(run.stdout.contains(UNHARMED), "{run:#?}");
}

#[test]
fn a_worker_that_crashes_is_seen_to_and_the_others_live_on() {
    let _machine = have_the_machine();
    if !machine_lets_us_look() {
        return;
    }
    let (run, report) = watched("--for 4s", "crashing", "forked");
    let crash = report.findings.iter().find(|finding| finding["rule"] == "crash");
    let crash = crash.unwrap_or_else(|| panic!("no crash: {run:#?}"));
    assert_eq!(crash["places"][0]["stack"][0]["function"], "lose_its_mind");
    assert_eq!(crash["places"][0]["thread"]["process"]["name"], "worker");
    assert!(run.stdout.contains("of 3 workers ended well"), "{run:#?}");
}

#[test]
fn the_workers_of_a_server_that_runs_already_are_watched_and_left() {
    let _machine = have_the_machine();
    if !machine_lets_us_look() {
        return;
    }
    let mut server = Service::start(&target("workers"), &["racing", "forked"]).ready();
    let found = (1..=ATTEMPTS).any(|seed| {
        let (run, report) = server.watch(&format!("--for 10s --stop-after 1 --seed {seed}"));
        server.assert_left();
        assert!(report.findings.iter().all(|it| is_the_race(it) && names_the_worker(it)), "{run:#?}");
        !report.findings.is_empty()
    });
    assert!(found, "not found in {ATTEMPTS} watches");
    assert_eq!(server.end(), UNHARMED);
}

#[test]
fn a_kill_of_jostle_leaves_all_workers_as_they_were() {
    let _machine = have_the_machine();
    if !machine_lets_us_look() {
        return;
    }
    let mut server = Service::start(&target("workers"), &["racing", "forked"]).ready();
    for round in 0..5 {
        let mut jostle = server.watch_without_end();
        thread::sleep(Duration::from_millis(200 + 150 * round));
        send("-KILL", jostle.id());
        jostle.wait().expect("it is dead");
        server.assert_left();
    }
    assert_eq!(server.end(), UNHARMED);
}

#[test]
fn all_processes_of_a_name_are_watched() {
    let _machine = have_the_machine();
    if !machine_lets_us_look() {
        return;
    }
    let program = copy_of(&target("service"), "named-service", 0o755);
    let mut services = ["orderly", "racing"].map(|variant| Service::start(&program, &[variant]).ready());
    let found = (1..=ATTEMPTS).any(|seed| {
        let run = watch(
            ["--format", "json", "--for", "10s", "--stop-after", "1", "--seed", &seed.to_string()]
                .into_iter()
                .chain(["--name", "named-serv*"]),
        );
        let report = Report::parse(&run.stdout).unwrap_or_else(|| panic!("no report: {run:#?}"));
        !report.findings.is_empty()
    });
    assert!(found, "not found in {ATTEMPTS} watches");
    services.iter_mut().for_each(Service::assert_left);
    for service in services {
        let last = service.end();
        assert!(last.starts_with("unharmed"), "{last}");
    }
}

#[test]
fn a_name_that_nobody_has_is_told() {
    let run = watch(["--name", "no-such-service-anywhere"]);
    assert_eq!(run.code, Some(2), "{run:#?}");
    assert!(run.stderr.contains("no process has no-such-service-anywhere in its name"), "{run:#?}");
}

#[test]
fn thousands_of_short_lived_children_are_counted_and_cost_no_files() {
    let _machine = have_the_machine();
    if !machine_lets_us_look() {
        return;
    }
    let script =
        "i=0; while [ $i -lt 2000 ]; do /bin/true & i=$((i+1)); [ $((i%50)) = 0 ] && wait; done; echo done";
    let run = watch(["--format", "json", "--", "sh", "-c", script]);
    let report = Report::parse(&run.stdout).unwrap_or_else(|| panic!("no report: {run:#?}"));
    assert!(run.stdout.contains("done"), "{run:#?}");
    let warnings = report.summary["warnings"].to_string();
    assert!(warnings.contains("child processes were not watched"), "{warnings}");
    assert_eq!(report.target_code(), Some(0), "{run:#?}");
}

/// Under a tracer without privileges of its own the kernel would not give a program those of its owner.
#[test]
fn a_child_that_changes_its_user_is_not_held_back() {
    let _machine = have_the_machine();
    if !machine_lets_us_look() || !is_root() {
        return;
    }
    // The home of the tests may not be open to everybody.
    let folder = Path::new("/tmp").join(format!("jostle-privileges-{}", std::process::id()));
    fs::create_dir(&folder).expect("/tmp is writable");
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).expect("it is ours");
    let jostle = folder.join("jostle");
    fs::copy(jostle::binary(), &jostle).expect("/tmp is writable");
    fs::copy("/usr/bin/id", folder.join("id")).expect("there is id(1)");
    fs::set_permissions(folder.join("id"), fs::Permissions::from_mode(0o4755)).expect("it is ours");
    let script = "./id -u; sleep 0.4; ./id -u";
    let as_nobody = |command: &[&str]| {
        let ids = ["--reuid", NOBODY, "--regid", NOBODY, "--clear-groups"];
        let output = Command::new("setpriv").args(ids).args(command).current_dir(&folder).output();
        Run::from(output.expect("setpriv starts"))
    };
    let plain = as_nobody(&["sh", "-c", script]);
    let watched =
        as_nobody(&["./jostle", "watch", "--exit-target", "--output", "/dev/null", "--", "sh", "-c", script]);
    fs::remove_dir_all(&folder).expect("it is ours");
    assert_eq!(plain.stdout, "0\n0\n", "the file system honours the set-user-ID bit: {plain:#?}");
    assert_eq!(plain.stdout, watched.stdout, "{watched:#?}");
}

fn is_root() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    harness::service::field(&status, "Uid:").starts_with("0\t")
}

/// A copy of a program under a name of its own.
fn copy_of(program: &Path, name: &str, mode: u32) -> PathBuf {
    let copy = scratch(name);
    let _ = fs::remove_file(&copy);
    fs::copy(program, &copy).expect("the scratch directory is writable");
    fs::set_permissions(&copy, fs::Permissions::from_mode(mode)).expect("it is ours");
    copy
}
