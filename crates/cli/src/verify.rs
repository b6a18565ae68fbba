mod data;

use std::fs;

use crate::arguments::VerifyArguments;
use crate::exit::Exit;
use crate::failure::Failure;

/// `jostle verify`: is the fix real?
pub(crate) fn run(arguments: &VerifyArguments) -> Result<Exit, Failure> {
    let path = &arguments.plan;
    let text = fs::read_to_string(path).map_err(|source| Failure::Plan { path: path.clone(), source })?;
    // What is no TOML at all is told, with its line, by whoever reads the whole of it.
    let has = |part: &str| text.parse::<toml::Table>().map_or(true, |plan| plan.contains_key(part));
    if has("data") { data::run(arguments, &text) } else { Err(Failure::NothingToVerify(path.clone())) }
}
