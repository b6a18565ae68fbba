use std::fmt;

use serde::{Serialize, Serializer};

use crate::{Address, Boundary, Crash, Crossing, Discrepancy, Hang, Place};

/// What kind of bug a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// Two conflicting accesses, neither ordered after the other, neither atomic.
    DataRace,
    /// The same with exactly one side atomic: half of a handshake.
    HalfAtomic,
    /// Memory is given back while another thread stands before a use of it.
    UseAfterFree,
    /// A signal that nobody survives, such as SIGSEGV, came to a thread.
    Crash,
    /// A program has not ended in the time that it had.
    Hang,
    /// What a native function returned is not what its caller received: it was somebody else's.
    Boundary,
    /// The answer to one request holds what identifies another.
    ForeignIdentity,
    /// An id that the server issues was given to two clients.
    SharedSession,
    /// One body holds what identifies two clients.
    MixedResponse,
    /// An answer differs from what it always is when requests come one after the other.
    DivergesUnderConcurrency,
    /// A request was sent whole and never answered whole.
    LostResponse,
    /// A new version answers otherwise than the old one, beyond the noise between two copies of the old one.
    DiffersFromOld,
}

impl Rule {
    /// The rule's name in JSON and in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::DataRace => "data-race",
            Self::HalfAtomic => "half-atomic",
            Self::UseAfterFree => "use-after-free",
            Self::Crash => "crash",
            Self::Hang => "hang",
            Self::Boundary => "boundary",
            Self::ForeignIdentity => "foreign-identity",
            Self::SharedSession => "shared-session",
            Self::MixedResponse => "mixed-response",
            Self::DivergesUnderConcurrency => "diverges-under-concurrency",
            Self::LostResponse => "lost-response",
            Self::DiffersFromOld => "differs-from-old",
        }
    }
}

/// How strong the evidence is, strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Grade {
    /// Both sides were seen and the value changed in between.
    ValueChanged,
    /// Both sides were seen.
    BothSidesSeen,
    /// The value changed, and the other side was not seen.
    OneSideUnknown,
}

/// What stays the same when the same bug is caught again: rule and the two source positions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(pub u64);

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl Serialize for Fingerprint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The evidence of a collision: what lay at the address before and after, and how it was caught.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Collision {
    /// The first byte that both sides touch.
    pub address: Address,
    /// How many bytes the held side touches.
    pub size: u32,
    /// The bytes (little-endian hexadecimal number, at most 8 bytes) before the hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old: Option<String>,
    /// The same bytes at the end of the hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new: Option<String>,
    /// How strong this is.
    pub grade: Grade,
    /// How long the first side was held, in microseconds.
    pub held_us: u64,
    /// When it was first caught, in milliseconds after the start.
    pub at_ms: u64,
    /// How often this pair has been caught so far.
    pub times: u64,
    /// Of memory that is given back: what is known of where it comes from, if anything. The last place is where.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lifetimes: Option<Lifetimes>,
}

/// Of how many blocks that were given back at the same place it was seen where they were allocated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Lifetimes {
    /// How many of them at the place that is shown.
    pub allocated_here: u64,
    /// How many were followed from their allocation to their end.
    pub followed: u64,
}

/// What was measured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Evidence {
    /// Of two threads at the same bytes.
    Collision(Collision),
    /// Of a thread that was killed where it stood.
    Crash(Crash),
    /// Of threads that should have ended.
    Hang(Hang),
    /// Of an answer over HTTP.
    Crossing(Box<Crossing>),
    /// Of two versions that answer the same request.
    Discrepancy(Box<Discrepancy>),
    /// Of a value on its way from one language to another.
    Boundary(Boundary),
}

/// Something that was seen to be wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What kind of bug it is.
    pub rule: Rule,
    /// Its identity across runs of the same build.
    pub id: Fingerprint,
    /// One sentence.
    pub title: String,
    /// The sides. Of a collision the held one comes first, of a crash the thread that crashed, before all others; of a value
    /// that did not arrive whoever received another, before the one whose value it was. Of an answer over HTTP none: who took
    /// part stands in the evidence.
    pub places: Vec<Place>,
    /// What was measured.
    pub evidence: Evidence,
}

impl Finding {
    /// How often it has been seen so far.
    pub fn times(&self) -> u64 {
        match &self.evidence {
            Evidence::Collision(collision) => collision.times,
            Evidence::Crossing(crossing) => crossing.times,
            Evidence::Discrepancy(discrepancy) => discrepancy.times,
            Evidence::Boundary(boundary) => boundary.times,
            Evidence::Crash(_) | Evidence::Hang(_) => 1,
        }
    }

    /// It was seen so often again. A crash is seen once: nothing comes after it.
    pub fn seen_again(&mut self, times: u64) {
        match &mut self.evidence {
            Evidence::Collision(collision) => collision.times += times,
            Evidence::Crossing(crossing) => crossing.times += times,
            Evidence::Discrepancy(discrepancy) => discrepancy.times += times,
            Evidence::Boundary(boundary) => boundary.times += times,
            Evidence::Crash(_) | Evidence::Hang(_) => {}
        }
    }

    /// How strong the evidence is; nothing for what is beyond doubt: a crash, a hang, an answer, a value that did not arrive.
    pub fn grade(&self) -> Option<Grade> {
        match &self.evidence {
            Evidence::Collision(collision) => Some(collision.grade),
            Evidence::Crash(_)
            | Evidence::Hang(_)
            | Evidence::Crossing(_)
            | Evidence::Discrepancy(_)
            | Evidence::Boundary(_) => None,
        }
    }
}
