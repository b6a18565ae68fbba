//! The process that runs already whose clients trials are, as far as somebody named one.

use jostle_trials::{Order, Perturb, Perturbation, Service};

use crate::failure::Failure;

/// The process that the user names, for a hunt that begins.
pub(crate) fn named(pid: Option<i32>, perturb: &Perturb) -> Result<Option<Service>, Failure> {
    let Some(pid) = pid else { return Ok(None) };
    if let Perturb::Only(perturbations) = perturb {
        let unfit = |perturbation: &&Perturbation| !perturbation.fits_a_service();
        perturbations.iter().find(unfit).map_or(Ok(()), |&unfit| Err(Failure::NotAround(unfit)))?;
    }
    Ok(Some(Service::new(pid)?))
}

/// The same for one that was recorded: another process will do, if it runs the same program.
pub(crate) fn again(pid: Option<i32>, order: &Order) -> Result<Option<Service>, Failure> {
    match (pid, &order.plan.service) {
        (None, None) => Ok(None),
        (Some(_), None) => Err(Failure::NoService),
        (None, Some(program)) => Err(Failure::WhichService(program.into())),
        (Some(pid), Some(program)) => {
            let service = Service::new(pid)?;
            if service.program() == program {
                return Ok(Some(service));
            }
            let found = service.program().to_owned();
            Err(Failure::OtherService { pid, found, expected: program.into() })
        }
    }
}

/// What names it on a command line, behind other arguments; where its number is not known, a word stands for it.
pub(crate) fn with_pid(service: Option<&Service>, order: &Order) -> String {
    match (service, &order.plan.service) {
        (Some(service), _) if !service.has_ended() => format!(" --pid {}", service.pid()),
        (_, Some(_)) => " --pid PID".to_owned(),
        (_, None) => String::new(),
    }
}
