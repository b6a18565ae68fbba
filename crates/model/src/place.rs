use serde::Serialize;

use crate::{Atomicity, Direction, Frame, Snippet};

/// What one side of a finding did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Loaded from the address.
    Read,
    /// Stored to the address.
    Write,
    /// Loaded and stored in one instruction.
    ReadWrite,
    /// Gave the memory back to its allocator.
    Free,
    /// Had allocated memory that is given back where this finding tells of: the same block, or others before it.
    Allocate,
    /// Was killed here.
    Crash,
    /// Stood here when another thread was killed.
    Bystander,
    /// Called a native function, and received a value.
    Receive,
    /// Got this value from a native function.
    Return,
    /// Had this value as an argument for a native function.
    Pass,
    /// The value changed and nobody was seen changing it.
    Unknown,
}

impl From<Direction> for Role {
    fn from(direction: Direction) -> Self {
        match direction {
            Direction::Read => Self::Read,
            Direction::Write => Self::Write,
            Direction::ReadWrite => Self::ReadWrite,
        }
    }
}

/// A goroutine, as the Go runtime numbers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Goroutine {
    /// The number shown in Go's own tracebacks.
    pub id: u64,
    /// The function that ran the `go` statement which started it, and the place of that statement.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_by: Option<Frame>,
}

/// A process of a target that has several.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Process {
    /// The kernel's process id, as the watcher sees it.
    pub pid: i32,
    /// The title that it gave itself (`puma: cluster worker 0`), or its name (`/proc/PID/comm`).
    pub name: String,
}

/// The thread that stood at a place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Thread {
    /// The kernel's thread id, as the watched process sees it.
    pub tid: i32,
    /// The thread's name (`/proc/PID/task/TID/comm`).
    pub name: String,
    /// The process it belongs to, where that is another than the one that was started or named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub process: Option<Process>,
    /// The goroutine it ran, if it ran one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub goroutine: Option<Goroutine>,
}

/// One side of a finding: who, what, and the whole stack that led there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    /// What was done here.
    pub role: Role,
    /// Whether it synchronizes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub atomicity: Option<Atomicity>,
    /// Who did it; absent when nobody was seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thread: Option<Thread>,
    /// The stack, innermost frame first.
    pub stack: Vec<Frame>,
    /// Index into `stack` of the frame to show first: the innermost one that is the user's own code.
    pub shown: usize,
    /// The source around the shown frame, where it could be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snippet: Option<Snippet>,
}

impl Place {
    /// The frame a reader should look at first.
    pub fn shown_frame(&self) -> Option<&Frame> {
        self.stack.get(self.shown).or_else(|| self.stack.first())
    }

    /// The name of the shown function, or where its code lies when it has no name.
    pub fn label(&self) -> String {
        match self.shown_frame() {
            Some(Frame { function: Some(name), .. }) => name.clone(),
            Some(frame) => match &frame.module {
                Some(module) => format!("{module}@{}", frame.address),
                None => frame.address.to_string(),
            },
            None => "unknown origin".to_owned(),
        }
    }
}
