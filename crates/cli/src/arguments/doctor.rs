use std::path::PathBuf;

use clap::Args;

/// Tries what watching needs on this machine, looks at a program if one is given, and says for each thing what it is now
/// and how to mend it. Exits with 4 when no watch works here.
#[derive(Args, Debug)]
pub(crate) struct DoctorArguments {
    /// The program that is to be watched.
    #[arg(value_name = "PROGRAM")]
    pub(crate) program: Option<PathBuf>,
}
