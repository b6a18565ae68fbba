//! What two sides amount to, and how it is told.

use jostle_model::{
    Atomicity, Collision, Evidence, Finding, Fingerprint, Grade, Lifetimes, Place, Role, Rule,
};

use super::Judgement;
use super::blame::Blame;
use super::view::Witness;
use crate::case::Case;
use crate::lifetimes::Origin;

/// What two sides amount to.
pub(super) fn rule(held: &Witness, other: &Witness) -> Result<Rule, Judgement> {
    let sides = [held, other];
    if sides.iter().any(|side| side.blame == Blame::Runtime) {
        return Err(Judgement::Innocent);
    }
    match sides.iter().filter(|side| side.blame == Blame::Free).count() {
        0 => {}
        1 => return Ok(Rule::UseAfterFree),
        _ => return Err(Judgement::Innocent),
    }
    match (held.atomicity, other.atomicity) {
        (Atomicity::Atomic, Atomicity::Atomic) => Err(Judgement::Innocent),
        (Atomicity::Atomic, Atomicity::Plain) | (Atomicity::Plain, Atomicity::Atomic) => Ok(Rule::HalfAtomic),
        // Whatever the undecided side is, a plain one opposite makes it a bug.
        (Atomicity::Plain, _) | (_, Atomicity::Plain) => Ok(Rule::DataRace),
        _ => Err(Judgement::Undecided),
    }
}

/// The value changed, and nobody was seen: as far as it goes.
pub(super) fn judge_alone(case: &Case, held: Witness) -> Judgement {
    match (held.blame, held.atomicity) {
        (Blame::User, Atomicity::Plain) => {
            let unknown = Place {
                role: Role::Unknown,
                atomicity: None,
                thread: None,
                stack: Vec::new(),
                shown: 0,
                snippet: None,
            };
            guilty(case, Rule::DataRace, held.place, unknown, None)
        }
        (Blame::User, Atomicity::Undecided) => Judgement::Undecided,
        _ => Judgement::Innocent,
    }
}

/// The finding; of memory that is given back with where it was allocated, if that was seen.
pub(super) fn guilty(
    case: &Case,
    rule: Rule,
    held: Place,
    other: Place,
    origin: Option<(Place, &Origin)>,
) -> Judgement {
    let changed = case.old != case.new;
    let grade = match other.role {
        Role::Unknown if other.thread.is_none() => Grade::OneSideUnknown,
        Role::Write | Role::ReadWrite | Role::Free if changed => Grade::ValueChanged,
        _ => Grade::BothSidesSeen,
    };
    let (allocation, lifetimes) = origin
        .map(|(place, seen)| (place, Lifetimes { allocated_here: seen.times, followed: seen.followed }))
        .unzip();
    let hexadecimal = |value: u64| format!("{value:#x}");
    Judgement::Guilty(Box::new(Finding {
        rule,
        id: fingerprint(rule, &held, &other),
        title: title(rule, &held, &other),
        places: [held, other].into_iter().chain(allocation).collect(),
        evidence: Evidence::Collision(Collision {
            address: case.access.address,
            size: case.access.size,
            old: case.old.map(hexadecimal),
            new: case.new.map(hexadecimal),
            grade,
            held_us: case.held_us,
            at_ms: case.at_ms,
            times: 1,
            lifetimes,
        }),
    }))
}

fn title(rule: Rule, held: &Place, other: &Place) -> String {
    let verb = |role: Role| match role {
        Role::Read => "reads",
        Role::Write => "writes",
        Role::ReadWrite => "updates",
        Role::Free => "frees",
        _ => "touches",
    };
    let (held_name, other_name) = (held.label(), other.label());
    match (rule, other.role) {
        (_, Role::Unknown) if other.thread.is_none() => {
            format!(
                "{held_name} {} memory that changes meanwhile, at the hands of an unknown thread",
                verb(held.role)
            )
        }
        // The writer first, whichever was held: the reader is the one surprised.
        _ if held.role == Role::Read || other.role == Role::Free => {
            format!("{other_name} {} what {held_name} {}", verb(other.role), verb(held.role))
        }
        _ => format!("{held_name} {} what {other_name} {}", verb(held.role), verb(other.role)),
    }
}

/// Rule and both source positions, whichever side was held.
fn fingerprint(rule: Rule, held: &Place, other: &Place) -> Fingerprint {
    let mut sides = [position(held), position(other)];
    sides.sort();
    fnv1a(&format!("{}\n{}\n{}", rule.name(), sides[0], sides[1]))
}

/// FNV-1a (Fowler, Noll, Vo; 64 bits).
pub(super) fn fnv1a(text: &str) -> Fingerprint {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    Fingerprint(hash)
}

/// Function and line, or where in its file the code lies, in a form that the next run repeats.
pub(super) fn position(place: &Place) -> String {
    let Some(frame) = place.shown_frame() else { return "unknown".to_owned() };
    let file = frame.file.as_deref().and_then(|file| file.file_name()).map(|name| name.to_string_lossy());
    format!("{} {}:{}", place.label(), file.unwrap_or_default(), frame.line.unwrap_or(0))
}
