//! Crashes that were unwound from outside, as failures.

use jostle_model::{Crash, Evidence, ExitStatus, Failure, Finding, Frame, Place, Role, Signature};

use crate::diagnose;
use crate::frame::{self, Language};
use crate::signal::{self, Fault};

/// A finding as a failure.
///
/// Of a crash the kind tells the signal and where its address points (`sigsegv-null`, `sigsegv-wild`, `sigabrt`), and the
/// exact signature has the innermost functions of the user's own. Of a collision the kind is the rule's name, and the exact
/// signature has both sides, in an order that does not depend on who came first.
pub fn of_finding(finding: &Finding) -> Failure {
    let kind = match &finding.evidence {
        Evidence::Crash(crash) => kind(crash),
        Evidence::Collision(_)
        | Evidence::Crossing(_)
        | Evidence::Discrepancy(_)
        | Evidence::Hang(_)
        | Evidence::Boundary(_) => finding.rule.name().to_owned(),
    };
    Failure { signature: signature(kind, finding), title: finding.title.clone(), details: details(finding) }
}

/// A crash as a failure, with what the program wrote when it died. What it says is the better kind, as it knows more: Go
/// tells a nil dereference from a corrupted pointer, glibc says what is wrong with the heap. The stack that was unwound
/// makes the better exact signature, as it goes across languages.
pub fn of_crash(finding: &Finding, output: &[u8]) -> Failure {
    let seen = of_finding(finding);
    let Evidence::Crash(crash) = &finding.evidence else { return seen };
    let Some(told) = told(output, crash.signal) else { return seen };
    let has_frames = finding.places.first().is_some_and(|place| !place.stack.is_empty());
    let kind = told.signature.kind.clone();
    let signature = if has_frames { signature(kind, finding) } else { told.signature };
    Failure {
        signature,
        title: told.title,
        details: format!("{}\n{}", told.details.trim_end(), seen.details),
    }
}

/// What the program said when it died by `signal`, if it said anything.
fn told(output: &[u8], signal: i32) -> Option<Failure> {
    let failure = diagnose(output, ExitStatus::Signal(signal))?;
    // Without a report it is but the signal again.
    (failure.signature.kind != signal::kind(signal, Fault::Unknown)).then_some(failure)
}

fn kind(crash: &Crash) -> String {
    signal::kind(crash.signal, crash.address.map_or(Fault::Unknown, |address| Fault::at(address.0)))
}

fn signature(kind: String, finding: &Finding) -> Signature {
    let is_crash = matches!(finding.evidence, Evidence::Crash(_));
    let places = if is_crash { &finding.places[..finding.places.len().min(1)] } else { &finding.places[..] };
    // Where memory was allocated is not always seen.
    let took_part = places.iter().filter(|place| place.role != Role::Allocate);
    let mut sides: Vec<String> =
        took_part.map(|place| labels(place, is_crash)).filter(|side| !side.is_empty()).collect();
    sides.sort();
    sides.dedup();
    let exact = if sides.is_empty() { kind.clone() } else { format!("{kind} in {}", sides.join(" and ")) };
    Signature { kind, exact }
}

/// The significant frames of a place: from the one that is shown outwards, as whoever unwound it knows whose code is whose.
fn labels(place: &Place, several: bool) -> String {
    let shown = place.stack.get(place.shown..).unwrap_or(&place.stack);
    let stack: Vec<frame::Frame> = shown.iter().filter_map(readable).collect();
    let count = if several { usize::MAX } else { 1 };
    frame::significant(&stack)
        .into_iter()
        .take(count)
        .map(frame::Frame::label)
        .collect::<Vec<_>>()
        .join(" < ")
}

fn readable(frame: &Frame) -> Option<frame::Frame> {
    let file = frame.file.as_deref().map(|file| file.to_string_lossy()).unwrap_or_default();
    let line = frame.line.map(|line| line.to_string());
    let function = frame.function.as_deref().or(frame.module.as_deref())?;
    let is_go = file.ends_with(".go") || file.ends_with(".s");
    let language = if is_go { Language::Go } else { Language::Native };
    Some(frame::Frame::new(language, function, &file, line.as_deref()))
}

fn details(finding: &Finding) -> String {
    let place = |place: &Place| {
        let who = place.thread.as_ref().map_or_else(
            || "somebody".to_owned(),
            |thread| match &thread.goroutine {
                Some(goroutine) => format!("goroutine {}", goroutine.id),
                None => format!("thread {} \"{}\"", thread.tid, thread.name),
            },
        );
        let frames: String = place.stack.iter().map(|frame| format!("  {}\n", line(frame))).collect();
        format!("{who}:\n{frames}")
    };
    let mut text: String = finding.places.iter().take(MOST_PLACES).map(place).collect();
    text.truncate(text.floor_char_boundary(LONGEST_DETAILS));
    text
}

/// Of a crash the threads that just stood somewhere may be thousands.
const MOST_PLACES: usize = 16;
/// As much as the details hold, in bytes.
const LONGEST_DETAILS: usize = 64 << 10;

fn line(frame: &Frame) -> String {
    let function = frame.function.clone().unwrap_or_else(|| frame.address.to_string());
    match (&frame.file, frame.line, &frame.module) {
        (Some(file), Some(line), _) => format!("{function} at {}:{line}", file.display()),
        (_, _, Some(module)) => format!("{function} in {module}"),
        _ => function,
    }
}
