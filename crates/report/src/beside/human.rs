//! For people: what the watch caught and what the probe found, under one clock.

use jostle_model::{Evidence, Finding, Verdict};

use super::{Beside, Moment, WatchEnd};
use crate::human::Paint;
use crate::quantity::{count, counted, seconds};
use crate::{Style, printable, wording};

/// So many requests are named.
const NAMED: usize = 4;

/// The wider of what is cut.
const WIDE: usize = 160;

/// The time line: a paragraph for each thing, in the order of time.
pub(crate) fn timeline(findings: &[Finding], beside: &Beside, style: Style) -> String {
    let paint = Paint::new(style);
    let caught = beside.moments.iter().map(|moment| {
        let at = moment.at_us.map_or(0, |at| at / 1_000);
        (at, entry(at, &moment.caught.rule, &brief(&moment.caught.title), &told(moment), paint))
    });
    let found = findings.iter().filter_map(|finding| match &finding.evidence {
        Evidence::Crossing(crossing) => {
            let request =
                format!("in the answer to #{} {}", crossing.receiver.number, crossing.receiver.request);
            let entry =
                entry(crossing.at_ms, finding.rule.name(), &wording::title(finding), &[request], paint);
            Some((crossing.at_ms, entry))
        }
        _ => None,
    });
    let mut entries: Vec<(u64, String)> = caught.chain(found).collect();
    if entries.is_empty() {
        return String::new();
    }
    entries.sort_by_key(|(at, _)| *at);
    let lines: String = entries.into_iter().map(|(_, entry)| entry).collect();
    format!("{}\n{lines}\n", paint.bold("the server and the requests, on one time line"))
}

fn entry(at_ms: u64, rule: &str, title: &str, told: &[String], paint: Paint) -> String {
    let title = printable::shortened(title, WIDE);
    let told: String =
        told.iter().map(|line| format!("{:13}{}\n", "", printable::shortened(line, WIDE))).collect();
    format!("  {:>9}  {}: {title}\n{}", seconds(at_ms), paint.bold(&printable::line(rule)), paint.dim(&told))
}

/// Words without the paths before them: people know what `metrics.(*Collector).Roll` is, and where `metrics` lies.
fn brief(text: &str) -> String {
    let last = |word: &str| word.rsplit('/').next().unwrap_or_default().to_owned();
    text.split(' ').map(last).collect::<Vec<_>>().join(" ")
}

/// What is known of a moment, a line each.
pub(crate) fn told(moment: &Moment) -> Vec<String> {
    let sides = moment.caught.sides.iter().map(|side| brief(side));
    sides.chain([under_way(moment)]).map(|text| printable::line(&text)).collect()
}

/// Which requests were under way.
fn under_way(moment: &Moment) -> String {
    if moment.at_us.is_none() {
        return "before the first request".to_owned();
    }
    if moment.forgotten {
        return "its requests are forgotten: so many were sent since".to_owned();
    }
    let after = format!("after {}", counted(moment.sent, "request"));
    let latest = &moment.requests[moment.requests.len().saturating_sub(NAMED)..];
    let named: Vec<String> =
        latest.iter().map(|request| format!("#{} {}", request.number, request.request)).collect();
    match moment.under_way {
        0 => format!("{after}, none under way"),
        all => {
            let more = all.saturating_sub(named.len() as u64);
            let more = if more > 0 { format!(", and {} more", count(more)) } else { String::new() };
            format!("{after}; under way: {}{more}", named.join(", "))
        }
    }
}

/// How the watch ended, in a clause.
pub(crate) fn watch_row(beside: &Beside) -> String {
    let pid = beside.pid;
    match &beside.end {
        None => format!("process {pid}: the watch broke off"),
        Some(end) if !beside.moments.is_empty() => {
            let found = counted(beside.moments.len() as u64, "finding");
            format!("process {pid}: {found} in {}", counted(end.holds, "hold"))
        }
        Some(WatchEnd { verdict: Verdict::Inconclusive, holds, .. }) => {
            format!("process {pid}: inconclusive after {}", counted(*holds, "hold"))
        }
        Some(end) => format!(
            "process {pid}: nothing found in {}: a collision strikes fewer than {:.1e} of them",
            counted(end.holds, "hold"),
            end.rate
        ),
    }
}
