//! The sentences that every format for people is made of.

use jostle_model::{Crossing, Exchange, ProbeSummary, Rule, Verdict};

use super::ProbeReport;
use crate::quantity::{confidence, count, counted, micros, seconds};
use crate::{printable, rule};

/// An excerpt is cut before it fills the screen.
const EXCERPT: usize = 160;
/// And so is what was asked for.
const REQUEST: usize = 120;

/// What is known of a crossing, a sentence each.
pub(crate) fn told(crossing: &Crossing) -> Vec<String> {
    let receiver = Some(format!("answered: {}", exchange(&crossing.receiver)));
    let owner = crossing.owner.as_ref().map(|owner| format!("whose it is: {}", exchange(owner)));
    let parts = [receiver, owner, overlap(crossing), excerpt(crossing), Some(often(crossing))];
    parts.into_iter().flatten().collect()
}

/// One request, with its times.
fn exchange(exchange: &Exchange) -> String {
    let Exchange { number, request, mode, sent_us, answered_us, status } = exchange;
    let request = printable::shortened(request, REQUEST);
    let end = match (answered_us, status) {
        (Some(answered), Some(status)) => {
            format!("answered with {status} after {}", micros(answered.saturating_sub(*sent_us)))
        }
        _ => "not answered by then".to_owned(),
    };
    format!("request {number}, {request} ({mode}), sent after {}, {end}", micros(*sent_us))
}

/// Whether both were under way at once.
pub(super) fn overlap(crossing: &Crossing) -> Option<String> {
    if crossing.in_turn {
        return Some(
            "it happens to requests in turn as well: something outlives the request, or a cache answers"
                .to_owned(),
        );
    }
    match crossing.overlap_us? {
        0 => Some("the two did not overlap: it was left over".to_owned()),
        overlap => Some(format!("both were under way for {}", micros(overlap))),
    }
}

/// What stands in the answer.
pub(super) fn excerpt(crossing: &Crossing) -> Option<String> {
    let written = crossing.encoding.map(|encoding| format!(", in {encoding}")).unwrap_or_default();
    let excerpt = crossing.excerpt.as_deref().filter(|excerpt| !excerpt.is_empty())?;
    Some(format!("the answer says{written}: {}", printable::shortened(excerpt, EXCERPT)))
}

/// How often, since when, and where else.
pub(super) fn often(crossing: &Crossing) -> String {
    let first = seconds(crossing.at_ms);
    let times = match crossing.times {
        0 | 1 => format!("seen once, after {first}"),
        times => format!("seen in {}, first after {first}", counted(times, "answer")),
    };
    match crossing.also.as_slice() {
        [] => times,
        also => format!("{times}; also at {}", printable::shortened(&also.join(", "), EXCERPT)),
    }
}

/// The answer of a run in a sentence.
pub(super) fn sentence(report: &ProbeReport<'_>) -> String {
    let summary = report.summary;
    match summary.verdict {
        Verdict::Found => {
            format!("found {} in {}; {}", found(report), time(summary), looked_at(summary))
        }
        Verdict::NothingFound => format!(
            "no foreign identity in {} of requests: below {} per pair at {} confidence; {}",
            counted(summary.counts.pairs, "overlapping pair"),
            rate(summary.bound.rate),
            confidence(summary.bound.confidence),
            looked_at(summary)
        ),
        Verdict::Inconclusive => {
            format!("inconclusive after {}, which is not a pass: {}", time(summary), missing(summary))
        }
    }
}

fn time(summary: &ProbeSummary) -> String {
    seconds(summary.counts.probed_ms)
}

/// `2.5e-6`, the usual way to write what is far below one.
fn rate(rate: f64) -> String {
    format!("{rate:.1e}")
}

fn looked_at(summary: &ProbeSummary) -> String {
    format!("every one of {} was looked through", counted(summary.counts.answers, "answer"))
}

fn missing(summary: &ProbeSummary) -> String {
    summary.missing.iter().map(|clause| printable::line(clause)).collect::<Vec<_>>().join("; ")
}

/// `2 foreign identities, 1 shared session`.
fn found(report: &ProbeReport<'_>) -> String {
    let found = |rule| report.findings.iter().filter(|finding| finding.rule == rule).count();
    let caught = |rule: Rule| report.moments().iter().filter(|it| it.caught.rule == rule.name()).count();
    let tally = |rule| (found(rule) + caught(rule)) as u64;
    let some = rule::ALL.into_iter().map(|rule| (rule, tally(rule))).filter(|(_, number)| *number > 0);
    let parts = some.map(|(rule, number)| {
        let noun = if number == 1 { rule::noun(rule) } else { rule::plural(rule) };
        format!("{} {noun}", count(number))
    });
    parts.collect::<Vec<_>>().join(", ")
}

/// Why the line to type next is the one it is.
pub(super) fn reason(report: &ProbeReport<'_>) -> &'static str {
    match (report.summary.verdict, report.replay) {
        (Verdict::Found, Some(_)) => "Send just the two requests of the first finding, until it shows again:",
        (Verdict::Found, None) => "Mend it, then look again:",
        (Verdict::NothingFound, _) => "A longer look bounds it more tightly:",
        (Verdict::Inconclusive, _) => "Look again, with what is missing:",
    }
}

/// The line to type next.
pub(super) fn next(report: &ProbeReport<'_>) -> String {
    let command = printable::line(report.command);
    let time = match report.summary.verdict {
        Verdict::NothingFound => report.summary.counts.probed_ms.div_ceil(1_000) * 4,
        Verdict::Found | Verdict::Inconclusive => report.summary.counts.probed_ms.div_ceil(1_000).max(10),
    };
    match (report.summary.verdict, report.replay) {
        (Verdict::Found, Some(replay)) => printable::line(replay),
        _ => format!("jostle probe {command} --for {time}s"),
    }
}
