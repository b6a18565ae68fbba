//! For a terminal: how often, how, what makes it worse, and what comes next.

use jostle_model::{Effect, Family, HuntSummary, Owed, Rate, TimeToFailure, Verdict, Way};

use super::HuntReport;
use crate::Style;
use crate::human::Paint;
use crate::printable;
use crate::quantity::{confidence, count, counted, micros, percent, rarity, seconds};

/// How much of what went wrong is shown of the shortest trial, in lines.
const DETAILS: usize = 24;
/// How many exact ways to fail.
const WAYS: usize = 5;

pub(super) fn render(report: &HuntReport<'_>, style: Style) -> String {
    let (summary, paint) = (report.summary, Paint::new(style));
    let parts = [
        ways(summary, paint, style.width),
        shortest(summary, paint, style.width),
        families(&summary.families, paint),
        perturbations(summary, paint),
        verdict(summary, paint),
    ];
    let mut text: String = parts.into_iter().flatten().map(|part| part + "\n").collect();
    text.push_str(&closing(report, paint));
    text
}

/// The answer in a sentence, and what limits it.
pub(super) fn sentence(summary: &HuntSummary) -> String {
    let HuntSummary { trials, failures, rate, .. } = summary;
    let ran = counted(*trials, "trial");
    match summary.verdict {
        Verdict::Found if rate.of == 0 => format!("failed in {failures} of {ran}, all of them perturbed"),
        Verdict::Found if rate.events == 0 => format!(
            "failed in {} of {ran}, all of them perturbed; unperturbed in fewer than {}",
            count(*failures),
            percent(rate.high)
        ),
        Verdict::Found => format!("fails in {}", rate_of(rate, "trials")),
        Verdict::NothingFound => format!(
            "no failure in {ran}: unperturbed it fails in fewer than {} of them, at {} confidence",
            percent(rate.high),
            confidence(rate.confidence)
        ),
        Verdict::Inconclusive => format!(
            "no failure, but {ran} {} too few to say anything",
            if summary.trials == 1 { "is" } else { "are" }
        ),
    }
}

fn rate_of(rate: &Rate, what: &str) -> String {
    let seen = rate.seen().map_or_else(|| "?".to_owned(), rarity);
    format!(
        "{seen} of {what} ({} of {}; {} to {} at {} confidence)",
        count(rate.events),
        count(rate.of),
        rarity(rate.low),
        rarity(rate.high),
        confidence(rate.confidence)
    )
}

fn verdict(summary: &HuntSummary, paint: Paint) -> Option<String> {
    let sentence = sentence(summary);
    let mut lines = vec![paint.verdict(summary.verdict, &sentence)];
    let operations = summary.rate_per_operation.filter(|rate| rate.events > 0 || summary.failures == 0);
    lines.extend(operations.map(|rate| format!("  {}", rate_of(&rate, "operations"))));
    lines.extend(summary.time_to_failure.as_ref().and_then(after));
    lines.extend(summary.owed.as_ref().map(owed));
    Some(lines.join("\n"))
}

fn after(time: &TimeToFailure) -> Option<String> {
    let failing = time.failing_us?;
    let mut line = format!("  a trial that fails takes {} in the median", micros(failing));
    if let Some(median) = time.median_us {
        let between = match (time.low_us, time.high_us) {
            (Some(low), Some(high)) => format!(" ({} to {} at 95 %)", micros(low), micros(high)),
            (Some(low), None) => format!(" (at least {} at 95 %)", micros(low)),
            (None, _) => String::new(),
        };
        line.push_str(&format!("; half of all would have failed after {}{between}", micros(median)));
    }
    Some(line)
}

fn owed(owed: &Owed) -> String {
    let trials = |trials: u64| counted(trials, "clean trial");
    let perturbed = owed.perturbed.as_ref();
    let under =
        perturbed.map(|under| format!("{} under --perturb {}", trials(under.trials), under.perturbation));
    let parts: Vec<String> = owed.trials.map(trials).into_iter().chain(under).collect();
    format!("  a fix will owe {}, at {} confidence", parts.join(", or "), confidence(owed.confidence))
}

fn ways(summary: &HuntSummary, paint: Paint, width: usize) -> Option<String> {
    if summary.ways.is_empty() {
        return None;
    }
    let line = |way: &Way| {
        let title = printable::shortened(&way.title, width.saturating_sub(24).max(30));
        format!("  {:>6}  {title}  {}", count(way.failures), paint.dim(&way.trial))
    };
    let mut lines = vec![paint.bold("the ways in which it fails")];
    lines.extend(summary.ways.iter().take(WAYS).map(line));
    let more = summary.ways.len().saturating_sub(WAYS);
    if more > 0 {
        lines.push(format!("  {}", paint.dim(&format!("… {more} more in JSON"))));
    }
    Some(lines.join("\n") + "\n")
}

/// A line for each family, under a heading.
pub(crate) fn families(families: &[Family], paint: Paint) -> Option<String> {
    if families.is_empty() {
        return None;
    }
    let lines: String = families.iter().map(family).collect();
    Some(format!("{}\n{lines}", paint.bold("their families")))
}

/// How often, and in which kinds; it ends with a newline.
pub(crate) fn family(family: &Family) -> String {
    let kinds: Vec<String> = (family.kinds.iter())
        .map(|kind| {
            let joined = if kind.joined { " (by its company)" } else { "" };
            format!("{} {}{joined}", kind.kind, count(kind.failures))
        })
        .collect();
    format!("  {:>6}  {}: {}\n", count(family.failures), family.name, printable::line(&kinds.join(", ")))
}

fn shortest(summary: &HuntSummary, paint: Paint, width: usize) -> Option<String> {
    let trial = summary.shortest.as_ref()?;
    let head = format!("the shortest trial that failed: {}, {}", trial.trial, micros(trial.elapsed_us));
    let under =
        if trial.perturbation == "none" { String::new() } else { format!(", under {}", trial.perturbation) };
    let mut lines = vec![format!("{}{under}", paint.bold(&head))];
    lines.push(format!("  {}", printable::shortened(&trial.title, width.saturating_sub(2))));
    let details: Vec<&str> = trial.details.lines().collect();
    let shown = details.iter().take(DETAILS);
    lines.extend(
        shown.map(|line| format!("  {} {}", paint.dim("|"), cut(&printable::source_line(line), width))),
    );
    let more = details.len().saturating_sub(DETAILS);
    if more > 0 {
        lines.push(format!("  {}", paint.dim(&format!("… {more} more lines in the case"))));
    }
    Some(lines.join("\n") + "\n")
}

fn cut(line: &str, width: usize) -> String {
    line.chars().take(width.saturating_sub(4)).collect()
}

fn perturbations(summary: &HuntSummary, paint: Paint) -> Option<String> {
    if summary.perturbations.is_empty() {
        return None;
    }
    let head = format!(
        "  {:<18}{:>9}{:>10}{:>9}   times as often (95 %)",
        "what is changed", "trials", "failures", "rate"
    );
    let mut lines = vec![paint.bold(&head)];
    lines.push(row("none", &summary.rate, "1"));
    lines.extend(summary.perturbations.iter().map(|effect| {
        let text = row(&effect.perturbation, &effect.rate, &times(effect));
        if effect.ratio.low > 1.0 { paint.bold(&text) } else { text }
    }));
    Some(lines.join("\n") + "\n")
}

fn row(name: &str, rate: &Rate, times: &str) -> String {
    let seen = rate.seen().map_or_else(|| "?".to_owned(), rarity);
    format!("  {name:<18}{:>9}{:>10}{seen:>9}   {times}", count(rate.of), count(rate.events))
}

fn times(effect: &Effect) -> String {
    let factor = |factor: f64| match factor {
        f if f >= 10.0 => format!("{f:.0}"),
        f if f >= 1.0 => format!("{f:.1}"),
        f => format!("{f:.2}"),
    };
    match (effect.ratio.seen, effect.ratio.high) {
        (Some(seen), Some(high)) => {
            format!("{} ({} to {})", factor(seen), factor(effect.ratio.low), factor(high))
        }
        (None, Some(high)) => format!("at most {}", factor(high)),
        (_, None) if effect.ratio.low > 0.0 => format!("at least {}", factor(effect.ratio.low)),
        (_, None) => "cannot tell".to_owned(),
    }
}

fn closing(report: &HuntReport<'_>, paint: Paint) -> String {
    let summary = report.summary;
    let mut text = paint.notes(&summary.warnings);
    let work = seconds(summary.trial_ms);
    text.push_str(&paint.dim(&format!(
        "seed {}; {} in {work} of running\n",
        summary.seed,
        counted(summary.trials, "trial")
    )));
    text.push_str(&format!("next: {}\n", next(report)));
    text
}

/// What to type next.
pub(super) fn next(report: &HuntReport<'_>) -> String {
    match (&report.summary.shortest, report.summary.verdict) {
        (Some(trial), _) => format!("jostle replay{} {}", report.case, trial.trial),
        (None, Verdict::Inconclusive) => format!("jostle hunt{} --resume --for 5m", report.case),
        (None, _) => format!("jostle hunt{} --resume --for 30m", report.case),
    }
}
