//! Every case fails as its `expected.toml` says, and its mended variants do not in the same effort.
//!
//! How often a variant must be tried follows from how often it was seen to fail when the case was measured: often enough
//! that one which fails as often as its lower confidence bound says would pass by chance once in a thousand times.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::Deserialize;

/// The confidence of the lower bound is one minus this, and so rarely may a broken variant pass by chance.
const DOUBT: f64 = 0.05;
const CHANCE: f64 = 0.001;
/// Variants that fail so rarely that it would take longer than this to show are left to their measurement.
const AFFORDABLE: Duration = Duration::from_secs(90);
/// What a run may take beside the seconds that it is asked for: a server's start, a compiler's.
const SPARE: Duration = Duration::from_secs(120);
/// What a script says of a way to fail by its exit status: shells add the number of a signal to this.
const SIGNALLED: i32 = 128;

#[derive(Deserialize)]
struct Case {
    variant: Vec<Variant>,
}

#[derive(Deserialize)]
struct Variant {
    name: String,
    outcome: String,
    ways: Vec<String>,
    seconds: u32,
    runs: u32,
    failed: u32,
}

/// How one run ended: right, or in one of the ways that `expected.toml` has words for.
#[derive(Debug, PartialEq)]
enum End {
    Right,
    Failed(String),
}

impl Variant {
    fn fails(&self) -> bool {
        self.outcome != "clean"
    }

    /// How many runs it takes to see it fail.
    fn tries(&self) -> u32 {
        let rate = lower_bound(self.failed, self.runs);
        (CHANCE.ln() / (1.0 - rate).ln()).ceil() as u32
    }

    fn effort(&self, tries: u32) -> Duration {
        Duration::from_secs(u64::from(self.seconds)) * tries
    }

    fn run(&self, case: &Path) -> End {
        let mut run = assert_cmd::Command::new(case.join("run"));
        run.arg(&self.name).arg(self.seconds.to_string());
        let output = run.timeout(self.effort(1) + SPARE).output().expect("it starts");
        let text = String::from_utf8_lossy(&output.stdout);
        let last = text.lines().last().unwrap_or_default();
        let wrong = last.split_once(", wrong ").and_then(|(_, wrong)| wrong.parse::<u64>().ok());
        match (output.status.code(), wrong) {
            (Some(0), Some(0)) => End::Right,
            (Some(1), Some(1..)) => End::Failed("wrong".to_owned()),
            (Some(code), _) if code > SIGNALLED => End::Failed(signal_name(code - SIGNALLED)),
            (None, _) => End::Failed(signal_name(output.status.signal().unwrap_or(0))),
            (Some(code), _) => {
                let complaint = String::from_utf8_lossy(&output.stderr);
                assert!(code != 4, "{}: cannot run: {complaint}", self.name);
                End::Failed(format!("exit {code}"))
            }
        }
    }

    fn assert_fails(&self, case: &Path) {
        let tries = self.tries();
        if self.effort(tries) > AFFORDABLE {
            return;
        }
        match (0..tries).map(|_| self.run(case)).find(|end| *end != End::Right) {
            Some(End::Failed(way)) => {
                assert!(self.knows(&way), "{}: an unknown way: {way}", self.name)
            }
            _ => {
                panic!("{}: right in {tries} runs, and failed in {} of {}", self.name, self.failed, self.runs)
            }
        }
    }

    /// Go makes an exit of every signal, unless what is damaged is what it would do that with.
    fn knows(&self, way: &String) -> bool {
        let is_signal = way.starts_with("SIG") || way.starts_with("signal ");
        self.ways.contains(way) || is_signal && self.ways.iter().any(|known| known == "exit 2")
    }

    fn assert_clean(&self, case: &Path, tries: u32) {
        for _ in 0..tries {
            assert_eq!(self.run(case), End::Right, "{}", self.name);
        }
    }
}

fn signal_name(signal: i32) -> String {
    match signal {
        6 => "SIGABRT".to_owned(),
        11 => "SIGSEGV".to_owned(),
        other => format!("signal {other}"),
    }
}

/// The lower bound of Clopper and Pearson (Biometrika 26, 1934): the rate at which `failed` or more of `runs` would be seen
/// with probability [`DOUBT`].
fn lower_bound(failed: u32, runs: u32) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..60 {
        let middle = (low + high) / 2.0;
        if at_least(failed, runs, middle) < DOUBT { low = middle } else { high = middle }
    }
    low
}

/// How likely `failed` or more of `runs` are at this rate.
fn at_least(failed: u32, runs: u32, rate: f64) -> f64 {
    let mut of_exactly = (1.0 - rate).powi(runs as i32);
    let mut fewer = 0.0;
    for count in 0..failed {
        fewer += of_exactly;
        of_exactly *= f64::from(runs - count) / f64::from(count + 1) * rate / (1.0 - rate);
    }
    1.0 - fewer
}

fn folder(case: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../casebook").join(case)
}

/// The case holds: one at a time, for they are made of busy programs.
fn assert_holds(name: &str) {
    static MACHINE: Mutex<()> = Mutex::new(());
    let _machine = MACHINE.lock().unwrap_or_else(PoisonError::into_inner);
    let case = folder(name);
    let made = Command::new("make").args(["-s", "-C"]).arg(&case).arg("all").status();
    assert!(made.expect("make starts").success(), "make -C casebook/{name} fails");
    let expected = fs::read_to_string(case.join("expected.toml")).expect("it is in the repository");
    let expected: Case = toml::from_str(&expected).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_variants_are_known(&case, &expected);
    for variant in expected.variant.iter().filter(|variant| variant.fails()) {
        variant.assert_fails(&case);
    }
    let broken =
        expected.variant.iter().find(|variant| variant.fails()).expect("a case has a broken variant");
    for variant in expected.variant.iter().filter(|variant| !variant.fails()) {
        variant.assert_clean(&case, broken.tries());
    }
}

/// Whatever is expected of a variant, `run` knows it: its list begins each line with a name.
fn assert_variants_are_known(case: &Path, expected: &Case) {
    let listed = Command::new(case.join("run")).output().expect("it starts");
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    let names: BTreeSet<&str> = listed.lines().filter_map(|line| line.split_whitespace().next()).collect();
    for variant in &expected.variant {
        let name = variant.name.split(['@', '+']).next().unwrap_or_default();
        assert!(names.contains(name), "{name} is not among {names:?}");
    }
}

#[test]
fn swapped_returns_fails_as_it_is_told() {
    assert_holds("swapped-returns");
}

#[test]
fn early_finalizer_fails_as_it_is_told() {
    assert_holds("early-finalizer");
}

#[test]
fn shared_middleware_fails_as_it_is_told() {
    assert_holds("shared-middleware");
}

#[test]
fn what_always_fails_is_tried_a_few_times_and_what_seldom_does_often() {
    let tries = |failed| {
        let (name, outcome, ways) = (String::new(), "fails".to_owned(), Vec::new());
        Variant { name, outcome, ways, seconds: 1, runs: 20, failed }.tries()
    };
    assert_eq!((tries(20), tries(10), tries(1)), (4, 20, 2694));
    // Table of exact 95 % limits: 10 of 20, one-sided.
    assert!((lower_bound(10, 20) - 0.3020).abs() < 1e-4);
}
