//! As many trials as a night of hunting brings.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::Path;
use std::time::Instant;

use jostle_casefile::{Case, CaseError, PlanFingerprint, Recorder};
use jostle_model::{Outcome, Seed, Trial};

use crate::child;
use crate::samples::{failed, moment, new_plan, passed, place};

const MANY: u64 = 100_000;
const FEW: u64 = 2_000;

/// Seeds that do not follow each other, so that nothing is saved by their order: the multiplier is odd, so none comes
/// twice.
fn seed(number: u64) -> u64 {
    number.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// Every tenth fails, in a hundred ways; three perturbations take turns.
fn trial(number: u64) -> Trial {
    let perturbation = ["none", "starved", "pinned"][(number % 3) as usize].to_owned();
    let like = passed(seed(number));
    let outcome = match number % 10 {
        0 => {
            failed(
                0,
                ["SIGSEGV", "SIGABRT"][(number / 10 % 2) as usize],
                &format!("at line {}", number / 10 % 100),
            )
            .outcome
        }
        _ => Outcome::Passed,
    };
    Trial { perturbation, outcome, elapsed_us: 1_000 + number * 7_919 % MANY, ..like }
}

fn fill(dir: &Path, trials: u64) -> PlanFingerprint {
    let mut recorder = Recorder::open(dir).expect("opens");
    let plan = recorder.plan(&new_plan("a plan")).expect("records the plan");
    for number in 0..trials {
        recorder.record(plan, &trial(number), moment(number)).expect("records");
    }
    plan
}

/// Asks everything that a report asks, and tells how long each question took.
pub(crate) fn ask_everything(case: &Case, plan: PlanFingerprint) -> Result<String, CaseError> {
    let mut told = String::new();
    let mut begin = Instant::now();
    let mut tell = |what: &str| {
        writeln!(told, "{what}: {:?}", begin.elapsed()).expect("a string");
        begin = Instant::now();
    };
    let ran: u64 = case.tallies(plan)?.iter().map(|tally| tally.ran()).sum();
    tell("tallies");
    let failures: u64 = case.kinds(plan)?.iter().map(|kind| kind.failed).sum();
    tell("kinds");
    let frequent: u64 = case.signatures(plan, 1_000)?.iter().map(|signature| signature.failed).sum();
    tell("signatures");
    let mut lives = 0;
    case.lifetimes(plan, None, |_| {
        lives += 1;
        Ok::<(), CaseError>(())
    })?;
    tell("lifetimes");
    let seeds = case.seeds(plan)?;
    tell("seeds");
    let mut listed = 0;
    case.failures(plan, |_| {
        listed += 1;
        Ok::<(), CaseError>(())
    })?;
    tell("failures");
    let mut all = 0;
    case.trials(plan, |_| {
        all += 1;
        Ok::<(), CaseError>(())
    })?;
    tell("trials");
    let quickest = case.quickest_failure(plan, None)?.expect("some failed");
    let of_kind = case.quickest_failure(plan, Some("SIGABRT"))?.expect("some failed");
    tell("quickest failures");
    let found = case.find(&quickest.name.to_string())?;
    tell("find");
    assert_eq!([ran, lives, all, seeds.len()], [ran; 4]);
    assert_eq!([failures, frequent, listed], [ran / 10; 3]);
    assert!(seeds.contains(Seed(seed(1))) && !seeds.contains(Seed(seed(MANY))));
    assert!(found == quickest && quickest.trial.elapsed_us <= of_kind.trial.elapsed_us);
    Ok(told)
}

#[test]
fn a_hundred_thousand_trials_take_no_more_memory_than_two_thousand() {
    let (_few, few) = place();
    let (_many, many) = place();
    fill(&few, FEW);
    let begin = Instant::now();
    fill(&many, MANY);
    let recorded = begin.elapsed();
    let [few, many] = [few, many].map(|dir| peak_of_a_reader(&dir));
    // The set of seeds is 1.6 MB while it grows twice that; the rest is SQLite's cache, of 2 MB, for its file and for
    // what it sorts.
    assert!(many.0 < few.0 + 12_000, "{} KiB after {} KiB", many.0, few.0);
    let mut notes = io::stderr().lock();
    let noted = writeln!(notes, "recorded in {recorded:?}; {} and {} KiB\n{}", few.0, many.0, many.1);
    noted.expect("somebody to tell");
}

/// The most memory that a process took that asked everything, in KiB, and what it said.
fn peak_of_a_reader(dir: &Path) -> (u64, String) {
    let output = child::child("a_reader", dir).output().expect("runs");
    let text =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{text}");
    let peak = text.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"));
    (peak.unwrap_or_else(|| panic!("{text}")).trim().parse().expect("a number"), text)
}
