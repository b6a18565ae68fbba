//! The kernel's side of the work, each call wrapped so that the rest of the crate needs no `unsafe`.

pub(crate) mod attach;
pub(crate) mod crew;
pub(crate) mod descendants;
pub(crate) mod descriptors;
mod disturbance;
mod follower;
pub(crate) mod front;
pub(crate) mod haste;
pub(crate) mod launch;
pub(crate) mod mapped_file;
pub(crate) mod perf;
pub(crate) mod pipes;
pub(crate) mod privileges;
pub(crate) mod processor_time;
pub(crate) mod profile;
pub(crate) mod ptrace;
pub(crate) mod ready;
mod ring;
pub(crate) mod running;
pub(crate) mod schedule;
pub(crate) mod signals;
pub(crate) mod tracepoint;
