//! The verdict in a sentence, with its bound.

use jostle_model::{Finding, Rule, Summary, UpperBound, Verdict};

use crate::closing::Closing;
use crate::quantity::{confidence, count, counted, percent, seconds};
use crate::{Run, next, rule, signal};

/// The answer of a run: what was found, or how rare it must be, or what is missing to say either.
pub(crate) fn sentence(run: &Run<'_>) -> String {
    if !was_watched(run.summary) {
        return unwatched(run);
    }
    let time = seconds(run.summary.counts.watched_ms);
    match run.summary.verdict {
        Verdict::Found => format!(
            "found {}; {} {}; {}",
            found(run, &time),
            if are_collisions(run.findings) { "any other" } else { "a collision that was missed" },
            bound(run.summary.bound, "holds"),
            looked_at(run.summary)
        ),
        Verdict::NothingFound => format!(
            "nothing found in {time}: a collision {}; {}",
            bound(run.summary.bound, "holds"),
            looked_at(run.summary)
        ),
        Verdict::Inconclusive => {
            format!("inconclusive after {time}, which is not a pass: {}", missing(run.summary).join("; "))
        }
    }
}

/// What the formats for machines say around the findings.
pub(crate) fn closing<'a>(run: &Run<'a>) -> Closing<'a> {
    Closing {
        verb: run.summary.verb,
        verdict: run.summary.verdict,
        seed: run.summary.seed,
        warnings: &run.summary.warnings,
        command: format!("jostle {}{}", run.summary.verb, next::target(run.command)),
        sentence: sentence(run),
        next: Some(next::command(run)),
    }
}

/// Whether anything ran before our eyes: of a core file nothing does.
pub(crate) fn was_watched(summary: &Summary) -> bool {
    summary.counts.watched_ms > 0
}

fn unwatched(run: &Run<'_>) -> String {
    match run.summary.verdict {
        Verdict::Found => format!("found {}", by_rule(run.findings).join(", ")),
        Verdict::NothingFound | Verdict::Inconclusive => {
            "inconclusive, which is not a pass: nothing was watched".to_owned()
        }
    }
}

/// `2 data races, 1 half-atomic pair`, and nothing for a rule without findings.
fn by_rule(findings: &[Finding]) -> Vec<String> {
    let tally = |rule| findings.iter().filter(|finding| finding.rule == rule).count();
    let some = rule::ALL.into_iter().map(|rule| (rule, tally(rule))).filter(|(_, count)| *count > 0);
    some.map(|(rule, number)| {
        let noun = if number == 1 { rule::noun(rule) } else { rule::plural(rule) };
        format!("{} {noun}", count(number as u64))
    })
    .collect()
}

fn found(run: &Run<'_>, time: &str) -> String {
    let parts = by_rule(run.findings);
    match parts.as_slice() {
        [] => format!("{} in {time}", counted(run.summary.findings, "collision")),
        [only] => format!("{only} in {time}"),
        _ => {
            let noun = if are_collisions(run.findings) { "collision" } else { "finding" };
            format!("{} in {time}: {}", counted(run.summary.findings, noun), parts.join(", "))
        }
    }
}

fn are_collisions(findings: &[Finding]) -> bool {
    findings.iter().all(|finding| !matches!(finding.rule, Rule::Crash | Rule::Hang | Rule::Boundary))
}

/// How many calls of native functions were followed, and what that says where no value was swapped.
pub(crate) fn calls(run: &Run<'_>) -> Option<String> {
    let (followed, parked) = (run.summary.counts.calls_followed, run.summary.counts.calls_parked);
    let followed = (followed > 0).then(|| {
        format!(
            "{} followed back into Go, {} of them parked on the way",
            counted(followed, "call"),
            count(parked)
        )
    })?;
    let swapped = run.findings.iter().any(|finding| finding.rule == Rule::Boundary);
    let bound = bound(UpperBound::after_clean_trials(parked), "such calls");
    let says = (!swapped && parked > 1).then(|| format!(": a swapped return {bound}"));
    Some(followed + &says.unwrap_or_default())
}

/// The bound as a clause whose subject is a collision. A rate of 1 says nothing, and so does this then.
fn bound(bound: UpperBound, of: &str) -> String {
    let sure = confidence(bound.confidence);
    match 1.0 / bound.rate {
        holds if holds >= 10.0 && holds.is_finite() => {
            format!("strikes fewer than 1 of {} {of}, at {sure} confidence", count(holds as u64))
        }
        holds if holds > 1.0 && holds.is_finite() => {
            format!("strikes less than {} of {of}, at {sure} confidence", percent(bound.rate))
        }
        _ => "is not bounded, since nothing was held back".to_owned(),
    }
}

fn looked_at(summary: &Summary) -> String {
    let counts = &summary.counts;
    format!("{} of {} sites were looked at", count(counts.sites_seen), count(counts.sites_known))
}

/// What an inconclusive run lacks, a clause each; never empty.
fn missing(summary: &Summary) -> Vec<String> {
    let number = summary.counts.undecided;
    let (undecided, subject) =
        if number > 0 { (Some(undecided(number)), "any other collision") } else { (None, "a collision") };
    let ended =
        next::may_end_by_itself(summary).then(|| format!("the target {}", signal::ending(summary.target)));
    undecided.into_iter().chain([holds(summary, subject), looked_at(summary)]).chain(ended).collect()
}

/// Collisions that nobody can judge, as a clause.
pub(crate) fn undecided(number: u64) -> String {
    format!("{} in which nothing tells a plain access from an atomic one", counted(number, "collision"))
}

/// What the holds say about `subject`, and how many more would say something useful.
fn holds(summary: &Summary, subject: &str) -> String {
    let counts = &summary.counts;
    let bound = bound(summary.bound, "holds");
    match next::seconds_to_enough(summary) {
        None if counts.samples == 0 => "no access was looked at".to_owned(),
        None => "no access was held back".to_owned(),
        Some(_) if counts.holds >= next::ENOUGH_HOLDS => format!("{subject} {bound}"),
        Some(seconds) => format!(
            "after {} {subject} {bound}; 1 of 1,000 takes {} more, about {seconds} s in all at this pace",
            counted(counts.holds, "hold"),
            count(next::ENOUGH_HOLDS - counts.holds)
        ),
    }
}
