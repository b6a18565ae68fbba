//! From counts to a verdict.

use jostle_model::{
    CallEnd, CallPhase, CallSummary, Rate, Seed, SerialRun, StepCount, UpperBound, Verdict, Whereabouts,
    WrongAnswer,
};
use jostle_odds::{Confidence, event_interval, events_at_most};

use crate::Plan;
use crate::board::{At, Count, Doing, Part, Sight};
use crate::program::Program;

/// With fewer calls even a fault in every twentieth could not be excluded at 95 % confidence: as for the holds of a watch.
const ENOUGH: u64 = 59;

/// How the process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    Well,
    Crashed(i32),
    Exited(i32),
    Hung,
    /// Somebody wanted it to end, by this signal.
    Interrupted {
        signal: i32,
        during: CallPhase,
    },
}

/// All that was seen of it.
pub(crate) struct Seen {
    pub(crate) ended: Ended,
    pub(crate) phase: CallPhase,
    pub(crate) sight: Sight,
    pub(crate) left_out: Vec<String>,
    pub(crate) elapsed_ms: u64,
    pub(crate) examples: Vec<WrongAnswer>,
}

pub(crate) fn sum_up(plan: &Plan, program: &Program, seed: u64, seen: Seen) -> CallSummary {
    let serial = SerialRun {
        calls: total(&seen.sight.serial, |count| count.calls),
        wrong: total(&seen.sight.serial, |count| count.wrong),
        is_measure: program.is_its_own_measure,
        left_out: seen.left_out.clone(),
    };
    // Where the serial run was wrong, it is all there is.
    let counts = if serial.wrong > 0 { &seen.sight.serial } else { &seen.sight.counts };
    let steps = steps(program, counts, &seen.left_out);
    let (calls, wrong) = (total(counts, |count| count.calls), total(counts, |count| count.wrong));
    let judged = steps.iter().filter(|step| step.judged).map(|step| step.calls).sum();
    let end = end(program, &seen, &serial);
    let is_fine = matches!(end, CallEnd::Whole | CallEnd::Interrupted { .. });
    let is_little = calls < ENOUGH || (judged > 0 && judged < ENOUGH);
    let verdict = match wrong {
        0 if is_fine && (is_little || nothing_left(&steps, &seen.left_out)) => Verdict::Inconclusive,
        0 if is_fine => Verdict::NothingFound,
        _ => Verdict::Found,
    };
    CallSummary {
        verb: "call",
        verdict,
        library: plan.library.clone(),
        seed: Seed(seed),
        threads: plan.threads,
        warnings: warnings(plan, &end, judged, calls, &serial),
        end,
        elapsed_ms: seen.elapsed_ms,
        calls,
        judged,
        wrong,
        rate: rate(wrong, judged),
        crash_bound: is_fine.then(|| crash_bound(calls)),
        serial,
        steps,
        examples: seen.examples,
    }
}

fn total(counts: &[Count], of: fn(&Count) -> u64) -> u64 {
    counts.iter().map(of).sum()
}

/// Something was to be compared, and all of it differs by itself.
fn nothing_left(steps: &[StepCount], left_out: &[String]) -> bool {
    !left_out.is_empty() && steps.iter().all(|step| !step.judged)
}

fn steps(program: &Program, counts: &[Count], left_out: &[String]) -> Vec<StepCount> {
    let is_judged = |index: usize| {
        let call = &program.steps[index];
        call.probes.iter().any(|probe| {
            let is_left =
                probe.compared.is_some() && left_out.contains(&format!("{}{}", call.label, probe.label));
            !probe.tests.is_empty() || (probe.compared.is_some() && !is_left)
        })
    };
    let count = |index: usize| counts.get(index).copied().unwrap_or_default();
    let step = |index: usize| StepCount {
        step: program.steps[index].label.clone(),
        calls: count(index).calls,
        wrong: count(index).wrong,
        judged: is_judged(index),
    };
    (0..program.steps.len()).map(step).collect()
}

/// How often a call comes back wrong: between two limits where some did, below one where none did.
fn rate(wrong: u64, judged: u64) -> Rate {
    let confidence = Confidence::NINETY_FIVE;
    let interval = match wrong {
        0 => events_at_most(0, judged as f64, confidence),
        _ => event_interval(wrong, judged as f64, confidence),
    };
    let (low, high) = (interval.low, interval.high.min(1.0));
    Rate { events: wrong, of: judged, low, high, confidence: interval.confidence }
}

fn crash_bound(calls: u64) -> UpperBound {
    let interval = events_at_most(0, calls as f64, Confidence::NINETY_FIVE);
    UpperBound { rate: interval.high.min(1.0), confidence: interval.confidence }
}

fn end(program: &Program, seen: &Seen, serial: &SerialRun) -> CallEnd {
    let during = seen.phase;
    let standing = || standing(program, seen);
    match seen.ended {
        Ended::Well | Ended::Interrupted { .. } if serial.wrong > 0 => CallEnd::Serial,
        Ended::Well => CallEnd::Whole,
        Ended::Crashed(signal) => CallEnd::Crashed { signal, during, standing: standing() },
        Ended::Exited(code) => CallEnd::Exited { code, during, standing: standing() },
        Ended::Hung => CallEnd::Hung { during, standing: standing() },
        Ended::Interrupted { signal, during } => CallEnd::Interrupted { signal, during },
    }
}

/// Where the threads stood, the most frequent place first.
fn standing(program: &Program, seen: &Seen) -> Vec<Whereabouts> {
    let all = seen.sight.threads.iter().chain([&seen.sight.first]).flatten();
    let mut places: Vec<Whereabouts> = Vec::new();
    for at in all {
        let (step, doing) = place(program, *at);
        match places.iter_mut().find(|place| place.step == step && place.doing == doing) {
            Some(place) => place.threads += 1,
            None => places.push(Whereabouts { step, doing, threads: 1 }),
        }
    }
    places.sort_by_key(|place| std::cmp::Reverse(place.threads));
    places
}

fn place(program: &Program, at: At) -> (String, &'static str) {
    let calls = match at.part {
        Part::SetUp => &program.setup,
        Part::Step => &program.steps,
        Part::TearDown => &program.teardown,
    };
    let step = calls.get(at.index).map_or_else(String::new, |call| call.label.clone());
    let doing = match at.doing {
        Doing::Calling => "calling",
        Doing::Reading => "reading",
        Doing::Freeing => "freeing",
    };
    (step, doing)
}

fn warnings(plan: &Plan, end: &CallEnd, judged: u64, calls: u64, serial: &SerialRun) -> Vec<String> {
    let early = match end {
        CallEnd::Interrupted { signal, .. } => Some(format!("signal {signal} ended it early")),
        _ => None,
    };
    let left_out = || {
        let names = serial.left_out.join(", ");
        format!("not compared, as it differs from one serial run to the next: {names}")
    };
    let unjudged =
        "no result was looked at: only a crash or a call that never returns would have been noticed";
    let alone = "one thread calls, and has nobody to get in its way";
    [
        early,
        (!serial.left_out.is_empty()).then(left_out),
        (judged == 0 && calls > 0).then(|| unjudged.to_owned()),
        (plan.threads == 1).then(|| alone.to_owned()),
    ]
    .into_iter()
    .flatten()
    .collect()
}
