//! `jostle hunt`, `replay` and `case`, on real programs: what fails is found as often as it fails, what does not is not, and
//! nothing is left behind.

mod harness;

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use harness::hunted::{Hunted, case, jostle, words};
use harness::jostle::{binary, have_the_machine, machine_lets_us_look, scratch, target};
use serde_json::Value;

const NOTHING_FOUND: i32 = 0;
const FOUND: i32 = 1;
const USAGE: i32 = 2;
const INCONCLUSIVE: i32 = 3;

/// `jostle hunt --format json` of the program `trial`, in this case.
fn hunt(place: &Path, options: &str, how: &[&str]) -> Hunted {
    let mut arguments = words("hunt --format json --case");
    arguments.push(place.into());
    arguments.extend(words(options));
    arguments.extend(["--".into(), target("trial").into()]);
    arguments.extend(how.iter().map(OsString::from));
    Hunted::read(jostle(&arguments))
}

#[test]
fn what_fails_for_some_seeds_is_counted_and_fails_again_for_the_same() {
    let place = case("sometimes");
    let hunted = hunt(&place, "--trials 80 --perturb none --seed 1", &["sometimes", "{seed}"]);
    assert_eq!(hunted.code, Some(FOUND));
    let due =
        hunted.trials.iter().filter(|trial| trial["seed"].as_u64().is_some_and(|seed| seed % 5 == 0)).count();
    assert!(due > 0 && hunted.trials.len() == 80);
    assert_eq!(hunted.failing().len(), due);
    assert_eq!(hunted.summary["failures"], due);
    let rate = &hunted.summary["rate"];
    assert!(rate["low"].as_f64() < Some(0.2) && rate["high"].as_f64() > Some(0.2), "{rate}");
    assert_eq!(hunted.summary["rate_per_operation"]["of"], 80_000);
    let name = hunted.summary["shortest"]["trial"].as_str().expect("one failed");
    let replay = ["replay", "--times", "4", "--format", "json", "--case"];
    let arguments: Vec<OsString> =
        replay.iter().map(OsString::from).chain([place.into(), name.into()]).collect();
    let replayed = Hunted::read(jostle(&arguments));
    assert_eq!(
        (&replayed.summary["again"]["events"], &replayed.summary["again"]["of"]),
        (&4.into(), &4.into())
    );
    assert_eq!(replayed.code, Some(FOUND));
}

#[test]
fn what_never_fails_is_bounded_and_too_little_is_not_enough() {
    let place = case("well");
    let few = hunt(&place, "--trials 5 --perturb none", &["well"]);
    assert_eq!((few.code, few.summary["verdict"].as_str()), (Some(INCONCLUSIVE), Some("inconclusive")));
    let many = hunt(&place, "--trials 100 --perturb none", &["well"]);
    assert_eq!(many.code, Some(NOTHING_FOUND));
    // 1 - 0.025^(1/100): Clopper and Pearson, both sides, since the number was settled beforehand.
    let high = many.summary["rate"]["high"].as_f64().expect("a bound");
    assert!((high - 0.0362).abs() < 1e-3, "{high}");
}

#[test]
fn a_crash_is_unwound_when_it_happens() {
    if !machine_lets_us_look() {
        return;
    }
    let hunted = hunt(&case("crash"), "--trials 12 --perturb none --seed 2", &["crash", "{seed}"]);
    assert_eq!(hunted.kinds(), BTreeSet::from(["sigsegv-null"]));
    let signature = hunted.failing()[0]["signature"].as_str().expect("a signature").to_owned();
    assert!(signature.contains("follow"), "{signature}");
}

#[test]
fn a_hang_is_told_with_its_stacks_and_killed_with_all_its_threads() {
    let started = Instant::now();
    let hunted = hunt(&case("hang"), "--trials 2 --timeout 500ms --perturb none", &["hang"]);
    assert!(started.elapsed() < Duration::from_secs(60), "SIGTERM is ignored, so it was killed");
    assert_eq!((hunted.summary["hung"].as_u64(), hunted.kinds()), (Some(2), BTreeSet::from(["hang"])));
    let details = hunted.summary["shortest"]["details"].as_str().expect("stacks");
    assert!(details.contains("wait_for_nobody") && details.contains("sleep_on"), "{details}");
}

#[test]
fn a_process_that_gets_away_is_found_and_killed() {
    let told = scratch("daemon.pid");
    let hunted = hunt(
        &case("daemon"),
        "--trials 1 --perturb none",
        &["daemon", told.to_str().expect("a path of ours")],
    );
    assert_eq!(hunted.summary["failures"], 0);
    let pid = fs::read_to_string(&told).expect("it said which");
    assert!(!Path::new("/proc").join(pid.trim()).exists());
}

#[test]
fn of_much_output_the_last_line_counts() {
    let hunted = hunt(&case("much"), "--trials 2 --perturb none", &["much"]);
    assert_eq!(hunted.trials[0]["operations"], 12_345);
    assert_eq!(hunted.summary["failures"], 0);
}

#[test]
fn a_line_that_matches_is_a_failure() {
    let place = case("wrong");
    let passing = hunt(&place, "--trials 3 --perturb none", &["wrong"]);
    assert_eq!(passing.summary["failures"], 0);
    let mut arguments = words("hunt --format json --trials 3 --perturb none --case");
    arguments.extend([
        place.into(),
        "--fail-on".into(),
        "wrong [1-9]".into(),
        "--".into(),
        target("trial").into(),
        "wrong".into(),
    ]);
    let failing = Hunted::read(jostle(&arguments));
    assert_eq!((failing.summary["failures"].as_u64(), failing.kinds()), (Some(3), BTreeSet::from(["line"])));
}

#[test]
fn the_perturbation_that_matters_is_found_and_gets_more_trials() {
    let place = case("uninitialised");
    let hunted = hunt(&place, "--trials 300 --seed 5", &["uninitialised"]);
    let effects = hunted.summary["perturbations"].as_array().expect("effects");
    assert_eq!(effects[0]["perturbation"], "malloc-fill", "{effects:#?}");
    assert!(effects[0]["ratio"]["low"].as_f64() > Some(5.0), "{:#}", effects[0]);
    let trials = |effect: &Value| effect["rate"]["of"].as_u64().unwrap_or(0);
    assert!(effects[1..].iter().all(|other| trials(other) < trials(&effects[0]) / 4), "{effects:#?}");
    let failing = |effect: &Value| effect["rate"]["events"].as_u64();
    assert!(effects[1..].iter().all(|other| failing(other) == Some(0)), "{effects:#?}");
    let owed = &hunted.summary["owed"]["perturbed"];
    assert_eq!(owed["perturbation"], "malloc-fill");
}

#[test]
fn an_interrupted_hunt_keeps_what_it_has_and_goes_on_later() {
    let place = case("interrupted");
    let mut child = Command::new(binary())
        .args(["hunt", "--for", "60s", "--perturb", "none", "--format", "json", "--case"])
        .arg(&place)
        .arg("--")
        .arg(target("trial"))
        .arg("slowly")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("jostle starts");
    let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines().map_while(Result::ok);
    let first: Vec<String> = lines.by_ref().take(5).collect();
    assert_eq!(first.len(), 5);
    let interrupted = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(interrupted.is_ok_and(|status| status.success()));
    let rest: Vec<String> = lines.collect();
    assert!(child.wait().expect("it ends").code().is_some());
    let summary: Value = serde_json::from_str(rest.last().expect("a summary")).expect("JSON");
    let before = summary["trials"].as_u64().expect("a count");
    assert_eq!(before as usize, first.len() + rest.len() - 1);
    let resumed =
        jostle(&[words("hunt --resume --trials 10 --format json --case"), vec![place.into()]].concat());
    let resumed = Hunted::read(resumed);
    assert_eq!(resumed.summary["trials"].as_u64(), Some(before + 10));
}

#[test]
fn parts_of_a_hunt_are_joined_and_no_trial_counts_twice() {
    let (one, other, whole) = (case("part-1"), case("part-2"), case("whole"));
    hunt(&one, "--shard 1/2 --trials 15 --perturb none", &["sometimes", "{seed}"]);
    hunt(&other, "--shard 2/2 --trials 15 --perturb none", &["sometimes", "{seed}"]);
    let merge = |from: &[&PathBuf]| {
        let mut arguments = words("case merge");
        arguments.push((&whole).into());
        arguments.extend(from.iter().map(OsString::from));
        jostle(&arguments)
    };
    assert_eq!(merge(&[&one, &other]).code, Some(0));
    let again = merge(&[&other]);
    assert!(again.stdout.contains("15 were known"), "{again:#?}");
    let show = jostle(&[words("case show --format json --case"), vec![(&whole).into()]].concat());
    assert_eq!(Hunted::read(show).summary["trials"], 30);
}

#[test]
fn a_killed_hunt_leaves_nobody_behind_and_loses_no_trial() {
    let (place, told) = (case("killed"), scratch("killed.pid"));
    let _ = fs::remove_file(&told);
    let command = format!("echo $$ > {0}.new; mv {0}.new {0}; sleep 600", told.display());
    let mut child = Command::new(binary())
        .args(["hunt", "--for", "60s", "--jobs", "1", "--perturb", "none", "--case"])
        .arg(&place)
        .args(["--", "sh", "-c", &command])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("jostle starts");
    let until = Instant::now() + Duration::from_secs(30);
    while !told.exists() && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(10));
    }
    let pid = fs::read_to_string(&told).expect("the target runs");
    child.kill().expect("it is ours");
    child.wait().expect("it is ours");
    let target = Path::new("/proc").join(pid.trim());
    while target.exists() && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(!target.exists(), "the target outlives the hunt");
    let list = jostle(&[words("case list --case"), vec![place.into()]].concat());
    assert!(list.stdout.contains("0 trials"), "{list:#?}");
}

/// What a trial inherits is what it would inherit from a shell, whatever was done to the trials before it.
#[test]
fn a_trial_inherits_nothing_of_ours() {
    let _machine = have_the_machine();
    let (facts, out) = (target("facts"), scratch("facts-of-trial"));
    let script = format!("exec {} < /dev/null > {}-$0 2>&1", facts.display(), out.display());
    let plain = Command::new("sh").args(["-c", &script, "plain"]).stdin(Stdio::null()).status();
    assert!(plain.is_ok());
    let mut arguments = words("hunt --trials 4 --jobs 1 --perturb hold --seed 3 --case");
    arguments.extend([
        case("facts").into(),
        "--".into(),
        "sh".into(),
        "-c".into(),
        script.into(),
        "{trial}".into(),
    ]);
    jostle(&arguments);
    let read = |which: &str| {
        let text = fs::read_to_string(format!("{}-{which}", out.display())).expect("it has run");
        let facts = text.lines().filter(|line| is_inherited(line)).map(str::to_owned);
        facts.collect::<Vec<_>>()
    };
    for trial in ["1", "2", "3", "4"] {
        assert_eq!(read(trial), read("plain"), "trial {trial}");
    }
}

/// Not its arguments, its own process group, and what a shell sets.
fn is_inherited(line: &str) -> bool {
    ["argument", "in ", "environment: _="].iter().all(|own| !line.starts_with(own))
}

fn assert_refused(arguments: &str, command: &[&str], message: &str) {
    let mut all = words("hunt --case");
    all.push(case("refused").into());
    all.extend(words(arguments));
    all.push("--".into());
    all.extend(command.iter().map(OsString::from));
    let run = jostle(&all);
    assert_eq!(run.code, Some(USAGE), "{run:#?}");
    assert!(run.stderr.starts_with("jostle: error: failed to ") && run.stderr.contains(message), "{run:#?}");
    assert_eq!(run.stderr.matches("error:").count(), 1, "{run:#?}");
    assert!(run.stderr.contains("\njostle: hint: "), "{run:#?}");
    assert_eq!(run.stdout, "");
}

#[test]
fn what_cannot_be_hunted_is_said_before_the_first_trial() {
    assert_refused("", &["no-such-program-anywhere"], "find the program");
    assert_refused("", &["/etc/passwd"], "/etc/passwd");
    assert_refused("--fail-on (", &["true"], "read the expression (");
    assert_refused("--perturb gently", &["true"], "there is no perturbation gently");
    assert_refused("--shard 3/2", &["true"], "`3/2` is not a part");
}

#[test]
fn a_file_that_is_no_case_is_refused_and_left_as_it_is() {
    let place = case("text");
    fs::create_dir_all(&place).expect("scratch");
    fs::write(place.join("case.db"), "not a database, and somebody's only copy").expect("scratch");
    let mut arguments = words("hunt --trials 1 --case");
    arguments.extend([(&place).into(), "--".into(), "true".into()]);
    let run = jostle(&arguments);
    assert_eq!(run.code, Some(USAGE), "{run:#?}");
    assert!(run.stderr.contains("is not an SQLite database"), "{run:#?}");
    let left = fs::read_to_string(place.join("case.db")).expect("still there");
    assert_eq!(left, "not a database, and somebody's only copy");
}

#[test]
fn a_trial_that_is_not_there_is_not_replayed() {
    let place = case("nothing");
    hunt(&place, "--trials 1 --perturb none", &["well"]);
    let run = jostle(&[words("replay 4f21c0 --case"), vec![place.into()]].concat());
    assert_eq!(run.code, Some(USAGE));
    assert!(run.stderr.contains("find the trial `4f21c0`"), "{run:#?}");
}
