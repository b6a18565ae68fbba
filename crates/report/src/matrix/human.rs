//! For a terminal: what was tried, who is suspected of what, and the verdict.

use jostle_model::{Cell, Charge, MatrixSummary, Ruling, Verdict};

use super::{MatrixReport, words};
use crate::human::Paint;
use crate::printable;
use crate::quantity::{confidence, count, counted, micros, seconds};
use crate::{Style, hunt};

pub(super) fn render(report: &MatrixReport<'_>, style: Style) -> String {
    let (summary, paint) = (report.summary, Paint::new(style));
    let parts = [
        Some(table(summary, paint)),
        Some(suspects(summary, paint)),
        hunt::families(&summary.families, paint),
        shortest(summary, paint, style.width),
    ];
    let mut text: String = parts.into_iter().flatten().map(|part| part + "\n").collect();
    text.push_str(&closing(report, paint));
    text
}

/// A line for each cell.
fn table(summary: &MatrixSummary, paint: Paint) -> String {
    let widths: Vec<usize> = (summary.factors.iter())
        .map(|factor| {
            let names = factor.levels.iter().chain([&factor.factor]);
            names.map(|name| printable::line(name).chars().count()).max().unwrap_or(0)
        })
        .collect();
    let columns = |names: Vec<String>| -> String {
        names.iter().zip(&widths).map(|(name, width)| format!("{name:<width$}  ")).collect()
    };
    let names = summary.factors.iter().map(|factor| printable::line(&factor.factor)).collect();
    let told = summary.cells.iter().any(|cell| cell.rate_per_operation.is_some());
    let operations = if told { format!("{:>16}", format!("{}s", summary.operation)) } else { String::new() };
    let head = format!("  {}{:>12}{operations}   rate per trial", columns(names), "failed");
    let mut lines = vec![paint.bold(&head)];
    lines.extend(summary.cells.iter().map(|cell| {
        let names = cell.setting.iter().map(|name| printable::line(name)).collect();
        let operations = if told { format!("{:>16}", done(cell)) } else { String::new() };
        let (failed, limits) = (words::failed(&cell.rate), words::limits(&cell.rate));
        let line = format!("  {}{failed:>12}{operations}   {limits}", columns(names));
        if cell.rate.events > 0 { paint.alarm(&line) } else { line }
    }));
    lines.join("\n") + "\n"
}

fn done(cell: &Cell) -> String {
    cell.rate_per_operation.map_or_else(|| "-".to_owned(), |rate| count(rate.of))
}

/// A line for each level and layer, and for those pairs that are implicated.
fn suspects(summary: &MatrixSummary, paint: Paint) -> String {
    let (alone, pairs): (Vec<&Charge>, Vec<&Charge>) =
        summary.charges.iter().partition(|charge| charge.suspect.len() == 1);
    let implicated = |charge: &&&Charge| matches!(charge.ruling, Ruling::Implicated { .. });
    let shown: Vec<&Charge> = alone.iter().chain(pairs.iter().filter(implicated)).copied().collect();
    let width = shown.iter().map(|charge| name(charge).chars().count()).max().unwrap_or(0).max(7);
    let head = format!("  {:<width$}  {:>14}  {:>14}   verdict", "suspect", "failed with it", "without it");
    let mut lines = vec![paint.bold(&head)];
    lines.extend(shown.iter().map(|charge| {
        let (with, without) = (words::failed(&charge.with), words::failed(&charge.without));
        let verdict = words::ruling(&charge.ruling, charge.chance);
        let line = format!("  {:<width$}  {with:>14}  {without:>14}   {verdict}", name(charge));
        if implicated(&charge) { paint.alarm(&line) } else { line }
    }));
    lines.extend(rest(&pairs).map(|text| format!("  {}", paint.dim(&text))));
    lines.join("\n") + "\n"
}

fn name(charge: &Charge) -> String {
    charge.suspect.iter().map(words::part).collect::<Vec<_>>().join(" with ")
}

fn rest(pairs: &[&Charge]) -> Option<String> {
    let how_many =
        |is_so: fn(&Ruling) -> bool| pairs.iter().filter(|charge| is_so(&charge.ruling)).count() as u64;
    let exonerated = how_many(|ruling| matches!(ruling, Ruling::Exonerated { .. }));
    let inconclusive = how_many(|ruling| matches!(ruling, Ruling::Inconclusive { .. }));
    (exonerated + inconclusive > 0).then(|| {
        format!(
            "of the other pairs {} exonerated, {} inconclusive: see --format json",
            if exonerated == 1 { "1 is".to_owned() } else { format!("{} are", count(exonerated)) },
            count(inconclusive)
        )
    })
}

fn shortest(summary: &MatrixSummary, paint: Paint, width: usize) -> Option<String> {
    let trial = summary.shortest.as_ref()?;
    let head = format!("the shortest trial that failed: {}, {}", trial.trial, micros(trial.elapsed_us));
    let title = printable::shortened(&trial.title, width.saturating_sub(2));
    Some(format!("{}\n  {title}\n", paint.bold(&head)))
}

fn closing(report: &MatrixReport<'_>, paint: Paint) -> String {
    let summary = report.summary;
    let mut text = String::new();
    for (name, told) in words::clauses(summary) {
        let line = format!("{name}: {told}");
        text.push_str(&match (name, summary.verdict) {
            ("implicated", _) => paint.alarm(&line),
            ("inconclusive", _) => paint.caution(&line),
            ("exonerated" | "no failure", _) => paint.bold(&line),
            (_, Verdict::Found | Verdict::NothingFound | Verdict::Inconclusive) => line,
        });
        text.push('\n');
    }
    text.push_str(&paint.notes(&summary.warnings));
    let trials = counted(summary.trials, "trial");
    let (work, sure) = (seconds(summary.trial_ms), confidence(summary.confidence));
    let seed = summary.seed;
    text.push_str(
        &paint.dim(&format!("seed {seed}; {trials} in {work} of running; verdicts at {sure} confidence\n")),
    );
    text.push_str(&format!("next: {}\n", words::next(report)));
    text
}
