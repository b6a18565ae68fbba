//! `jostle watch -p PID`: a process that ran before we came goes on as if we had never been there.

mod harness;

use std::fs;
use std::io::BufRead;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Duration;

use harness::jostle::{Run, have_the_machine, machine_lets_us_look, scratch, target, watch};
use harness::report::{Report, is_between};
use harness::service::{Service, field, send};

/// Sampling is chance: a race that is not met in one watch may be met in the next.
const ATTEMPTS: u64 = 3;
/// A pause that differs from round to round and is the same in every run.
fn pause(round: u64) -> Duration {
    Duration::from_millis(20 + round * 7919 % 450)
}

#[test]
fn a_race_in_a_process_that_runs_already_is_found() {
    let _machine = have_the_machine();
    if !machine_lets_us_look() {
        return;
    }
    let mut service = Service::bookkeeper("racing");
    let found = (1..=ATTEMPTS).any(|seed| {
        let (run, report) = service.watch(&format!("--for 10s --stop-after 1 --seed {seed}"));
        assert_eq!(report.summary["target"], "running", "{run:#?}");
        report.findings.iter().any(|finding| is_between(finding, ["add_to_total", "add_to_total"]))
    });
    assert!(found, "not found in {ATTEMPTS} watches");
    service.assert_left();
    assert!(service.end().starts_with("unharmed"));
}

/// Whoever runs a fiftieth of the time runs for somebody who waits.
#[test]
fn a_process_that_has_little_to_do_is_held_for_less() {
    let _machine = have_the_machine();
    if !machine_lets_us_look() {
        return;
    }
    let held_share = |percent| {
        let mut service = Service::start(&target("unhurried"), &[percent]).ready();
        let (run, report) = service.watch("--for 4s --budget 20% --seed 1");
        assert!(report.findings.is_empty(), "{run:#?}");
        service.assert_left();
        assert_eq!(service.end(), "added");
        report.summary["counts"]["held_share"].as_f64().expect("a number")
    };
    let (idle, busy) = (held_share("2"), held_share("100"));
    assert!(busy > 0.0 && idle < busy / 2.0, "{idle} and {busy} of the time");
}

/// None of its threads runs for as long as the clock's period while that asks, nor enters a function any more.
#[test]
fn threads_that_run_for_moments_only_are_seen_and_their_race_is_found() {
    let _machine = have_the_machine();
    if !machine_lets_us_look() {
        return;
    }
    let watch = |variant, arguments: &str| {
        let mut service = Service::start(&target("moments"), &[variant]).ready();
        let (run, report) = service.watch(arguments);
        assert!(report.summary["counts"]["samples"].as_u64() > Some(0), "{run:#?}");
        service.assert_left();
        assert_eq!(service.end(), "served");
        report.findings
    };
    let races = |seed| {
        let findings = watch("racing", &format!("--for 10s --stop-after 1 --seed {seed}"));
        findings.iter().any(|finding| is_between(finding, ["serve", "serve"]))
    };
    assert!((1..=ATTEMPTS).any(races), "not found in {ATTEMPTS} watches");
    assert_eq!(watch("orderly", "--for 5s --seed 1").len(), 0);
}

/// How many events of perf the tracer of process `pid` has open, or none if it has none.
fn open_events(pid: &str) -> usize {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("it runs");
    let descriptors = fs::read_dir(format!("/proc/{}/fd", field(&status, "TracerPid:")));
    let files =
        descriptors.into_iter().flatten().flatten().filter_map(|entry| fs::read_link(entry.path()).ok());
    files.filter(|file| file.to_str() == Some("anon_inode:[perf_event]")).count()
}

/// Even one that is disabled costs each switch to its thread. The one that is left is the tracer's own.
#[test]
fn in_a_process_that_has_little_to_do_no_event_stays_open() {
    let _machine = have_the_machine();
    if !machine_lets_us_look() {
        return;
    }
    let (mut most, mut share_at_rest) = (Vec::new(), Vec::new());
    for percent in ["2", "100"] {
        let mut service = Service::start(&target("unhurried"), &[percent]).ready();
        let jostle = service.watch_without_end();
        thread::sleep(Duration::from_millis(1500));
        let look = |_| {
            thread::sleep(Duration::from_millis(3));
            open_events(&service.pid())
        };
        let counts: Vec<usize> = (0..600).map(look).collect();
        send("-INT", jostle.id());
        jostle.wait_with_output().expect("it ends");
        service.assert_left();
        assert_eq!(service.end(), "added");
        most.push(counts.iter().max().copied());
        share_at_rest.push(counts.iter().filter(|&&count| count == 1).count() as f64 / counts.len() as f64);
    }
    assert!(most.iter().all(|&most| most > Some(1)), "it is looked at: {most:?}");
    assert!(share_at_rest[0] > 0.5 && share_at_rest[1] < 0.1, "{share_at_rest:?} of the time");
}

/// The thread that remains takes the first one's number, and has still the debug registers that were set in it.
#[test]
fn a_process_that_replaces_itself_again_and_again_goes_on() {
    let _machine = have_the_machine();
    if !machine_lets_us_look() {
        return;
    }
    let mut service = Service::start(&target("execs_again"), &["12"]).ready();
    let (run, report) = service.watch("--for 4s --seed 1");
    assert!(report.findings.is_empty(), "{run:#?}");
    assert_eq!(report.summary["target"], "running", "{run:#?}");
    assert_eq!(run.stderr, "", "it was looked at to the end");
    service.assert_left();
    assert_eq!(service.end(), "replaced 12 times");
}

/// What it becomes cannot be watched; that is no reason to end it, as that of a program that has not begun yet would be.
#[test]
fn a_process_that_becomes_a_program_for_32_bits_is_left_alone() {
    let _machine = have_the_machine();
    if !machine_lets_us_look() {
        return;
    }
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/targets/bits32.c");
    let program = scratch("bits32");
    let for_32_bits = ["-m32", "-O2", "-nostdlib", "-static", "-fno-stack-protector", "-o"];
    let gcc = Command::new("gcc").args(for_32_bits).args([&program, &source]).status();
    assert!(gcc.expect("the compiler starts").success(), "it does not compile");
    let script = format!("trap 'exec {}' USR1; echo ready; while :; do sleep 0.05; done", program.display());
    let mut service = Service::start(Path::new("sh"), &["-c", &script]).ready();
    let watch = service.watch_without_end();
    while service.traced() == 0 {
        thread::sleep(Duration::from_millis(5));
    }
    send("-USR1", service.process.id());
    let mut line = String::new();
    service.lines.read_line(&mut line).expect("it speaks");
    assert_eq!(line, "replaced\n");
    thread::sleep(Duration::from_millis(500));
    send("-INT", watch.id());
    let run = Run::from(watch.wait_with_output().expect("it ends"));
    assert!(Report::parse(&run.stdout).is_some_and(|report| report.findings.is_empty()), "{run:#?}");
    service.assert_left();
}

/// The kernel still has the old file; without the right to ask for it there is nothing to look at, and that is said.
#[test]
fn a_program_that_was_replaced_since_it_began_is_not_mistaken_for_the_new_one() {
    let _machine = have_the_machine();
    if !machine_lets_us_look() {
        return;
    }
    let program = scratch("replaced");
    let _ = fs::remove_file(&program);
    fs::copy(target("service"), &program).expect("the scratch directory is writable");
    let mut service = Service::start(&program, &["racing"]);
    let other = scratch("replacement");
    fs::copy(target("threads"), &other).expect("the scratch directory is writable");
    fs::rename(&other, &program).expect("the scratch directory is writable");
    let (run, report) = service.watch("--for 10s --stop-after 1 --seed 1");
    let warned = report.summary["warnings"].to_string().contains("was replaced since it was loaded");
    let named = |finding| is_between(finding, ["add_to_total", "add_to_total"]);
    assert!(warned || !report.findings.is_empty(), "{run:#?}");
    assert!(report.findings.iter().all(named), "{run:#?}");
    service.assert_left();
    let last = service.end();
    assert!(last.starts_with("unharmed"), "{last}");
}

#[test]
fn an_orderly_process_is_looked_at_and_left_in_peace() {
    let _machine = have_the_machine();
    if !machine_lets_us_look() {
        return;
    }
    let mut service = Service::bookkeeper("orderly");
    let (run, report) = service.watch("--for 5s");
    assert!(report.findings.is_empty(), "a false alarm: {run:#?}");
    assert!(report.summary["counts"]["holds"].as_u64() > Some(10), "{run:#?}");
    service.assert_left();
    let last = service.end();
    assert!(last.starts_with("unharmed"), "{last}");
}

#[test]
fn a_process_may_be_attached_to_again_and_again() {
    let _machine = have_the_machine();
    if !machine_lets_us_look() {
        return;
    }
    let mut service = Service::bookkeeper("racing");
    for round in 0..20 {
        service.watch(&format!("--for {}ms", pause(round).as_millis()));
        service.assert_left();
    }
    let last = service.end();
    assert!(last.starts_with("unharmed"), "{last}");
}

#[test]
fn a_go_service_counts_right_while_it_is_attached_to_again_and_again() {
    let _machine = have_the_machine();
    if !machine_lets_us_look() {
        return;
    }
    let case = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../casebook/half-atomics");
    let made = Command::new("make").args(["-s", "-C"]).arg(&case).arg("all").status();
    assert!(made.expect("make starts").success());
    let mut service = Service::start(&case.join("build/mended"), &["-drive", "60s"]);
    for round in 0..10 {
        let (run, report) = service.watch(&format!("--for {}ms", 2 * pause(round).as_millis()));
        assert!(report.findings.is_empty(), "a false alarm: {run:#?}");
        service.assert_left();
    }
    let last = service.end();
    assert!(last.ends_with("wrong 0"), "{last}");
}

/// Whoever kills jostle kills the process that only waits.
#[test]
fn a_kill_of_jostle_at_any_moment_leaves_the_process_as_it_was() {
    let _machine = have_the_machine();
    if !machine_lets_us_look() {
        return;
    }
    let mut service = Service::bookkeeper("racing");
    for round in 0..15 {
        let mut jostle = service.watch_without_end();
        thread::sleep(pause(round));
        send("-KILL", jostle.id());
        jostle.wait().expect("it is dead");
        service.assert_left();
    }
    let last = service.end();
    assert!(last.starts_with("unharmed"), "{last}");
}

#[test]
fn whatever_asks_jostle_to_end_the_report_comes_and_the_process_hears_nothing() {
    let _machine = have_the_machine();
    if !machine_lets_us_look() {
        return;
    }
    let mut service = Service::bookkeeper("racing");
    for signal in ["-INT", "-TERM", "-HUP", "-QUIT"] {
        let jostle = service.watch_without_end();
        thread::sleep(Duration::from_millis(700));
        send(signal, jostle.id());
        let run = Run::from(jostle.wait_with_output().expect("it ends"));
        assert!(Report::parse(&run.stdout).is_some(), "{signal}: no report: {run:#?}");
        service.assert_left();
    }
    let last = service.end();
    assert!(last.starts_with("unharmed"), "{last}");
}

#[test]
fn a_process_that_cannot_be_watched_is_left_at_once() {
    let _machine = have_the_machine();
    if !machine_lets_us_look() {
        return;
    }
    let mut service = Service::start(&target("blocks_trap"), &["60000"]);
    let (run, report) = service.watch("--for 30s");
    assert_eq!(run.code, Some(4), "{run:#?}");
    assert!(run.stderr.contains("blocks SIGTRAP"), "{run:#?}");
    assert_eq!(report.summary["target"], "running", "{run:#?}");
    service.assert_left();
    service.process.kill().expect("it is ours");
    service.process.wait().expect("it is dead");
}

#[test]
fn a_stopped_process_stays_stopped() {
    let _machine = have_the_machine();
    if !machine_lets_us_look() {
        return;
    }
    let mut service = Service::bookkeeper("orderly");
    let state = |service: &Service| {
        let status = fs::read_to_string(format!("/proc/{}/status", service.pid())).expect("it is there");
        field(&status, "State:").chars().next()
    };
    send("-STOP", service.process.id());
    service.watch("--for 500ms");
    service.assert_left();
    assert_eq!(state(&service), Some('T'));
    send("-CONT", service.process.id());
    let last = service.end();
    assert!(last.starts_with("unharmed"), "{last}");
}

#[test]
fn what_stops_jostle_does_not_stop_the_process() {
    let _machine = have_the_machine();
    if !machine_lets_us_look() {
        return;
    }
    let mut service = Service::bookkeeper("racing");
    let mut jostle = service.watch_without_end();
    thread::sleep(Duration::from_millis(500));
    for signal in ["-TSTP", "-STOP"] {
        send(signal, jostle.id());
        let ran = processor_time(&service.pid());
        thread::sleep(Duration::from_millis(500));
        assert!(processor_time(&service.pid()) > ran, "the service stands still after {signal}");
        send("-CONT", jostle.id());
    }
    send("-TERM", jostle.id());
    jostle.wait().expect("it ends");
    service.assert_left();
    let last = service.end();
    assert!(last.starts_with("unharmed"), "{last}");
}

/// In clock ticks: fields 14 and 15 of `/proc/PID/stat`, proc_pid_stat(5).
fn processor_time(pid: &str) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).expect("it is there");
    let after_name = stat.rsplit(')').next().expect("there is something");
    after_name.split_whitespace().skip(11).take(2).map(|ticks| ticks.parse::<u64>().expect("a number")).sum()
}

fn refused(pid: &str) -> Run {
    let run = watch(["-p", pid, "--for", "1s"]);
    assert!(run.stderr.starts_with("jostle: error: failed to attach to "), "{run:#?}");
    assert_eq!(run.stderr.lines().count(), 2, "one error, one hint: {run:#?}");
    run
}

#[test]
fn what_is_no_process_is_told() {
    let none = refused("2147483647");
    assert!(none.code == Some(2) && none.stderr.contains("no such process"), "{none:#?}");

    let mut ended = Command::new("true").spawn().expect("it starts");
    let status = format!("/proc/{}/status", ended.id());
    while !field(&fs::read_to_string(&status).expect("nobody has waited for it"), "State:").starts_with('Z') {
        thread::sleep(Duration::from_millis(10));
    }
    let zombie = refused(&ended.id().to_string());
    assert!(zombie.code == Some(4) && zombie.stderr.contains("ended already"), "{zombie:#?}");
    ended.wait().expect("it has ended");

    let service = Service::bookkeeper("orderly");
    let tasks = fs::read_dir(format!("/proc/{}/task", service.pid())).expect("it runs");
    let numbers = tasks.flatten().map(|task| task.file_name().to_string_lossy().into_owned());
    let thread = numbers.filter(|number| *number != service.pid()).min().expect("it has threads");
    let thread = refused(&thread);
    assert!(thread.code == Some(2) && thread.stderr.contains("a thread of process"), "{thread:#?}");
    assert!(service.end().starts_with("unharmed"));
}

/// It has many threads, so that its end takes a while, and may come at any step of ours.
#[test]
fn a_process_that_ends_while_it_is_attached_to_is_told() {
    let _machine = have_the_machine();
    if !machine_lets_us_look() {
        return;
    }
    let program = target("ends_soon");
    for round in 0..60 {
        let mut short = Command::new(&program).arg((round % 6 * 4).to_string()).spawn().expect("it starts");
        thread::sleep(Duration::from_millis(round % 7 * 4));
        let run = watch(["-p", &short.id().to_string(), "--for", "300ms"]);
        let is_told = run.stderr.contains("no such process") || run.stderr.contains("has ended already");
        assert!(is_told || run.code == Some(3) && run.stdout.starts_with("inconclusive"), "{run:#?}");
        assert_eq!(short.wait().expect("it ends").code(), Some(0), "{run:#?}");
    }
}

#[test]
fn a_process_that_somebody_traces_is_told_with_who_it_is() {
    let _machine = have_the_machine();
    if !machine_lets_us_look() {
        return;
    }
    let mut service = Service::bookkeeper("orderly");
    let mut first = service.watch_without_end();
    while service.traced() == 0 {
        thread::sleep(Duration::from_millis(10));
    }
    let second = refused(&service.pid());
    assert!(second.code == Some(4) && second.stderr.contains("jostle (process "), "{second:#?}");
    send("-TERM", first.id());
    first.wait().expect("it ends");
    service.assert_left();
    assert!(service.end().starts_with("unharmed"));
}
