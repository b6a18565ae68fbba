//! The line to type next.

use jostle_model::{ExitStatus, Finding, Rule, Summary, Verdict};

use crate::{Run, printable, verdict};

/// The confidence that the suggested durations aim at is one minus this.
const ALPHA: f64 = 0.05;

/// Holds after which a clean run bounds collisions at 1 in 1,000: `ln(0.05) / ln(0.999)`, rounded up. This is
/// [`jostle_model::UpperBound::after_clean_trials`] solved for the trials.
pub(crate) const ENOUGH_HOLDS: u64 = 2_995;

/// Never suggest to look for a shorter time than this, in seconds.
const SHORTEST: u64 = 10;

/// Nor for a longer one: a day.
const LONGEST: u64 = 86_400;

/// The command line that answers the question this run leaves open.
pub(crate) fn command(run: &Run<'_>) -> String {
    let summary = run.summary;
    let flags = match (summary.verdict, run.findings.first()) {
        _ if !verdict::was_watched(summary) => format!("--for {SHORTEST}s"),
        (Verdict::Found, Some(finding)) => recheck(summary, finding),
        (Verdict::Found | Verdict::NothingFound, _) => for_all_of(four_times(summary)),
        (Verdict::Inconclusive, _) => look_harder(summary),
    };
    format!("jostle {} {flags}{}", summary.verb, target(run.command))
}

/// Why that line, in a sentence.
pub(crate) fn reason(run: &Run<'_>) -> String {
    if !verdict::was_watched(run.summary) {
        return "Watch the program under the load that it ran under:".to_owned();
    }
    let sentence = match (run.summary.verdict, run.findings) {
        (Verdict::Found, [first, rest @ ..]) => return mend(run.summary, first, rest.len()),
        (Verdict::Inconclusive, _) if run.summary.counts.undecided > 0 => {
            "Debug information and source files beside the program let more of them be judged; then look harder:"
        }
        (Verdict::Inconclusive, _) => "Look harder:",
        _ if may_end_by_itself(run.summary) => {
            "A longer look, or another run where the target ends sooner, bounds it more tightly:"
        }
        _ => "A longer look, with choices of its own, bounds it more tightly:",
    };
    sentence.to_owned()
}

fn mend(summary: &Summary, first: &Finding, others: usize) -> String {
    let which = if others > 0 { "the first one" } else { "it" };
    let often = match convincing_share(first.times()).ceil() as u64 {
        runs if runs > 1 && may_end_by_itself(summary) => format!(", or {runs} runs where it ends sooner"),
        _ => String::new(),
    };
    format!(
        "Mend {which}, then look at the mended program for as long as it takes to tell (95 % confidence){often}:"
    )
}

/// Whether the target may have ended without being asked to, so that asking for more time may give none. Who
/// ended it is not said; SIGTERM is what the end of a watch sends.
pub(crate) fn may_end_by_itself(summary: &Summary) -> bool {
    const SIGTERM: i32 = 15;
    !matches!(summary.target, ExitStatus::Running | ExitStatus::Signal(SIGTERM))
}

/// How many seconds at this run's pace bring the holds to [`ENOUGH_HOLDS`]; none when nothing was held.
pub(crate) fn seconds_to_enough(summary: &Summary) -> Option<u64> {
    let counts = &summary.counts;
    let seconds = counts.watched_ms as f64 / 1e3;
    (counts.holds > 0).then(|| round_up(seconds * ENOUGH_HOLDS as f64 / counts.holds as f64))
}

/// The same command for the mended program, for as long as it takes to tell.
fn recheck(summary: &Summary, finding: &Finding) -> String {
    let seconds = convincing_seconds(summary.counts.watched_ms, finding.times());
    format!("--seed {}{} {}", summary.seed, include(finding), for_all_of(seconds))
}

/// Narrows the look to the function that was held, where it has a name: the one whose code it is, not one
/// that was inlined there.
fn include(finding: &Finding) -> String {
    // What made it crash may have been done anywhere; calls are followed whatever is included.
    if matches!(finding.rule, Rule::Crash | Rule::Hang | Rule::Boundary) {
        return String::new();
    }
    let stack = finding.places.first().map_or(&[][..], |place| &place.stack);
    let function = stack.iter().find(|frame| !frame.inlined).and_then(|frame| frame.function.as_ref());
    function.map_or_else(String::new, |name| format!(" --include {}", quoted(&pattern(name))))
}

fn convincing_seconds(watched_ms: u64, times: u64) -> u64 {
    round_up(watched_ms as f64 / 1e3 * convincing_share(times))
}

/// How long the mended program must stay clean after `times` catches, as a multiple of the time they took.
///
/// Were it still as broken, all k catches of both runs would have to fall into the first T of T + M seconds:
/// probability (T / (T + M))^k. That is at most α from M = T (α^(-1/k) - 1): 19 T for a single catch, 1.7 T for
/// three, 0.8 T for five. (Conditioning two Poisson counts on their sum, Przyborowski and Wilenski, 1940.)
fn convincing_share(times: u64) -> f64 {
    ALPHA.powf(-1.0 / times.max(1) as f64) - 1.0
}

fn four_times(summary: &Summary) -> u64 {
    round_up(summary.counts.watched_ms as f64 / 1e3 * 4.0)
}

fn look_harder(summary: &Summary) -> String {
    let seconds = seconds_to_enough(summary).unwrap_or(0).max(four_times(summary));
    if may_end_by_itself(summary) || budget_was_used_up(summary) {
        format!("--budget {}% {}", larger_budget(summary), for_all_of(seconds))
    } else {
        for_all_of(seconds)
    }
}

/// To look for so long, as hard in the last second as in the first.
fn for_all_of(seconds: u64) -> String {
    format!("--for {seconds}s --no-backoff")
}

/// Four fifths: the sampler aims just below its budget. First visits have one of their own.
fn budget_was_used_up(summary: &Summary) -> bool {
    let counts = &summary.counts;
    counts.held_share - counts.explored_share >= 0.8 * counts.budget
}

/// Five times the budget, in whole percent.
fn larger_budget(summary: &Summary) -> u64 {
    let percent = (summary.counts.budget * 500.0).round();
    (percent as u64).clamp(5, 50)
}

/// Up to the next whole ten seconds.
fn round_up(seconds: f64) -> u64 {
    let tens = (seconds / 10.0 - 1e-9).ceil().max(0.0) as u64;
    tens.saturating_mul(10).clamp(SHORTEST, LONGEST)
}

/// How the target is named at the end of a command line; starts with a space where it is not empty.
pub(crate) fn target(command: &str) -> String {
    let command = printable::line(command);
    match command.trim() {
        "" => String::new(),
        attached if attached.starts_with("-p ") || attached.starts_with("--name ") => format!(" {attached}"),
        launched => format!(" -- {launched}"),
    }
}

/// A pattern that matches `name`, in which only `*` has a meaning: it stands for what cannot be shown, and
/// for the rest of a very long name.
fn pattern(name: &str) -> String {
    const LONGEST: usize = 160;
    let rest = name.chars().nth(LONGEST).map(|_| '*');
    name.chars().take(LONGEST).map(|c| if printable::acts(c) { '*' } else { c }).chain(rest).collect()
}

/// `text` as one word of a POSIX shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rare_catch_asks_for_a_long_recheck() {
        assert_eq!([1, 3, 5].map(|times| convincing_seconds(10_000, times)), [190, 20, 10]);
    }

    #[test]
    fn a_name_is_its_own_pattern_but_for_what_cannot_be_shown() {
        assert_eq!(pattern("main.(*Map[go.shape.int]).Get"), "main.(*Map[go.shape.int]).Get");
        assert_eq!(pattern("a\x1b[2Jb"), "a*[2Jb");
        assert_eq!(pattern(&"x".repeat(1_000)), "x".repeat(160) + "*");
    }

    #[test]
    fn a_quote_in_a_name_does_not_end_the_word() {
        assert_eq!(quoted("a'; reboot; '"), r"'a'\''; reboot; '\'''");
    }

    #[test]
    fn a_process_attached_to_is_named_without_dashes() {
        assert_eq!(target("-p 4711"), " -p 4711");
        assert_eq!(target("./server --port 1"), " -- ./server --port 1");
        assert_eq!(target(""), "");
    }
}
