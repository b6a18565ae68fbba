//! What a rule means, in the words shown beside it.

use jostle_model::{Finding, Grade, Rule};

/// How loudly a finding is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    /// A bug, with everything that took part at hand.
    Error,
    /// Something is wrong, and what was seen does not say with whom.
    Warning,
}

impl Level {
    /// As SARIF and GitHub name it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// Where the rule stands among all.
pub(crate) fn index(rule: Rule) -> Option<usize> {
    ALL.iter().position(|listed| *listed == rule)
}

/// Every rule, in the order in which machine formats list them.
pub(crate) const ALL: [Rule; 12] = [
    Rule::DataRace,
    Rule::HalfAtomic,
    Rule::UseAfterFree,
    Rule::Crash,
    Rule::Hang,
    Rule::Boundary,
    Rule::ForeignIdentity,
    Rule::SharedSession,
    Rule::MixedResponse,
    Rule::DivergesUnderConcurrency,
    Rule::LostResponse,
    Rule::DiffersFromOld,
];

/// The level of a finding. Each rule is an error; where the other side was not seen it may as well be the
/// kernel filling a buffer as agreed, so that one is a warning.
pub(crate) fn level(finding: &Finding) -> Level {
    match finding.grade() {
        None | Some(Grade::ValueChanged | Grade::BothSidesSeen) => Level::Error,
        Some(Grade::OneSideUnknown) => Level::Warning,
    }
}

/// The rule as a thing that can be counted: `data race`.
pub(crate) fn noun(rule: Rule) -> &'static str {
    match rule {
        Rule::DataRace => "data race",
        Rule::HalfAtomic => "half-atomic pair",
        Rule::UseAfterFree => "use after free",
        Rule::Crash => "crash",
        Rule::Hang => "hang",
        Rule::Boundary => "swapped return",
        Rule::ForeignIdentity => "foreign identity",
        Rule::SharedSession => "shared session",
        Rule::MixedResponse => "mixed response",
        Rule::DivergesUnderConcurrency => "divergence under concurrency",
        Rule::LostResponse => "lost response",
        Rule::DiffersFromOld => "difference from the old version",
    }
}

/// Several of them: `data races`.
pub(crate) fn plural(rule: Rule) -> &'static str {
    match rule {
        Rule::DataRace => "data races",
        Rule::HalfAtomic => "half-atomic pairs",
        Rule::UseAfterFree => "uses after free",
        Rule::Crash => "crashes",
        Rule::Hang => "hangs",
        Rule::Boundary => "swapped returns",
        Rule::ForeignIdentity => "foreign identities",
        Rule::SharedSession => "shared sessions",
        Rule::MixedResponse => "mixed responses",
        Rule::DivergesUnderConcurrency => "divergences under concurrency",
        Rule::LostResponse => "lost responses",
        Rule::DiffersFromOld => "differences from the old version",
    }
}

/// The rule in one sentence.
pub(crate) fn description(rule: Rule) -> &'static str {
    match rule {
        Rule::DataRace => "Two threads access the same memory, at least one writes, and nothing orders them.",
        Rule::HalfAtomic => {
            "Two threads access the same memory unordered, and only one of them uses an atomic operation."
        }
        Rule::UseAfterFree => "One thread gives memory back while another stands before a use of it.",
        Rule::Crash => "A signal that nobody survives came to a thread.",
        Rule::Hang => "A program has not ended in the time that it had.",
        Rule::Boundary => {
            "What a native function returned is not what its caller received: it was somebody else's."
        }
        Rule::ForeignIdentity => "The answer to one request holds what identifies another.",
        Rule::SharedSession => "An id that the server issues was given to two clients.",
        Rule::MixedResponse => "One body holds what identifies two clients.",
        Rule::DivergesUnderConcurrency => {
            "An answer differs from what it always is when requests come one after the other."
        }
        Rule::LostResponse => "A request was sent whole and never answered whole.",
        Rule::DiffersFromOld => {
            "A new version answers otherwise than the old one, more often than two copies of the old one differ."
        }
    }
}

/// What to do about it.
pub(crate) fn help(rule: Rule) -> &'static str {
    match rule {
        Rule::DataRace => {
            "Guard both places with the same lock, hand the value over through a channel, or give each thread a \
             copy of its own. The first place was held before its access while the other one ran: no lock that \
             both take can have been in force."
        }
        Rule::HalfAtomic => {
            "Make the plain side atomic too, with the same type and width. An atomic operation orders nothing \
             for a reader that does not take part in it."
        }
        Rule::UseAfterFree => {
            "Keep the owner alive until the last use has returned: hold a reference across the call, and free \
             only when no user is left. In Go, a finalizer may run as soon as the last *Go* reference is gone, \
             which can be before the native call returns: runtime.KeepAlive after the call, or an explicit Close."
        }
        Rule::Crash => {
            "Begin where the thread stood, and ask where the bad value came from: the other threads' stacks show who \
             was at the same objects. A crash that moves from run to run is often a race, or a use after free, \
             somewhere else: watch for those."
        }
        Rule::Hang => {
            "See who waits for whom: a lock taken twice, two locks taken in two orders, or a wake-up that came before \
             anybody slept. Threads that run in circles stand in the code that never gets what it asks for."
        }
        Rule::ForeignIdentity => {
            "Look for what outlives a request and is written by it: instance variables of a middleware or a servlet, \
             variables of a module, thread-locals under an event loop, a connection that goes back to its pool with an \
             answer unread. Keep what belongs to a request in an object of its own."
        }
        Rule::SharedSession => {
            "Look where the id is made and where it is kept until the answer is written: both have to belong to one \
             request. A cache that keeps Set-Cookie does the same."
        }
        Rule::MixedResponse => {
            "Parts of one page were made for two clients: look for what is read twice while the page is made, and \
             for buffers that are used again."
        }
        Rule::DivergesUnderConcurrency => {
            "Ask what the answer is made of that another request may change, and what happens when it does so in the \
             middle. If it is meant to differ under load, leave the place out: --ignore PLACE."
        }
        Rule::LostResponse => {
            "See what the server logged at that time: a crash, a deadlock, a pool that was used up, a time-out that is \
             too short."
        }
        Rule::DiffersFromOld => {
            "What differs in turn as well was changed on purpose, or is a mistake that a test without any load can show. What \
             differs under concurrency only is a bug: look for what requests share in the new version and did not in the \
             old one. If a place is meant to differ, leave it out: --ignore PLACE."
        }
        Rule::Boundary => {
            "The library returned the right value: mend what lies between it and its caller, the frames of the binding in \
             the first stack. A record that a call is made with must not be given back to a pool before its result was \
             copied out of it. Until the binding is mended, declare such results as numbers, or hold one lock from the \
             call until its result is no longer needed."
        }
    }
}
