//! A crash with names.

use std::collections::BTreeSet;

use jostle_model::{Crash, Direction, Evidence, Finding, Hang, Place, Role, Rule};

use super::blame;
use super::ruling::{fnv1a, position};
use super::view::View;
use crate::case::{Form, Side};
use crate::crash;

impl View {
    pub(super) fn judge_crash(&self, crash: &crash::Crash) -> Finding {
        let (crashed, _) = self.stand(&crash.crashed, Role::Crash);
        let id = fnv1a(&format!("crash {}\n{}", crash.signal, position(&crashed)));
        Finding {
            rule: Rule::Crash,
            id,
            title: title(crash, &crashed),
            evidence: Evidence::Crash(Crash {
                signal: crash.signal,
                address: crash.address,
                lies_there: crash.lies_there.clone(),
                registers: crash.registers.clone(),
                at_ms: crash.at_ms,
                family: fnv1a(&format!("crash {}\n{}", crash.signal, self.own_functions(&crashed))),
            }),
            places: std::iter::once(crashed).chain(self.bystanders(&crash.others)).collect(),
        }
    }

    pub(super) fn judge_hang(&self, hang: &crash::Hang) -> Finding {
        let places = self.bystanders(&hang.sides);
        let own: BTreeSet<String> =
            places.iter().map(|place| self.own_functions(place)).filter(|own| !own.is_empty()).collect();
        let own: Vec<String> = own.into_iter().collect();
        Finding {
            rule: Rule::Hang,
            id: fnv1a(&format!("hang\n{}", own.join("\n\n"))),
            title: hang_title(&places),
            evidence: Evidence::Hang(Hang { at_ms: hang.at_ms }),
            places,
        }
    }

    /// Those who were at work first: the others wait for some.
    fn bystanders(&self, sides: &[Side]) -> Vec<Place> {
        let mut others: Vec<(Place, blame::Blame)> =
            sides.iter().map(|side| self.stand(side, Role::Bystander)).collect();
        others.sort_by_key(|(place, blame)| (*blame != blame::Blame::User, place.shown));
        others.into_iter().map(|(place, _)| place).collect()
    }

    fn stand(&self, side: &Side, role: Role) -> (Place, blame::Blame) {
        let stack = self.space.symbolize(&side.trace);
        // As after a system call: it is for the caller that a library aborts, or waits.
        let (blame, shown) = blame::assign(&stack, Form::Kernel, |frame| self.is_go(frame));
        let snippet =
            stack.get(shown).and_then(|frame| self.sources.snippet(frame.file.as_deref()?, frame.line?));
        let shown = shown.min(stack.len().saturating_sub(1));
        let place = Place { role, atomicity: None, thread: Some(self.thread(side)), stack, shown, snippet };
        (place, blame)
    }

    /// The functions of the user's own on the stack, the innermost first: what is left of a signature when lines change.
    fn own_functions(&self, place: &Place) -> String {
        let own = place.stack.iter().filter(|frame| blame::is_users(frame, |frame| self.is_go(frame)));
        own.filter_map(|frame| frame.function.as_deref()).take(FAMILY_FRAMES).collect::<Vec<_>>().join("\n")
    }
}

/// How many functions make a family.
const FAMILY_FRAMES: usize = 3;

fn hang_title(places: &[Place]) -> String {
    match places.first() {
        Some(place) => {
            format!("its time is up, and {} threads go on, one in {}", places.len(), place.label())
        }
        None => "its time is up, and no thread could be looked at".to_owned(),
    }
}

fn title(crash: &crash::Crash, crashed: &Place) -> String {
    let signal = match crash.signal {
        libc::SIGQUIT => "SIGQUIT",
        libc::SIGILL => "SIGILL",
        libc::SIGTRAP => "SIGTRAP",
        libc::SIGABRT => "SIGABRT",
        libc::SIGBUS => "SIGBUS",
        libc::SIGFPE => "SIGFPE",
        libc::SIGSEGV => "SIGSEGV",
        libc::SIGSYS => "SIGSYS",
        _ => "a signal",
    };
    let deed = crash.access.map(|access| {
        let verb = match access.direction {
            Direction::Read => "reads",
            Direction::Write => "writes",
            Direction::ReadWrite => "updates",
        };
        format!(", which {verb} {} bytes at {}", access.size, access.address)
    });
    format!("{signal} in {}{}", crashed.label(), deed.unwrap_or_default())
}
