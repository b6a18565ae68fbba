//! `jostle watch` on programs whose races are known: all of them are found, and nothing else.
//!
//! The specimens (`tests/specimens`) hold one race each or, as healthy twins, none; the case half-atomics holds the
//! pairs of a real incident. What is true of them stands in `specimens.toml` and `expected.toml`.

mod harness;

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use harness::jostle::{Run, have_the_machine, machine_lets_us_look, skip, watch};
use harness::report::{Report, assert_keeps_contract, is_between, shown_line, side_contains};
use serde::Deserialize;
use serde_json::Value;

/// Sampling is chance: a race that is not met in one run of ten seconds may be met in the next.
const ATTEMPTS: u64 = 3;
/// A program that its own runtime may end after some 50 ms is not there long enough: one run in two misses it.
const ATTEMPTS_AT_THE_SHORT_LIVED: u64 = 12;
/// What a program that lacks what it needs of the processor exits with.
const UNSUITABLE_MACHINE: i64 = 77;

#[derive(Deserialize)]
struct Manifest {
    specimen: Vec<Specimen>,
}

#[derive(Deserialize)]
struct Specimen {
    name: String,
    expect: Expected,
    #[serde(default)]
    rule: String,
    #[serde(default)]
    between: Vec<String>,
    #[serde(default)]
    rare: bool,
    #[serde(default)]
    may_exit_early: bool,
}

#[derive(Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Expected {
    Race,
    Silence,
}

#[derive(Deserialize)]
struct Case {
    variant: Vec<Variant>,
}

#[derive(Deserialize)]
struct Variant {
    name: String,
    pair: Vec<Pair>,
    #[serde(default)]
    rare: Vec<Pair>,
}

#[derive(Deserialize)]
struct Pair {
    rule: String,
    lines: [String; 2],
}

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

fn read<T: for<'a> Deserialize<'a>>(path: &str) -> T {
    let text = fs::read_to_string(repository(path)).expect("it is in the repository");
    toml::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Builds everything that is watched here, once; `make` does nothing when it is built.
fn build() {
    static BUILT: OnceLock<()> = OnceLock::new();
    BUILT.get_or_init(|| {
        for folder in ["tests/specimens", "casebook/half-atomics"] {
            let made = Command::new("make").args(["-s", "-C"]).arg(repository(folder)).arg("all").status();
            assert!(made.expect("make starts").success(), "make -C {folder} all fails");
        }
    });
}

/// A watch with JSON lines on standard output, beside what the target writes there.
fn watched(options: &str, seed: u64, program: &Path, arguments: &[&str]) -> (Run, Report) {
    let seed = seed.to_string();
    let ours = ["--format", "json", "--seed", &seed].into_iter().chain(options.split(' ')).chain(["--"]);
    let command =
        ours.map(OsString::from).chain([program.into()]).chain(arguments.iter().map(OsString::from));
    let run = watch(command);
    let report = Report::parse(&run.stdout).unwrap_or_else(|| panic!("no report: {run:#?}"));
    (run, report)
}

fn specimen(name: &str) -> PathBuf {
    repository("tests/specimens/build").join(name)
}

impl Specimen {
    /// Whether this finding is the race that the specimen was written for.
    fn explains(&self, finding: &Value) -> bool {
        match self.between.as_slice() {
            // A program without symbols: any pair of its instructions may be it.
            [] => true,
            [one, other] => is_between(finding, [one, other]),
            more => panic!("{}: a pair has two sides, not {}", self.name, more.len()),
        }
    }

    /// What is wrong with this run, if anything is; `Ok(false)` if only luck was missing.
    fn judge(&self, run: &Run, report: &Report) -> Result<bool, String> {
        if let Some(alarm) = report.findings.iter().find(|finding| !self.explains(finding)) {
            return Err(format!("{}: a false alarm: {alarm:#}\n{run:#?}", self.name));
        }
        let unsuitable = report.target_code() == Some(UNSUITABLE_MACHINE);
        Ok(unsuitable || report.findings.iter().any(|finding| finding["rule"] == self.rule.as_str()))
    }

    fn is_found(&self) -> Result<(), String> {
        let attempts = if self.may_exit_early { ATTEMPTS_AT_THE_SHORT_LIVED } else { ATTEMPTS };
        // Memory that is freed too early is often given out again meanwhile: the races of its new owner, however many are met first, are not what is asked for.
        let options = if self.rule == "use-after-free" { "--for 4s" } else { "--for 10s --stop-after 1" };
        let mut last = String::new();
        for seed in 1..=attempts {
            let (run, report) = watched(options, seed, &specimen(&self.name), &["11"]);
            if self.judge(&run, &report)? {
                return Ok(());
            }
            last = format!("{run:#?}");
        }
        Err(format!("{}: not found in {attempts} runs; the last one: {last}", self.name))
    }

    fn is_silent(&self) -> Result<(), String> {
        let (run, report) = watched("--for 3s", 1, &specimen(&self.name), &["4"]);
        if let Some(signal) = report.crash() {
            return Err(format!("{}: killed by signal {signal}: {run:#?}", self.name));
        }
        if !report.findings.is_empty() {
            return Err(format!("{}: a false alarm: {run:#?}", self.name));
        }
        Ok(())
    }
}

/// Asks every specimen that is expected so, and tells all that fail at once.
fn for_each_specimen(expect: &Expected, question: impl Fn(&Specimen) -> Result<(), String>) {
    let _machine = have_the_machine();
    if !machine_lets_us_look() {
        return;
    }
    build();
    let manifest: Manifest = read("tests/specimens/specimens.toml");
    let asked = manifest.specimen.iter().filter(|specimen| specimen.expect == *expect && !specimen.rare);
    let failed: Vec<_> =
        asked.filter_map(|specimen| Some((&specimen.name, question(specimen).err()?))).collect();
    let (names, reasons): (Vec<_>, Vec<_>) = failed.into_iter().unzip();
    // The names once more at the end: of a long log its end is what one sees.
    assert!(names.is_empty(), "{}\n{} fail: {names:?}", reasons.join("\n"), names.len());
}

#[test]
fn every_broken_specimen_is_caught_on_both_sides() {
    for_each_specimen(&Expected::Race, Specimen::is_found);
}

#[test]
fn no_healthy_specimen_is_accused() {
    for_each_specimen(&Expected::Silence, Specimen::is_silent);
}

/// Whether we may be more urgent than others: without that, whoever is held waits for us to have our turn.
fn may_be_urgent() -> bool {
    let niceness = Command::new("nice").args(["-n", "-1", "nice"]).output().expect("nice is a core utility");
    String::from_utf8_lossy(&niceness.stdout).trim() == "-1"
}

/// A thread is held for as long as it takes us to come back.
#[test]
fn the_budget_is_kept_among_a_thousand_threads() {
    let _machine = have_the_machine();
    if !machine_lets_us_look() {
        return;
    }
    if !may_be_urgent() {
        return skip("nobody may be more urgent here than others");
    }
    build();
    let held_share = |seed| {
        let program = specimen("thousand-threads-healthy");
        let (run, report) = watched("--for 6s --budget 2%", seed, &program, &["7"]);
        assert!(report.findings.is_empty(), "{run:#?}");
        report.summary["counts"]["held_share"].as_f64().expect("a number")
    };
    // One that has to wait for its turn does not overdraw it every time.
    let held: Vec<f64> = (1..=ATTEMPTS).map(held_share).collect();
    assert!(held.iter().all(|&share| share < 0.03), "{held:?} of the time");
}

/// All there is to see of it is seen in the first second.
#[test]
fn a_watch_that_sees_nothing_new_backs_off() {
    let _machine = have_the_machine();
    if !machine_lets_us_look() {
        return;
    }
    build();
    let backed_off = |options| {
        let (run, report) = watched(options, 1, &specimen("mutex"), &["15"]);
        report.summary["counts"]["backed_off_ms"].as_u64().unwrap_or_else(|| panic!("{run:#?}"))
    };
    let ms = backed_off("--for 14s");
    assert!(0 < ms && ms <= 9000, "of the last nine seconds: {ms} ms");
    assert_eq!(backed_off("--for 12s --no-backoff"), 0);
}

/// The place that tells where the memory was allocated, with the one that frees it.
fn allocation_and_free(finding: &Value) -> Option<(&Value, &Value)> {
    let places = finding["places"].as_array().expect("a list");
    let at = |role: &str| places.iter().find(|place| place["role"] == role);
    Some((at("allocate")?, at("free")?))
}

/// Nearly every run tells it; a string within the object, which the C++ library allocates, is another finding.
#[test]
fn memory_that_is_freed_too_early_is_told_with_where_it_was_allocated() {
    let _machine = have_the_machine();
    if !machine_lets_us_look() {
        return;
    }
    build();
    let frees_site = |free: &Value| shown_line(free).starts_with("delete old");
    let is_told = |seed| {
        let (run, report) = watched("--for 3s", seed, &specimen("early-delete-broken"), &["4"]);
        let told: Vec<_> = report.findings.iter().filter_map(allocation_and_free).collect();
        for (allocation, free) in &told {
            assert!(side_contains(allocation, "parse"), "{run:#?}");
            let is_site = shown_line(allocation).contains("new Site{");
            assert!(is_site || !frees_site(free), "{run:#?}");
        }
        told.iter().any(|(_, free)| frees_site(free))
    };
    assert!((1..=ATTEMPTS).any(is_told), "never told");
}

impl Pair {
    fn is(&self, finding: &Value) -> bool {
        let lines = [0, 1].map(|side| shown_line(&finding["places"][side]));
        let [one, other] = &self.lines;
        let same = |a: &str, b: &str| lines[0] == a && lines[1] == b;
        finding["rule"] == self.rule.as_str() && (same(one, other) || same(other, one))
    }
}

fn half_atomics(variant: &str, seconds: &str) -> (Variant, Run, Report) {
    build();
    let case: Case = read("casebook/half-atomics/expected.toml");
    let variant =
        case.variant.into_iter().find(|known| known.name == variant).expect("a variant of the case");
    let program = repository("casebook/half-atomics/build").join(&variant.name);
    let (run, report) = watched(&format!("--for {seconds}"), 1, &program, &["-drive", "15s"]);
    (variant, run, report)
}

/// Something of what the case lists is found, and nothing that it does not list.
fn assert_pairs(variant: &str) {
    let _machine = have_the_machine();
    if !machine_lets_us_look() {
        return;
    }
    let (variant, run, report) = half_atomics(variant, "10s");
    let listed = |finding: &&Value| variant.pair.iter().chain(&variant.rare).any(|pair| pair.is(finding));
    let (known, unknown): (Vec<&Value>, Vec<&Value>) = report.findings.iter().partition(listed);
    assert!(unknown.is_empty(), "false alarms: {unknown:#?}\n{run:#?}");
    assert!(!known.is_empty(), "nothing found: {run:#?}");
}

#[test]
fn the_collector_that_writes_atomically_and_reads_bare_is_caught() {
    assert_pairs("broken");
}

#[test]
fn the_collector_with_only_its_stores_mended_is_caught() {
    assert_pairs("half-mended");
}

#[test]
fn the_mended_collector_is_not_accused() {
    let _machine = have_the_machine();
    if machine_lets_us_look() {
        let (_, run, report) = half_atomics("mended", "5s");
        assert!(report.findings.is_empty(), "{run:#?}");
    }
}

#[test]
fn a_real_stream_of_json_lines_keeps_the_contract() {
    let _machine = have_the_machine();
    if !machine_lets_us_look() {
        return;
    }
    build();
    let (_, report) = watched("--for 3s", 1, &specimen("c-threads-broken"), &["4"]);
    assert!(!report.findings.is_empty());
    report.findings.iter().chain([&report.summary]).for_each(assert_keeps_contract);
}
