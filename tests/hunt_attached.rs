//! `jostle hunt --pid`: trials are clients of a process that runs already. What it cannot bear is found, and it is left as it
//! was, whatever becomes of the hunt.

mod harness;

use std::ffi::OsString;
use std::fs;
use std::io::BufRead;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use harness::hunted::{Hunted, case, jostle, words};
use harness::jostle::{binary, have_the_machine, machine_lets_us_look, made, scratch};
use harness::service::{Service, field};

const NOTHING_FOUND: i32 = 0;
const FOUND: i32 = 1;
const USAGE: i32 = 2;
const INCONCLUSIVE: i32 = 3;

/// `jostle hunt` around a process, its trials in this case.
fn hunt(place: &Path, pid: &str, options: &str, client: &[&str]) -> Hunted {
    let mut arguments = words(&format!("hunt --format json --pid {pid} {options} --case"));
    arguments.push(place.into());
    arguments.push("--".into());
    arguments.extend(client.iter().map(OsString::from));
    Hunted::read(jostle(&arguments))
}

/// A hunt that goes on until it is ended, holding threads as soon as it may, around a process.
fn hunt_without_end(name: &str, pid: &str, client: &str) -> Child {
    let place = case(name);
    Command::new(binary())
        .args(["hunt", "--for", "60s", "--perturb", "hold", "--format", "json", "--pid", pid, "--case"])
        .arg(place)
        .args(["--", "sh", "-c", client])
        .stdout(Stdio::piped())
        .spawn()
        .expect("jostle starts")
}

/// The process that traces this one, once there is one.
fn tracer(pid: &str) -> String {
    let begun = Instant::now();
    loop {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        match field(&status, "TracerPid:") {
            "0" => assert!(begun.elapsed() < Duration::from_secs(20), "nobody holds its threads"),
            tracer => return tracer.to_owned(),
        }
        thread::sleep(Duration::from_millis(2));
    }
}

/// The case swapped-returns as a web server, through this version of purego; and a client that asks it for a second whether
/// anybody gets somebody else's answer.
fn server(version: &str) -> (Service, Vec<String>) {
    let program = format!("build/serve-{version}-none");
    let program = made("casebook/swapped-returns", &[&program, "build/libnames.so"]);
    let library = program.with_file_name("libnames.so");
    let mut service = Service::start(&program, &["-library", library.to_str().expect("a path of ours")]);
    let mut line = String::new();
    service.lines.read_line(&mut line).expect("it speaks");
    let url = line.trim().strip_prefix("listening on ").unwrap_or_else(|| panic!("{version}: {line}"));
    let found = scratch("found-by-clients");
    let jostle = binary().to_str().expect("a path of ours");
    let found = found.to_str().expect("a path of ours");
    // What is inconclusive is no failure.
    let script =
        format!("{jostle} probe {url}/ --token query:visitor --for 1s --case {found}; [ $? -ne {FOUND} ]");
    let client = ["sh".to_owned(), "-c".to_owned(), script];
    (service, client.to_vec())
}

#[test]
fn answers_are_swapped_in_a_running_service_whose_goroutines_lose_their_turn() {
    let _machine = have_the_machine();
    if !machine_lets_us_look() {
        return;
    }
    let (mut service, client) = server("v0.9.1");
    let client: Vec<&str> = client.iter().map(String::as_str).collect();
    let place = case("swapped");
    let hunted = hunt(&place, &service.pid(), "--perturb park --trials 8", &client);
    assert_eq!(hunted.code, Some(FOUND), "{:#}", hunted.summary);
    // Now and then it fails by itself.
    let parked = hunted.failing().into_iter().find(|trial| trial["perturbation"] == "park");
    let parked = parked.unwrap_or_else(|| panic!("{:#?}", hunted.trials));
    service.assert_left();
    // What was found is found again, around the process that is said.
    let name = parked["trial"].as_str().expect("it was recorded");
    let mut arguments =
        words(&format!("replay {name} --times 3 --format json --pid {} --case", service.pid()));
    arguments.push((&place).into());
    let replayed = Hunted::read(jostle(&arguments));
    assert_eq!(replayed.code, Some(FOUND), "{:#}", replayed.summary);
    service.assert_left();
    let (mut mended, client) = server("v0.10.1");
    let client: Vec<&str> = client.iter().map(String::as_str).collect();
    let hunted = hunt(&case("not-swapped"), &mended.pid(), "--perturb park,hold --trials 8", &client);
    assert_eq!(hunted.kinds(), [].into(), "{:#?}", hunted.trials);
    let perturbed = hunted.trials.iter().filter(|trial| trial["perturbation"] != "none").count();
    assert!(perturbed > 2 && hunted.summary["could_not_run"] == 0, "{:#?}", hunted.trials);
    mended.assert_left();
}

#[test]
fn a_service_whose_threads_are_held_for_many_clients_is_unharmed() {
    let _machine = have_the_machine();
    if !machine_lets_us_look() {
        return;
    }
    let mut service = Service::bookkeeper("orderly");
    let place = case("unharmed");
    // A seed of its own might hold threads in two trials only.
    let hunted = hunt(&place, &service.pid(), "--perturb hold,noise --seed 7 --trials 12", &["sleep", "1"]);
    let held = hunted.trials.iter().filter(|trial| trial["perturbation"] == "hold").count();
    assert!(held > 2, "{:#?}", hunted.trials);
    assert_eq!(hunted.summary["warnings"], serde_json::json!([]), "somebody was held in each of them");
    assert_eq!(hunted.summary["failures"], 0, "{:#}", hunted.summary);
    assert!([Some(NOTHING_FOUND), Some(INCONCLUSIVE)].contains(&hunted.code));
    service.assert_left();
    let resume = words(&format!("hunt --resume --trials 1 --format json --pid {} --case", service.pid()));
    let resumed = Hunted::read(jostle(&[resume, vec![place.into()]].concat()));
    assert_eq!(resumed.summary["trials"], 13, "{:#}", resumed.summary);
    let last = service.end();
    assert!(last.starts_with("unharmed"), "{last}");
}

#[test]
fn a_service_outlives_whoever_perturbs_it() {
    let _machine = have_the_machine();
    if !machine_lets_us_look() {
        return;
    }
    let mut service = Service::bookkeeper("orderly");
    let pid = service.pid();
    let mut hunt = hunt_without_end("killed-beside", &pid, "sleep 5");
    tracer(&pid);
    hunt.kill().expect("it is ours");
    hunt.wait().expect("it is ours");
    service.assert_left();
    // Who attends the client dies: what was to come of the trial is lost, and nothing else.
    let hunt = hunt_without_end("lost-beside", &pid, "sleep 1");
    let tracer = tracer(&pid);
    let children = fs::read_to_string(format!("/proc/{0}/task/{0}/children", hunt.id())).expect("it lives");
    let attendant = children.split_whitespace().find(|&child| child != tracer).expect("somebody attends");
    harness::service::send("-KILL", attendant.parse().expect("a number"));
    thread::sleep(Duration::from_secs(2));
    harness::service::send("-INT", hunt.id());
    let told = hunt.wait_with_output().expect("it ends");
    let hunted = Hunted::read(told.into());
    let lost = hunted.trials.iter().find(|trial| trial["outcome"] == "could-not-run").expect("one was lost");
    assert_eq!(lost["perturbation"], "hold", "{lost:#}");
    assert!(lost["why"].as_str().is_some_and(|why| why.contains("signal 9 ended it")), "{lost:#}");
    service.assert_left();
    let last = service.end();
    assert!(last.starts_with("unharmed"), "{last}");
}

#[test]
fn a_trial_that_a_service_does_not_survive_has_failed_and_is_the_last() {
    let _machine = have_the_machine();
    if !machine_lets_us_look() {
        return;
    }
    // Waits until its threads are held, and kills it then.
    let crashes = "grep -q 'TracerPid:.0' /proc/$0/status || { kill -SEGV $0; sleep 0.3; }";
    let service = Service::bookkeeper("orderly");
    let client = ["sh", "-c", crashes, &service.pid()].map(str::to_owned);
    let client: Vec<&str> = client.iter().map(String::as_str).collect();
    let hunted = hunt(&case("crashed"), &service.pid(), "--perturb hold --for 60s", &client);
    assert_eq!(hunted.code, Some(FOUND), "{:#}", hunted.summary);
    let last = hunted.trials.last().expect("some ran");
    assert_eq!((&last["outcome"], &last["perturbation"]), (&"failed".into(), &"hold".into()), "{last:#}");
    assert_eq!(last["failure"], "sigsegv", "its stacks were taken when it happened: {last:#}");
    assert_eq!(hunted.failing().len(), 1);
    // Nobody traces it when nothing is perturbed: that it has ended is all that can be known.
    let service = Service::bookkeeper("orderly");
    let kill = ["kill", "-KILL", &service.pid()].map(str::to_owned);
    let kill: Vec<&str> = kill.iter().map(String::as_str).collect();
    let hunted = hunt(&case("gone"), &service.pid(), "--perturb none --for 60s", &kill);
    assert_eq!((hunted.code, hunted.trials.len()), (Some(FOUND), 1), "{:#?}", hunted.trials);
    assert_eq!(hunted.trials[0]["failure"], "service-ended", "{:#?}", hunted.trials);
    let warning = hunted.summary["warnings"][0].as_str().expect("a warning");
    assert!(warning.contains("has ended"), "{warning}");
}

/// As an entry point does that starts the service and becomes the hunt.
#[test]
fn a_service_that_is_our_own_child_outlives_the_hunt() {
    let told = scratch("own-child.pid");
    let place = case("own-child");
    let hunt = "exec \"$0\" hunt --perturb none --trials 2 --format json --pid $! --case \"$1\" -- true";
    let script = format!("sleep 600 > /dev/null 2>&1 & echo $! > '{}'; {hunt}", told.display());
    let ended = Command::new("sh").args(["-c", &script]).arg(binary()).arg(&place).output();
    let hunted = Hunted::read(ended.expect("sh starts").into());
    assert_eq!(hunted.summary["trials"], 2, "{:#}", hunted.summary);
    let pid = fs::read_to_string(&told).expect("it was written");
    // Nobody else kills it.
    harness::service::send("-KILL", pid.trim().parse().expect("a number"));
}

fn assert_refused(arguments: &[OsString], message: &str) {
    let run = jostle(arguments);
    assert_eq!(run.code, Some(USAGE), "{run:#?}");
    assert!(run.stderr.starts_with("jostle: error: failed to ") && run.stderr.contains(message), "{run:#?}");
    assert_eq!(run.stderr.matches("error:").count(), 1, "{run:#?}");
    assert!(run.stderr.contains("\njostle: hint: "), "{run:#?}");
    assert_eq!(run.stdout, "");
}

#[test]
fn what_cannot_be_hunted_around_is_said_before_the_first_trial() {
    let _machine = have_the_machine();
    if !machine_lets_us_look() {
        return;
    }
    let place = case("refused-beside");
    let asked = |text: &str| [words(text), words("--case"), vec![(&place).into()]].concat();
    let begun = |text: &str| [asked(text), words("-- true")].concat();
    let service = Service::bookkeeper("orderly");
    let pid = service.pid();
    assert_refused(&begun("hunt --pid 2147483646"), "there is no such process");
    assert_refused(&begun(&format!("hunt --pid {pid} --perturb noise,wander")), "change wander around");
    let hunted = hunt(&place, &pid, "--perturb none --trials 1", &["false"]);
    let trial = hunted.trials[0]["trial"].as_str().expect("it was recorded");
    assert_refused(&asked("hunt --resume"), "it is not said of which process");
    assert_refused(&asked(&format!("replay {trial}")), "it is not said of which process");
    let own = std::process::id();
    assert_refused(&asked(&format!("replay {trial} --pid {own}")), &format!("process {own} runs "));
    jostle(&[asked("hunt --perturb none --trials 1"), words("-- true")].concat());
    assert_refused(&asked(&format!("hunt --resume --pid {pid}")), "it was no client of one");
}
