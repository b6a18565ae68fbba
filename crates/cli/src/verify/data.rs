use std::env;
use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};

use jostle_measure::{Place, Plan, SourceError, Surroundings, Verified};
use jostle_report::ProductionReport;

use crate::arguments::VerifyArguments;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Output, complain};
use crate::progress::ProgressLine;
use crate::words::shell_quoted;

/// Are production data what was expected of them?
pub(super) fn run(arguments: &VerifyArguments, plan: &str) -> Result<Exit, Failure> {
    let plan = Plan::from_toml(plan)?;
    if arguments.orphans.is_some() && !plan.names_children() {
        return Err(Failure::NoChildren);
    }
    let mut output = Output::open(arguments.report.output.as_deref())?;
    let list = arguments.orphans.as_deref().map(create).transpose()?;
    let place = place(arguments, &plan)?;
    let progress = ProgressLine::new();
    progress.tell("reading the data");
    let verified = jostle_measure::verify(&plan, &place, &surroundings(), arguments.seed.unwrap_or(1));
    progress.clear();
    let verified = verified?;
    let listed = list.is_none_or(|(path, file)| write_list(&verified, path, file));
    let report = ProductionReport { summary: &verified.summary, command: &again(arguments) };
    output.write(&jostle_report::render_production(arguments.report.format, &report, output.style()));
    match Exit::from(verified.summary.verdict) {
        Exit::Found => Ok(Exit::Found),
        _ if output.failed || !listed => Ok(Exit::CannotLook),
        exit => Ok(exit),
    }
}

/// A place in the plan is relative to the plan, one on the command line to where we are.
fn place(arguments: &VerifyArguments, plan: &Plan) -> Result<Place, SourceError> {
    match (&arguments.from, plan.from()) {
        (Some(from), _) => Place::find(from, Path::new("")),
        (None, Some(from)) => Place::find(from, arguments.plan.parent().unwrap_or(Path::new(""))),
        (None, None) => Err(SourceError::Nowhere),
    }
}

/// Created before anything is read: better to fail now.
fn create(path: &Path) -> Result<(&Path, File), Failure> {
    let file = File::create(path).map_err(|source| Failure::Open { path: path.to_owned(), source })?;
    Ok((path, file))
}

/// Whether the list could be written.
fn write_list(verified: &Verified, path: &Path, file: File) -> bool {
    let written = verified.write_childless(std::io::BufWriter::new(file));
    if let Err(error) = &written {
        complain(&format!("error: failed to write {}: {error}", path.display()));
    }
    written.is_ok()
}

/// What to type to look again. A password in an address is not repeated.
fn again(arguments: &VerifyArguments) -> String {
    let mut words: Vec<OsString> = vec!["jostle".into(), "verify".into(), (&arguments.plan).into()];
    let from = arguments.from.as_deref().map(|from| if from.contains("://") { "ADDRESS" } else { from });
    words.extend(from.into_iter().flat_map(|from| ["--from".into(), from.into()]));
    shell_quoted(&words)
}

/// What `psql` would take from the environment.
fn surroundings() -> Surroundings {
    let given = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
    Surroundings {
        host: given("PGHOST"),
        port: given("PGPORT").and_then(|port| port.parse().ok()),
        user: given("PGUSER"),
        database: given("PGDATABASE"),
        password: given("PGPASSWORD"),
        password_file: given("PGPASSFILE")
            .map(PathBuf::from)
            .or_else(|| given("HOME").map(|home| Path::new(&home).join(".pgpass"))),
    }
}
