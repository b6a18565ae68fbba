//! `jostle watch` on Go programs that call native functions through purego: whoever is handed somebody else's value is named,
//! and nothing is said, or changed, where every value arrives.

mod harness;

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use harness::jostle::{Run, have_the_machine, machine_lets_us_look, made, scratch, watch};
use harness::report::{Report, side_contains};
use harness::service::Service;
use serde_json::Value;

/// Parking is chance as well: a swap that does not come about in ten seconds does in the next.
const ATTEMPTS: u64 = 3;

fn specimen(name: &str) -> PathBuf {
    made("tests/specimens", &[&format!("build/{name}")])
}

/// A copy of a specimen beside its library, made by `make_it` from one to the other.
fn copy(specimen_name: &str, name: &str, make_it: impl Fn(&Path, &Path)) -> PathBuf {
    let (original, copy) = (specimen(specimen_name), scratch(name));
    let beside = |program: &Path| program.with_file_name("librecord.so");
    fs::copy(beside(&original), beside(&copy)).expect("the library is there");
    make_it(&original, &copy);
    copy
}

fn watched(options: &str, program: &Path, seconds: &str) -> (Run, Report) {
    let ours = ["--format", "json"].into_iter().chain(options.split(' ')).chain(["--"]);
    let run = watch(ours.map(OsString::from).chain([program.into(), seconds.into()]));
    let report = Report::parse(&run.stdout).unwrap_or_else(|| panic!("no report: {run:#?}"));
    (run, report)
}

/// What was found of a program that swaps values.
fn swap(program: &Path) -> Value {
    let mut last = None;
    for seed in 1..=ATTEMPTS {
        let (run, report) = watched(&format!("--for 10s --stop-after 1 --seed {seed}"), program, "12");
        if let Some(found) = report.findings.into_iter().find(|finding| finding["rule"] == "boundary") {
            return found;
        }
        last = Some(run);
    }
    panic!("nothing found in {ATTEMPTS} runs; the last one: {last:#?}");
}

fn goroutines(finding: &Value) -> [u64; 2] {
    [0, 1].map(|side| finding["places"][side]["thread"]["goroutine"].as_u64().expect("it has a number"))
}

#[test]
fn whoever_is_handed_the_return_of_another_is_named_with_both_values() {
    let _machine = have_the_machine();
    if !machine_lets_us_look() {
        return;
    }
    let found = swap(&specimen("go-purego-record-broken"));
    let [receiver, giver] = goroutines(&found);
    let title = found["title"].as_str().expect("text");
    assert!(title.contains(&format!("goroutine {receiver} called entry_of and was handed")), "{title}");
    assert_ne!(receiver, giver);
    let evidence = &found["evidence"];
    assert_ne!(evidence["returned"], evidence["received"]);
    assert_eq!(evidence["function"], "entry_of");
    assert_eq!(found["places"][0]["role"], "receive");
    for side in [0, 1].map(|side| &found["places"][side]) {
        assert!(side_contains(side, "main.entryFor"), "{found:#}");
    }
    assert!(
        side_contains(&found["places"][0], "purego.RegisterFunc"),
        "the binding is in the stack: {found:#}"
    );
    assert_keeps_the_contract(&found);
}

fn assert_keeps_the_contract(line: &Value) {
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/json.schema.json");
    let schema = fs::read_to_string(schema).expect("it is in the repository");
    let schema = serde_json::from_str(&schema).expect("JSON");
    let contract = jsonschema::draft202012::new(&schema).expect("the schema compiles");
    let complaints: Vec<String> = contract.iter_errors(line).map(|error| error.to_string()).collect();
    assert!(complaints.is_empty(), "{complaints:#?}\n{line:#}");
}

#[test]
fn a_stripped_program_hides_nothing_of_it() {
    let _machine = have_the_machine();
    if !machine_lets_us_look() {
        return;
    }
    let stripped = copy("go-purego-record-broken", "stripped-record", |original, copy| {
        let done = Command::new("strip").arg("-o").args([copy, original]).status().expect("strip starts");
        assert!(done.success(), "strip fails");
    });
    let found = swap(&stripped);
    assert!(side_contains(&found["places"][0], "main.entryFor"), "{found:#}");
}

/// That calls of a program that checks each answer itself are followed, and nothing is found.
fn assert_all_arrive(name: &str) {
    let _machine = have_the_machine();
    if !machine_lets_us_look() {
        return;
    }
    let (run, report) = watched("--for 20s", &specimen(name), "8");
    assert!(report.findings.is_empty(), "{run:#?}");
    assert_eq!(report.target_code(), Some(0), "{run:#?}");
    assert!(report.summary["counts"]["calls_parked"].as_u64() > Some(0), "{run:#?}");
}

#[test]
fn values_that_arrive_are_followed_and_arrive_all_the_same() {
    assert_all_arrive("go-purego-record-healthy");
}

#[test]
fn a_number_in_a_floating_point_register_is_followed_too() {
    let _machine = have_the_machine();
    if !machine_lets_us_look() {
        return;
    }
    let found = swap(&specimen("go-purego-float-broken"));
    let evidence = &found["evidence"];
    assert_eq!(evidence["register"], "xmm0");
    assert_eq!(evidence["function"], "half_of");
    let numbers = [&evidence["returned"], &evidence["received"]].map(number);
    // All that is asked for is the half of a whole number up to 1,536; or it is what another one is about to ask for.
    assert!(
        numbers.iter().all(|number| (0.5..=1536.0).contains(number) && (2.0 * number).fract() == 0.0),
        "{found:#}"
    );
    assert_ne!(numbers[0].to_bits(), numbers[1].to_bits());
    assert!(side_contains(&found["places"][0], "main.halfOf"), "{found:#}");
    assert_keeps_the_contract(&found);
}

/// The number of 64 bits that is written as the hexadecimal one of a register.
fn number(register: &Value) -> f64 {
    let digits = register.as_str().and_then(|text| text.strip_prefix("0x")).expect("hexadecimal digits");
    f64::from_bits(u64::from_str_radix(digits, 16).expect("hexadecimal digits"))
}

#[test]
fn numbers_that_arrive_are_followed_and_arrive_all_the_same() {
    assert_all_arrive("go-purego-float-healthy");
}

/// A copy of a specimen whose release of Go is one that nobody knows.
fn of_an_unknown_release(name: &str, make_it: impl Fn(&Path)) -> PathBuf {
    copy("go-purego-record-broken", name, |original, copy| {
        let mut program = fs::read(original).expect("it is built");
        let is_version = |at: &usize| program.get(at + 4).is_some_and(u8::is_ascii_digit);
        let versions: Vec<usize> = positions(&program, b"go1.").filter(is_version).collect();
        for at in versions {
            program[at + 4..at + 6].copy_from_slice(b"99");
        }
        fs::copy(original, copy).expect("the scratch directory is writable");
        fs::write(copy, program).expect("the scratch directory is writable");
        make_it(copy);
    })
}

#[test]
fn of_an_unknown_release_of_go_the_debug_information_tells_where_goroutines_are_parked() {
    let _machine = have_the_machine();
    if !machine_lets_us_look() {
        return;
    }
    let newer = of_an_unknown_release("newer-record", |_| ());
    let [receiver, giver] = goroutines(&swap(&newer));
    assert_ne!(receiver, giver);
}

#[test]
fn of_an_unknown_release_of_go_without_debug_information_no_goroutine_is_parked() {
    let _machine = have_the_machine();
    if !machine_lets_us_look() {
        return;
    }
    let newer = of_an_unknown_release("newer-stripped-record", |copy| {
        assert!(Command::new("strip").arg(copy).status().expect("strip starts").success(), "strip fails");
    });
    let (run, report) = watched("--for 2s", &newer, "3");
    assert_eq!(report.summary["counts"]["calls_followed"], 0, "{run:#?}");
    let warnings = report.summary["warnings"].to_string();
    assert!(warnings.contains("go1.99"), "{run:#?}");
}

fn positions<'a>(text: &'a [u8], part: &'a [u8]) -> impl Iterator<Item = usize> + 'a {
    text.windows(part.len()).enumerate().filter(move |(_, window)| *window == part).map(|(at, _)| at)
}

#[test]
fn a_watch_that_may_only_read_follows_no_calls() {
    let _machine = have_the_machine();
    if !machine_lets_us_look() {
        return;
    }
    let mut service = Service::start(&specimen("go-purego-record-broken"), &["8"]);
    let (run, report) = service.watch("--for 2s --read-only");
    assert_eq!(report.summary["counts"]["calls_followed"], 0, "{run:#?}");
    assert!(report.summary["counts"]["samples"].as_u64() > Some(0), "{run:#?}");
    service.assert_left();
}

/// Where it matters most: in the service that swaps values now, and may not be started anew.
#[test]
fn in_a_process_that_ran_before_a_swapped_value_is_found_as_well() {
    let _machine = have_the_machine();
    if !machine_lets_us_look() {
        return;
    }
    let mut service = Service::start(&specimen("go-purego-record-broken"), &["20"]);
    let is_swap = |finding: &Value| finding["rule"] == "boundary";
    let found = (1..=ATTEMPTS).any(|seed| {
        let (_, report) = service.watch(&format!("--for 5s --stop-after 1 --seed {seed}"));
        report.findings.iter().any(is_swap)
    });
    assert!(found, "nothing found in {ATTEMPTS} watches");
    service.assert_left();
}

#[test]
fn in_a_process_that_ran_before_every_value_still_arrives() {
    let _machine = have_the_machine();
    if !machine_lets_us_look() {
        return;
    }
    let mut service = Service::start(&specimen("go-purego-record-healthy"), &["8"]);
    let (run, report) = service.watch("--for 4s");
    assert!(report.findings.is_empty(), "{run:#?}");
    assert!(report.summary["counts"]["calls_parked"].as_u64() > Some(0), "{run:#?}");
    service.assert_left();
    // It checks every answer itself.
    let ended = service.process.wait().expect("it ends");
    assert_eq!(ended.code(), Some(0), "{run:#?}");
}
