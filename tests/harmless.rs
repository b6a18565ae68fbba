//! A watched program behaves as an unwatched one: each target runs twice and must say the same.

mod harness;

use std::ffi::OsString;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use harness::jostle::{self, Run, have_the_machine, machine_lets_us_look, scratch, target};
use harness::report::Report;

/// What the target said and ended with, and what the report says about it.
struct Pair {
    plain: Run,
    watched: Run,
    report: Report,
}

impl Pair {
    /// The target did the same in both runs, and the report knows how it ended.
    fn assert_same(&self) {
        assert_eq!(self.plain.stdout, self.watched.stdout, "standard output; the report: {:#?}", self.report);
        assert_eq!(self.plain.stderr, self.watched.stderr, "standard error; the report: {:#?}", self.report);
        assert_eq!(self.plain.code, self.watched.code, "the exit code (--exit-target)");
    }

    /// The watch was one: something was trapped, to the end.
    fn assert_watched(&self) {
        let samples = self.report.summary["counts"]["samples"].as_u64().unwrap_or(0);
        let warnings = self.report.summary["warnings"].to_string();
        assert!(samples > 0, "nothing was sampled: {:#?}", self.report);
        assert!(!warnings.contains("ended early"), "{warnings}");
    }
}

fn arrange(command: &mut Command) -> &mut Command {
    command.env("JOSTLE_TEST", "a value with spaces").env_remove("NO_SUCH").stdin(Stdio::piped())
}

fn finish(command: &mut Command) -> Run {
    let mut child =
        arrange(command).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    let mut stdin = child.stdin.take().expect("piped");
    // A target that closes its input does not take it.
    let _ = std::io::Write::write_all(&mut stdin, b"a line\nand another");
    drop(stdin);
    Run::from(child.wait_with_output().expect("it ends"))
}

/// Runs `program` plainly and watched, alike in everything else.
fn both(program: &Path, arguments: &[&str]) -> Pair {
    let file = report_path(program);
    let plain = finish(Command::new(program).args(arguments));
    let mut watch = Command::new(jostle::binary());
    watch.args(["watch", "--exit-target", "--format", "json", "--output"]).arg(&file).arg("--").arg(program);
    let watched = finish(watch.args(arguments));
    Pair { plain, watched, report: read_report(&file) }
}

fn report_path(program: &Path) -> PathBuf {
    scratch(&format!("{}.json", program.file_name().expect("a program").to_string_lossy()))
}

fn read_report(file: &Path) -> Report {
    let text = fs::read_to_string(file).expect("there is a report");
    Report::parse(&text).unwrap_or_else(|| panic!("the report has no summary: {text}"))
}

/// The two runs are the same, and the second one was really watched.
fn assert_unharmed(name: &str, arguments: &[&str]) -> Option<Pair> {
    let _machine = have_the_machine();
    if !machine_lets_us_look() {
        return None;
    }
    let pair = both(&target(name), arguments);
    pair.assert_same();
    pair.assert_watched();
    Some(pair)
}

#[test]
fn a_target_inherits_what_it_would_have_inherited_unwatched() {
    let Some(pair) = assert_unharmed("facts", &["", "two words", "--for", "\u{fc}\n"]) else { return };
    assert!(pair.watched.stdout.contains("environment: JOSTLE_TEST=a value with spaces"));
    assert!(
        pair.watched.stdout.contains("signal 13: blocked 0, ignored 0, default 1"),
        "SIGPIPE is not ours"
    );
    assert!(pair.watched.stdout.ends_with("a line\nand another"));
    assert_eq!(pair.watched.code, Some(7));
    assert_eq!(pair.report.target_code(), Some(7));
}

#[test]
fn every_signal_reaches_its_handler_once() {
    let Some(pair) = assert_unharmed("signals", &[]) else { return };
    assert!(pair.watched.stdout.starts_with("direct 10000, queued 10000"), "{}", pair.watched.stdout);
}

#[test]
fn two_thousand_threads_come_and_go() {
    assert_unharmed("threads", &[]);
}

/// A watchpoint's signal that waits for the thread to unblock it swallows that of a breakpoint.
#[test]
fn a_thread_that_blocks_every_signal_goes_on_where_it_was() {
    let Some(pair) = assert_unharmed("masked_meetings", &[]) else { return };
    assert_eq!(pair.watched.stdout, "3 of 3 ended well\n");
}

#[test]
fn memory_beside_code_that_is_mapped_twice_is_left_alone() {
    let Some(pair) = assert_unharmed("maps_text_again", &[]) else { return };
    assert_eq!(pair.watched.stdout, "the memory is whole\n");
}

/// And it is said that nobody looked there.
#[test]
fn code_that_was_moved_is_left_alone() {
    let Some(pair) = assert_unharmed("moves_text", &[]) else { return };
    assert_eq!(pair.watched.stdout, "all was counted\n");
    let warnings = pair.report.summary["warnings"].to_string();
    assert!(warnings.contains("other code than in the program's file"), "{warnings}");
}

#[test]
fn code_that_is_copied_with_traps_in_it_runs_as_it_was_written() {
    let Some(pair) = assert_unharmed("copies_code", &[]) else { return };
    assert_eq!(pair.watched.stdout, "all was counted\n");
}

/// Nobody is there any more who could mend a copy when it is run.
#[test]
fn copies_of_code_are_mended_when_the_watch_is_over() {
    let _machine = have_the_machine();
    if !machine_lets_us_look() {
        return;
    }
    let said = scratch("copies_code.said");
    let script = "\"$0\" 1500 > \"$1\" & sleep 1";
    let options = "--format json -- /bin/sh -c".split(' ').map(OsString::from);
    let run =
        jostle::watch(options.chain([script.into(), target("copies_code").into(), said.clone().into()]));
    // The child, which outlives the watch, has kept the other end of our pipe until now.
    let report = Report::parse(&run.stdout).unwrap_or_else(|| panic!("no report: {run:#?}"));
    assert!(report.summary["counts"]["watched_ms"].as_u64() < Some(1500), "{run:#?}");
    assert!(run.stderr.contains("copies with traps") && !run.stderr.starts_with('0'), "{run:#?}");
    assert_eq!(fs::read_to_string(&said).expect("it ended"), "all was counted\n", "{run:#?}");
}

#[test]
fn a_program_that_checks_its_own_code_finds_it_as_it_was() {
    let Some(pair) = assert_unharmed("checks_itself", &[]) else { return };
    assert!(pair.watched.stdout.starts_with("enabled true"), "{}", pair.watched.stdout);
}

#[test]
fn children_run_code_that_is_trapped_in_their_parent() {
    let Some(pair) = assert_unharmed("children", &[]) else { return };
    assert_eq!(pair.watched.stdout, "forked 200, vforked 200, spawned 200\n");
}

#[test]
fn a_child_outlives_its_watched_parent() {
    let Some(pair) = assert_unharmed("outliving_child", &[]) else { return };
    assert!(pair.watched.stdout.contains("the child ends well"), "{}", pair.watched.stdout);
}

#[test]
fn a_thread_replaces_the_program_by_another() {
    let Some(pair) = assert_unharmed("exec_from_thread", &["/bin/echo"]) else { return };
    assert_eq!(pair.watched.stdout, "argument\n");
}

#[test]
fn a_program_gets_the_traps_that_are_its_own() {
    let Some(pair) = assert_unharmed("own_traps", &[]) else { return };
    assert_eq!(pair.watched.stdout, "traps 900, by int3 300, at the right address 300\n");
    // Traps in its code would make the kernel forget its handler: debug registers do not, and that is said.
    let warnings = pair.report.summary["warnings"].to_string();
    assert!(warnings.contains("handles or ignores SIGTRAP itself"), "{warnings}");
}

#[test]
fn a_program_that_takes_its_traps_later_gets_them_too() {
    let Some(pair) = assert_unharmed("own_traps", &["500"]) else { return };
    assert_eq!(pair.watched.stdout, "traps 900, by int3 300, at the right address 300\n");
}

#[test]
fn that_a_shell_handled_traps_says_nothing_of_what_it_became() {
    let _machine = have_the_machine();
    if !machine_lets_us_look() {
        return;
    }
    // With a trap for its exit, bash has handlers for all signals that end it.
    let script = "trap : EXIT; sleep 0.2; exec \"$0\"";
    let program = target("copies_code");
    let pair = both(Path::new("/bin/bash"), &["-c", script, program.to_str().expect("plain text")]);
    pair.assert_same();
    pair.assert_watched();
    let warnings = pair.report.summary["warnings"].to_string();
    assert!(!warnings.contains("SIGTRAP itself"), "{warnings}");
}

#[test]
fn a_program_may_be_stopped_and_continued() {
    let Some(pair) = assert_unharmed("job_control", &[]) else { return };
    assert_eq!(pair.watched.stdout, "the child says 0\n");
}

#[test]
fn a_program_that_asks_to_be_traced_is_refused_and_goes_on() {
    let _machine = have_the_machine();
    if machine_lets_us_look() {
        let pair = both(&target("traces_itself"), &[]);
        assert_eq!((pair.watched.stdout.as_str(), pair.watched.code), ("refused\n", Some(0)));
    }
}

#[test]
fn a_target_that_crashes_crashes_as_it_would_have() {
    let _machine = have_the_machine();
    if machine_lets_us_look() {
        let pair = both(&target("brief"), &["crash"]);
        assert_eq!(pair.plain.code, None, "a signal ends it");
        assert_eq!(pair.watched.code, Some(128 + 11));
        assert_eq!(pair.report.summary["target"]["signal"], 11);
    }
}

#[test]
fn a_target_may_close_its_standard_streams() {
    assert_unharmed("brief", &["silent"]);
}

#[test]
fn the_machine_code_is_as_it_was_when_the_watch_is_over() {
    let _machine = have_the_machine();
    if machine_lets_us_look() {
        let run =
            jostle::watch(["--for".into(), "2s".into(), "--".into(), target("text_sum").into_os_string()]);
        assert!(run.stdout.contains("text unchanged\n"), "{run:#?}");
    }
}

/// A watch without an end of its own, once its target is ready.
struct Endless {
    jostle: Child,
    lines: BufReader<std::process::ChildStdout>,
    report: PathBuf,
}

impl Endless {
    fn begin(report: &str, arguments: &[&str]) -> Self {
        let program = target("until_asked");
        let report = scratch(report);
        let command: Vec<OsString> =
            ["watch", "--format", "json", "--output"].iter().map(OsString::from).collect();
        let mut jostle = Command::new(jostle::binary())
            .args(command)
            .arg(&report)
            .arg("--")
            .arg(program)
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .expect("jostle starts");
        let mut lines = BufReader::new(jostle.stdout.take().expect("piped"));
        let mut line = String::new();
        lines.read_line(&mut line).expect("the target speaks");
        assert_eq!(line, "ready\n");
        Self { jostle, lines, report }
    }

    fn send(&self, signal: &str) {
        let sent = Command::new("kill").args([signal, &self.jostle.id().to_string()]).status();
        assert!(sent.expect("kill is a program").success(), "jostle is alive");
    }

    /// The target's process id: the only child of the tracer, which is the only child of ours.
    fn target(&self) -> String {
        let child = |pid: &str| {
            let children =
                fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).expect("it is alive");
            children.split_whitespace().next().expect("it has a child").to_owned()
        };
        child(&child(&self.jostle.id().to_string()))
    }

    /// What the target said after "ready", and the report.
    fn end(mut self) -> (String, Report) {
        let mut rest = String::new();
        self.lines.read_to_string(&mut rest).expect("text");
        self.jostle.wait().expect("jostle ends");
        (rest, read_report(&self.report))
    }
}

#[test]
fn what_asks_us_to_end_reaches_the_target_and_the_report_still_comes() {
    let _machine = have_the_machine();
    if !machine_lets_us_look() {
        return;
    }
    for (signal, number) in [("-TERM", 15), ("-INT", 2)] {
        let watch = Endless::begin("asked.json", &[]);
        watch.send(signal);
        let (said, report) = watch.end();
        assert_eq!(said, format!("asked by signal {number}\n"));
        assert_eq!(report.target_code(), Some(3));
    }
}

#[test]
fn the_second_interrupt_ends_a_target_that_ignored_the_first() {
    let _machine = have_the_machine();
    if !machine_lets_us_look() {
        return;
    }
    let watch = Endless::begin("stubborn.json", &["stubborn"]);
    watch.send("-INT");
    // The first one must have been taken before the second is sent: two that are pending are one.
    std::thread::sleep(std::time::Duration::from_millis(500));
    watch.send("-INT");
    let (_, report) = watch.end();
    assert_eq!(report.summary["target"]["signal"], 9);
}

#[test]
fn a_target_outlives_a_jostle_that_is_killed() {
    let _machine = have_the_machine();
    if !machine_lets_us_look() {
        return;
    }
    let mut watch = Endless::begin("killed.json", &[]);
    let target = watch.target();
    watch.send("-KILL");
    watch.jostle.wait().expect("it is dead");
    let traced = || fs::read_to_string(format!("/proc/{target}/status")).expect("the target is alive");
    while !traced().contains("TracerPid:\t0\n") {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    // Long enough to run into any trap that was left.
    std::thread::sleep(std::time::Duration::from_millis(300));
    let asked = Command::new("kill").args(["-TERM", &target]).status();
    assert!(asked.expect("kill is a program").success(), "the target is alive");
    let mut rest = String::new();
    watch.lines.read_to_string(&mut rest).expect("text");
    assert_eq!(rest, "asked by signal 15\n");
}
