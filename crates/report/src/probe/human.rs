//! For a terminal: both requests on one time line, and what the answer says.

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{Level, Renderer};
use jostle_model::{Crossing, Evidence, Exchange, Finding, ProbeSummary};

use super::{ProbeReport, wording};
use crate::human::{Paint, wrapped};
use crate::quantity::{count, counted, micros};
use crate::{Style, beside, printable, rule};

/// How wide a time line is, in columns.
const LANE: usize = 28;

/// Before the text of a row.
const MARGIN: usize = 13;

/// The whole report.
pub(super) fn render(report: &ProbeReport<'_>, style: Style) -> String {
    let paint = Paint::new(style);
    let mut text: String = report.findings.iter().map(|each| finding(each, style) + "\n").collect();
    if let Some(beside) = report.beside {
        text.push_str(&beside::timeline(report.findings, beside, style));
    }
    let sentence = wording::sentence(report);
    let said = paint.verdict(report.summary.verdict, &sentence);
    text.push_str(&format!("{said}\n\n"));
    let row = |(name, value): (&str, String)| format!("  {}{value}\n", paint.dim(&format!("{name:11}")));
    let watch = report.beside.map(|beside| ("watch", hanging(&beside::watch_row(beside))));
    text.extend(rows(report.summary).into_iter().chain(watch).map(row));
    text.push('\n');
    let warning = |text: &String| format!("{} {}\n", paint.caution("warning:"), printable::line(text));
    text.extend(report.summary.warnings.iter().map(warning));
    let (reason, next) = (wording::reason(report), wording::next(report));
    text.push_str(&format!("{reason}\n{} {next}\n", paint.bold("next:")));
    text
}

/// One finding.
pub(super) fn finding(finding: &Finding, style: Style) -> String {
    let paint = Paint::new(style);
    let mut lines = vec![title(finding, style)];
    if let Evidence::Crossing(crossing) = &finding.evidence {
        lines.extend(lanes(crossing, paint, style.width));
        lines.push(String::new());
        let told = [wording::overlap(crossing), wording::excerpt(crossing), Some(wording::often(crossing))];
        lines.extend(told.into_iter().flatten().map(|told| format!("  {told}")));
    }
    let help = wrapped(rule::help(finding.rule), style.width.saturating_sub(2));
    lines.extend(help.iter().map(|line| format!("  {}", paint.dim(line))));
    lines.join("\n") + "\n"
}

fn title(finding: &Finding, style: Style) -> String {
    let renderer = if style.color { Renderer::styled().hyperlink(false) } else { Renderer::plain() };
    let title = Level::ERROR.primary_title(crate::wording::title(finding)).id(finding.rule.name());
    renderer.decor_style(DecorStyle::Unicode).render(&[annotate_snippets::Group::with_title(title)])
}

/// The two requests, each on its line, under one clock.
fn lanes(crossing: &Crossing, paint: Paint, width: usize) -> Vec<String> {
    let shown: Vec<(&str, &Exchange)> =
        [("answered", Some(&crossing.receiver)), ("whose it is", crossing.owner.as_ref())]
            .into_iter()
            .filter_map(|(role, exchange)| Some((role, exchange?)))
            .collect();
    let end = |exchange: &Exchange| exchange.answered_us.unwrap_or(exchange.sent_us);
    let start = shown.iter().map(|(_, exchange)| exchange.sent_us).min().unwrap_or(0);
    let last = shown.iter().map(|(_, exchange)| end(exchange)).max().unwrap_or(0);
    let scale = Scale { start, span: last.saturating_sub(start).max(1) };
    shown.iter().map(|(role, exchange)| lane(role, exchange, scale, paint, width)).collect()
}

/// Microseconds as columns.
#[derive(Clone, Copy)]
struct Scale {
    start: u64,
    span: u64,
}

impl Scale {
    fn column(self, at: u64) -> usize {
        let share = at.saturating_sub(self.start) as f64 / self.span as f64;
        (share * (LANE - 1) as f64).round() as usize
    }
}

fn lane(role: &str, exchange: &Exchange, scale: Scale, paint: Paint, width: usize) -> String {
    let from = scale.column(exchange.sent_us);
    let (to, close, took) = match exchange.answered_us {
        Some(answered) => {
            (scale.column(answered).max(from + 1), '┤', micros(answered.saturating_sub(exchange.sent_us)))
        }
        None => (LANE - 1, '╌', "no answer yet".to_owned()),
    };
    let bar: String = (0..LANE)
        .map(|column| match column {
            _ if column == from => '├',
            _ if column == to => close,
            _ if column > from && column < to => '─',
            _ => ' ',
        })
        .collect();
    let status = exchange.status.map(|status| format!(" {status}")).unwrap_or_default();
    let head = format!("  {role:<11} #{:<8}", exchange.number);
    let tail = format!("{took:>9}{status}  {:<14}", exchange.mode);
    let room = width.saturating_sub(head.chars().count() + LANE + tail.chars().count() + 2).max(24);
    let request = printable::shortened(&exchange.request, room);
    format!("{head}{bar} {tail} {}", paint.dim(&request))
}

/// The denominators.
fn rows(summary: &ProbeSummary) -> Vec<(&'static str, String)> {
    let counts = &summary.counts;
    let per_second = counts.answers as f64 * 1e3 / counts.probed_ms.max(1) as f64;
    let list = |places: &[String]| match places {
        [] => "nowhere".to_owned(),
        places => printable::line(&places.join(", ")),
    };
    vec![
        ("tokens", list(&counts.tokens)),
        ("echoed", list(&counts.echoed)),
        ("sessions", list(&counts.sessions)),
        (
            "requests",
            format!("{} ({per_second:.0}/s), {} more in turn", count(counts.requests), count(counts.in_turn)),
        ),
        ("modes", modes(summary)),
        (
            "overlap",
            format!(
                "{} at once on the wire; about {:.1} in the server at a time",
                counted(counts.pairs, "pair"),
                counts.overlap
            ),
        ),
        (
            "given up",
            format!(
                "{} cancelled by us, {} answered with 429 or 503",
                count(counts.cancelled),
                count(counts.shed)
            ),
        ),
        ("seed", summary.seed.to_string()),
    ]
    .into_iter()
    .map(|(name, text)| (name, hanging(&text)))
    .collect()
}

/// In lines that begin in the same column.
fn hanging(text: &str) -> String {
    wrapped(text, 100 - MARGIN).join(&format!("\n{:MARGIN$}", ""))
}

fn modes(summary: &ProbeSummary) -> String {
    let counts = &summary.counts;
    let share = |requests: u64| (requests as f64 * 100.0 / counts.requests.max(1) as f64).round();
    let told = counts.modes.iter().map(|mode| format!("{} {} %", mode.mode, share(mode.requests)));
    told.collect::<Vec<_>>().join(", ")
}
