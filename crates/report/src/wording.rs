//! The sentences that every format for people is made of.

use std::path::Path;

use jostle_model::{Atomicity, Finding, Grade, Place, Role, Rule, Thread};

use crate::{paths, printable, quantity};

/// Said wherever the other side of a finding is missing.
pub(crate) const OTHER_SIDE_UNSEEN: &str =
    "the other side was not seen: a thread we don't watch, the kernel, or another process";

/// How long a function name may be where it stands in running text; template names run to thousands.
const NAME_WIDTH: usize = 160;

/// The kernel allows 15 bytes for the name of a thread, and eight bytes are 18 digits with their prefix.
const SHORT: usize = 32;

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
    let kernel = format!("thread {} \"{}\"", thread.tid, printable::shortened(&thread.name, SHORT));
    match &thread.goroutine {
        Some(goroutine) => format!("goroutine {} on {kernel}", goroutine.id),
        None => kernel,
    }
}

/// What side `index` of the finding did, in a clause. The first side is the held one.
pub(crate) fn deed(finding: &Finding, index: usize) -> String {
    let place = &finding.places[index];
    if unseen(place) {
        return OTHER_SIDE_UNSEEN.to_owned();
    }
    let who = who(place.thread.as_ref());
    let kind = kind(finding.rule, place);
    if index > 0 {
        return format!("{who} {} it here meanwhile{kind}", past(place.role));
    }
    let bytes = quantity::counted(u64::from(finding.evidence.size), "byte");
    let held = quantity::micros(finding.evidence.held_us);
    format!("{who} {} {bytes} here{kind}, held for {held}", present(place.role))
}

/// Whether nobody was seen there. A thread that was seen may have role [`Role::Unknown`] all the same, when
/// what it did could not be made out.
pub(crate) fn unseen(place: &Place) -> bool {
    place.role == Role::Unknown && place.thread.is_none()
}

/// The old and the new value, where the value changed.
pub(crate) fn value_change(finding: &Finding) -> Option<String> {
    let (old, new) = (finding.evidence.old.as_deref()?, finding.evidence.new.as_deref()?);
    (old != new).then(|| format!("value changed: {} -> {}", hexadecimal(old), hexadecimal(new)))
}

/// How often, when and where in memory.
pub(crate) fn frequency(finding: &Finding) -> String {
    let evidence = &finding.evidence;
    let first = quantity::seconds(evidence.at_ms);
    match evidence.times {
        0 | 1 => format!("caught once, after {first}, at address {}", evidence.address),
        times => {
            format!(
                "caught {} times, first after {first}, at address {}",
                quantity::count(times),
                evidence.address
            )
        }
    }
}

/// The grade in plain words.
pub(crate) fn grade(grade: Grade) -> &'static str {
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
        Role::Unknown => "touches",
    }
}

fn past(role: Role) -> &'static str {
    match role {
        Role::Read => "read",
        Role::Write => "wrote",
        Role::ReadWrite => "updated",
        Role::Free => "freed",
        Role::Unknown => "touched",
    }
}

fn hexadecimal(value: &str) -> String {
    let digits = printable::shortened(value, SHORT);
    if digits.starts_with("0x") { digits } else { format!("0x{digits}") }
}
