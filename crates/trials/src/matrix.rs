//! Which level of which factor carries the failure.

mod design;
mod hearing;
mod rounds;
mod statement;
mod sum_up;

pub use rounds::Rounds;
pub(crate) use statement::{Counted, rate};
pub use sum_up::{MatrixError, MatrixTold, sum_up_matrix};
