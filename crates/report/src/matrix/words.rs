//! What a matrix has shown, in words.

use jostle_model::{Cleared, Culprit, MatrixSummary, Open, Part, Rate, Remedy, Ruling, Verdict};

use crate::printable;
use crate::quantity::{confidence, count, percent, rarity};

/// `purego v0.9.1`, or the name of a layer.
pub(crate) fn part(part: &Part) -> String {
    match &part.level {
        Some(level) => format!("{} {}", printable::line(&part.name), printable::line(level)),
        None => printable::line(&part.name),
    }
}

/// Who is blamed, where it is.
pub(super) fn culprit(culprit: &Culprit) -> String {
    let parts: Vec<String> = culprit.parts.iter().map(part).collect();
    let bare: Vec<String> = culprit
        .bare
        .iter()
        .map(|part| format!("{} is {}", part.name, part.level.as_deref().unwrap_or("absent")))
        .map(|text| printable::line(&text))
        .collect();
    let who = if parts.is_empty() { "what all cells share".to_owned() } else { parts.join(" with ") };
    if bare.is_empty() { who } else { format!("{who}, where {}", bare.join(" and ")) }
}

/// Who is not, with the bound.
pub(super) fn cleared(cleared: &Cleared, operation: &str) -> String {
    let (rate, what) = match &cleared.rate_per_operation {
        Some(rate) => (rate, operation),
        None => (&cleared.rate, "trial"),
    };
    let bound =
        format!("failure rate below {} per {what} at {}", rarity(rate.high), confidence(rate.confidence));
    format!("{}, {bound}", printable::line(&cleared.name))
}

pub(super) fn open(open: &Open) -> String {
    let name = printable::line(&open.name);
    match open.more_per_cell {
        Some(more) => format!("{name} (some {} more trials a cell)", count(more)),
        None => format!("{name} (it has nothing to be compared with)"),
    }
}

pub(super) fn remedy(remedy: &Remedy) -> String {
    let rate = &remedy.rate;
    let fails = format!("{} of {}", count(rate.events), count(rate.of));
    match (remedy.helps, rate.events) {
        (true, _) => format!("{} (failed {fails}; in fewer than {})", part(&remedy.part), percent(rate.high)),
        (false, 0) => format!("perhaps {} (failed {fails}, which may be luck)", part(&remedy.part)),
        (false, _) => format!("not {} (failed {fails})", part(&remedy.part)),
    }
}

/// The answer in a sentence.
pub(super) fn sentence(summary: &MatrixSummary) -> String {
    let said = clauses(summary).into_iter().map(|(name, text)| format!("{name}: {text}")).collect::<Vec<_>>();
    match said.is_empty() {
        true => "there is nothing to be said yet".to_owned(),
        false => said.join("; "),
    }
}

/// The answer in parts, each with its heading.
pub(super) fn clauses(summary: &MatrixSummary) -> Vec<(&'static str, String)> {
    let statement = &summary.statement;
    let mut clauses = Vec::new();
    let mut add = |name: &'static str, told: Vec<String>, between: &str| {
        if !told.is_empty() {
            clauses.push((name, told.join(between)));
        }
    };
    add("implicated", statement.implicated.iter().map(culprit).collect(), "; ");
    let cleared = |one: &Cleared| cleared(one, &summary.operation);
    add("exonerated", statement.exonerated.iter().map(cleared).collect(), "; ");
    add("inconclusive", statement.inconclusive.iter().map(open).collect(), ", ");
    add("what helps", statement.mitigated.iter().map(remedy).collect(), ", ");
    if summary.failures == 0 && summary.trials > 0 {
        clauses.insert(0, ("no failure", format!("in {} trials", count(summary.trials))));
    }
    clauses
}

pub(super) fn ruling(ruling: &Ruling, chance: f64) -> String {
    let points = |share: f64| format!("{:.1}", share * 100.0);
    match *ruling {
        Ruling::Implicated { excess_low, excess_high } => format!(
            "implicated: {} to {} points more ({})",
            points(excess_low),
            points(excess_high),
            told_chance(chance)
        ),
        Ruling::Exonerated { excess_below } => {
            format!("exonerated: below {} points more", points(excess_below))
        }
        Ruling::Inconclusive { excess_below, more_per_cell } => {
            let missing = match more_per_cell {
                Some(more) => format!("some {} more trials a cell", count(more)),
                None => "no number of trials would tell".to_owned(),
            };
            format!("inconclusive: below {} points more; {missing}", points(excess_below))
        }
    }
}

fn told_chance(chance: f64) -> String {
    if chance < 0.001 { "p < 0.001".to_owned() } else { format!("p = {chance:.3}") }
}

/// `14 of 20`.
pub(super) fn failed(rate: &Rate) -> String {
    format!("{} of {}", count(rate.events), count(rate.of))
}

/// A rate with its limits; without a failure, the limit.
pub(super) fn limits(rate: &Rate) -> String {
    match (rate.of, rate.events) {
        (0, _) => "not tried".to_owned(),
        (_, 0) => format!("below {}", rarity(rate.high)),
        _ => {
            let seen = rate.seen().map_or_else(String::new, rarity);
            format!("{seen} ({} to {})", rarity(rate.low), rarity(rate.high))
        }
    }
}

/// What to type next.
pub(super) fn next(report: &super::MatrixReport<'_>) -> String {
    let summary = report.summary;
    let resume = || format!("jostle matrix{} {} --resume", report.case, report.file);
    match (&summary.shortest, summary.verdict) {
        (_, Verdict::Inconclusive) => resume(),
        (Some(trial), _) => format!("jostle replay{} {}", report.case, trial.trial),
        (None, _) => resume(),
    }
}
