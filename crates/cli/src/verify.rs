mod data;
mod trials;

use crate::arguments::VerifyArguments;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::plan::PlanFile;

/// `jostle verify`: is the fix real?
pub(crate) fn run(arguments: &VerifyArguments) -> Result<Exit, Failure> {
    let file = PlanFile::open(&arguments.plan)?;
    // What is no TOML at all is told, with its line, by whoever reads the whole of it.
    let has = |part: &str| file.text.parse::<toml::Table>().map_or(true, |plan| plan.contains_key(part));
    match (has("trials"), has("data")) {
        (true, false) => trials::run(arguments, &file),
        (_, true) => data::run(arguments, &file.text),
        (false, false) => Err(Failure::NothingToVerify(arguments.plan.clone())),
    }
}
