//! How the report ends: the verdict, its denominators, and the line to type next.

use jostle_model::Summary;

use super::paint::Paint;
use super::wrap::wrapped;
use crate::quantity::{count, counted, percent, seconds};
use crate::{Run, next, printable, signal, verdict};

/// Columns before the text of a row.
const MARGIN: usize = 13;

/// Everything after the last finding; ends with a newline.
pub(super) fn write(run: &Run<'_>, paint: Paint, width: usize) -> String {
    let mut lines = headline(run, paint, width);
    lines.push(String::new());
    lines.extend(rows(run).iter().flat_map(|(name, text)| row(name, text, paint, width)));
    lines.push(String::new());
    lines.extend(warnings(run.summary, paint, width));
    lines.extend(advice(run, paint, width));
    lines.join("\n") + "\n"
}

fn headline(run: &Run<'_>, paint: Paint, width: usize) -> Vec<String> {
    let lines = wrapped(&verdict::sentence(run), width);
    lines.iter().map(|line| paint.verdict(run.summary.verdict, line)).collect()
}

/// The denominators of the verdict: what was looked at, and what it cost the target.
fn rows(run: &Run<'_>) -> Vec<(&'static str, String)> {
    let summary = run.summary;
    let target = ("target", signal::ending(summary.target));
    if !verdict::was_watched(summary) {
        return vec![target];
    }
    let counts = &summary.counts;
    let mut rows = vec![
        ("watched", watched(summary)),
        ("samples", format!("{}, {} of them held", counted(counts.samples, "access"), count(counts.holds))),
        ("sites", format!("{} of {} seen", count(counts.sites_seen), count(counts.sites_known))),
        ("hits", hits(summary)),
    ];
    rows.extend(verdict::calls(run).map(|calls| ("calls", calls)));
    if counts.undecided > 0 {
        rows.push(("undecided", verdict::undecided(counts.undecided) + ", so not reported"));
    }
    rows.push(target);
    rows.push(("seed", summary.seed.to_string()));
    rows
}

fn watched(summary: &Summary) -> String {
    let counts = &summary.counts;
    let budget = percent(counts.budget);
    let (held, explored) = match counts.explored_share {
        little if little < counts.budget / 4.0 => (percent(counts.held_share), String::new()),
        share => (percent(counts.held_share - share), format!("; on first visits {} more", percent(share))),
    };
    let backed_off = match counts.backed_off_ms {
        0 => String::new(),
        ms => format!("; less than that for {}, since nothing new came", seconds(ms)),
    };
    format!(
        "{}, threads held for {held} of it, allowed {budget}{explored}{backed_off}",
        seconds(counts.watched_ms)
    )
}

fn hits(summary: &Summary) -> String {
    let counts = &summary.counts;
    let changes = counted(counts.value_changes, "value change");
    format!("{} by another thread during a hold, {changes}", counted(counts.hits, "access"))
}

fn row(name: &str, text: &str, paint: Paint, width: usize) -> Vec<String> {
    let lines = wrapped(text, width - MARGIN);
    let named = |(index, line): (usize, &String)| {
        let name = if index == 0 { name } else { "" };
        format!("  {}{line}", paint.dim(&format!("{name:11}")))
    };
    lines.iter().enumerate().map(named).collect()
}

fn warnings(summary: &Summary, paint: Paint, width: usize) -> Vec<String> {
    let mut lines: Vec<String> =
        summary.warnings.iter().flat_map(|warning| caution(warning, paint, width)).collect();
    if !lines.is_empty() {
        lines.push(String::new());
    }
    lines
}

fn caution(warning: &str, paint: Paint, width: usize) -> Vec<String> {
    let mut lines = wrapped(&format!("warning: {}", printable::line(warning)), width);
    if let Some(rest) = lines.first().and_then(|line| line.strip_prefix("warning:")) {
        lines[0] = paint.caution("warning:") + rest;
    }
    lines
}

/// Why, and the line to type next; that line is never wrapped, so that it can be copied.
fn advice(run: &Run<'_>, paint: Paint, width: usize) -> Vec<String> {
    let mut lines = wrapped(&next::reason(run), width);
    lines.push(format!("{} {}", paint.bold("next:"), next::command(run)));
    lines
}
