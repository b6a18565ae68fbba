//! The sentences that every format for people is made of.

use std::path::Path;

use jostle_model::{
    Atomicity, Boundary, Collision, Crash, Evidence, Finding, Grade, Lifetimes, Place, ResultRegister, Role,
    Rule, Thread,
};

use crate::{paths, printable, probe, quantity, shadow, signal};

/// Said wherever the other side of a finding is missing.
pub(crate) const OTHER_SIDE_UNSEEN: &str =
    "the other side was not seen: a thread we don't watch, the kernel, or another process";

/// How long a function name may be where it stands in running text; template names run to thousands.
const NAME_WIDTH: usize = 160;

/// The kernel allows 15 bytes for the name of a thread, and eight bytes are 18 digits with their prefix.
const SHORT: usize = 32;

/// What a server calls its worker.
const PROCESS_TITLE: usize = 60;

/// Longer titles than this are two names with a sentence between them, and no longer read as one.
const TITLE_WIDTH: usize = 400;

/// The finding's title, fit to be shown.
pub(crate) fn title(finding: &Finding) -> String {
    printable::shortened(&finding.title, TITLE_WIDTH)
}

/// The function of a place, or where its code lies.
pub(crate) fn label(place: &Place) -> String {
    printable::shortened(&place.label(), NAME_WIDTH)
}

/// Who stood there, briefly: the goroutine where there is one, since that is what Go programmers know.
pub(crate) fn who(thread: Option<&Thread>) -> String {
    match thread {
        Some(Thread { goroutine: Some(goroutine), .. }) => format!("goroutine {}", goroutine.id),
        Some(thread) => format!("thread {}", thread.tid),
        None => "somebody".to_owned(),
    }
}

/// Who stood there, with everything by which it can be found elsewhere: `goroutine 17 on thread 4711 "server"`.
pub(crate) fn identity(thread: &Thread) -> String {
    let mut kernel = format!("thread {} \"{}\"", thread.tid, printable::shortened(&thread.name, SHORT));
    if let Some(process) = &thread.process {
        let name = printable::shortened(&process.name, PROCESS_TITLE);
        kernel.push_str(&format!(" of process {} \"{name}\"", process.pid));
    }
    match &thread.goroutine {
        Some(goroutine) => format!("goroutine {} on {kernel}", goroutine.id),
        None => kernel,
    }
}

/// How many of the places took part in the finding: of a crash only the one that crashed, the others just stood somewhere.
pub(crate) fn sides(finding: &Finding) -> usize {
    if matches!(finding.rule, Rule::Crash | Rule::Hang) {
        finding.places.len().min(1)
    } else {
        finding.places.len()
    }
}

/// What side `index` of the finding did, in a clause. The first side is the one that was held, or crashed.
pub(crate) fn deed(finding: &Finding, index: usize) -> String {
    let place = &finding.places[index];
    let who = who(place.thread.as_ref());
    match &finding.evidence {
        Evidence::Crash(crash) if index == 0 => format!("{who} gets {} here", signal::name(crash.signal)),
        Evidence::Crash(_) | Evidence::Hang(_) | Evidence::Crossing(_) | Evidence::Discrepancy(_) => {
            format!("{who} stood here then")
        }
        Evidence::Boundary(boundary) => boundary_deed(boundary, place, &who),
        Evidence::Collision(_) if unseen(place) => OTHER_SIDE_UNSEEN.to_owned(),
        Evidence::Collision(collision) if place.role == Role::Allocate => allocated(collision),
        Evidence::Collision(_) if index > 0 => {
            format!("{who} {} it here meanwhile{}", past(place.role), kind(finding.rule, place))
        }
        Evidence::Collision(collision) => {
            let bytes = quantity::counted(u64::from(collision.size), "byte");
            let held = quantity::micros(collision.held_us);
            let kind = kind(finding.rule, place);
            format!("{who} {} {bytes} here{kind}, held for {held}", present(place.role))
        }
    }
}

/// Whether nobody was seen there. A thread that was seen may have role [`Role::Unknown`] all the same, when
/// what it did could not be made out.
pub(crate) fn unseen(place: &Place) -> bool {
    place.role == Role::Unknown && place.thread.is_none()
}

/// What was measured, a sentence each.
pub(crate) fn measured(finding: &Finding) -> Vec<String> {
    match &finding.evidence {
        Evidence::Collision(collision) => {
            let caught = format!("{}; {}", frequency(collision), grade(collision.grade));
            value_change(collision).into_iter().chain([caught]).collect()
        }
        Evidence::Boundary(boundary) => boundary_measured(boundary),
        Evidence::Crash(crash) => {
            let after = crash.at_ms.map(|at_ms| format!("after {}; ", quantity::seconds(at_ms)));
            let when = format!("{}family {}", after.unwrap_or_default(), crash.family);
            lies_there(crash).into_iter().chain([registers(crash), when]).collect()
        }
        Evidence::Hang(hang) => vec![format!("after {}", quantity::seconds(hang.at_ms))],
        Evidence::Crossing(crossing) => probe::told(crossing),
        Evidence::Discrepancy(discrepancy) => shadow::told(discrepancy),
    }
}

/// What lies at the address that a crash is about.
fn lies_there(crash: &Crash) -> Option<String> {
    let address = crash.address?;
    let lies =
        crash.lies_there.as_deref().map(|lies| format!(": {}", printable::shortened(lies, NAME_WIDTH)));
    Some(format!("address {address}{}", lies.unwrap_or_default()))
}

fn registers(crash: &Crash) -> String {
    crash
        .registers
        .iter()
        .map(|register| format!("{}={}", register.name, register.value))
        .collect::<Vec<_>>()
        .join(" ")
}

/// The old and the new value, where the value changed.
fn value_change(collision: &Collision) -> Option<String> {
    let (old, new) = (collision.old.as_deref()?, collision.new.as_deref()?);
    (old != new).then(|| format!("value changed: {} -> {}", hexadecimal(old), hexadecimal(new)))
}

/// How often, when and where in memory.
fn frequency(collision: &Collision) -> String {
    let (first, address) = (quantity::seconds(collision.at_ms), collision.address);
    match collision.times {
        0 | 1 => format!("caught once, after {first}, at address {address}"),
        times => {
            format!("caught {} times, first after {first}, at address {address}", quantity::count(times))
        }
    }
}

fn boundary_deed(boundary: &Boundary, place: &Place, who: &str) -> String {
    let received = result(boundary, &boundary.received);
    match place.role {
        Role::Return => format!("{who} was returned {received} here"),
        Role::Pass => format!("{who} was about to pass {received} here"),
        _ => format!("{who} calls here, and is handed {received}"),
    }
}

/// A value that was returned, as its type has it, as far as the register tells.
fn result(boundary: &Boundary, value: &str) -> String {
    let hexadecimal = hexadecimal(value);
    let bits = |text: &str| u64::from_str_radix(text.strip_prefix("0x")?, 16).ok();
    match (boundary.register, bits(value), bits(&boundary.received)) {
        (ResultRegister::Xmm0, Some(bits), Some(received)) => {
            format!("{} ({hexadecimal})", floating(bits, received))
        }
        _ => hexadecimal,
    }
}

/// The number in a floating-point register: one of 32 bits where nothing stands above the one that was received. What stands
/// above one that is returned means nothing.
fn floating(bits: u64, received: u64) -> String {
    match u32::try_from(received) {
        Ok(_) => format!("{:?}", f32::from_bits(bits as u32)),
        Err(_) => format!("{:?}", f64::from_bits(bits)),
    }
}

fn boundary_measured(boundary: &Boundary) -> Vec<String> {
    let (first, place) = (quantity::seconds(boundary.at_ms), boundary.passed_through);
    let times = match boundary.times {
        0 | 1 => format!("seen once, after {first}"),
        times => format!("seen {} times, first after {first}", quantity::count(times)),
    };
    let [returned, received] = [&boundary.returned, &boundary.received].map(|value| result(boundary, value));
    let followed = quantity::counted(boundary.followed, "followed call");
    let parked = quantity::count(boundary.parked);
    vec![
        format!("it had returned {returned}, and {received} was received"),
        format!("both went through the word at {place}"),
        format!("{times}; until then, goroutines were parked in {parked} of {followed}"),
    ]
}

/// The grade in plain words.
fn grade(grade: Grade) -> &'static str {
    match grade {
        Grade::ValueChanged => "both sides were seen, and the value changed in between",
        Grade::BothSidesSeen => "both sides were seen",
        Grade::OneSideUnknown => "the value changed, and nobody was seen changing it",
    }
}

/// `file:line` of a place, whole, or where its code lies without debug information.
pub(crate) fn position(place: &Place) -> Option<String> {
    match &place.snippet {
        Some(snippet) => Some(format!("{}:{}", whole(&snippet.file), snippet.line)),
        None => place.shown_frame().map(|frame| paths::position(frame, usize::MAX)),
    }
}

/// A path, fit to be shown and not shortened.
pub(crate) fn whole(path: &Path) -> String {
    paths::fitted(path, usize::MAX)
}

/// What was seen of where memory comes from that is given back.
fn allocated(collision: &Collision) -> String {
    let of = |seen: &Lifetimes| {
        let followed = quantity::counted(seen.followed, "block");
        format!(": {} of {followed} followed", seen.allocated_here)
    };
    let seen = collision.lifetimes.as_ref().map(of).unwrap_or_default();
    format!("what is freed there is allocated here{seen}")
}

/// Which side is which half; only a half-atomic finding is about that.
fn kind(rule: Rule, place: &Place) -> &'static str {
    match (rule, place.atomicity) {
        (Rule::HalfAtomic, Some(Atomicity::Atomic)) => " (atomic)",
        (Rule::HalfAtomic, Some(Atomicity::Plain)) => " (plain)",
        (Rule::HalfAtomic, Some(Atomicity::Undecided)) => " (plain or relaxed)",
        _ => "",
    }
}

fn present(role: Role) -> &'static str {
    match role {
        Role::Read => "reads",
        Role::Write => "writes",
        Role::ReadWrite => "updates",
        Role::Free => "frees",
        _ => "touches",
    }
}

fn past(role: Role) -> &'static str {
    match role {
        Role::Read => "read",
        Role::Write => "wrote",
        Role::ReadWrite => "updated",
        Role::Free => "freed",
        _ => "touched",
    }
}

fn hexadecimal(value: &str) -> String {
    let digits = printable::shortened(value, SHORT);
    if digits.starts_with("0x") { digits } else { format!("0x{digits}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_floating_point_number_is_one_of_32_bits_where_nothing_stands_above_what_was_received() {
        let (double, single) = (145.5_f64.to_bits(), u64::from(145.5_f32.to_bits()));
        assert_eq!(floating(double, double), "145.5");
        assert_eq!(floating(single, single), "145.5");
        assert_eq!(floating(0x5555_0000_0000_0000 | single, single), "145.5");
    }
}
