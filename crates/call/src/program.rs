//! A plan that has been found to make sense: every name is a place, every text is cut at its placeholders.

mod build;
mod expect;

use crate::native::Room;
use crate::plan::Integer;
use crate::template::Template;
use crate::{Kind, Plan, PlanError};

/// What is to be done.
#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) setup: Vec<Call>,
    pub(crate) steps: Vec<Call>,
    pub(crate) teardown: Vec<Call>,
    /// How many results have a name.
    pub(crate) slots: usize,
    /// How many things are compared with what a serial run gave; where none is, iterations never repeat.
    pub(crate) compared: usize,
    /// Whether the serial run is the only measure, as the plan has none.
    pub(crate) is_its_own_measure: bool,
}

/// One call.
#[derive(Debug)]
pub(crate) struct Call {
    /// What people know it by.
    pub(crate) label: String,
    pub(crate) function: String,
    pub(crate) operands: Vec<Operand>,
    pub(crate) returns: Kind,
    /// Where its result is kept.
    pub(crate) slot: Option<usize>,
    /// What takes its result back.
    pub(crate) free: Option<String>,
    pub(crate) every: u64,
    pub(crate) thread: Option<u32>,
    pub(crate) probes: Vec<Probe>,
}

/// What is passed.
#[derive(Debug)]
pub(crate) enum Operand {
    Integer {
        kind: Kind,
        value: Integer,
    },
    Real {
        kind: Kind,
        bits: u64,
    },
    Text(Template),
    Bytes(Template),
    Slot {
        kind: Kind,
        slot: usize,
    },
    /// Of the operand with this index.
    LengthOf(usize),
    Out {
        kind: Kind,
        slot: Option<usize>,
        free: Option<String>,
    },
    Buffer {
        size: usize,
    },
    Null,
    Callback,
}

/// Something that a call gives, and what it has to be.
#[derive(Debug)]
pub(crate) struct Probe {
    pub(crate) source: Source,
    pub(crate) kind: Kind,
    pub(crate) tests: Vec<Test>,
    /// Its number among all that are compared with a serial run.
    pub(crate) compared: Option<usize>,
    /// Whether only null is told from anything else: handles and addresses differ from run to run.
    pub(crate) only_null: bool,
    /// What people know it by, behind the call's own label; empty for the result.
    pub(crate) label: String,
}

/// Where it is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Result,
    /// What the call wrote to the operand with this index.
    Operand(usize),
}

/// What has to hold.
#[derive(Debug)]
pub(crate) enum Test {
    Text(TextTest, Template),
    Word(WordTest),
    /// As many bytes as the call wrote to the operand with this index.
    Length(usize),
}

/// What has to hold of a text, compared with another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TextTest {
    Contains,
    StartsWith,
    Equals,
}

/// What has to hold of a number or an address.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum WordTest {
    Integer(Integer),
    Real(f64),
    Null,
    NotNull,
    AtLeast(f64),
    AtMost(f64),
}

impl Program {
    /// Makes sense of a plan.
    ///
    /// # Errors
    /// Where it makes none.
    pub(crate) fn new(plan: &Plan) -> Result<Self, PlanError> {
        build::program(plan).map_err(|nonsense| PlanError::Sense {
            path: plan.path.clone(),
            place: nonsense.place,
            problem: nonsense.problem,
        })
    }
}

impl Call {
    /// Whether it is made in this iteration of this thread.
    pub(crate) fn is_made(&self, thread: u32, iteration: u64) -> bool {
        self.thread.is_none_or(|only| only == thread)
            && (self.every == 1 || iteration.is_multiple_of(self.every))
    }
}

impl Call {
    /// Where what it gives there is kept.
    pub(crate) fn slot_of(&self, source: Source) -> Option<usize> {
        match source {
            Source::Result => self.slot,
            Source::Operand(index) => self.operands[index].slot(),
        }
    }

    /// Where all that it gives is kept.
    pub(crate) fn slots(&self) -> impl Iterator<Item = usize> {
        self.slot.into_iter().chain(self.operands.iter().filter_map(Operand::slot))
    }
}

impl Operand {
    /// What the function takes there.
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::Integer { kind, .. } | Self::Real { kind, .. } | Self::Slot { kind, .. } => *kind,
            Self::LengthOf(_) => Kind::U64,
            Self::Text(_)
            | Self::Bytes(_)
            | Self::Out { .. }
            | Self::Buffer { .. }
            | Self::Null
            | Self::Callback => Kind::Pointer,
        }
    }

    /// Where what is written there is kept.
    pub(crate) fn slot(&self) -> Option<usize> {
        match self {
            Self::Out { slot, .. } => *slot,
            _ => None,
        }
    }

    /// The text that is passed there.
    pub(crate) fn template(&self) -> Option<&Template> {
        match self {
            Self::Text(template) | Self::Bytes(template) => Some(template),
            _ => None,
        }
    }

    /// The memory that the call may write there.
    pub(crate) fn room(&self) -> Option<Room> {
        match self {
            Self::Out { .. } => Some(Room::new(8)),
            Self::Buffer { size } => Some(Room::new(*size)),
            _ => None,
        }
    }
}
