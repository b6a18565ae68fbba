//! `jostle watch` on Go programs whose goroutines share one processor of Go's: no two of them ever run at the same time, so a
//! held thread meets nobody. A goroutine that is parked does.

mod harness;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use harness::jostle::{binary, have_the_machine, machine_lets_us_look, made, scratch, watch};
use harness::report::{Report, is_between};
use harness::service::Service;
use serde_json::Value;

/// Whom a parked goroutine meets is chance: what does not come about in ten seconds does in the next.
const ATTEMPTS: u64 = 3;

/// The cases of Go's race detector that are most often met, each with its two sides.
const CASES: [(&str, [&str; 2]); 5] = [
    ("go-plain", ["collector).record", "collector).snapshot"]),
    ("go-map", ["registry).count", "registry).seen"]),
    ("go-lazy", ["session).connection", "session).connection"]),
    // Two files of Go code with one runtime.
    ("go-plugin", [".Update", ".Snapshot"]),
    // Callbacks from C, whose arguments are replaced on their way. Go locks each to its thread.
    ("go-callback-record", ["main.heard", "main.heard"]),
];

fn specimen(name: &str) -> PathBuf {
    made("tests/specimens", &[&format!("build/{name}")])
}

/// Watches a specimen with one processor of Go's, and with another variable.
fn watched(options: &[&str], variable: &str, name: &str, seconds: &str) -> (Option<i32>, Report) {
    let ours = ["--format", "json"].into_iter().chain(options.iter().copied());
    let target = ["--", "env", "GOMAXPROCS=1", variable];
    let program = [specimen(name).into_os_string(), seconds.into()];
    let run = watch(ours.chain(target).map(OsString::from).chain(program));
    let report = Report::parse(&run.stdout).unwrap_or_else(|| panic!("no report: {run:#?}"));
    (run.code, report)
}

#[test]
fn goroutines_that_never_run_at_the_same_time_are_caught() {
    let _machine = have_the_machine();
    if !machine_lets_us_look() {
        return;
    }
    for (name, sides) in CASES {
        let broken = format!("{name}-broken");
        let found = (1..=ATTEMPTS).any(|seed| {
            let seed = seed.to_string();
            let options = ["--for", "10s", "--stop-after", "1", "--seed", &seed];
            let (_, report) = watched(&options, "GODEBUG=", &broken, "12");
            for found in &report.findings {
                assert!(found["rule"] == "data-race" && is_between(found, sides), "{found:#}");
            }
            !report.findings.is_empty()
        });
        assert!(found, "{broken}: nothing found in {ATTEMPTS} runs");
    }
}

#[test]
fn their_mended_twins_are_not_accused() {
    let _machine = have_the_machine();
    if !machine_lets_us_look() {
        return;
    }
    for (name, _) in CASES {
        let (code, report) = watched(&["--seed", "1"], "GODEBUG=", &format!("{name}-healthy"), "5");
        assert!(report.findings.is_empty(), "{name}: {:#?}", report.findings);
        assert!(report.summary["counts"]["holds"].as_u64() > Some(0), "{name}: {:#}", report.summary);
        assert_ne!(code, Some(4), "{name}");
    }
}

/// A specimen that has one processor of Go's, and is not ours to disturb.
fn service(name: &str, seconds: &str) -> Service {
    let program = specimen(name);
    let program = program.to_str().expect("plain text");
    Service::start(Path::new("/usr/bin/env"), &["GOMAXPROCS=1", program, seconds])
}

#[test]
fn in_a_process_that_ran_before_they_are_caught_as_well() {
    let _machine = have_the_machine();
    if !machine_lets_us_look() {
        return;
    }
    let mut broken = service("go-map-broken", "40");
    let found = (1..=ATTEMPTS).any(|seed| {
        let (_, report) = broken.watch(&format!("--for 10s --stop-after 1 --seed {seed}"));
        report.findings.iter().any(|finding| is_between(finding, ["registry).count", "registry).seen"]))
    });
    assert!(found, "nothing found in {ATTEMPTS} watches");
    broken.assert_left();
    let mut healthy = service("go-map-healthy", "7");
    let (run, report) = healthy.watch("--for 4s");
    assert!(report.findings.is_empty(), "{run:#?}");
    assert!(report.summary["counts"]["holds"].as_u64() > Some(0), "{run:#?}");
    assert!(healthy.process.wait().expect("it ends").success());
}

#[test]
fn a_program_that_does_not_let_itself_be_preempted_is_watched_by_its_threads() {
    let _machine = have_the_machine();
    if !machine_lets_us_look() {
        return;
    }
    let (code, report) = watched(&["--seed", "1"], "GODEBUG=asyncpreemptoff=1", "go-plain-broken", "5");
    assert!(report.findings.is_empty(), "whoever is held has the only processor: {:#?}", report.findings);
    assert!(report.summary["counts"]["holds"].as_u64() > Some(20), "{:#}", report.summary);
    assert_eq!(report.target_code(), Some(0), "it ended as it does by itself: {:#}", report.summary);
    assert_ne!(code, Some(4));
}

/// The driver of the case swapped-returns that asks for pointers through this version of purego.
fn minimum(version: &str) -> Vec<OsString> {
    let program = format!("build/minimum-{version}-none");
    let program = made("casebook/swapped-returns", &[&program, "build/libnames.so"]);
    let library = program.with_file_name("libnames.so");
    [program.into(), "-library".into(), library.into(), "-for".into(), "1s".into()].to_vec()
}

/// How many calls were made in trials under each perturbation, and how many of them returned somebody else's value: the driver
/// counts both, and says so in its last line.
fn calls_and_wrong(version: &str) -> BTreeMap<String, [u64; 2]> {
    let place = scratch(&format!("parked-{version}"));
    let _ = fs::remove_dir_all(&place);
    fs::create_dir_all(&place).expect("the scratch directory is writable");
    let options = ["hunt", "--format", "json", "--perturb", "park", "--trials", "8", "--jobs", "1", "--case"];
    let shell = format!("exec \"$@\" > '{}'/{{seed}}", place.display());
    let command = ["--", "bash", "-c", &shell, "bash"].map(OsString::from);
    let mut hunt = Command::new(binary());
    hunt.args(options).arg(place.join("case")).args(command).args(minimum(version));
    let told = String::from_utf8(hunt.output().expect("jostle starts").stdout).expect("UTF-8");
    let mut counts = BTreeMap::new();
    for line in told.lines() {
        let trial: Value = serde_json::from_str(line).expect("JSON lines");
        let (Some(seed), Some(perturbation)) = (trial["seed"].as_u64(), trial["perturbation"].as_str())
        else {
            continue;
        };
        let said = fs::read_to_string(place.join(seed.to_string())).expect("it has written");
        let [calls, wrong] = last_count(&said).unwrap_or_else(|| panic!("{trial:#}: {said}"));
        let count = counts.entry(perturbation.to_owned()).or_insert([0, 0]);
        *count = [count[0] + calls, count[1] + wrong];
    }
    counts
}

/// `ops N, wrong M`.
fn last_count(said: &str) -> Option<[u64; 2]> {
    let (calls, wrong) = said.lines().last()?.strip_prefix("ops ")?.split_once(", wrong ")?;
    Some([calls.parse().ok()?, wrong.parse().ok()?])
}

#[test]
fn goroutines_that_lose_their_turn_make_a_program_fail_that_does_not_bear_it() {
    let _machine = have_the_machine();
    if !machine_lets_us_look() {
        return;
    }
    let counts = calls_and_wrong("v0.9.1");
    let rate = |[calls, wrong]: [u64; 2]| wrong as f64 / calls as f64;
    // Measured are 243 times as many (`bench/run --only hunt`).
    let (unperturbed, parked) = (rate(counts["none"]), rate(counts["park"]));
    assert!(parked > 10.0 * unperturbed && parked > 1e-5, "{counts:?}");
    let mended = calls_and_wrong("v0.10.1");
    assert!(mended.contains_key("park") && mended.values().all(|[_, wrong]| *wrong == 0), "{mended:?}");
}
