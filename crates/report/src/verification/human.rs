//! For a terminal: both sides, in which families they fail, and the verdict.

use jostle_model::VerificationSummary;

use super::{VerificationReport, limits, next, sentence};
use crate::human::Paint;
use crate::quantity::{count, micros};
use crate::{Style, hunt, printable};

pub(super) fn render(report: &VerificationReport<'_>, style: Style) -> String {
    let (summary, paint) = (report.summary, Paint::new(style));
    let [before, after] = &summary.commands;
    let mut text = String::new();
    let head = format!("  {:<14}{:>12}   {:<28}command", "", "failed", "rate per trial");
    text.push_str(&(paint.bold(&head) + "\n"));
    for (name, rate, command) in
        [("without fix", &summary.before, before), ("with fix", &summary.after, after)]
    {
        let command = printable::shortened(command, style.width.saturating_sub(57).max(20));
        let failed = format!("{} of {}", count(rate.events), count(rate.of));
        let line = format!("  {name:<14}{failed:>12}   {:<28}{command}", limits(rate));
        text.push_str(&(if rate.events > 0 { paint.alarm(&line) } else { line }));
        text.push('\n');
    }
    text.push('\n');
    for (name, families) in [
        ("without the fix it fails so", &summary.families_before),
        ("with the fix it fails so", &summary.families_after),
    ] {
        if !families.is_empty() {
            text.push_str(&paint.bold(name));
            text.push('\n');
            families.iter().for_each(|family| text.push_str(&hunt::family(family)));
            text.push('\n');
        }
    }
    text.push_str(&shortest(summary, paint, style.width));
    let said = sentence(summary);
    text.push_str(&(paint.verdict(summary.verdict, &said) + "\n"));
    text.push_str(&paint.notes(&summary.warnings));
    text.push_str(&paint.dim(&format!("seed {}\n", summary.seed)));
    text.push_str(&next(report).map(|next| format!("next: {next}\n")).unwrap_or_default());
    text
}

fn shortest(summary: &VerificationSummary, paint: Paint, width: usize) -> String {
    let Some(trial) = &summary.shortest else { return String::new() };
    let head =
        format!("the shortest trial with the fix that failed: {}, {}", trial.trial, micros(trial.elapsed_us));
    format!("{}\n  {}\n\n", paint.bold(&head), printable::shortened(&trial.title, width.saturating_sub(2)))
}
