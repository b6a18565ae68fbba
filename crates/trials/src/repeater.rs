//! Single trials of a plan, one after the other.

use jostle_model::{Seed, Trial};
use jostle_watch::{Attendant, Crew, CrewEvent};

use crate::hunt::TELL;
use crate::run::{Assignment, Brought};
use crate::{HuntError, Perturbation};

/// Runs single trials of a plan, one after the other.
pub(crate) struct Repeater<W> {
    crew: Crew<W>,
}

impl<W: Fn(&mut Attendant, &[u8]) -> Vec<u8>> Repeater<W> {
    /// `work` runs a trial that it is told of: see [`Stage::run_told`].
    ///
    /// # Errors
    /// When the system has no room for another process.
    pub(crate) fn new(work: W) -> Result<Self, HuntError> {
        Ok(Self { crew: Crew::new(work, 1).map_err(HuntError::Crew)? })
    }

    /// Runs one, unless somebody wants us to end.
    ///
    /// # Errors
    /// When the system has no room for another process.
    pub(crate) fn run(&mut self, seed: Seed, perturbation: Perturbation) -> Result<Option<Trial>, HuntError> {
        let assignment = Assignment { index: 0, seed, perturbation, explores: false };
        self.crew.give(&assignment.to_bytes()).map_err(HuntError::Crew)?;
        loop {
            match self.crew.wait(TELL) {
                CrewEvent::Done { brought, .. } => {
                    return Ok(Some(Brought::from_bytes(assignment, &brought).trial));
                }
                CrewEvent::Lost { signal, .. } => return Ok(Some(Brought::lost(assignment, signal).trial)),
                CrewEvent::Asked { .. } => return Ok(None),
                CrewEvent::Nothing => {}
            }
        }
    }
}
