//! The verdict on a library, in words.

use jostle_model::{CallEnd, CallPhase, CallSummary, UpperBound, Verdict, Whereabouts};

use super::CallReport;
use crate::quantity::{confidence, count, counted, rarity, seconds};
use crate::{printable, signal};

/// How many places are named.
const PLACES: usize = 4;

/// The answer, with its bound.
pub(super) fn sentence(summary: &CallSummary) -> String {
    let library = printable::line(&summary.library);
    if let Some(end) = violent_end(summary) {
        return end + &and_wrong(summary);
    }
    match (&summary.end, summary.verdict) {
        (CallEnd::Serial, _) => format!(
            "{library} is wrong from one thread already ({} of {}): either it is, or the plan; concurrency has \
             nothing to do with it",
            count(summary.wrong),
            counted(summary.calls, "call")
        ),
        (_, Verdict::Found) => {
            format!("{library} is wrong under concurrency: {}{}", often(summary), no_crash(summary))
        }
        (_, Verdict::NothingFound) => format!("nothing found in {}: {}", effort(summary), bounds(summary)),
        (_, Verdict::Inconclusive) => {
            format!("inconclusive, which is not a pass: {}", missing(summary))
        }
    }
}

/// That the library crashed, ended its process, or never returned, and where its threads stood.
pub(super) fn violent_end(summary: &CallSummary) -> Option<String> {
    let library = printable::line(&summary.library);
    let (how, during, standing) = match &summary.end {
        CallEnd::Crashed { signal, during, standing } => {
            (format!("{library} crashed ({})", signal::name(*signal)), during, standing)
        }
        CallEnd::Exited { code, during, standing } => {
            (format!("{library} ended the process with code {code}"), during, standing)
        }
        CallEnd::Hung { during, standing } => {
            (format!("calls of {library} never returned"), during, standing)
        }
        CallEnd::Whole | CallEnd::Serial | CallEnd::Interrupted { .. } => return None,
    };
    Some(format!("{how} {}{}", when(summary, *during), places(standing, *during)))
}

fn when(summary: &CallSummary, during: CallPhase) -> String {
    match during {
        CallPhase::Loading => "while it was loaded".to_owned(),
        CallPhase::SetUp => "in the set-up".to_owned(),
        CallPhase::Serial => {
            format!("from one thread already, after {}", counted(summary.serial.calls, "call"))
        }
        CallPhase::Concurrent => format!("after {}", effort(summary)),
        CallPhase::TearDown => format!("in the tear-down, after {}", effort(summary)),
        CallPhase::Ending => format!("when its process ended, after {}", effort(summary)),
    }
}

fn effort(summary: &CallSummary) -> String {
    format!(
        "{} from {} in {}",
        counted(summary.calls, "call"),
        counted(summary.threads.into(), "thread"),
        seconds(summary.elapsed_ms)
    )
}

fn places(standing: &[Whereabouts], during: CallPhase) -> String {
    if standing.is_empty() || during == CallPhase::Ending {
        return String::new();
    }
    let place = |at: &Whereabouts| {
        let verb = match at.doing {
            "calling" => "in",
            "reading" => "looking at what came from",
            _ => "giving back what came from",
        };
        format!("{} {verb} {}", counted(at.threads, "thread"), printable::line(&at.step))
    };
    let mut places: Vec<String> = standing.iter().take(PLACES).map(place).collect();
    places.extend((standing.len() > PLACES).then(|| "others elsewhere".to_owned()));
    format!("; {}", places.join(", "))
}

fn and_wrong(summary: &CallSummary) -> String {
    if summary.wrong == 0 { String::new() } else { format!("; before that, {}", often(summary)) }
}

fn often(summary: &CallSummary) -> String {
    let rate = &summary.rate;
    format!(
        "{} of {} came back wrong ({} to {} of them, at {} confidence)",
        count(rate.events),
        counted(rate.of, "judged call"),
        rarity(rate.low),
        rarity(rate.high),
        confidence(rate.confidence)
    )
}

fn no_crash(summary: &CallSummary) -> String {
    summary.crash_bound.map_or_else(String::new, |bound| format!("; {}", crash(bound)))
}

fn crash(bound: UpperBound) -> String {
    format!("a crash or a hang in fewer than {} of all", rarity(bound.rate))
}

/// How rare must be what did not happen.
fn bounds(summary: &CallSummary) -> String {
    let wrong = (summary.judged > 0).then(|| {
        let (rate, judged) = (rarity(summary.rate.high), count(summary.judged));
        format!("a wrong answer in fewer than {rate} of judged calls ({judged} were made)")
    });
    let bounds: Vec<String> = wrong.into_iter().chain(summary.crash_bound.map(crash)).collect();
    format!("{}, at {} confidence", bounds.join(", "), confidence(summary.rate.confidence))
}

fn missing(summary: &CallSummary) -> String {
    if summary.judged == 0 && !summary.serial.left_out.is_empty() {
        return "nothing could be compared, as every result differs from one serial run to the next; say in the plan \
                what to expect"
            .to_owned();
    }
    format!("only {} were made, {} of them judged", counted(summary.calls, "call"), count(summary.judged))
}

/// What to type next.
pub(super) fn next(report: &CallReport<'_>) -> String {
    let CallReport { summary, plan } = report;
    match (&summary.end, summary.verdict) {
        (CallEnd::Serial, _) => format!("jostle call {plan} --threads 1"),
        (_, Verdict::Found) => format!("jostle watch -- jostle call {plan}"),
        (_, _) => format!("jostle call {plan} --for {}s", (summary.elapsed_ms / 1000).max(1) * 10),
    }
}
