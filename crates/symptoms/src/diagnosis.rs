//! Which of several reports is the failure.

use jostle_model::{ExitStatus, Failure};

use crate::ending::{self, Ending};
use crate::family::{Family, family_of};
use crate::{Standing, Symptom, read};

/// What went wrong in a program that wrote `output` and ended as `ended` says. Nothing, where nothing tells that anything
/// did: it ended with code 0, and no report in the output is certain.
///
/// A program that was still running has hung, which is a failure; asking about one that ought to be running is not for
/// this function.
pub fn diagnose(output: &[u8], ended: ExitStatus) -> Option<Failure> {
    let symptoms = read(output);
    let ending = Ending::of(ended);
    let counted = symptoms.into_iter().filter(|symptom| counts(symptom, ending)).collect::<Vec<_>>();
    match worst(&counted) {
        Some(symptom) => Some(symptom.failure.clone()),
        None => ending::failure(output, ending),
    }
}

/// The report that tells most about why a program failed: one who saw the wrong access before what came of it, what ended
/// the program before what it went on with, and leaks last, since whoever dies leaves things behind. Of equals the first,
/// which is nearest to the cause; of exceptions that may have been caught the last, which may not have been.
pub fn worst(symptoms: &[Symptom]) -> Option<&Symptom> {
    let rank = |at: usize, symptom: &Symptom| match symptom.standing {
        Standing::Certain => (weight(&symptom.failure.signature.kind), -(at as i64)),
        // A traceback without a head does not even tell what happened.
        Standing::IfItFailed => {
            (UNSURE, if symptom.failure.signature.kind == "go-traceback" { -1 } else { at as i64 })
        }
    };
    symptoms.iter().enumerate().max_by_key(|(at, symptom)| rank(*at, symptom)).map(|(_, symptom)| symptom)
}

/// What a report is worth that counts only because the program failed.
const UNSURE: u8 = 1;

/// How much a kind tells about the cause.
fn weight(kind: &str) -> u8 {
    let starts = |beginnings: &[&str]| beginnings.iter().any(|beginning| kind.starts_with(beginning));
    match family_of(kind) {
        Family::Leak => 0,
        Family::MemoryCorruption if starts(&["asan-", "hwasan-", "tsan-", "memcheck-"]) => 6,
        Family::MemoryCorruption => 5,
        _ if starts(&["sigabrt", "sigquit", "jvm-sigabrt"]) => 2,
        // Detectors let the program go on.
        _ if starts(&["tsan-", "helgrind-", "drd-", "ubsan-", "memcheck-", "go-data-race"]) => 3,
        _ => 4,
    }
}

/// Whether a report may be why a program ended so.
fn counts(symptom: &Symptom, ending: Ending) -> bool {
    let kind = symptom.failure.signature.kind.as_str();
    let is_certain = symptom.standing == Standing::Certain;
    match ending {
        Ending::Well => is_certain,
        Ending::Code(_) => true,
        Ending::Hung => is_certain && kind != "sigquit",
        Ending::Signal { number, .. } => {
            is_certain && !(is_fault_of_hardware(number) && is_exception(kind)) || {
                !is_certain && !is_exception(kind)
            }
        }
    }
}

/// Whether a signal comes of what an instruction did. No exception ends so.
fn is_fault_of_hardware(number: i32) -> bool {
    crate::signal::is_fault(number) && number != ABORT
}

const ABORT: i32 = 6;

/// Whether a kind is an exception of a language that catches such, so that it kills nobody by a signal.
fn is_exception(kind: &str) -> bool {
    let dies =
        ["python-fatal-", "ruby-bug-", "node-fatal-", "node-out-of-memory", "rust-", "java-out-of-memory"];
    ["python-", "java-", "ruby-", "node-"].iter().any(|language| kind.starts_with(language))
        && !dies.iter().any(|dying| kind.starts_with(dying))
}
