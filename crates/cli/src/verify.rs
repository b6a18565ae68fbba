mod trials;

use crate::arguments::VerifyArguments;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::plan::PlanFile;

/// `jostle verify`: is the fix real?
pub(crate) fn run(arguments: &VerifyArguments) -> Result<Exit, Failure> {
    let file = PlanFile::open(&arguments.plan)?;
    trials::run(arguments, &file)
}
