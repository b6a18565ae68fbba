use std::path::{Path, PathBuf};

use jostle_casefile::{Case, Merged, Plan, Recorder};
use jostle_report::Format;
use jostle_trials::{Order, Settled};

use crate::arguments::{CaseArguments, CaseDeed};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::hunt;
use crate::output::Output;
use crate::service;
use crate::words::with_case;

/// How many digits of a hunt's name are shown.
const DIGITS: usize = 8;

/// `jostle case`: what was recorded?
pub(crate) fn run(arguments: &CaseArguments) -> Result<Exit, Failure> {
    match &arguments.deed {
        CaseDeed::Show { hunt, case, format, output } => {
            show(case, hunt.as_deref(), *format, output.as_deref())
        }
        CaseDeed::List { case } => list(case),
        CaseDeed::Merge { into, from } => merge(into, from),
    }
}

fn show(place: &Path, name: Option<&str>, format: Format, output: Option<&Path>) -> Result<Exit, Failure> {
    let mut output = Output::open(output)?;
    let case = Case::open(place)?;
    let plan = named(&case, name)?;
    let order = Order::from_text(&plan.instructions).map_err(|_| Failure::NoHunt(case.file().to_owned()))?;
    let summary = jostle_trials::sum_up(&case, plan.fingerprint, order.plan.seed, Settled::AsItWent)?;
    let again = with_case(place) + &service::with_pid(None, &order);
    Ok(hunt::report(&mut output, format, &summary, &plan.command, &again))
}

/// The last hunt, or the last one whose name begins so.
fn named(case: &Case, name: Option<&str>) -> Result<Plan, Failure> {
    let is_meant = |plan: &Plan| {
        let fingerprint = plan.fingerprint.to_string();
        plan.verb == "hunt" && name.is_none_or(|name| fingerprint.starts_with(&name.to_lowercase()))
    };
    let last = case.plans()?.into_iter().rfind(is_meant);
    last.ok_or_else(|| Failure::NoHunt(case.file().to_owned()))
}

fn list(place: &Path) -> Result<Exit, Failure> {
    let case = Case::open(place)?;
    let mut output = Output::open(None)?;
    for plan in case.plans()? {
        let tallies = case.tallies(plan.fingerprint)?;
        let trials: u64 = tallies.iter().map(|tally| tally.ran()).sum();
        let failures: u64 = tallies.iter().map(|tally| tally.failed + tally.hung).sum();
        let name = &plan.fingerprint.to_string()[..DIGITS];
        let Plan { verb, command, .. } = &plan;
        output.write(&format!("{name}  {verb}  {trials} trials, {failures} failures  {command}\n"));
    }
    Ok(Exit::NothingFound)
}

fn merge(into: &Path, from: &[PathBuf]) -> Result<Exit, Failure> {
    let mut output = Output::open(None)?;
    let sources = from.iter().map(|place| Case::open(place)).collect::<Result<Vec<_>, _>>()?;
    let mut recorder = Recorder::open(into)?;
    for (place, source) in from.iter().zip(&sources) {
        let merged = recorder.merge(source)?;
        output.write(&format!("{}: {}\n", place.display(), told(&merged)));
    }
    output.write(&format!("next: jostle case show{}\n", with_case(into)));
    Ok(Exit::NothingFound)
}

fn told(merged: &Merged) -> String {
    let mut text = format!(
        "{} trials of {} hunts were new, {} were known",
        merged.new_trials, merged.new_plans, merged.known_trials
    );
    if merged.conflicts > 0 {
        let names: Vec<String> = merged.conflicting.iter().map(|name| name.short()).collect();
        text.push_str(&format!(
            "; {} had ended in another way there, and were kept as they were: {}",
            merged.conflicts,
            names.join(", ")
        ));
    }
    text
}
