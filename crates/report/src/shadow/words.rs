//! The sentences that every format for people is made of.

use jostle_model::{Discrepancy, OddOneOut, Verdict, When};

use super::ShadowReport;
use crate::printable;
use crate::quantity::{confidence, count, counted, seconds};

/// What a version says is cut before it fills the screen.
const SAID: usize = 100;

/// What is known of a difference, a sentence each.
pub(crate) fn told(discrepancy: &Discrepancy) -> Vec<String> {
    let Discrepancy { when, serial, concurrent, .. } = discrepancy;
    let both = format!("{}; {}", often("in turn", *serial), often("under concurrency", *concurrent));
    vec![
        said("the old version said", &discrepancy.old),
        said("the new version said", &discrepancy.new),
        format!("{}: {both}", verdict(*when)),
    ]
}

/// What one of them said.
fn said(who: &str, what: &str) -> String {
    let what = printable::shortened(what, SAID);
    format!("{who}: {}", if what.is_empty() { "(empty)" } else { &what })
}

/// When it differs, in words.
fn verdict(when: When) -> &'static str {
    match when {
        When::ConcurrentOnly => "under concurrency only",
        When::SerialOnly => "in turn only",
        When::Both => "in turn and under concurrency",
        When::Unclear => "too few requests tell when",
    }
}

/// `in turn in 3 of 24 requests, the old ones among themselves in 1`.
fn often(way: &str, odd: OddOneOut) -> String {
    let noise = match odd.old {
        0 => String::new(),
        old => format!(" (the old ones among themselves in {})", count(old)),
    };
    format!("{way} in {} of {}{noise}", count(odd.new), counted(odd.of, "request"))
}

/// The answer of a run in a sentence.
pub(super) fn sentence(report: &ShadowReport<'_>) -> String {
    let summary = report.summary;
    let requests = counted(summary.counts.concurrent, "request");
    let serial = count(summary.counts.serial);
    match summary.verdict {
        Verdict::Found => format!(
            "the new version differs in {}, beyond the noise, {}; compared in {requests} under concurrency and {serial} in turn",
            counted(summary.findings, "place"),
            split(report),
        ),
        Verdict::NothingFound => format!(
            "no difference beyond the noise in {requests} under concurrency and {serial} in turn: below {:.1e} per \
             request at {} confidence",
            summary.bound.rate,
            confidence(summary.bound.confidence),
        ),
        Verdict::Inconclusive => {
            let missing: Vec<String> = summary.missing.iter().map(|clause| printable::line(clause)).collect();
            format!(
                "inconclusive after {}, which is not a pass: {}",
                seconds(summary.counts.compared_ms),
                missing.join("; ")
            )
        }
    }
}

/// `1 of them under concurrency only`.
fn split(report: &ShadowReport<'_>) -> String {
    let of = |wanted: When| {
        let is = |finding: &&jostle_model::Finding| match &finding.evidence {
            jostle_model::Evidence::Discrepancy(discrepancy) => discrepancy.when == wanted,
            _ => false,
        };
        report.findings.iter().filter(is).count() as u64
    };
    match of(When::ConcurrentOnly) {
        0 => "none of them under concurrency only".to_owned(),
        only => format!("{} of them under concurrency only", count(only)),
    }
}

/// Why the line to type next is the one it is.
pub(super) fn reason(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Found => "Mend it, then compare again:",
        Verdict::NothingFound => "A longer look bounds it more tightly:",
        Verdict::Inconclusive => "Compare again, with what is missing:",
    }
}

/// The line to type next.
pub(super) fn next(report: &ShadowReport<'_>) -> String {
    let seconds = report.summary.counts.compared_ms.div_ceil(1_000);
    let time = match report.summary.verdict {
        Verdict::NothingFound => seconds.max(1) * 4,
        Verdict::Found => seconds.max(10),
        Verdict::Inconclusive => seconds.max(10) * 2,
    };
    format!("jostle probe {} --for {time}s", printable::line(report.command))
}
