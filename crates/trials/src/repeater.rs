//! Single trials of a plan, one after the other.

use jostle_model::{Seed, Trial};
use jostle_watch::{Attendant, Crew, CrewEvent};

use crate::hunt::TELL;
use crate::run::{Assignment, Brought};
use crate::{HuntError, Perturbation, Service};

/// Runs single trials of a plan, one after the other.
pub(crate) struct Repeater<'a, W> {
    crew: Crew<W>,
    service: Option<&'a Service>,
}

impl<'a, W: Fn(&mut Attendant, &[u8]) -> Vec<u8>> Repeater<'a, W> {
    /// `work` runs a trial that it is told of: see [`Stage::run_told`]. It may be a client of a service.
    ///
    /// # Errors
    /// When the system has no room for another process.
    pub(crate) fn new(work: W, service: Option<&'a Service>) -> Result<Self, HuntError> {
        Ok(Self { crew: Crew::new(work, 1).map_err(HuntError::Crew)?, service })
    }

    /// Runs one, unless somebody wants us to end.
    ///
    /// # Errors
    /// When the system has no room for another process.
    pub(crate) fn run(&mut self, seed: Seed, perturbation: Perturbation) -> Result<Option<Trial>, HuntError> {
        let assignment = Assignment { index: 0, seed, perturbation, explores: false };
        let perturbed = self.service.map(|service| service.perturb(&mut self.crew, assignment));
        if let Some(Err(why)) = perturbed {
            return Ok(Some(Brought::nothing(assignment, why).trial));
        }
        self.crew.give(&assignment.to_bytes()).map_err(HuntError::Crew)?;
        let brought = self.wait(assignment);
        Ok(brought.map(|Brought { mut trial, .. }| {
            if let Some(service) = self.service {
                service.calm(&mut self.crew, &mut trial);
                if service.has_ended() {
                    service.blame(&mut trial);
                }
            }
            trial
        }))
    }

    fn wait(&mut self, assignment: Assignment) -> Option<Brought> {
        loop {
            match self.crew.wait(TELL) {
                CrewEvent::Done { brought, .. } => return Some(Brought::from_bytes(assignment, &brought)),
                CrewEvent::Lost { signal, .. } => return Some(Brought::lost(assignment, signal)),
                CrewEvent::Asked { .. } => return None,
                CrewEvent::Nothing => {}
            }
        }
    }
}
