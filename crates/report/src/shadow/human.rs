//! For a terminal: each place with what both versions say there, then the verdict.

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{Level, Renderer};
use jostle_model::{Evidence, Finding, ShadowSummary};

use super::{ShadowReport, words};
use crate::human::{Paint, wrapped};
use crate::quantity::count;
use crate::{Style, printable, rule};

/// Before the text of a row.
const MARGIN: usize = 13;

/// So many places of noise are listed; all of them stand in JSON.
const LISTED: usize = 8;

/// The whole report.
pub(super) fn render(report: &ShadowReport<'_>, style: Style) -> String {
    let paint = Paint::new(style);
    let mut text: String = report.findings.iter().map(|each| finding(each, style) + "\n").collect();
    if let Some(first) = report.findings.first() {
        let help = wrapped(rule::help(first.rule), style.width.saturating_sub(2));
        text.extend(help.iter().map(|line| format!("  {}\n", paint.dim(line))));
        text.push('\n');
    }
    let summary = report.summary;
    text.push_str(&format!("{}\n\n", paint.verdict(summary.verdict, &words::sentence(report))));
    let row = |(name, value): (&str, String)| format!("  {}{value}\n", paint.dim(&format!("{name:11}")));
    text.extend(rows(summary).into_iter().map(row));
    text.push('\n');
    let warning = |text: &String| format!("{} {}\n", paint.caution("warning:"), printable::line(text));
    text.extend(summary.warnings.iter().map(warning));
    let (reason, next) = (words::reason(summary.verdict), words::next(report));
    text.push_str(&format!("{reason}\n{} {next}\n", paint.bold("next:")));
    text
}

/// One finding.
pub(super) fn finding(finding: &Finding, style: Style) -> String {
    let renderer = if style.color { Renderer::styled().hyperlink(false) } else { Renderer::plain() };
    let title = Level::ERROR.primary_title(crate::wording::title(finding)).id(finding.rule.name());
    let title =
        renderer.decor_style(DecorStyle::Unicode).render(&[annotate_snippets::Group::with_title(title)]);
    let told = match &finding.evidence {
        Evidence::Discrepancy(discrepancy) => words::told(discrepancy),
        _ => Vec::new(),
    };
    let lines = std::iter::once(title).chain(told.into_iter().map(|told| format!("  {told}")));
    lines.map(|line| line + "\n").collect()
}

/// The denominators.
fn rows(summary: &ShadowSummary) -> Vec<(&'static str, String)> {
    let counts = &summary.counts;
    let copy = match &summary.noise_copy {
        Some(copy) => format!("a second copy of the old version, {copy}"),
        None => "the old version itself, asked twice".to_owned(),
    };
    let list = |places: &[String]| {
        let more = places.len().saturating_sub(LISTED);
        let more = if more > 0 { format!(", and {more} more") } else { String::new() };
        format!("{}{more}", places[..places.len().min(LISTED)].join(", "))
    };
    let noise = match counts.noise.as_slice() {
        [] => format!("none seen; compared with {copy}"),
        places => format!("{}; compared with {copy}", list(places)),
    };
    let rows = [
        ("new", summary.against.clone()),
        ("noise", noise),
        ("tokens", list(&counts.tokens)),
        (
            "requests",
            format!(
                "{} under concurrency, {} in turn; {} places of answers",
                count(counts.concurrent),
                count(counts.serial),
                count(counts.places)
            ),
        ),
        (
            "left out",
            format!(
                "{} answered with 429 or 503, {} that the old version did not answer",
                count(counts.shed),
                count(counts.unanswered)
            ),
        ),
        ("overlap", format!("about {:.1} requests in the new version at a time", counts.overlap)),
        ("seed", summary.seed.to_string()),
    ];
    rows.into_iter().map(|(name, text)| (name, hanging(&printable::line(&text)))).collect()
}

/// In lines that begin in the same column.
fn hanging(text: &str) -> String {
    wrapped(text, 100 - MARGIN).join(&format!("\n{:MARGIN$}", ""))
}
