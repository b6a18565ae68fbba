//! `jostle watch` on Go programs whose goroutines share one processor of Go's: no two of them ever run at the same time, so a
//! held thread meets nobody. A goroutine that is parked does.

mod harness;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use harness::jostle::{have_the_machine, machine_lets_us_look, watch};
use harness::report::{Report, is_between};

/// Whom a parked goroutine meets is chance: what does not come about in ten seconds does in the next.
const ATTEMPTS: u64 = 3;

/// The cases of Go's race detector that are most often met, each with its two sides.
const CASES: [(&str, [&str; 2]); 3] = [
    ("go-plain", ["collector).record", "collector).snapshot"]),
    ("go-map", ["registry).count", "registry).seen"]),
    ("go-lazy", ["session).connection", "session).connection"]),
];

fn specimen(name: &str) -> PathBuf {
    static MADE: OnceLock<()> = OnceLock::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/specimens");
    MADE.get_or_init(|| {
        let programs = CASES
            .iter()
            .flat_map(|(name, _)| [format!("build/{name}-broken"), format!("build/{name}-healthy")]);
        let made = Command::new("make").args(["-s", "-C"]).arg(&folder).args(programs).status();
        assert!(made.expect("make starts").success(), "make -C tests/specimens fails");
    });
    folder.join("build").join(name)
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
